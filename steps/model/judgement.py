"""The judge's answer: verdict, one sentence, and every number that led to it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

VERSION: Final = 1
"""Version of the JSON form; it rises when a field is removed or changes its meaning."""

SMALL_BYTES: Final = 600
"""Limit of the short JSON form, so that all results of a step stay under 1 kB."""


class Verdict(StrEnum):
    """The judge's answer; `continue` only inside the loop."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    CONTINUE = "continue"


class ReasonCode(StrEnum):
    """The reason in one word, for programs; people read the sentence."""

    HEALTHY = "healthy"
    PROVEN = "proven"
    BETTER = "better"
    WORSE = "worse"
    GUARD = "guard"
    UNHEALTHY = "canary-unhealthy"
    COLLECTING = "collecting"
    SHARED = "both-arms-bad"
    TOO_FEW = "too-few"
    NO_TRAFFIC = "no-traffic"
    NOT_PROVEN = "not-proven"
    NOT_READY = "canary-not-ready"
    SUSPECT = "suspect"
    PROBE = "probe"
    ABOVE_OBJECTIVE = "above-objective"
    UNATTRIBUTED = "unattributed"
    DISRUPTED = "disrupted"


@dataclass(frozen=True, slots=True)
class SeriesJudgement:
    """Numbers of one series: counts since the canary's first exposure, and the statistics computed from them.

    Attributes:
        e_value: current value of the e-process, >= 0; 1 means that nothing was learnt.
        e_max: its largest value so far.
        canary_ratio, stable_ratio: bad share 0-1; stable's is weighted by the canary's requests per stratum, so that
            drift does not bias it.
        ratio_low, ratio_high: limits of canary rate / stable rate, valid at any time; None where they were not needed.
        phi: overdispersion by which the newest stratum was scaled down, >= 1.
        capped: strata whose evidence was capped.
        informative: strata in which the arms could be compared: both had traffic, and there were bad requests.
    """

    label: str
    bound: float | None
    canary_total: int
    canary_bad: int
    stable_total: int
    stable_bad: int
    canary_ratio: float
    stable_ratio: float
    e_value: float
    e_max: float
    phi: float
    capped: int
    informative: int
    ratio_low: float | None = None
    ratio_high: float | None = None


@dataclass(frozen=True, slots=True)
class MetricJudgement:
    """One metric: its share of the budget and its series.

    Attributes:
        weight: share of the budget; the shares of all metrics sum to 1.
        e_value: mean of its series' e-values; `weight * e_value` is its part of the fail statistic.
        floor: minimum difference of the shares (0-1) that counts as harm.
    """

    name: str
    kind: str
    unit: str
    weight: float
    e_value: float
    floor: float
    series: tuple[SeriesJudgement, ...]
    dropped_deltas: int
    unclassified: int
    queries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GuardJudgement:
    """The absolute guard of one metric: "ok", "alarm", or "shared" while stable is out of bounds too.

    Ratios and counts are those of the last scrapes, which the guard looks at.
    """

    metric: str
    state: str
    allowed_ratio: float
    canary_ratio: float
    stable_ratio: float
    e_value: float
    canary_total: int = 0
    canary_bad: int = 0
    stable_total: int = 0
    stable_bad: int = 0


@dataclass(frozen=True, slots=True)
class TableRow:
    """One stratum of the table: end (unix seconds), counts of both arms, and the fail statistic after it."""

    end: float
    canary_total: int
    canary_bad: int
    stable_total: int
    stable_bad: int
    e_value: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """The judge's full answer.

    Attributes:
        reason: one sentence for people, in English.
        code: the reason for programs: a `Code`, or the kind of the evidence's problem.
        e_value: the fail statistic sum(weight * e) now; `e_max` its maximum, `e_limit` the alarm threshold.
        alarm_at: unix seconds of the stratum that crossed the threshold, or None.
        detectable_ratio: share of failed requests that the observed traffic was enough to detect, or None.
        table: the strata of `metric` (the metric that the reason is about), the newest last.
    """

    verdict: Verdict
    reason: str
    code: str
    metric: str | None
    e_value: float
    e_max: float
    e_limit: float
    started: float
    until: float
    strata: int
    aligned: bool
    reporter: str
    canary_requests: int
    metrics: tuple[MetricJudgement, ...] = ()
    guards: tuple[GuardJudgement, ...] = ()
    table: tuple[TableRow, ...] = ()
    alarm_at: float | None = None
    detectable_ratio: float | None = None
    notes: tuple[str, ...] = ()
    rules: Mapping[str, object] | None = None

    def to_json(self) -> dict[str, object]:
        """Return the whole judgement as a dict ready for JSON, `"version"` first. Numbers are finite."""
        return {"version": VERSION, **asdict(self), "verdict": str(self.verdict)}

    def small(self) -> str:
        """Return the judgement as JSON of at most 600 bytes for a result file; a long reason is cut."""
        form: dict[str, object] = {
            "version": VERSION,
            "verdict": str(self.verdict),
            "code": self.code,
            "metric": self.metric,
            "e": float(f"{self.e_value:.3g}"),
            "limit": self.e_limit,
            "requests": self.canary_requests,
            "strata": self.strata,
            "alarm_at": self.alarm_at,
            "detectable": None if self.detectable_ratio is None else round(self.detectable_ratio, 4),
            "reason": self.reason,
        }
        text = json.dumps(form, ensure_ascii=False, separators=(",", ":"))
        reason = self.reason
        while len(text.encode()) > SMALL_BYTES:
            reason = reason[: -max(1, (len(text.encode()) - SMALL_BYTES) // 4)]
            text = json.dumps({**form, "reason": reason + "…"}, ensure_ascii=False, separators=(",", ":"))
        return text
