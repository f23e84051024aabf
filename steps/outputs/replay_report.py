"""A replay as text and as JSON: scrape by scrape, and when each verdict would have fallen."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from steps.model.judgement import Verdict
from steps.model.replay import JudgedPoll, ReplayedRung

VERSION: Final = 1
"""Version of the JSON form."""


def as_json(about: Mapping[str, Any], rungs: Sequence[ReplayedRung], verdict: Verdict, reason: str) -> str:
    """Return the replay as JSON, `"version"` first; times are unix seconds."""
    form = {
        "version": VERSION,
        **about,
        "verdict": str(verdict),
        "reason": reason,
        "rungs": [{**_rung(rung), "reached": reached} for rung, reached in zip(rungs, _reached(rungs), strict=True)],
    }
    return json.dumps(form, indent=1)


def _rung(rung: ReplayedRung) -> dict[str, Any]:
    return {
        "weight": rung.weight,
        "started": rung.started,
        "recorded": {"verdict": rung.recorded[0], "code": rung.recorded[1], "at": rung.recorded_at},
        "fell": {str(verdict): _row(rung, seen) for verdict, seen in rung.fell.items()},
        "looks": [_row(rung, seen) for seen in rung.seen],
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
        lines.append("  the recording was cut off; its last line is left out")
    lines += [_rules(about), "  counts and evidence are those of the whole run up to a scrape"]
    for number, (rung, reached) in enumerate(zip(rungs, _reached(rungs), strict=True), 1):
        weight = "" if rung.weight is None else f"  weight {rung.weight} %"
        unreached = "" if reached else "  (by these rules it would not have been reached)"
        lines += ["", f"  rung {number}{weight}  set {_clock(rung.started)} UTC{unreached}", _HEAD]
        lines += [_line(_row(rung, seen)) for seen in rung.seen]
        lines += [_fell(rung, one) for one in (Verdict.FAIL, Verdict.PASS, Verdict.INCONCLUSIVE)]
        lines.append(_recorded(rung))
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
    return f"    {_clock(row['at']):<9}{after:>8}{canary:>20}{stable:>20}{row['e_value']:>10.3g}  {said}"


def _reached(rungs: Sequence[ReplayedRung]) -> list[bool]:
    """Tell for each rung whether the release would have come so far: all before it pass."""
    passed = [rung.decided is not None and rung.decided.judgement.verdict is Verdict.PASS for rung in rungs]
    return [all(passed[:number]) for number in range(len(rungs))]


def _rules(about: Mapping[str, Any]) -> str:
    changed: Mapping[str, Any] | None = about["changed"]
    if changed is None:
        return "  rules  as given, else the defaults: the recording does not know those of then"
    now = about["rules"]
    other = [f"{name.replace('_', '-')} {now[name]} ({then} then)" for name, then in changed.items()]
    return f"  rules  as recorded{', but ' if other else ''}{', '.join(other)}"


def _recorded(rung: ReplayedRung) -> str:
    verdict, code = rung.recorded
    if not verdict:
        return "    as recorded          -"
    after = rung.recorded_at - rung.started
    return f"    {'as recorded':<20} {_clock(rung.recorded_at)} after {after:.1f} s: {verdict} ({code})"


def _fell(rung: ReplayedRung, verdict: Verdict) -> str:
    seen = rung.fell.get(verdict)
    name = f"first {verdict}"
    if seen is None:
        return f"    {name:<20} never"
    return f"    {name:<20} {_clock(seen.at)} after {seen.at - rung.started:.1f} s: {seen.judgement.reason}"


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")
