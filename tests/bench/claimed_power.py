"""Is the claim of a pass true, that such a canary would have been caught?

Many rollouts of stable are drawn, each with a good canary that is judged. Then canaries that fail the share that the
judgement names are drawn into the same traffic, with the same counts of stable, and judged as they would have been.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from steps.judge import Rules, judge
from steps.model.evidence import Counts, Evidence, MetricEvidence, MetricKind, Series, Stratum
from steps.model.judgement import Verdict
from tests.bench.claim_scenarios import Scenario
from tests.bench.in_time import in_time

RULES = Rules()
MIN_POWER, MAX_POWER = 0.88, 0.97
"""Limits between which "nine times in ten" is true."""


@dataclass(frozen=True)
class ClaimCheck:
    """Result of a scenario: the mean claimed share, and the part (0-1) of the canaries failing it that were caught."""

    scenario: Scenario
    claimed: float
    caught: float
    canaries: int

    @property
    def true(self) -> bool:
        """Whether nine in ten were caught, as claimed."""
        return MIN_POWER <= self.caught <= MAX_POWER


def evidence_of(strata: Sequence[Stratum], *, aligned: bool) -> Evidence:
    """Wrap strata as errors with 60 % of the budget; the rest belongs to a metric without requests."""
    silent = tuple(Stratum(one.start, one.end, Counts(0, 0), Counts(0, 0)) for one in strata)
    metrics = (
        MetricEvidence("errors", MetricKind.ERRORS, (Series(tuple(strata)),), weight=0.6),
        MetricEvidence("other", MetricKind.CUSTOM, (Series(silent),), weight=0.4),
    )
    interval = strata[0].end - strata[0].start
    return Evidence(metrics, 0.0, 0.0, strata[-1].end, interval, aligned=aligned)


def failing(strata: Sequence[Stratum], share: float, rng: np.random.Generator) -> list[Stratum]:
    """Let each request of the canary fail with this chance (0-1)."""
    bad = [int(rng.binomial(one.canary.total, share)) for one in strata]
    return [replace(one, canary=Counts(one.canary.total, x)) for one, x in zip(strata, bad, strict=True)]


def caught(strata: Sequence[Stratum], *, aligned: bool) -> bool:
    """Return whether the judge would have said `fail` at the last judgement, or at one where the guard may alarm."""
    looks = [len(strata), *_guarded(strata)]
    return any(
        judge(evidence_of(strata[:end], aligned=aligned), None, RULES, deadline_reached=False).verdict is Verdict.FAIL
        for end in looks
    )


def _guarded(strata: Sequence[Stratum]) -> list[int]:
    """Return the earlier judgements at which three scrapes in a row are above the objective."""
    allowed = 1.0 - (RULES.success_slo or 0.0)
    out = [one.canary.total > 0 and one.canary.bad > allowed * one.canary.total for one in strata]
    return [i + 1 for i in range(2, len(strata) - 1) if all(out[i - 2 : i + 1])]


def check_claim(scenario: Scenario, rollouts: int, canaries: int, first_seed: int = 0) -> ClaimCheck:
    """Draw `rollouts` rollouts of a scenario and `canaries` in each; rollouts that claim nothing are left out."""
    return _summed(scenario, [_once((scenario, first_seed + i, canaries)) for i in range(rollouts)])


def measure(
    scenarios: Sequence[Scenario], rollouts: int, canaries: int, seconds: float, workers: int, first_seed: int = 0
) -> list[ClaimCheck]:
    """Check claims in all scenarios by turns; after `seconds` no further rollout begins."""
    tasks = ((one, first_seed + i, canaries) for i in range(rollouts) for one in scenarios)
    found: dict[Scenario, list[_Claim]] = {}
    for scenario, claim in in_time(_task, tasks, seconds, workers):
        found.setdefault(scenario, []).append(claim)
    return [_summed(scenario, claims) for scenario, claims in found.items()]


_Claim = tuple[float | None, tuple[bool, ...]]
"""The share that a pass claims to catch, None without a pass, and whether each canary failing it was caught."""


def _task(task: tuple[Scenario, int, int]) -> tuple[Scenario, _Claim]:
    return task[0], _once(task)


def _once(task: tuple[Scenario, int, int]) -> _Claim:
    scenario, seed, canaries = task
    rng = np.random.default_rng([seed, *scenario.name.encode()])
    strata = scenario.draw(rng)
    good = evidence_of(failing(strata, scenario.share, rng), aligned=scenario.aligned)
    judgement = judge(good, None, RULES, deadline_reached=True)
    share = judgement.detectable_ratio
    if share is None or judgement.verdict is Verdict.FAIL:
        return None, ()
    found = (caught(failing(strata, share, rng), aligned=scenario.aligned) for _ in range(canaries))
    return share, tuple(found)


def _summed(scenario: Scenario, claims: Sequence[_Claim]) -> ClaimCheck:
    shares = [share for share, _ in claims if share is not None]
    found = [one for _, caught_ones in claims for one in caught_ones]
    if not found:
        return ClaimCheck(scenario, 1.0, 0.0, 0)
    return ClaimCheck(scenario, sum(shares) / len(shares), sum(found) / len(found), len(found))


def markdown(found: Sequence[ClaimCheck]) -> str:
    """Return the table of the page."""
    rows = ["| scenario | claimed on average | caught |", "|---|--:|--:|"]
    rows += [
        f"| {one.scenario.name} | {100 * one.claimed:.2f} % | {100 * one.caught:.0f} % of {one.canaries} |"
        for one in found
    ]
    return "\n".join(rows)
