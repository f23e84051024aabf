"""Evidence that depends on which pods the canary has: a bad pod, a bad version, an outage of both arms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from steps.evidence.comparison import WITH_STABLE, Comparison
from steps.model.evidence import Counts, Evidence, MetricEvidence, MetricKind, Series, Stratum
from tests.support.fake_cluster import FakeCluster
from tests.support.fixed_evidence import FixedEvidence
from tests.support.kubernetes_api.kinds import POD
from tests.support.shop_release import APP, NAMESPACE

BadPods = Callable[[int], bool]
"""Returns for a number of canary pods, in the order in which they were seen first (1 = the first), whether it fails."""


class TrialEvidence(FixedEvidence):
    """A reader for which a scrape passes per read: 50 requests per arm, the canary's only while it has a weight.

    Attributes:
        seen_pods: the canary's pods in the order in which they were seen.
        failed: requests of users that the canary failed.
        controls: weight and baseline of each read.
        bad_share: share (0-1) of its requests that a bad pod fails.
        stable_fails_after_alarm: whether stable fails, too, right after the first alarm.
        on_weight_zero: called at each read while the canary has no weight.
    """

    def __init__(self, world: FakeCluster, is_bad: BadPods, *, scrape_seconds: float = 1.0, past: int = 0) -> None:
        """Make a reader with scrapes of so many seconds, and so many of stable alone before the first read."""
        super().__init__(0.0)
        self._world, self._is_bad, self._seconds, self._past = world, is_bad, scrape_seconds, past
        self._strata: list[Stratum] = []
        self.seen_pods: list[str] = []
        self.failed = 0
        self.bad_share = 1.0
        self.controls: list[tuple[int | None, str]] = []
        self.stable_fails_after_alarm = False
        self.on_weight_zero: Callable[[], object] | None = None
        self._is_after_alarm = False

    def read(
        self,
        started: float,
        now: float,
        *,
        rung_started: float | None = None,
        weight: int | None = None,
        comparison: Comparison = WITH_STABLE,
    ) -> Evidence:
        """Return all strata so far; what the canary did before `started` is of other pods."""
        self.reads += 1
        self.controls.append((weight, comparison.control))
        present = [pod["metadata"]["name"] for pod in self._world.store.list(POD, NAMESPACE, f"app={APP}-canary")]
        self.seen_pods += [name for name in sorted(present) if name not in self.seen_pods]
        bad = any(self._is_bad(self.seen_pods.index(name) + 1) for name in present)
        canary = Counts(50, round(50 * self.bad_share) if bad else 0) if weight else Counts(0, 0)
        self.failed += canary.bad
        if not weight and self.on_weight_zero is not None:
            self.on_weight_zero()
        stable = Counts(50, 50 if self._stable_fails(weight) else 0)
        if not self._strata:
            ends = [now - self._seconds * back for back in range(self._past, 0, -1)]
            self._strata += [Stratum(end - self._seconds, end, Counts(50, 0), Counts(0, 0)) for end in ends]
        begin = self._strata[-1].end if self._strata else now - self._seconds
        self._strata.append(Stratum(begin, now, stable, canary))
        self._world.store.clock_offset_seconds += self._seconds
        nobody = Counts(0, 0)
        # A claim keeps the time of a weight in tenths of a second, which may be just after this read.
        strata = tuple(one if one.end > started - 0.5 else replace(one, canary=nobody) for one in self._strata)
        metrics = (MetricEvidence("errors", MetricKind.ERRORS, (Series(strata),)),)
        begun = started if rung_started is None else rung_started
        return Evidence(metrics, started, begun, now, self._seconds, aligned=True, weight=weight)

    def _stable_fails(self, weight: int | None) -> bool:
        """Return whether stable fails now: only while the users are back for the first time."""
        if weight and self._is_after_alarm:
            self.stable_fails_after_alarm = False
        self._is_after_alarm = not weight
        return self.stable_fails_after_alarm and not weight
