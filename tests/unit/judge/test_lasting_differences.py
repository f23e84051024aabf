"""Pods differ: in bad minutes of their own, for good, and behind gateways, where only their own proxies show it."""

import random
from dataclasses import replace
from math import log

import pytest

from steps.judge.checks.guard import judge_guard
from steps.judge.rules import Rules
from steps.judge.statistics.e_process import run_e_process
from steps.judge.statistics.histories import stable_histories, track_history
from steps.judge.statistics.likelihood_ratio import LikelihoodRatio
from steps.judge.statistics.pod_habits import PodHabits
from steps.model.evidence import Counts, Stratum
from tests.support.simulated_rollouts import binomial

LIMIT, PODS, REQUESTS = log(100.0), 6, 2000
RATES = (1.0, 1.0, 0.8, 0.7, 0.7, 1.8)
"""Each pod's usual rate, for good."""


def stratum(number: int, shares: list[float], canary: float, chance: random.Random, *, gateway: bool) -> Stratum:
    """Draw a stratum; a gateway counts the same failures, and requests of pods that were not scraped yet."""
    pods = tuple(Counts(REQUESTS, binomial(chance, REQUESTS, share)) for share in shares)
    stable = Counts(PODS * REQUESTS + (7 if gateway else 0), sum(pod.bad for pod in pods))
    mine = Counts(REQUESTS, binomial(chance, REQUESTS, canary)) if number >= 40 else Counts(0, 0)
    return Stratum(15.0 * number, 15.0 * number + 15.0, stable, mine, pods)


def run(seed: int, canary: float, *, gateway: bool, base: float = 0.003, rates: tuple[float, ...] = RATES) -> float:
    """Return the largest e-value of a canary that fails this share, beside stable's pods."""
    chance = random.Random(seed)
    shares = [base * rate for rate in rates]
    strata = [stratum(number, shares, canary, chance, gateway=gateway) for number in range(100)]
    return max(run_e_process(strata, Rules(), LIMIT, aligned=gateway).values)


@pytest.mark.parametrize("gateway", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_a_canary_like_the_worst_pod_of_stable_raises_no_alarm(seed: int, *, gateway: bool) -> None:
    """Its pod may have got the same kind of node; 25 minutes show 50 000 of its requests."""
    assert run(seed, 0.003 * 1.8, gateway=gateway) < 100


@pytest.mark.parametrize("gateway", [True, False])
def test_a_canary_far_worse_than_the_worst_pod_is_an_alarm(*, gateway: bool) -> None:
    """Six times stable's mean is more than three times its worst pod's."""
    assert run(1, 0.018, gateway=gateway) >= 100


def guarded(seed: int, canary: float) -> str:
    """Return the guard's state, 99 % allowed, of a canary beside six pods of which one fails 4 % for good."""
    chance = random.Random(seed)
    strata = [stratum(number, [0.04, *[0.002] * 5], canary, chance, gateway=True) for number in range(70)]
    return judge_guard("errors", tuple(strata), 0.01, Rules(), aligned=True, histories=stable_histories(strata)).state


@pytest.mark.parametrize("seed", range(4))
def test_the_guard_excuses_a_canary_by_a_pod_of_stable_that_is_as_bad_for_good(seed: int) -> None:
    """One of two canary pods got that node, so it fails 2.1 % where stable's six pods fail .8 %."""
    assert guarded(seed, 0.021) != "alarm"


def test_the_guard_alarms_where_a_canary_is_beyond_what_stables_worst_pod_explains() -> None:
    """It fails 12 %, three times as much as that pod."""
    assert guarded(1, 0.12) == "alarm"


def test_equal_pods_have_no_habit() -> None:
    """The highest of six equal rates is high by chance alone."""
    chance, habits = random.Random(9), list[float]()
    for _ in range(8):
        strata = [stratum(k, [0.002] * PODS, 0.0, chance, gateway=False) for k in range(40)]
        habits.append(track_history(strata).history.habit)
    assert max(habits) < 1.15


def test_a_rare_incident_of_one_pod_is_not_its_habit() -> None:
    """Three minutes of 40 % are an incident: a canary that is bad now must not be measured by it."""
    chance = random.Random(4)
    strata = [
        stratum(k, [0.4 if 10 <= k < 22 else 0.001, *[0.001] * (PODS - 1)], 0.0, chance, gateway=False)
        for k in range(40)
    ]
    assert track_history(strata).history.habit < 1.5


def test_the_null_ratio_grows_with_the_habit() -> None:
    """Twice the habit: what is twice as bad is still null; tables are shared."""
    ratios = LikelihoodRatio(1.25)
    assert ratios is ratios.beyond(1.0)
    assert 2.5 == pytest.approx(ratios.beyond(2.0).ratio, rel=0.05)
    assert ratios.beyond(2.0) is ratios.beyond(2.01)


def test_pods_without_a_past_have_no_habit() -> None:
    """Nothing is known of them, or of pods without requests."""
    habits = PodHabits()
    for _ in range(20):
        habits.add([(0, 0), (0, 0)])
    assert 1.0 == habits.worst


def test_behind_gateways_a_pods_bad_minutes_are_learnt_from_the_pods() -> None:
    """Each pod in turn fails for a minute: one pod's events, of four scrapes each, and no noise of all of stable."""
    chance = random.Random(2)
    strata = [
        stratum(k, [0.2 if k // 4 % PODS == pod and k % 8 < 4 else 0.001 for pod in range(PODS)], 0.0, chance,
                gateway=True)
        for k in range(40)
    ]  # fmt: skip
    known = track_history(strata).history
    assert 4.0 == pytest.approx(known.burst_length, abs=1.0)
    assert known.burst_hazard == 1.0
    blind = track_history([replace(one, stable_pods=()) for one in strata]).history
    assert blind.burst_length == 0.0


def test_failures_that_only_the_gateway_sees_are_learnt_from_the_gateway() -> None:
    """Connections that nobody accepted come in batches: the pods know nothing of them."""
    chance = random.Random(3)
    strata = []
    for k in range(40):
        one = stratum(k, [0.0] * PODS, 0.0, chance, gateway=True)
        strata.append(replace(one, stable=Counts(one.stable.total, 40 if k % 4 == 0 else 0)))
    assert track_history(strata).history == track_history([replace(one, stable_pods=()) for one in strata]).history
    assert track_history(strata).history.phi > 5.0
