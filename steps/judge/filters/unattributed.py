"""Failures that nobody can attribute: the proxy answered before it chose an upstream, and both arms share a service.

They are in neither arm's counts. Where they began when the canary got its weight, they are the canary's: its endpoints
are missing, or its port is wrong. Else they are reported, and they block a pass while there are more than before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log, sqrt
from typing import Final

from steps.judge.filters import no_service_failures
from steps.judge.rules import Rules
from steps.judge.statistics.exact_tests import DOUBT, log_fisher
from steps.model.evidence import Counts, Evidence, MetricKind, Stratum

_SURE: Final = log(1e-4)
_FAR: Final = 20.0
"""How many times the past's share makes "hardly any before"."""

_FIRST: Final = 3
"""Scrapes after a weight was set in which failures that come with it must begin."""

_PROMISED: Final = 5.0
"""Or the time in which the weight promised the canary so many requests: a quiet service takes longer."""

_FITS: Final = 1.5
_SPARE: Final = 4.0
"""The canary's weight explains so many times its part of the requests, and so many standard deviations more."""

_SHARE: Final = 0.001
"""Share of all requests that blocks a pass where there is no past to compare with."""


@dataclass(frozen=True, slots=True)
class Unattributed:
    """What failed before an upstream was chosen.

    Attributes:
        since: all requests since the canary was exposed, and those that nobody can attribute as the bad ones.
        before: the same before that.
        counted: how many were counted as the canary's; 0 = none.
        blocks: there are more than before, on the present rung too.
        nowhere: how many of those since then name no service, where they were not counted as the canary's.
        anothers: those are surely another application's.
    """

    since: Counts
    before: Counts
    counted: int = 0
    blocks: bool = False
    nowhere: int = 0
    anothers: bool = False


NONE: Final = Unattributed(Counts(0, 0), Counts(0, 0))


def attribute(evidence: Evidence, rules: Rules) -> tuple[Evidence, Unattributed]:
    """Return the evidence with such failures in the canary's counts where they began with its weight, and the finding.

    Evidence without any comes back as it is.
    """
    metric = next((one for one in evidence.metrics if one.kind is MetricKind.ERRORS and one.series), None)
    if metric is None or not any(stratum.unattributed for stratum in metric.series[0].strata):
        return evidence, NONE
    whole = metric.series[0].strata
    since, before = _parts(whole, evidence)
    strata = (
        whole
        if no_service_failures.belong_to_this_app(whole, evidence)
        else no_service_failures.without_no_service(whole)
    )
    begin = _began(strata, evidence, rules)
    if begin is None:
        anothers = no_service_failures.belong_to_another_app(whole, evidence)
        blocks = _block(strata if anothers else whole, evidence, rules)
        return evidence, Unattributed(
            since, before, blocks=blocks, nowhere=_nowhere(whole, evidence), anothers=anothers
        )
    mine = strata is whole
    changed = tuple(
        replace(one, strata=_given(one.strata if mine else no_service_failures.without_no_service(one.strata), begin))
        for one in metric.series
    )
    metrics = tuple(replace(one, series=changed) if one is metric else one for one in evidence.metrics)
    counted = sum(stratum.unattributed for stratum in strata if stratum.end > begin)
    return replace(evidence, metrics=metrics), Unattributed(since, before, counted)


def _parts(strata: Sequence[Stratum], evidence: Evidence) -> tuple[Counts, Counts]:
    """Return the counts since the canary was exposed, and those before."""
    before = _counts([stratum for stratum in strata if stratum.end <= evidence.started])
    return _counts(strata, evidence.started), before


def _block(strata: Sequence[Stratum], evidence: Evidence, rules: Rules) -> bool:
    since, before = _parts(strata, evidence)
    return _more(since, before, rules) and _still(strata, evidence, before)


def _nowhere(strata: Sequence[Stratum], evidence: Evidence) -> int:
    return sum(stratum.nowhere for stratum in strata if stratum.end > evidence.started)


def _began(strata: Sequence[Stratum], evidence: Evidence, rules: Rules) -> float | None:
    """Return the moment a weight was set with which the failures began, unix seconds, or None."""
    if evidence.weight == 0:
        return None
    for moment in (evidence.started, evidence.rung_started):
        since = [stratum for stratum in strata if stratum.end > moment]
        before = [stratum for stratum in strata if stratum.end <= moment]
        new, old = _counts(since), _counts(before)
        if new.bad < rules.min_bad or not _explained(since, new, evidence.weight):
            continue
        if _at_once(since, evidence.weight) and (_none_before(new, old) if old.total else _lacking(since, evidence)):
            return moment
    return None


def _none_before(new: Counts, old: Counts) -> bool:
    return old.bad * new.total * _FAR <= new.bad * old.total and log_fisher(new, old) < _SURE


def _at_once(since: Sequence[Stratum], weight: int | None) -> bool:
    """Tell whether the first failure came within the first scrapes, or the first few requests of the canary."""
    promised, scrapes = 0.0, 0
    for stratum in since:
        if stratum.unattributed:
            return True
        requests = stratum.stable.total + stratum.canary.total
        scrapes += 1 if requests else 0
        promised += requests * (weight or 0) / 100.0
        if scrapes >= _FIRST and (weight is None or promised >= _PROMISED):
            return False
    return False


def _explained(since: Sequence[Stratum], new: Counts, weight: int | None) -> bool:
    """Tell whether the canary's weight explains so many; more is the trouble of both arms."""
    if weight is None:
        return True
    part = new.total * weight / 100.0
    mine = new.bad + sum(stratum.canary.total for stratum in since)
    return mine <= _FITS * part + _SPARE * sqrt(part) + 1.0


def _lacking(since: Sequence[Stratum], evidence: Evidence) -> bool:
    """Tell, where there is no past, whether the canary lacks most of the requests that its weight promises."""
    if evidence.weight is None:
        return False
    new = _counts(since)
    return 2.0 * sum(stratum.canary.total for stratum in since) <= new.total * evidence.weight / 100.0


def _more(since: Counts, before: Counts, rules: Rules) -> bool:
    if not before.total:
        return since.bad >= rules.min_bad and since.bad > _SHARE * since.total
    return log_fisher(since, before) < log(DOUBT)


def _still(strata: Sequence[Stratum], evidence: Evidence, before: Counts) -> bool:
    rung = _counts(strata, evidence.rung_started)
    return rung.bad * before.total > before.bad * rung.total if before.total else rung.bad > 0


def _counts(strata: Sequence[Stratum], since: float | None = None) -> Counts:
    chosen = [stratum for stratum in strata if since is None or stratum.end > since]
    bad = sum(stratum.unattributed for stratum in chosen)
    return Counts(sum(s.stable.total + s.canary.total for s in chosen) + bad, bad)


def _given(strata: Sequence[Stratum], begin: float) -> tuple[Stratum, ...]:
    def give(stratum: Stratum) -> Stratum:
        if not stratum.unattributed or stratum.end <= begin:
            return stratum
        more, canary = stratum.unattributed, stratum.canary
        return replace(stratum, canary=Counts(canary.total + more, canary.bad + more))

    return tuple(map(give, strata))


def words(found: Unattributed) -> str:
    """Return the counts as words: "345 of 7000 requests failed before …"."""
    return (
        f"{found.since.bad} of {found.since.total} requests since the canary got traffic failed before an upstream was"
        f" chosen (before that {found.before.bad} of {found.before.total})"
    )


def note(found: Unattributed) -> tuple[str, ...]:
    """Return what to report of them."""
    if not found.since.bad and not found.before.bad:
        return ()
    if found.counted:
        return (f"{words(found)}: {found.counted} count as the canary's, because they began with its weight",)
    if found.nowhere and found.anothers:
        whose = "name no service and are another app's behind the same gateway, as the canary gets all of its requests"
        return (f"{words(found)}: {found.nowhere} of them {whose}",)
    return (f"{words(found)}: they count for neither version",)


def blocked(found: Unattributed) -> str:
    """Explain why there is no pass."""
    others = ""
    if found.nowhere:
        others = f" ({found.nowhere} name no service: they may be another app's behind the same gateway)"
    return (
        f"{words(found)}, and they may be the canary's{others}: check the endpoints, ports and subset labels behind its"
        f" destination; no pass while there are more than before"
    )
