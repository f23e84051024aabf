"""Callers that reach one arm only are not compared, where the label of the caller's workload exists."""

from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.reader import EvidenceReader
from steps.model.evidence import Counts, Stratum
from tests.support.canned_prometheus import ARMS, NOW, Result, canned, counter, read, series

USERS = [
    series("shop", counter(0, 20), source_workload="gateway"),
    series("shop-canary", counter(0, 3), source_workload="gateway"),
]
INTERNAL = [
    series("shop", counter(0, 50), "batch", source_workload="batch"),
    series("shop", counter(0, 9), "batch", source_workload="batch", response_code="503"),
]


def last(requests: Result, reporter: str = "source") -> Stratum:
    """Return the newest stratum of errors."""
    return read(canned(requests, reporter=reporter)).metrics[0].series[0].strata[-1]


def test_a_caller_that_bypasses_the_route_is_not_compared() -> None:
    """It only ever reaches stable, and fails more often than the users do."""
    assert (Counts(20, 0), Counts(3, 0)) == (last([*USERS, *INTERNAL]).stable, last([*USERS, *INTERNAL]).canary)


def test_the_pods_own_proxies_name_their_callers_too() -> None:
    """Reporter destination has the same label."""
    requests = [{**one, "metric": {**one["metric"], "instance": one["metric"]["destination_workload"]}}
                for one in (*USERS, *INTERNAL)]  # fmt: skip
    assert Counts(20, 0) == last(requests, "destination").stable


def test_a_caller_that_only_reaches_the_canary_is_not_compared() -> None:
    """A test that calls the canary's Service asks for other things than users do."""
    tester = series("shop-canary", counter(0, 7), "tester", source_workload="tester", response_code="503")
    assert Counts(3, 0) == last([*USERS, tester]).canary


def test_all_callers_count_while_none_meets_both_arms() -> None:
    """Before the canary's first request, and where each arm has callers of its own."""
    assert Counts(59 + 20, 9) == last([USERS[0], *INTERNAL]).stable
    apart = last([*INTERNAL, series("shop-canary", counter(0, 3), source_workload="gateway")])
    assert (Counts(59, 9), Counts(3, 0)) == (apart.stable, apart.canary)


def test_without_the_label_all_requests_count() -> None:
    """As from a recording rule that dropped it."""
    bare = [series("shop", counter(0, 20)), series("shop-canary", counter(0, 3)), series("shop", counter(0, 5), "b")]
    assert Counts(25, 0) == last(bare).stable


def test_a_caller_counts_from_its_first_request_to_the_other_arm_on_with_its_past() -> None:
    """Every poll counts anew."""
    met = series("shop-canary", {NOW - 1: 0, NOW: 1}, "batch", source_workload="batch")
    assert Counts(79, 9) == last([*USERS, *INTERNAL, met]).stable


def test_a_note_names_those_that_are_left_out() -> None:
    """So that people see why there are fewer requests than they know of."""
    reader = EvidenceReader(canned([*USERS, *INTERNAL]), ARMS, bounds=Bounds())
    assert any("batch reach one arm only" in note for note in reader.read(NOW - 10, NOW).notes)
