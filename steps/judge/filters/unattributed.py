"""Unattributed failures: the proxy answered before it chose an upstream, and both arms share a service.

They are in neither arm's counts. If they began when the canary got its weight, they are counted as the canary's: its
endpoints are missing, or its port is wrong. Otherwise they are reported, and they block a pass while there are more
than before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log, sqrt
from typing import Final

from steps.judge.filters.no_service_failures import belong_to_another_app, belong_to_this_app, without_no_service
from steps.judge.rules import Rules
from steps.judge.statistics.exact_tests import DOUBT, log_fisher
from steps.model.evidence import Counts, Evidence, MetricKind, Stratum

_SURE_LOG: Final = log(1e-4)
_FAR: Final = 20.0
"""There were "hardly any before" if the share is now at least so many times as large."""

_FIRST: Final = 3
"""Failures that the canary's weight caused begin within so many scrapes after it was set."""

_PROMISED: Final = 5.0
"""Or while the weight promised the canary no more than so many requests: a service with little traffic takes longer."""

_FITS: Final = 1.5
_SPARE: Final = 4.0
"""The canary's weight explains so many times its part of the requests, plus so many standard deviations."""

_SHARE: Final = 0.001
"""Share of all requests that blocks a pass if there is no time before to compare with."""


@dataclass(frozen=True, slots=True)
class Unattributed:
    """The failures before an upstream was chosen.

    Attributes:
        since: all requests since the canary was exposed, with the unattributed ones as the bad ones.
        before: the same before that.
        counted: how many were counted as the canary's.
        blocks: there are more than before, on the present rung too.
        no_service: how many of those since then name no service, if they were not counted as the canary's.
        is_another_apps: those are surely another application's.
    """

    since: Counts
    before: Counts
    counted: int = 0
    blocks: bool = False
    no_service: int = 0
    is_another_apps: bool = False


NONE: Final = Unattributed(Counts(0, 0), Counts(0, 0))


def attribute(evidence: Evidence, rules: Rules) -> tuple[Evidence, Unattributed]:
    """Return the evidence, with such failures in the canary's counts if they began with its weight, and the finding.

    Evidence without any is returned unchanged.
    """
    metric = next((one for one in evidence.metrics if one.kind is MetricKind.ERRORS and one.series), None)
    if metric is None or not any(stratum.unattributed for stratum in metric.series[0].strata):
        return evidence, NONE
    whole = metric.series[0].strata
    since, before = _parts(whole, evidence)
    is_this_apps = belong_to_this_app(whole, evidence)
    strata = whole if is_this_apps else without_no_service(whole)
    begin = _start(strata, evidence, rules)
    if begin is None:
        is_another_apps = belong_to_another_app(whole, evidence)
        blocks = _blocks(strata if is_another_apps else whole, evidence, rules)
        return evidence, Unattributed(
            since, before, blocks=blocks, no_service=_no_service(whole, evidence), is_another_apps=is_another_apps
        )
    changed = tuple(
        replace(one, strata=_as_canarys(one.strata if is_this_apps else without_no_service(one.strata), begin))
        for one in metric.series
    )
    metrics = tuple(replace(one, series=changed) if one is metric else one for one in evidence.metrics)
    counted = sum(stratum.unattributed for stratum in strata if stratum.end > begin)
    return replace(evidence, metrics=metrics), Unattributed(since, before, counted)


def _parts(strata: Sequence[Stratum], evidence: Evidence) -> tuple[Counts, Counts]:
    """Return the counts since the canary was exposed, and those before."""
    before = _counts([stratum for stratum in strata if stratum.end <= evidence.started])
    return _counts(strata, evidence.started), before


def _blocks(strata: Sequence[Stratum], evidence: Evidence, rules: Rules) -> bool:
    since, before = _parts(strata, evidence)
    return _are_more(since, before, rules) and _still_occur(strata, evidence, before)


def _no_service(strata: Sequence[Stratum], evidence: Evidence) -> int:
    return sum(stratum.nowhere for stratum in strata if stratum.end > evidence.started)


def _start(strata: Sequence[Stratum], evidence: Evidence, rules: Rules) -> float | None:
    """Return when the weight with which the failures began was set (unix seconds), or None."""
    if evidence.weight == 0:
        return None
    for moment in (evidence.started, evidence.rung_started):
        since = [stratum for stratum in strata if stratum.end > moment]
        before = [stratum for stratum in strata if stratum.end <= moment]
        new, old = _counts(since), _counts(before)
        if new.bad < rules.min_bad or not _explained(since, new, evidence.weight):
            continue
        if _at_once(since, evidence.weight) and (
            _none_before(new, old) if old.total else _lacks_requests(since, evidence)
        ):
            return moment
    return None


def _none_before(new: Counts, old: Counts) -> bool:
    return old.bad * new.total * _FAR <= new.bad * old.total and log_fisher(new, old) < _SURE_LOG


def _at_once(since: Sequence[Stratum], weight: int | None) -> bool:
    """Return whether the first failure came within the first scrapes, or the first few requests of the canary."""
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
    """Return whether the canary's weight explains so many; more are a problem of both arms."""
    if weight is None:
        return True
    part = new.total * weight / 100.0
    mine = new.bad + sum(stratum.canary.total for stratum in since)
    return mine <= _FITS * part + _SPARE * sqrt(part) + 1.0


def _lacks_requests(since: Sequence[Stratum], evidence: Evidence) -> bool:
    """Return, if there is no time before, whether the canary lacks most of the requests that its weight promises."""
    if evidence.weight is None:
        return False
    new = _counts(since)
    return 2.0 * sum(stratum.canary.total for stratum in since) <= new.total * evidence.weight / 100.0


def _are_more(since: Counts, before: Counts, rules: Rules) -> bool:
    if not before.total:
        return since.bad >= rules.min_bad and since.bad > _SHARE * since.total
    return log_fisher(since, before) < log(DOUBT)


def _still_occur(strata: Sequence[Stratum], evidence: Evidence, before: Counts) -> bool:
    rung = _counts(strata, evidence.rung_started)
    return rung.bad * before.total > before.bad * rung.total if before.total else rung.bad > 0


def _counts(strata: Sequence[Stratum], since: float | None = None) -> Counts:
    chosen = [stratum for stratum in strata if since is None or stratum.end > since]
    bad = sum(stratum.unattributed for stratum in chosen)
    return Counts(sum(s.stable.total + s.canary.total for s in chosen) + bad, bad)


def _as_canarys(strata: Sequence[Stratum], begin: float) -> tuple[Stratum, ...]:
    def give(stratum: Stratum) -> Stratum:
        if not stratum.unattributed or stratum.end <= begin:
            return stratum
        more, canary = stratum.unattributed, stratum.canary
        return replace(stratum, canary=Counts(canary.total + more, canary.bad + more))

    return tuple(map(give, strata))


def words(found: Unattributed) -> str:
    """Return the counts in words: "345 of 7000 requests failed before …"."""
    return (
        f"{found.since.bad} of {found.since.total} requests since the canary got traffic failed before an upstream was"
        f" chosen (before that {found.before.bad} of {found.before.total})"
    )


def note(found: Unattributed) -> tuple[str, ...]:
    """Return the note about them, or ()."""
    if not found.since.bad and not found.before.bad:
        return ()
    if found.counted:
        return (f"{words(found)}: {found.counted} count as the canary's, because they began with its weight",)
    if found.no_service and found.is_another_apps:
        whose = "name no service and are another app's behind the same gateway, as the canary gets all of its requests"
        return (f"{words(found)}: {found.no_service} of them {whose}",)
    return (f"{words(found)}: they count for neither version",)


def blocked(found: Unattributed) -> str:
    """Explain why there is no pass."""
    others = ""
    if found.no_service:
        others = f" ({found.no_service} name no service: they may be another app's behind the same gateway)"
    return (
        f"{words(found)}, and they may be the canary's{others}: check the endpoints, ports and subset labels behind its"
        f" destination; no pass while there are more than before"
    )
