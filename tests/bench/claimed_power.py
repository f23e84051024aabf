"""Is the claim of a pass true, that such a canary would have been caught?

Many rollouts of stable are drawn, each with a good canary that is judged. Then canaries that fail the share that the
judgement names are drawn into the same traffic, with the same counts of stable, and judged as they would have been.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from steps.judge import Rules, judge
from steps.model.evidence import Counts, Evidence, MetricEvidence, MetricKind, Series, Stratum
from steps.model.judgement import Verdict
from tests.bench.in_time import in_time

RULES = Rules()
HISTORY = 40
MIN_POWER, MAX_POWER = 0.88, 0.97
"""Limits between which "nine times in ten" is true."""


@dataclass(frozen=True)
class Scenario:
    """Rollouts of one kind.

    Attributes:
        rps: requests a second of both arms.
        share: share (0-1) of requests that fail in both arms.
        scrapes: with canary traffic. seconds: between them.
        ladder: the canary's parts of the requests (0-1), each for an equal number of scrapes.
        aligned: counted by gateways, which do not tell pods apart.
        batch: bad requests come in batches of this mean size.
        history: scrapes of stable alone before.
        incident: share of the first pod's requests that failed for three minutes of that time.
    """

    rps: float
    share: float
    scrapes: int
    seconds: float = 15.0
    ladder: tuple[float, ...] = (0.1,)
    aligned: bool = False
    batch: float = 1.0
    history: int = HISTORY
    incident: float = 0.0
    pods: int = 5

    @property
    def name(self) -> str:
        """The scenario in words, which also seeds it."""
        parts = "-".join(f"{100 * part:g}" for part in self.ladder)
        more = f", batches of {self.batch:g}" if self.batch > 1 else ""
        more += ", after an incident" if self.incident else "" if self.history == HISTORY else f", past {self.history}"
        where = "gateways" if self.aligned else "pods"
        return (
            f"{self.rps:g} rps, {100 * self.share:g} %, {self.scrapes} x {self.seconds:g} s, weight {parts},"
            f" {where}{more}"
        )

    def draw(self, rng: np.random.Generator) -> tuple[Stratum, ...]:
        """Draw stable and the canary's requests; none of these fails yet."""
        return tuple(self._stratum(rng, k) for k in range(-self.history, self.scrapes))

    def _stratum(self, rng: np.random.Generator, k: int) -> Stratum:
        part = self.ladder[k * len(self.ladder) // self.scrapes] if k >= 0 else 0.0
        requests = self.rps * self.seconds
        struck = bool(self.incident) and -240.0 <= k * self.seconds < -60.0
        shares = [self.incident if struck and not pod else self.share for pod in range(self.pods)]
        totals = rng.poisson(requests * (1.0 - part) / self.pods, self.pods)
        pods = tuple(Counts(int(n), self._bad(rng, int(n), share)) for n, share in zip(totals, shares, strict=True))
        stable = Counts(sum(pod.total for pod in pods), sum(pod.bad for pod in pods))
        canary = Counts(int(rng.poisson(requests * part)), 0)
        return Stratum(k * self.seconds, (k + 1) * self.seconds, stable, canary, () if self.aligned else pods)

    def _bad(self, rng: np.random.Generator, total: int, share: float) -> int:
        if self.batch <= 1.0:
            return int(rng.binomial(total, share))
        batches = int(rng.poisson(total * share / self.batch))
        return min(total, batches + int(rng.negative_binomial(batches, 1.0 / self.batch))) if batches else 0


def _both(scenario: Scenario) -> Iterator[Scenario]:
    yield scenario
    yield replace(scenario, aligned=True)


_LADDER = (0.05, 0.25, 0.5)
QUICK = (
    *_both(Scenario(10, 0.001, 12)),
    *_both(Scenario(100, 0.001, 3)),
    Scenario(100, 0.05, 6),
    Scenario(100, 0.001, 9, ladder=_LADDER),
    Scenario(1000, 0.001, 3),
)
FULL = (
    *QUICK,
    *(
        one
        for scenario in (
            Scenario(1, 0.001, 20),
            Scenario(1, 0.001, 8, ladder=(0.5,)),
            Scenario(10, 0.001, 60),
            Scenario(10, 0.02, 12),
            Scenario(10, 0.001, 12, ladder=_LADDER),
            Scenario(100, 0.0001, 3),
            Scenario(100, 0.005, 3, ladder=(0.05,)),
            Scenario(100, 0.001, 60, ladder=_LADDER),
            Scenario(100, 0.001, 30, 1.0),
            Scenario(100, 0.001, 6, 5.0),
            Scenario(100, 0.001, 3, 60.0),
            Scenario(100, 0.005, 40, batch=2.0),
            Scenario(100, 0.005, 40, batch=5.0),
            Scenario(100, 0.001, 4, history=3),
            Scenario(100, 0.001, 6, incident=0.3, pods=9),
            Scenario(1000, 0.05, 3),
            Scenario(1000, 0.0001, 20),
            Scenario(1000, 0.01, 60, 60.0),
        )
        for one in _both(scenario)
    ),
)


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
