"""Charts of a report: inline SVG without scripts, which sandboxed viewers accept."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import log10
from typing import Any, Final

from steps.model.times import time_of_day

CANARY, STABLE, QUIET = "#c1440e", "#0b6e4f", "#8a8a8a"
_LEFT, _TOP, _WIDE, _HIGH = 56.0, 12.0, 640.0, 120.0
_BOX: Final = (_LEFT + _WIDE + 90, _TOP + _HIGH + 26)
_MIN_LABELLED_SHARE = 0.04
"""Share of the whole time that a weight must last for its label to fit."""
_MIN_POWER, _MAX_POWER = -1.0, 4.0
"""Smallest and largest power of ten on the scale of evidence."""


def weights(steps: Sequence[tuple[float, int]], ended: float, alarms: Sequence[float] = ()) -> str:
    """Draw the canary's weight over time.

    Args:
        steps: (unix seconds, percent), oldest first; not empty.
        ended: unix seconds, where the line of the last weight ends.
        alarms: unix seconds of the alarms after which another trial followed; those outside the chart are left out.
    """
    first, last = steps[0][0], max(ended, steps[-1][0] + 1)
    across = _x_scale(first, last)
    path = f"M{_LEFT:.1f} {_y(0):.1f}"
    for at, weight in steps:
        path += f"H{across(at):.1f}V{_y(weight / 100):.1f}"
    path += f"H{across(last):.1f}"
    marks = "".join(_y_label(_y(percent / 100), f"{percent} %") for percent in (0, 50, 100))
    said = [(at, weight) for (at, weight), (then, _) in zip(steps, [*steps[1:], (last, 0)], strict=True)
            if weight and (then - at) / (last - first) > _MIN_LABELLED_SHARE]  # fmt: skip
    names = "".join(
        f'<text x="{across(at) + 4:.1f}" y="{_y(weight / 100) - 4:.1f}" fill="{CANARY}">{weight} %</text>'
        for at, weight in said
    )
    line = f'<path d="{path}" fill="none" stroke="{CANARY}" stroke-width="2"/>'
    drawn = "".join(_alarm(across(at), number) for number, at in enumerate(alarms, 1) if first <= at <= last)
    return _svg("The canary's weight over time", [marks, _x_labels(first, last), drawn, line, names])


def _alarm(x: float, number: int) -> str:
    line = f'<path d="M{x:.1f} {_y(1):.1f}V{_y(0):.1f}" stroke="{QUIET}" stroke-dasharray="6 4"/>'
    return f'{line}<text x="{x + 4:.1f}" y="{_y(1) + 12:.1f}">alarm {number}</text>'


def evidence(table: Sequence[Mapping[str, Any]], limit: float) -> str:
    """Draw the fail statistic after each scrape, on a logarithmic scale, and the alarm threshold.

    Args:
        table: rows of a judgement, oldest first; not empty.
        limit: the alarm threshold (> 0).
    """
    across = _x_scale(_start(table), table[-1]["end"])
    points = [(across(row["end"]), _y(_log_height(row["e_value"]))) for row in table]
    marks = "".join(
        _y_label(_y(_log_height(10.0**power)), f"{10.0**power:g}")
        for power in range(int(_MIN_POWER), int(_MAX_POWER) + 1)
    )
    alarm = _y(_log_height(limit))
    drawn = "L".join(f"{x:.1f} {y:.1f}" for x, y in [(_LEFT, _y(_log_height(1.0))), *points])
    line = f'<path d="M{_LEFT} {alarm:.1f}h{_WIDE}" stroke="{QUIET}" stroke-dasharray="6 4"/>'
    name = f'<text x="{_LEFT + _WIDE + 6}" y="{alarm + 4:.1f}">alarm at {limit:g}</text>'
    curve = f'<path d="M{drawn}" fill="none" stroke="{CANARY}" stroke-width="2"/>'
    times = _x_labels(_start(table), table[-1]["end"])
    return _svg("Evidence against the canary after each scrape", [marks, times, line, name, curve])


def shares(table: Sequence[Mapping[str, Any]]) -> str:
    """Draw the bad share of each arm in each scrape; an arm without requests in a scrape has no bar there.

    Args:
        table: rows of a judgement, oldest first; not empty.
    """
    first, last = _start(table), table[-1]["end"]
    across, slot = _x_scale(first, last), _WIDE / len(table)
    pairs = {arm: [_bad_share(row, arm) for row in table] for arm in ("stable", "canary")}
    most = max([*(one for many in pairs.values() for one in many), 0.01])
    bars = ""
    for place, (arm, colour) in enumerate((("stable", STABLE), ("canary", CANARY))):
        for row, share in zip(table, pairs[arm], strict=True):
            if share:
                wide = min(slot * 0.4, 12.0)
                x, y = across(row["end"]) - (2 - place) * wide, _y(share / most)
                size = f'width="{wide:.1f}" height="{_y(0) - y:.1f}"'
                bars += f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{colour}"/>'
    marks = "".join(_y_label(_y(part), f"{100 * part * most:.3g} %") for part in (0.0, 0.5, 1.0))
    names = "".join(
        f'<text x="{_LEFT + _WIDE + 6}" y="{_TOP + 12 + 16 * place:.1f}" fill="{colour}">{arm}</text>'
        for place, (arm, colour) in enumerate((("canary", CANARY), ("stable", STABLE)))
    )
    return _svg("Bad share of the requests of each scrape", [marks, _x_labels(first, last), bars, names])


def _start(table: Sequence[Mapping[str, Any]]) -> float:
    ends = [float(row["end"]) for row in table]
    return ends[0] - (ends[1] - ends[0] if len(ends) > 1 else 1.0)


def _bad_share(row: Mapping[str, Any], arm: str) -> float:
    total = row[f"{arm}_total"]
    return row[f"{arm}_bad"] / total if total else 0.0


def _log_height(value: float) -> float:
    """Return the height (0-1) of a value on the logarithmic scale."""
    return (min(_MAX_POWER, max(_MIN_POWER, log10(max(value, 1e-9)))) - _MIN_POWER) / (_MAX_POWER - _MIN_POWER)


def _x_scale(first: float, last: float) -> Any:  # noqa: ANN401 - a function of one number
    return lambda at: _LEFT + _WIDE * (at - first) / ((last - first) or 1.0)


def _y(part: float) -> float:
    return _TOP + _HIGH * (1 - part)


def _y_label(y: float, text: str) -> str:
    rule = f'<path d="M{_LEFT} {y:.1f}h{_WIDE}" stroke="#e4e4e4"/>'
    return f'{rule}<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(text)}</text>'


def _x_labels(first: float, last: float) -> str:
    y = _TOP + _HIGH + 18
    start = f'<text x="{_LEFT}" y="{y}">{time_of_day(first)}</text>'
    return f'{start}<text x="{_LEFT + _WIDE}" y="{y}" text-anchor="end">{time_of_day(last)} UTC</text>'


def _svg(title: str, parts: Iterable[str]) -> str:
    wide, high = _BOX
    box = f'viewBox="0 0 {wide:.0f} {high:.0f}" role="img" aria-label="{escape(title)}"'
    return f"<figure><figcaption>{escape(title)}</figcaption><svg {box}>{''.join(parts)}</svg></figure>"
