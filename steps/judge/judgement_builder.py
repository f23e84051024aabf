"""Builds the full judgement from a verdict and its sentence: numbers, table, notes and rules."""

from dataclasses import asdict

from steps.judge.case import Case
from steps.judge.checks import pod_health, sample_ratio, sample_size
from steps.judge.checks.full_weight import strays
from steps.judge.comparison.metric_result import MetricResult
from steps.judge.filters import disruptions, unattributed
from steps.judge.filters.idle_pods import idle_note
from steps.judge.wording import notes
from steps.model.judgement import Judgement, TableRow, Verdict


def build_judgement(
    case: Case, verdict: Verdict, code: str, sentence: str, metric: str | None = None, alarm_at: float | None = None
) -> Judgement:
    """Return the judgement; `metric` is the one that the sentence is about, None = the main one."""
    shown = next((one for one in case.results if one.judgement.name == metric), case.main)
    requests, strata = case.totals
    return Judgement(
        verdict=verdict,
        reason=sentence,
        code=str(code),
        metric=metric,
        e_value=case.e_value,
        e_max=max((value for _, value in case.path), default=1.0),
        e_limit=case.rules.line,
        started=case.evidence.started,
        until=case.evidence.until,
        strata=strata,
        aligned=case.evidence.aligned,
        reporter=case.evidence.reporter,
        canary_requests=requests,
        metrics=tuple(one.judgement for one in case.results),
        guards=case.guards,
        table=_table(case, shown),
        alarm_at=alarm_at,
        detectable_ratio=case.detectable if verdict is not Verdict.CONTINUE else None,
        notes=_notes(case),
        rules=asdict(case.rules),
    )


def undecided(case: Case, code: str, sentence: str, metric: str | None = None) -> Judgement:
    """Return a judgement that decides nothing: `continue`, or `inconclusive` at the deadline."""
    verdict = Verdict.INCONCLUSIVE if case.deadline_reached else Verdict.CONTINUE
    return build_judgement(case, verdict, code, sentence, metric)


def _notes(case: Case) -> tuple[str, ...]:
    # Requests that are left out because of a disruption are a part of what the weight promised.
    observed = case.given if case.health is not None and case.health.disrupted else case.evidence
    found = [
        *case.evidence.notes,
        *pod_health.notes(case.health),
        *disruptions.notes(case.health),
        *sample_ratio.mismatch_note(observed),
        *unattributed.note(case.unattributed),
    ]
    found += filter(None, (idle_note(*pair, case.health) for pair in zip(case.whole, case.metrics, strict=True)))
    if case.stable_is_incomparable:
        found.append(notes.INCOMPARABLE)
    series = sample_size.main_series(case.given) if case.full_weight else None
    if series is not None and (stray := strays(case.given, series.strata)).total:
        found.append(notes.strays(stray))
    return tuple(found)


def _table(case: Case, shown: MetricResult | None) -> tuple[TableRow, ...]:
    if shown is None:
        return ()
    values = dict(case.path)
    return tuple(
        TableRow(s.end, s.canary.total, s.canary.bad, s.stable.total, s.stable.bad, values.get(s.end, 1.0))
        for s in shown.exposed
    )
