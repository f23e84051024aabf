"""The simulation shows what Prometheus would show, and shortcuts in reading it change no verdict."""

import pytest

from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.reader import EvidenceReader
from steps.judge import Rules, judge
from steps.model.judgement import Verdict
from tests.bench.rules import argo_rollouts
from tests.bench.rules.canary_steps import canary_steps, decide, read, until
from tests.bench.rules.flagger import SUCCESS, flagger
from tests.bench.simulation.database import Database, extrapolated
from tests.bench.simulation.families import FAMILIES
from tests.bench.simulation.family import Family, flat
from tests.bench.simulation.field import FIELD
from tests.bench.simulation.http_server import serve
from tests.bench.simulation.promql import parse
from tests.bench.simulation.rollout import ARMS, Rollout, rollout
from tests.bench.simulation.scrapes import EPOCH, Stored

BAD = Family("fails a fifth", 10, canary=flat(0.2), fault=True)


def test_equal_seeds_make_equal_rollouts_and_others_do_not() -> None:
    """The published seeds can be run again."""
    first, again, other = rollout(BAD, 7), rollout(BAD, 7), rollout(BAD, 8)
    assert first.harmed(None) == again.harmed(None)
    assert read(first) == read(again)
    assert read(first) != read(other)


def test_no_request_is_lost_between_the_counters_and_the_strata() -> None:
    """Births, resets and failed scrapes included; only requests after the last scrapes may be missing."""
    world = Family("trouble", 50, flat(0.02), flat(0.05), gap=0.1, restart=(None, None))
    one = rollout(world, 3)
    canary = [stratum.canary for stratum in read(one).metrics[0].series[0].strata]
    seen, failed = sum(counts.total for counts in canary), sum(counts.bad for counts in canary)
    assert 0.96 * 9000 < seen < 1.04 * 9000
    assert one.harmed(None) * 0.9 < failed <= one.harmed(None)


@pytest.mark.parametrize("name", ["errors 20 %, 10 rps", "errors 100 %, 100 rps, gateways"])
def test_a_real_http_server_gives_the_same_evidence(name: str) -> None:
    """The in-process client is only a shortcut."""
    one = rollout(FAMILIES[name], 1)
    with serve(one.database, int(one.started)) as server:
        reader = EvidenceReader(Prometheus(Access(server.url)), ARMS)
        reader.choose_bounds()
        server.at = int(one.ended)
        assert read(one) == reader.read(one.started, one.ended, weight=10)


@pytest.mark.parametrize(
    ("name", "seed"),
    [("errors 20 %, 10 rps", 1), ("1 to 4 %, 5 % of scrapes fail, 50 rps", 3),
     pytest.param("equal 0.9 %, 100 rps", 2, marks=pytest.mark.full),
     ("errors 100 %, 10 rps, gateways", 4),
     pytest.param("an outage, the canary's earlier, 100 rps, gateways", 0, marks=pytest.mark.full),
     ("broken users with cookies, 100 rps, gateways", 1)],
)  # fmt: skip
def test_the_first_failing_stratum_is_that_of_the_whole_judge(name: str, seed: int) -> None:
    """Asking only where something might fail is a shortcut."""
    one = rollout((FAMILIES | FIELD)[name], seed)
    evidence = read(one)
    ends = [s.end for s in evidence.metrics[0].series[0].strata if s.end > one.started and s.canary.total]
    failing = (
        end for end in ends
        if judge(until(evidence, end), None, Rules(), deadline_reached=False).verdict is Verdict.FAIL
    )  # fmt: skip
    first = next(failing, None)
    assert decide(one, evidence, Rules()).failed_after == (None if first is None else one.visible(first) - one.started)


@pytest.mark.parametrize("name", ["100 rps, gateways", "10 rps, gateways"])
def test_an_outage_that_meets_the_canary_first_ends_no_rung(name: str) -> None:
    """The judge alone would fail the canary; stable's next scrapes fail as well."""
    one = rollout(FIELD[f"an outage, the canary's earlier, {name}"], 1)
    assert decide(one, read(one), Rules()).failed_after is not None
    assert canary_steps(one).failed_after is None


@pytest.mark.parametrize("name", ["errors 20 %, 10 rps", "errors 5 %, 100 rps", "errors 100 %, 100 rps, gateways"])
def test_polling_live_decides_when_the_benchmark_says(name: str) -> None:
    """A reader that polls every second, as analyze does, fails within two seconds of the benchmark's time."""
    one = rollout(FAMILIES[name], 5)
    wanted = canary_steps(one).failed_after
    assert wanted is not None
    assert wanted == pytest.approx(_live(one), abs=2.0)


def _live(one: Rollout) -> float:
    client = one.prometheus(one.started)
    reader = EvidenceReader(client, ARMS)
    reader.choose_bounds()
    for second in range(1, 300):
        client.at = one.started + second
        evidence = reader.read(one.started, client.at, weight=10)
        if judge(evidence, None, Rules(), deadline_reached=False).verdict is Verdict.FAIL:
            return float(second)
    return -1.0


def test_rate_extrapolates_and_ignores_a_series_first_value() -> None:
    """Prometheus' own rules: to the window's ends, not below zero, resets added."""
    assert 40.0 == extrapolated([10.0, 20.0, 30.0], [100.0, 110.0, 120.0], 0.0, 40.0)
    assert 11.0 == extrapolated([15.0, 30.0, 45.0], [2.0, 5.0, 8.0], 0.0, 60.0)
    assert 20.0 == extrapolated([0.0, 15.0, 30.0], [90.0, 10.0, 20.0], 0.0, 30.0)
    born = Stored("errors", {"pod": "a"}, [EPOCH, EPOCH + 15], [7.0, 7.0])
    assert 0.0 == Database([born]).number("sum(increase(errors[1m]))", EPOCH + 15)


def test_queries_beyond_the_subset_are_refused() -> None:
    """A rule cannot silently ask something else."""
    with pytest.raises(ValueError, match="not understood"):
        parse("sum(rate(x[1m])) offset 5m")


def test_flagger_counts_failed_checks_and_silence_is_one() -> None:
    """Five failed checks, a minute each."""
    one = rollout(BAD, 1)
    assert (300.0, 60.0) == (flagger(one, 5).failed_after, flagger(one, 1).failed_after)
    silent = rollout(Family("silent", 0.001), 1)
    assert silent.number(SUCCESS, 60.0) is None
    assert flagger(silent, 5).failed_after == 300.0


def test_argo_fails_at_its_fourth_failed_measurement_and_at_its_fifth_error() -> None:
    """Every 5 minutes; the first one at once, which has no data yet."""
    assert argo_rollouts.example(rollout(Family("half", 10, canary=flat(0.6)), 1)).failed_after == 1200.0
    assert argo_rollouts.example(rollout(Family("silent", 0.001), 1)).failed_after == 1200.0


def test_answers_with_404_are_counted_under_their_code_and_keep_their_requests() -> None:
    """Every request has one answer, whichever it is; the canary's own are its harm."""
    one = rollout(FAMILIES["404 to 5 %, 100 rps"], 1)
    of_canary = 'istio_requests_total{reporter="destination",destination_workload="shop-canary"'
    absent = one.number(f'sum({of_canary},response_code="404"}})', 1800.0)
    whole = one.number(f"sum({of_canary}}})", 1800.0)
    assert absent is not None
    assert whole is not None
    assert absent / whole == pytest.approx(0.05, rel=0.1)
    assert one.harmed(None) > absent


def test_bots_bring_404_to_both_arms_at_the_same_moments() -> None:
    """Otherwise it would be a fault of the canary."""
    one = rollout(FAMILIES["bots bring 404 to both, 100 rps"], 2)
    shares = [
        one.number(
            f'sum(increase(istio_requests_total{{destination_workload="{arm}",response_code="404"}}[30m]))'
            f' / sum(increase(istio_requests_total{{destination_workload="{arm}"}}[30m]))', 1800.0
        ) for arm in ("shop", "shop-canary")
    ]  # fmt: skip
    assert shares[0] == pytest.approx(shares[1], rel=0.15)


def test_a_query_for_unknown_series_has_an_empty_result() -> None:
    """Failures without an upstream have a workload "unknown"; the simulation has none of them."""
    one = rollout(BAD, 1)
    selector = 'istio_requests_total{reporter="source",destination_workload="unknown",response_flags=~"UH|NC"}'
    assert [] == one.prometheus().query(f"{selector}[2m]").result
    assert [] == one.prometheus().query(f"sum by (response_code) (rate({selector}[1m]))").result
