"""A replay as text and as JSON: scrape by scrape, and when each verdict would have been reached."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from steps.model.judgement import Verdict
from steps.model.replay import JudgedPoll, ReplayedRung
from steps.model.times import time_of_day
from steps.outputs.trials import consequences, ended_trial

VERSION: Final = 1
"""Version of the JSON form."""


def as_json(about: Mapping[str, Any], rungs: Sequence[ReplayedRung], verdict: Verdict, reason: str) -> str:
    """Return the replay as JSON, `"version"` first; times are unix seconds."""
    form = {
        "version": VERSION,
        **about,
        "verdict": str(verdict),
        "reason": reason,
        "trials": [asdict(one) for one in (rungs[-1].trials if rungs else ())],
        "rungs": [_rung(rung) for rung in rungs],
    }
    return json.dumps(form, indent=1)


def _rung(rung: ReplayedRung) -> dict[str, Any]:
    return {
        "weight": rung.weight,
        "trial": len(rung.trials) + 1,
        "started": rung.started,
        "recorded": {"verdict": rung.recorded[0], "code": rung.recorded[1], "at": rung.recorded_at},
        "fell": {str(verdict): _row(rung, seen) for verdict, seen in rung.first_polls.items()},
        "looks": [_row(rung, seen) for seen in rung.polls],
        "reached": rung.is_reached,
    }


def _row(rung: ReplayedRung, seen: JudgedPoll) -> dict[str, Any]:
    judgement = seen.judgement
    last = judgement.table[-1] if judgement.table else None
    return {
        "at": seen.at,
        "after_seconds": round(seen.at - rung.started, 3),
        "verdict": str(judgement.verdict),
        "code": judgement.code,
        "metric": judgement.metric,
        "canary_requests": sum(row.canary_total for row in judgement.table),
        "canary_bad": sum(row.canary_bad for row in judgement.table),
        "stable_requests": sum(row.stable_total for row in judgement.table),
        "stable_bad": sum(row.stable_bad for row in judgement.table),
        "scrape_end": last.end if last else None,
        "e_value": judgement.e_value,
        "e_limit": judgement.e_limit,
        "reason": judgement.reason,
    }


def as_text(about: Mapping[str, Any], rungs: Sequence[ReplayedRung], verdict: Verdict, reason: str) -> str:
    """Return the replay as a table for a terminal, at most 120 columns but for long sentences."""
    lines = [f"{about['namespace']}/{about['app']}  {about['looks']} looks recorded  {about['recording']}"]
    if not about["complete"]:
        lines.append("  the recording is incomplete; its last line is left out")
    several = any(rung.trials for rung in rungs)
    lines += [_rules(about), f"  counts and evidence cover the whole {'trial' if several else 'run'} up to a scrape"]
    known = 0
    for number, rung in enumerate(rungs, 1):
        weight = "" if rung.weight is None else f"  weight {rung.weight} %"
        unreached = "" if rung.is_reached else "  (not reached under these rules)"
        lines += _begun_trial(rung) if len(rung.trials) > known else []
        known = len(rung.trials)
        lines += ["", f"  rung {number}{weight}  set {time_of_day(rung.started)} UTC{unreached}", _HEAD]
        lines += [_line(_row(rung, seen)) for seen in rung.polls]
        lines += [_first_poll_with(rung, one) for one in (Verdict.FAIL, Verdict.PASS, Verdict.INCONCLUSIVE)]
        lines.append(_recorded_verdict(rung))
    lines += ["", f"  verdict  {verdict}: {reason}"]
    return "\n".join(lines) + "\n"


_HEAD: Final = (
    f"    {'scrape':<9}{'after':>8}{'canary bad / all':>20}{'stable bad / all':>20}{'evidence':>10}  verdict (code)"
)


def _line(row: Mapping[str, Any]) -> str:
    canary = f"{row['canary_bad']} / {row['canary_requests']}"
    stable = f"{row['stable_bad']} / {row['stable_requests']}"
    after = f"{row['after_seconds']:.1f} s"
    said = f"{row['verdict']} ({row['code']})"
    return f"    {time_of_day(row['at']):<9}{after:>8}{canary:>20}{stable:>20}{row['e_value']:>10.3g}  {said}"


def _begun_trial(rung: ReplayedRung) -> list[str]:
    """Return what was recorded of the trial before, and that another one begins with this rung."""
    *_, last = rung.trials
    number, weights = len(rung.trials), ((last.at, 0), (rung.started, rung.weight or 0))
    return ["", f"  trial {number}  {ended_trial(last)}", f"           {consequences(last, weights)}"]


def _rules(about: Mapping[str, Any]) -> str:
    changed: Mapping[str, Any] | None = about["changed"]
    if changed is None:
        return "  rules  as given, else the defaults: the recording does not contain the original rules"
    now = about["rules"]
    other = [f"{name.replace('_', '-')} {now[name]} (recorded: {then})" for name, then in changed.items()]
    return f"  rules  as recorded{', but ' if other else ''}{', '.join(other)}"


def _recorded_verdict(rung: ReplayedRung) -> str:
    verdict, code = rung.recorded
    if not verdict:
        return "    as recorded          -"
    after = rung.recorded_at - rung.started
    return f"    {'as recorded':<20} {time_of_day(rung.recorded_at)} after {after:.1f} s: {verdict} ({code})"


def _first_poll_with(rung: ReplayedRung, verdict: Verdict) -> str:
    seen = rung.first_polls.get(verdict)
    name = f"first {verdict}"
    if seen is None:
        return f"    {name:<20} never"
    return f"    {name:<20} {time_of_day(seen.at)} after {seen.at - rung.started:.1f} s: {seen.judgement.reason}"
