"""The judge: evidence in, judgement out. Pure; recomputed from the canary's first request at every call."""

from dataclasses import asdict, replace
from math import log, sqrt

from steps.judge import enough, pods, probes, proof, sentences, share
from steps.judge.alarm import Alarm, first_alarm, statistic
from steps.judge.detect import detectable_share
from steps.judge.guard import guard
from steps.judge.limits import ratio_limits
from steps.judge.odds import Odds
from steps.judge.rules import PassRule, Rules
from steps.judge.warmup import warm, warming
from steps.judge.weigh import Weighed, weigh
from steps.model.evidence import Evidence, Health, MetricEvidence, MetricKind
from steps.model.judgement import Code, GuardJudgement, Judgement, Row, SeriesJudgement, Verdict

ALL = 100
"""The weight, in percent, at which stable gets no requests to compare with."""


def judge(
    evidence: Evidence, health: Health | None, rules: Rules, *, deadline_reached: bool, outcomes: probes.Outcomes = None
) -> Judgement:
    """Judge a rollout by all that was observed so far.

    Args:
        evidence: strata of every metric since the canary's first request (and stable's history before).
        health: the canary's pods, or None where nobody looked.
        rules: thresholds.
        outcomes: of the probes so far, in order of time; None where there are no probes.
        deadline_reached: nothing will be waited for any more, so the verdict is never `continue`.

    Returns:
        `fail` if the pods failed, the canary is worse, or the guard alarms; else `pass` if enough was seen and nothing
        stands in the way; else `continue`, or `inconclusive` at the deadline (or as soon as waiting cannot help).
    """
    return _Case(evidence, health, rules, outcomes, deadline_reached=deadline_reached).judgement()


def glaring(series: SeriesJudgement, rules: Rules) -> bool:
    """Tell whether the arms are so far apart that a pass would be absurd, whatever the evidence says.

    By ten percentage points and four standard deviations of the canary's share, with a few bad requests at least.
    """
    if series.canary_bad < 2 * rules.min_bad or not series.canary_total:
        return False
    share = max(series.stable_ratio, 0.02)
    deviation = sqrt(share * (1.0 - min(share, 0.98)) / series.canary_total)
    return series.canary_ratio - series.stable_ratio >= max(0.1, 4.0 * deviation)


class _Case:
    """One call of the judge: what is computed once and used by several of its considerations."""

    def __init__(
        self, evidence: Evidence, health: Health | None, rules: Rules, outcomes: probes.Outcomes, *,
        deadline_reached: bool,
    ) -> None:  # fmt: skip
        self.outcomes = outcomes
        self.evidence, self.health, self.rules, self.late = evidence, health, rules, deadline_reached
        self.whole = [metric for metric in evidence.metrics if metric.series]
        self.odds = Odds(rules.ratio)
        self.weighed = self._weigh()
        self.path = statistic(self.weighed)
        self.seen = enough.look(evidence)
        self.alone = evidence.weight == ALL
        self.main = next((one for one in self.weighed if one.evidence.kind is MetricKind.ERRORS), None) or next(
            iter(self.weighed), None
        )
        self.guards = tuple(self._guards())
        self._detected: tuple[float | None] | None = None  # it takes longer than all else, so once and on demand

    def judgement(self) -> Judgement:
        if sentence := pods.failure(self.health, self.rules):
            return self._answer(Verdict.FAIL, Code.UNHEALTHY, sentence)
        if alarm := first_alarm(self.weighed, self.path, self.rules):
            return self._worse(alarm)
        if broken := next((one for one in self.guards if one.state == "alarm"), None):
            return self._answer(Verdict.FAIL, Code.GUARD, sentences.broken(broken, 3), broken.metric)
        if sentence := probes.failure(self.outcomes, self.rules):
            return self._answer(Verdict.FAIL, Code.PROBE, sentence)
        return self._hindrance() or self._lack() or self._pass()

    def _hindrance(self) -> Judgement | None:
        """What keeps a canary without an alarm from passing, the gravest first."""
        if (problem := self.evidence.problem) is not None:
            return self._wait(str(problem.kind), problem.sentence)
        if sentence := enough.silence(self.evidence, self.seen, self.rules):
            return self._answer(Verdict.INCONCLUSIVE, Code.NO_TRAFFIC, sentence)
        if out := next((one for one in self.guards if one.state == "shared"), None):
            return self._wait(Code.SHARED, sentences.shared(out))
        if sentence := pods.hindrance(self.health):
            return self._wait(Code.NOT_READY, sentence)
        if sentence := probes.hindrance(self.outcomes):
            return self._wait(Code.SHARED if probes.both_fail(self.outcomes) else Code.PROBE, sentence)
        return None

    def _lack(self) -> Judgement | None:
        """What is not there yet, though nothing is in the way."""
        if doubt := self._suspect():
            return self._wait(Code.SUSPECT, doubt)
        if not self.seen.canary or not (self.seen.stable or (self.alone and self.guards)):
            arm = "canary" if not self.seen.canary else "stable"
            sentence = f"no {arm} request seen since the weight was set {sentences.span(self.seen.seconds)} ago"
            return self._wait(Code.NO_TRAFFIC, f"{sentence}: there is nothing to compare")
        if any(warming(whole, one.evidence, self.rules) for whole, one in zip(self.whole, self.weighed, strict=True)):
            sentence = sentences.warming(self.rules.warmup_seconds)
            return self._wait(Code.TOO_FEW if self.late else Code.COLLECTING, sentence)
        short = enough.shortage(self.seen, self._detectable(), self.rules, deadline_reached=self.late)
        return self._wait(Code.TOO_FEW if self.late else Code.COLLECTING, short) if short else None

    def _pass(self) -> Judgement:
        if self.alone and not self.seen.stable:
            return self._answer(
                Verdict.PASS, Code.HEALTHY, sentences.alone(self.seen.canary, self.seen.strata, self.guards)
            )
        names = ", ".join(one.judgement.name for one in self.weighed)
        if self.rules.pass_rule is PassRule.PROVEN:
            if sentence := proof.missing(self.weighed, self.rules):
                return self._wait(Code.NOT_PROVEN, sentence)
            requests, strata = self._totals()
            sentence = sentences.proven(names, requests, strata, self.rules.proven_difference)
            return self._answer(Verdict.PASS, Code.PROVEN, sentence)
        requests, strata = self._totals()
        detectable = self._detectable()
        if detectable is None:
            return self._wait(Code.TOO_FEW, sentences.blind(requests, strata))
        bad = sentences.failing(self.main.judgement) if self.main else "failures"
        sentence = sentences.healthy(requests, strata, detectable, bad)
        return self._answer(Verdict.PASS, Code.HEALTHY, sentence)

    def _weigh(self) -> list[Weighed]:
        metrics = [warm(metric, self.health, self.rules) for metric in self.whole]
        total = sum(metric.weight for metric in metrics)
        limit = log(1.0 / self.rules.alpha)
        return [
            weigh(metric, metric.weight / total, self.rules, limit, aligned=self._aligned(metric), odds=self.odds)
            for metric in metrics
        ]

    def _aligned(self, metric: MetricEvidence) -> bool:
        return self.evidence.aligned if metric.aligned is None else metric.aligned

    def _guards(self) -> list[GuardJudgement]:
        found = []
        for metric in self.whole:  # no warm-up here: a promise holds from the first request on
            allowed = self._allowed(metric)
            if allowed is not None:
                strata, name = metric.series[-1].strata, metric.name
                found.append(guard(name, strata, allowed, self.rules, aligned=self.evidence.aligned, alone=self.alone))
        return found

    def _allowed(self, metric: MetricEvidence) -> float | None:
        if metric.kind is MetricKind.ERRORS and self.rules.success_slo is not None:
            return max(1.0 - self.rules.success_slo, 1e-6)
        return self.rules.latency_slo if metric.kind is MetricKind.LATENCY else None

    def _suspect(self) -> str | None:
        value = self.path[-1][1] if self.path else 1.0
        if value < self.rules.suspect_e:
            return self._glaring()
        one = max(self.weighed, key=lambda w: w.judgement.weight * w.judgement.e_value)
        text = sentences.comparison(one.judgement, one.judgement.series[one.worst])
        return f"{text}: suspicious (evidence {value:.0f}, alarm at {1.0 / self.rules.alpha:.0f}), so no pass yet"

    def _glaring(self) -> str | None:
        """Say what nobody would call healthy, though noise of stable's past kept the evidence small."""
        for one in self.weighed:
            series = one.judgement.series[one.worst]
            if glaring(series, self.rules):
                text = sentences.comparison(one.judgement, series)
                noise = f"stable's own noise (overdispersion {series.phi:.0f})"
                return f"{text}: far apart, but {noise} leaves it open; no pass yet"
        return None

    def _detectable(self) -> float | None:
        if self._detected is None:
            self._detected = (detectable_share(self.main, self.rules, self.odds) if self.main else None,)
        return self._detected[0]

    def _totals(self) -> tuple[int, int]:
        strata = self.main.exposed if self.main else ()
        return sum(stratum.canary.total for stratum in strata), enough.rows(strata)

    def _worse(self, alarm: Alarm) -> Judgement:
        one = alarm.metric
        strata = tuple(s for s in one.exposed if s.end <= alarm.at) or one.exposed
        series = one.judgement.series[one.worst]
        low, high = ratio_limits(one.exposed, self.rules.alpha, series.phi)
        series = replace(series, ratio_low=low, ratio_high=high)
        shown = tuple(series if i == one.worst else old for i, old in enumerate(one.judgement.series))
        judged = replace(one.judgement, series=shown)
        self.weighed = [replace(old, judgement=judged) if old is one else old for old in self.weighed]
        text = sentences.worse(judged, series, alarm.at, strata[0].start, enough.rows(strata), self.rules.alpha)
        return self._answer(Verdict.FAIL, Code.WORSE, text, judged.name, alarm.at)

    def _wait(self, code: str, sentence: str) -> Judgement:
        return self._answer(Verdict.INCONCLUSIVE if self.late else Verdict.CONTINUE, code, sentence)

    def _answer(
        self, verdict: Verdict, code: str, sentence: str, metric: str | None = None, alarm_at: float | None = None
    ) -> Judgement:
        shown = next((one for one in self.weighed if one.judgement.name == metric), self.main)
        requests, strata = self._totals()
        return Judgement(
            verdict=verdict,
            reason=sentence,
            code=str(code),
            metric=metric,
            e_value=self.path[-1][1] if self.path else 1.0,
            e_max=max((value for _, value in self.path), default=1.0),
            e_limit=1.0 / self.rules.alpha,
            started=self.evidence.started,
            until=self.evidence.until,
            strata=strata,
            aligned=self.evidence.aligned,
            reporter=self.evidence.reporter,
            canary_requests=requests,
            metrics=tuple(one.judgement for one in self.weighed),
            guards=self.guards,
            table=self._table(shown),
            alarm_at=alarm_at,
            detectable_ratio=self._detectable() if verdict is not Verdict.CONTINUE else None,
            notes=(*self.evidence.notes, *pods.notes(self.health), *share.note(self.evidence)),
            rules=asdict(self.rules),
        )

    def _table(self, shown: Weighed | None) -> tuple[Row, ...]:
        if shown is None:
            return ()
        values = dict(self.path)
        return tuple(
            Row(s.end, s.canary.total, s.canary.bad, s.stable.total, s.stable.bad, values.get(s.end, 1.0))
            for s in shown.exposed
        )
