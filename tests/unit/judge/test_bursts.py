"""Bursts of single pods: learnt from stable, and a canary's burst counts as one event until it outlasts theirs."""

from dataclasses import replace
from math import log

import pytest

from steps.judge.rules import Rules
from steps.judge.statistics.bursts import BurstLengths, BurstLimit
from steps.judge.statistics.e_process import run_e_process
from steps.judge.statistics.histories import track_history
from steps.judge.statistics.pod_rates import PodRates
from steps.judge.statistics.stable_history import StableHistory
from steps.model.evidence import Counts, Stratum

PODS, REQUESTS = 4, 250
LIMIT = log(100.0)
KNOWN = StableHistory(1.0, burst_length=2.0)
"""Bursts of two strata that are not exceptional."""


def stratum(k: int, bad_by_pod: list[int], canary_bad: int = 0, canary: int = 100) -> Stratum:
    """Make stratum number k, 15 s long, of stable's pods and the canary."""
    pods = tuple(Counts(REQUESTS, bad) for bad in bad_by_pod)
    stable = Counts(REQUESTS * len(pods), sum(bad_by_pod))
    return Stratum(15.0 * k, 15.0 * k + 15.0, stable, Counts(canary, canary_bad), pods)


def past(length: int, *, count: int = 40) -> list[Stratum]:
    """Make a past in which each pod in turn fails a fifth of its requests for `length` of every ten strata."""
    strata = []
    for k in range(count):
        bad = [0] * PODS
        if length and k % 10 < length:
            bad[k // 10 % PODS] = REQUESTS // 5
        strata.append(stratum(k, bad, canary=0))
    return strata


def add_stratum(one: Stratum, lengths: BurstLengths, rates: PodRates, usual: float) -> None:
    """Add a stratum, as `HistoryTracker` does."""
    pods = [(pod.total, pod.bad) for pod in one.stable_pods]
    loads = rates.loads(pods)
    lengths.add(pods, one.stable.bad, loads, usual)
    rates.add(pods, one.stable.bad, loads)


def learnt(strata: list[Stratum]) -> BurstLengths:
    """Add a past."""
    lengths, rates = BurstLengths(), PodRates()
    for one in strata:
        add_stratum(one, lengths, rates, usual=0.001)
    return lengths


@pytest.mark.parametrize("length", [2, 4, 6])
def test_the_length_of_stables_bursts_is_learnt(length: int) -> None:
    """All bursts have the same length, so the estimate is that length."""
    assert learnt(past(length)).length == pytest.approx(length)


@pytest.mark.parametrize("length", [0, 1])
def test_failures_within_one_scrape_are_not_a_burst(length: int) -> None:
    """They are covered by phi."""
    assert learnt(past(length)).length == 0.0


def test_a_burst_of_the_canary_adds_the_worth_of_one_event_until_it_outlasts_stables() -> None:
    """With five equal pods, one event hits the canary with a chance of a fifth."""
    burst = BurstLimit(1)
    brought = [burst.limit([5.0], stratum(k, [0] * PODS, canary_bad=20), KNOWN, k + 1)[0] for k in range(8)]
    assert sum(brought[:4]) == pytest.approx(log(5))
    assert sum(brought) == pytest.approx(2 * log(5))


def test_a_quiet_scrape_ends_the_burst() -> None:
    """The next burst is a new event."""
    burst = BurstLimit(1)
    first = burst.limit([5.0], stratum(0, [0] * PODS, canary_bad=20), KNOWN, 1)
    burst.limit([-1.0], stratum(1, [0] * PODS), KNOWN, 2)
    assert burst.limit([5.0], stratum(2, [0] * PODS, canary_bad=20), KNOWN, 3) == first


def test_without_bursts_of_stable_no_evidence_is_held_back() -> None:
    """A length of 0 means that none was seen."""
    logs = [5.0, -2.0]
    assert BurstLimit(2).limit(logs, stratum(0, [0] * PODS, canary_bad=20), StableHistory(1.0), 1) == logs


def test_a_bad_minute_is_not_an_alarm_if_stables_pods_have_such_minutes_but_a_steady_fault_is() -> None:
    """Four scrapes agree in both cases; the same canary is an alarm if stable's pods are quiet."""
    minute = [stratum(40 + k, [0] * PODS, canary_bad=20) for k in range(4)]
    steady = [stratum(40 + k, [0] * PODS, canary_bad=20) for k in range(40)]
    assert max(run_e_process((*past(4), *minute), Rules(), LIMIT, aligned=False).values) < 100
    assert max(run_e_process((*past(0), *minute), Rules(), LIMIT, aligned=False).values) >= 100
    assert max(run_e_process((*past(4), *steady), Rules(), LIMIT, aligned=False).values) >= 100


def test_a_pod_that_is_worse_all_the_time_has_a_higher_rate_and_no_burst() -> None:
    """It must not blind the judge for ever."""
    lengths, rates = BurstLengths(), PodRates()
    for k in range(200):
        one = stratum(k, [1, 1, 1, 12], canary=0)
        if k == 100:
            lengths = BurstLengths()
        add_stratum(one, lengths, rates, usual=15 / 1000)
    assert lengths.length == 0.0
    pods = [(REQUESTS, 0)] * PODS
    *others, worse_pod = rates.loads(pods)
    assert worse_pod > 3 * max(others)


def test_one_long_aligned_scrape_decides_on_a_total_failure_and_a_short_one_does_not() -> None:
    """Both arms are counted by the same proxies; one bad second of a connection pool does not make a bad release."""
    quiet = past(0)

    def value(*, seconds: float, aligned: bool) -> float:
        total = Stratum(600.0, 600.0 + seconds, Counts(1000, 0), Counts(20, 20), quiet[0].stable_pods)
        return run_e_process((*quiet, total), Rules(), LIMIT, aligned=aligned).values[-1]

    assert value(seconds=5.0, aligned=True) >= 100
    assert value(seconds=1.0, aligned=True) < 100
    assert value(seconds=5.0, aligned=False) < 100


def incident(share: float, *, pods: int = 9, pods_known: bool = True, first: int = 10, last: int = 22) -> list[Stratum]:
    """Make a past of ten minutes in which one pod (or all, not distinguished) fails this share of its requests once."""
    strata = []
    for k in range(40):
        bad = [1 if pod == k % pods else 0 for pod in range(pods)]
        if first <= k < last:
            bad = [round(share * REQUESTS), *bad[1:]] if pods_known else [round(share * REQUESTS)] * pods
        one = stratum(k, bad, canary=0)
        strata.append(one if pods_known else replace(one, stable_pods=()))
    return strata


def canary(share: float, count: int, like: Stratum) -> list[Stratum]:
    """Make the strata after such a past, with a canary that fails this share of its 100 requests."""
    pods = [Counts(REQUESTS, 0) for _ in like.stable_pods]
    return [
        replace(like, start=600.0 + 15.0 * k, end=615.0 + 15.0 * k, stable=Counts(like.stable.total, 1),
                stable_pods=tuple(pods), canary=Counts(100, round(share * 100)))
        for k in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("pods_known", [True, False])
@pytest.mark.parametrize("share", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("first", [0, 10, 28])
def test_an_incident_of_stable_does_not_raise_phi_for_ever(share: float, first: int, *, pods_known: bool) -> None:
    """One in ten minutes, at any moment: it is an exception, and its length is known."""
    past = track_history(incident(share, pods_known=pods_known, first=first, last=first + 12)).history
    assert past.phi < 2.0
    assert past.burst_length > 4.0
    assert past.burst_hazard < 0.01


@pytest.mark.parametrize("pods_known", [True, False])
@pytest.mark.parametrize("share", [0.05, 0.2, 1.0])
def test_a_canary_that_is_bad_from_the_start_is_found_after_an_incident_of_stable(
    share: float, *, pods_known: bool
) -> None:
    """Within four scrapes, though one pod had failed for three minutes."""
    before = incident(0.3, pods_known=pods_known)
    after = canary(share, 4, before[-1])
    assert max(run_e_process((*before, *after), Rules(), LIMIT, aligned=not pods_known).values) >= 100


def test_a_burst_of_the_canary_after_minutes_of_quiet_is_held_against_stables_incident() -> None:
    """After a while an incident of the canary is not a surprise: its first minutes are one event."""
    before = incident(0.3)
    quiet, bad = canary(0.0, 10, before[-1]), canary(0.3, 4, before[-1])
    assert max(run_e_process((*before, *quiet, *bad), Rules(), LIMIT, aligned=False).values) < 100


def test_if_pods_have_bursts_all_the_time_they_are_not_an_exception() -> None:
    """Then both phi and the lengths of bursts count."""
    known = track_history(past(4)).history
    assert known.burst_hazard == 1.0
    assert known.phi > 5.0
    assert known.burst_length == pytest.approx(4.0, abs=0.5)


def test_the_partial_strata_at_both_ends_of_an_incident_belong_to_it() -> None:
    """It begins and ends within scrapes, which therefore show a lower share of failures."""
    strata = incident(0.4)
    for k in (9, 22):
        strata[k] = stratum(k, [4, *[0] * 8], canary=0)
    assert track_history(strata).history.phi < 2.0
