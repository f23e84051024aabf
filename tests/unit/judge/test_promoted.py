"""After a promotion: the arm that serves is judged alone, by the objectives and by what was before."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import pytest

from steps.judge import Rules, judge
from steps.judge.checks.promotion import Promotion, as_promoted
from steps.model.evidence import Arm, Counts, Evidence, MetricKind, Series, Stratum
from steps.model.judgement import Judgement, ReasonCode, Verdict
from tests.support.evidence_rows import evidence, metric
from tests.support.simulated_rollouts import binomial, poisson

SECONDS = 15.0
PAST, RUNGS, MIXED = 40, 20, 4
UNTIL, SINCE = RUNGS * SECONDS, (RUNGS + MIXED) * SECONDS
STABLE = Promotion(Arm.STABLE, UNTIL, SINCE)
NO_SLO = Rules(success_slo=None)


@dataclass(frozen=True)
class World:
    """An app over its past, its rungs at 20 %, its promotion and its bake.

    Attributes:
        requests: in a scrape of 15 s.
        before: bad share (0-1) before the promotion, of both arms.
        after: bad share afterwards.
        faulty_from: scrape of the bake from which `after` holds.
        scrapes: of the bake.
        batch: bad requests come so many at a time.
    """

    requests: float = 200.0
    before: float = 0.002
    after: float = 0.002
    faulty_from: int = 0
    scrapes: int = 60
    batch: int = 1

    def draw(self, seed: int) -> tuple[Stratum, ...]:
        """Draw all scrapes; second 0 is the canary's first request."""
        chance = random.Random(seed)
        return tuple(self._stratum(chance, number) for number in range(-PAST, RUNGS + MIXED + self.scrapes))

    def _stratum(self, chance: random.Random, number: int) -> Stratum:
        is_late = number >= RUNGS + MIXED + self.faulty_from
        share, part = self.after if is_late else self.before, 0.2 if 0 <= number < RUNGS else 0.0
        stable, canary = (self._arm(chance, self.requests * of, share) for of in (1 - part, part))
        return Stratum(number * SECONDS, (number + 1) * SECONDS, stable, canary)

    def _arm(self, chance: random.Random, mean: float, share: float) -> Counts:
        total = poisson(chance, mean)
        return Counts(total, min(total, self.batch * binomial(chance, total // self.batch, share)))


def judged(strata: tuple[Stratum, ...], rules: Rules = NO_SLO, kind: MetricKind = MetricKind.ERRORS) -> Judgement:
    """Judge a bake so far by one metric."""
    label = "4xx" if kind is MetricKind.ANSWERS else ""
    seen = replace(evidence(strata), metrics=(metric(kind, Series(strata, label=label)),), started=0.0)
    return judge(as_promoted(seen, STABLE), None, rules, deadline_reached=False)


def scrapes_until_fail(
    world: World, seed: int, rules: Rules = NO_SLO, every: int = 1, kind: MetricKind = MetricKind.ERRORS
) -> int | None:
    """Return how many scrapes after the fault began the bake failed, None if it did not."""
    strata = world.draw(seed)
    first = PAST + RUNGS + MIXED
    for count in range(1, world.scrapes + 1, every):
        if judged(strata[: first + count], rules, kind).verdict is Verdict.FAIL:
            return count - world.faulty_from
    return None


@pytest.mark.parametrize(
    ("world", "rules", "kind"),
    [
        (World(), NO_SLO, MetricKind.ERRORS),
        (World(before=0.005, after=0.005), Rules(), MetricKind.ERRORS),
        (World(before=0.02, after=0.04), NO_SLO, MetricKind.ERRORS),
        (World(requests=1.0, before=0.3, after=0.3), NO_SLO, MetricKind.ANSWERS),
        (World(before=0.01, after=0.01, batch=10), NO_SLO, MetricKind.ERRORS),
        (World(before=0.01, after=0.05), NO_SLO, MetricKind.LATENCY),
    ],
    ids=["healthy", "near its objective", "twice as many by the hour", "404 for a third", "batches", "slower by noon"],
)
def test_good_promotions_are_not_undone(world: World, rules: Rules, kind: MetricKind) -> None:
    """At most 1 of 200 may be; none of these 12, each looked at 10 times."""
    failed = [seed for seed in range(12) if scrapes_until_fail(world, seed, rules, every=6, kind=kind) is not None]

    assert [] == failed


@pytest.mark.parametrize(
    ("share", "rules", "longest"),
    [
        (0.05, NO_SLO, 28),
        (0.05, Rules(), 14),
        (0.2, NO_SLO, 10),
        (0.2, Rules(), 10),
        (1.0, NO_SLO, 3),
        (1.0, Rules(), 3),
    ],
)
@pytest.mark.parametrize("faulty_from", [0, 4])
def test_faults_are_found(share: float, rules: Rules, longest: int, faulty_from: int) -> None:
    """A total failure within three scrapes; 5 % in minutes, sooner with an objective; at once or a minute later."""
    world = World(after=share, faulty_from=faulty_from, scrapes=faulty_from + 30)
    found = [scrapes_until_fail(world, seed, rules) for seed in range(8)]

    assert [] == [count for count in found if count is None or not 0 < count <= longest], found


def test_the_reason_names_what_the_version_is_compared_with() -> None:
    """Its own rungs, where they had enough requests."""
    judgement = judged(World(after=0.2).draw(1))

    assert (Verdict.FAIL, ReasonCode.WORSE) == (judgement.verdict, judgement.code)
    assert "on its earlier rungs: clearly worse than before" in judgement.reason


def test_what_the_rungs_showed_is_not_judged_again() -> None:
    """A person promoted a canary that was clearly worse than stable; since then it is as it was on its rungs."""
    worse = tuple(
        replace(one, canary=Counts(200, 40)) if 0 <= one.start < UNTIL
        else replace(one, stable=Counts(200, 40)) if one.start >= SINCE
        else one
        for one in World().draw(2)
    )  # fmt: skip

    assert Verdict.FAIL is not judged(worse).verdict


def test_requests_while_both_versions_answered_count_for_nothing() -> None:
    """Pods of the old version failed while they ended; that is neither the past nor the new version."""
    ending = tuple(
        replace(one, stable=Counts(200, 200)) if UNTIL <= one.start < SINCE else one for one in World().draw(3)
    )
    seen = as_promoted(evidence(ending), STABLE)

    assert Verdict.PASS is judged(ending).verdict
    mixed = [one for one in seen.metrics[0].series[0].strata if UNTIL <= one.start < SINCE]
    assert {(Counts(0, 0), Counts(0, 0))} == {(one.stable, one.canary) for one in mixed}


def test_the_promoted_arm_is_the_canary_in_a_swap_and_stable_otherwise() -> None:
    """And the other arm's stray requests are left out."""
    strata = tuple(
        replace(one, canary=Counts(9, 1), stable=Counts(5, 2)) if one.start >= SINCE else one
        for one in World().draw(4)
    )  # fmt: skip
    last = {arm: _last(strata, Promotion(arm, UNTIL, SINCE)) for arm in Arm}

    assert {Arm.STABLE: Counts(5, 2), Arm.CANARY: Counts(9, 1)} == {arm: one.canary for arm, one in last.items()}
    assert {Counts(0, 0)} == {one.stable for one in last.values()}


def _last(strata: tuple[Stratum, ...], promotion: Promotion) -> Stratum:
    return as_promoted(evidence(strata), promotion).metrics[0].series[0].strata[-1]


@pytest.mark.parametrize(("nowhere", "verdict"), [(0, Verdict.FAIL), (100, Verdict.CONTINUE)])
def test_failures_without_an_upstream_are_the_promoted_arms(nowhere: int, verdict: Verdict) -> None:
    """No other arm has users; but those that name no service may be another app's."""
    strata = tuple(
        replace(one, stable=Counts(0, 0), unattributed=100, nowhere=nowhere) if one.start >= SINCE else one
        for one in World().draw(5)
    )

    assert verdict is judged(strata).verdict


def test_without_any_request_there_is_no_verdict() -> None:
    """No data is never a pass."""
    silent = tuple(replace(one, stable=Counts(0, 0)) if one.start >= SINCE else one for one in World().draw(6))
    seen: Evidence = as_promoted(evidence(silent), STABLE)
    judgement = judge(seen, None, Rules(), deadline_reached=True)

    assert (Verdict.INCONCLUSIVE, ReasonCode.NO_TRAFFIC) == (judgement.verdict, judgement.code)
