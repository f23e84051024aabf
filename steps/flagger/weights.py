"""The pace of a release: ladder, time on a weight, and time for pods to become ready."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from steps.flagger.account import Fate, Line, Part, shown
from steps.flagger.durations import seconds_of

MAX_WEIGHT: Final = 100
INTERVAL: Final = 60.0
DEADLINE: Final = 600
_RUNG_DEADLINE: Final = 600.0
"""Default of timeout-seconds."""
_ROOM: Final = 3.0
"""A rung may take this many times its minimum before it is inconclusive."""
_DAY: Final = 86400.0


def ladder_of(analysis: Mapping[str, Any], at: str) -> Part:
    """Return the ladder of stepWeight and maxWeight, or of stepWeights."""
    step, listed = analysis.get("stepWeight") or 0, analysis.get("stepWeights") or []
    if step:
        return _even(int(step), analysis.get("maxWeight") or MAX_WEIGHT, listed, at)
    if listed:
        return _listed(list(listed), analysis.get("maxWeight"), at)
    text = "the manifest names no weights, with which Flagger never promotes: write stepWeights, such as [5, 25, 50]"
    return Part((Line(f"{at}.stepWeight", shown(analysis.get("stepWeight", "")), Fate.REFUSED, text),))


def _even(step: int, most: int, listed: Sequence[int], at: str) -> Part:
    if not 1 <= step <= MAX_WEIGHT or not 1 <= most <= MAX_WEIGHT:
        name, value = ("stepWeight", step) if not 1 <= step <= MAX_WEIGHT else ("maxWeight", most)
        return Part((Line(f"{at}.{name}", shown(value), Fate.REFUSED, "must be from 1 to 100 percent"),))
    most = int(most)
    weights = [*range(step, most, step), most]
    note = f"ladder {','.join(map(str, weights))}"
    over = -(-most // step) * step
    if over != most and over <= MAX_WEIGHT:
        note += f"; Flagger would go to {over}, beyond maxWeight"
    lines = [Line(f"{at}.stepWeight", shown(step), Fate.TAKEN, note)]
    if listed:
        ignored = "stepWeight wins over it, for Flagger too"
        lines.append(Line(f"{at}.stepWeights", shown(listed), Fate.DROPPED, ignored))
    return Part(tuple(lines), {"ladder": tuple(weights)}, {"ladder": f"{at}.stepWeight"})


def _listed(weights: list[int], most: object, at: str) -> Part:
    path = f"{at}.stepWeights"
    wrong = [one for one in weights if isinstance(one, bool) or not 1 <= one <= MAX_WEIGHT]
    if wrong or weights != sorted(set(weights)):
        text = "must ascend from 1 to 100, each weight above the one before; Flagger stalls otherwise"
        return Part((Line(path, shown(weights), Fate.REFUSED, text),))
    ladder = tuple(int(one) for one in weights)
    lines = [Line(path, shown(weights), Fate.TAKEN, f"ladder {','.join(map(str, ladder))}")]
    if most is not None:
        text = "with stepWeights the last of them is the maximum, for Flagger too"
        lines.append(Line(f"{at}.maxWeight", shown(most), Fate.DROPPED, text))
    return Part(tuple(lines), {"ladder": ladder}, {"ladder": path})


def interval_of(analysis: Mapping[str, Any], at: str) -> Part:
    """Return the minimum time on a weight, and a deadline that leaves room for it."""
    path, text = f"{at}.interval", analysis.get("interval")
    seconds = INTERVAL if text is None else seconds_of(str(text))
    if seconds is None or not 0 < seconds <= _DAY / _ROOM:
        allowed = "must be a duration above 0 and of at most 8h, such as 30s, 1m or 1m30s"
        return Part((Line(path, shown(text), Fate.REFUSED, allowed),))
    note = f"min-seconds {seconds:g}, the minimum time on a weight"
    if text is None:
        note = f"absent, so Flagger's default: {note}"
    settings = {"min_seconds": seconds}
    if seconds * _ROOM > _RUNG_DEADLINE:
        settings["timeout_seconds"] = seconds * _ROOM
        note += f"; timeout-seconds {seconds * _ROOM:g} leaves room for it"
    line = Line(path, "" if text is None else shown(text), Fate.TAKEN, note)
    return Part((line,), settings, dict.fromkeys(settings, path))


def deadline_of(spec: Mapping[str, Any]) -> Part:
    """Return how long pods may take to become ready."""
    path, given = "spec.progressDeadlineSeconds", spec.get("progressDeadlineSeconds")
    seconds = DEADLINE if given is None else given
    if isinstance(seconds, bool) or not 0 < seconds <= 7200:  # noqa: PLR2004 - the range of ready-timeout-seconds
        return Part((Line(path, shown(given), Fate.REFUSED, "must be from 1 to 7200 seconds"),))
    absent = "absent, so Flagger's default: " if given is None else ""
    line = Line(path, "" if given is None else shown(given), Fate.TAKEN, f"{absent}ready-timeout-seconds {seconds:g}")
    return Part((line,), {"ready_timeout_seconds": float(seconds)}, {"ready_timeout_seconds": path})
