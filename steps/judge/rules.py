"""The judge's rules: every threshold with its unit, default and reason (docs/judge.md explains the method)."""

from dataclasses import dataclass, field
from enum import StrEnum

from steps.model.evidence import MetricKind


class PassRule(StrEnum):
    """What a pass claims.

    NO_HARM: enough was seen and nothing speaks against the canary; the sentence says what would have been caught.
    PROVEN: the canary is shown to be worse than stable by less than the tolerated difference.
    """

    NO_HARM = "no-harm"
    PROVEN = "proven"


@dataclass(frozen=True, slots=True)
class Rules:
    """Thresholds of a rollout. The defaults were chosen by simulation (tests/bench) and belong together.

    Attributes:
        alpha: chance of a false alarm of the comparison, per rollout, no matter how often it is judged (0-1).
        guard_alpha: the same for the absolute guard, which has a budget of its own.
        beta: chance of a wrong "proven" per metric.
        pass_rule: see PassRule.
        ratio: the canary may be up to this many times as bad as stable before it counts as worse (>= 1): 20 % more
            errors or 2 % slower is not a reason to roll back.
        floors: smallest difference of the bad shares (0-1) that counts as harm, by kind of metric.
        proven_difference: with PROVEN: largest tolerated difference of the bad shares (0-1).
        min_bad: minimum of bad canary requests for an alarm: two may be chance of any kind.
        suspect_e: value of the fail statistic from which nothing passes any more, although it is not an alarm yet.
        success_slo: minimum success ratio (0-1) for the absolute guard; None disables it.
        latency_slo: largest share (0-1) of requests above the bound of the latency objective (1 - its quantile); None
            (default) disables that guard.
        latency_limit_ms: the limit of that objective as it was asked for, in ms, for sentences; None = the bound.
        must_detect: a pass requires that a rise of the failures to this share (0-1) would have been caught; 1 = that a
            total failure would have been caught.
        guard_requests, guard_bad: requests and bad ones that the guard needs in its last strata.
        min_strata: strata with canary traffic on this rung before a pass: one good scrape is not a trend.
        min_seconds: minimum time on this rung before a pass, in seconds; 0 = min_strata alone decides.
        min_requests: canary requests on this rung before an early pass.
        patience_seconds: after so long on a rung (or at the deadline) fewer than min_requests suffice, if at least
            patient_requests came and a canary failing `patient_detectable` of its requests would have been caught.
            So a healthy service with 2 requests a second is promoted within minutes, and the sentence says how little
            was seen; 50 requests at 5 % of that would take 8 minutes and say little more about a total failure.
        patient_requests: see patience_seconds.
        patient_detectable: see patience_seconds (share 0-1).
        ruled_out: on the last weight of the ladder, so many times the share that an objective allows must be ruled
            out, while patience lasts (> 1): at 10 requests a second, 1 of 100 canaries that fail 5 % passed every rung
            with some 250 requests by luck. With an objective of 1 %, 149 requests without a failure rule out 5 %.
        silent_seconds: a canary without any request for so long, while its weight promises at least
            `silent_requests`, is "no-traffic".
        silent_requests: expected requests that make silence significant: e^-12 is 6 in a million.
        cap: largest part of ln(1/alpha) that one stratum may add if the arms are scraped at different moments: three
            strata must agree, so a shared outage that reaches the arms one stratum apart does no harm.
        cap_sound: the same while stable is quiet (hardly any bad requests, or no batches of them) over a history of
            at least 12 strata: two strata and a part of a third decide.
        cap_confirmed: the same, one stratum later, if the evidence also holds against stable's neighbouring strata.
        cap_aligned: the same if both arms are counted in the same scrape and the canary fails at least half of the
            stratum's requests while stable is quiet: above 1 one stratum decides if it lasted 3 s or more, six requests
            failed and stable's history is long enough. At .65 two strata decide: then an outage that reaches the canary
            one scrape before stable does no harm, but a canary that fails everything meets users twice as long.
        max_restarts: tolerated container restarts of the canary in a run; a drained node explains one.
        unready_fail_seconds: for how long some canary pods may be unready before it fails.
        warmup_seconds: age of the canary's youngest pod from which its latency counts.
        probe_failures: rounds in a row in which a probe must fail on the canary while stable passes; and good rounds
            that a pass by probes alone needs.
        down_fail_seconds: for how long all canary pods may be unready before it fails.
        disruption_seconds: how long to wait for pods that a cluster event took away; 0 = not at all. The pods of a dead
            node are only replaced after 300 s of `tolerationSeconds`, so the default is longer.
        max_disruptions: disruptions of a run that are waited for; a version may cause them by the resources it uses.
        alarm_line: value of the fail statistic that is an alarm; None = 1 / alpha. Lower where an alarm only returns
            the users and a second trial decides (`second_trial`).
        whole_scrape: whether one scrape in which the canary fails as a whole is an alarm.
        failed_requests: maximum of failed canary requests beyond the tolerated ratio of stable's rate; None = no limit.
    """

    alpha: float = 0.01
    guard_alpha: float = 0.001
    beta: float = 0.05
    pass_rule: PassRule = PassRule.NO_HARM
    ratio: float = 1.25
    # A metric is defined in five places: its kind in model/evidence.py, its series and budget in
    # evidence/definitions/standard_metrics.py, its floor here, its words in judge/wording/phrases.py (what_is_bad), its
    # reserved name in settings/metrics.py. tests/unit/judge/test_metric_kinds.py checks floors and words.
    floors: dict[MetricKind, float] = field(
        default_factory=lambda: {
            MetricKind.ERRORS: 0.001,
            MetricKind.LATENCY: 0.01,
            MetricKind.SMALL_BODIES: 0.01,
            MetricKind.ANSWERS: 0.01,
            MetricKind.CUSTOM: 0.01,
        }
    )
    proven_difference: float = 0.005
    min_bad: int = 3
    suspect_e: float = 20.0
    success_slo: float | None = 0.99
    latency_slo: float | None = None
    latency_limit_ms: float | None = None
    must_detect: float = 1.0
    guard_requests: int = 20
    guard_bad: int = 3
    min_strata: int = 3
    min_seconds: float = 0.0
    min_requests: int = 50
    patience_seconds: float = 120.0
    patient_requests: int = 5
    patient_detectable: float = 0.8
    ruled_out: float = 5.0
    silent_seconds: float = 30.0
    silent_requests: float = 12.0
    cap: float = 0.5
    cap_sound: float = 0.65
    cap_confirmed: float = 0.9
    cap_aligned: float = 1.8
    max_restarts: int = 2
    unready_fail_seconds: float = 60.0
    down_fail_seconds: float = 5.0
    disruption_seconds: float = 600.0
    max_disruptions: int = 3
    warmup_seconds: float = 0.0
    probe_failures: int = 3
    alarm_line: float | None = None
    whole_scrape: bool = False
    failed_requests: int | None = None

    @property
    def line(self) -> float:
        """The value of the fail statistic that is an alarm."""
        return self.alarm_line or 1.0 / self.alpha
