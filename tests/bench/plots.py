"""One small SVG per family. Written by hand: curves and bars do not need a plotting library of 60 MB."""

from collections.abc import Sequence
from html import escape
from typing import Final

from tests.bench.measure import PROVEN, Tally
from tests.bench.simulation.family import RUN_SECONDS

COLOURS: Final = {
    "canary-steps": "#0b6e4f", "Flagger x5": "#c1440e", "Flagger x1": "#e9a27f", "Argo example": "#2f4b9c",
    "Argo 99 %, 1m": "#93a8dd", "Kayenta, 5 min": "#7d4e9e", "mixture SPRT": "#8a8a8a",
}  # fmt: skip
_WIDTH, _HEIGHT = 760, 250
_LEFT, _TOP, _WIDE, _HIGH = 44.0, 40.0, 330.0, 170.0
_BARS, _BAR = 530.0, 150.0


def plot(name: str, tallies: Sequence[Tally]) -> str:
    """Draw the share of rollouts rolled back over time, and the canary's failed requests until then."""
    shown = [one for one in tallies if one.rule != PROVEN]
    kind = "should be rolled back" if shown[0].family.fault else "should not be rolled back"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif"',
        f'font-size="11" fill="#333"><rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="18" font-size="13" font-weight="bold">{escape(name)}: {kind}</text>',
        f'<text x="{_LEFT}" y="33">rolled back, % of rollouts, over minutes since the first exposure</text>',
        f'<text x="{_BARS - 92}" y="33">failed requests of users until then (median)</text>',
        *_axes(),
        *(_curve(one) for one in reversed(shown)),
        *_bars(shown),
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes() -> list[str]:
    parts = [f'<path d="M{_LEFT} {_TOP}v{_HIGH}h{_WIDE}" fill="none" stroke="#999"/>']
    for percent in (0, 50, 100):
        y = _TOP + _HIGH * (1 - percent / 100)
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.0f}" text-anchor="end">{percent}</text>')
    for minute in (0, 5, 10, 15, 20, 25, 30):
        x = _LEFT + _WIDE * 60 * minute / RUN_SECONDS
        parts.append(f'<text x="{x:.0f}" y="{_TOP + _HIGH + 14}" text-anchor="middle">{minute}</text>')
    return parts


def _curve(tally: Tally) -> str:
    path, y = f"M{_LEFT} {_TOP + _HIGH:.0f}", _TOP + _HIGH
    for number, seconds in enumerate(tally.times, 1):
        y = _TOP + _HIGH * (1 - number / tally.runs)
        path += f"H{_LEFT + _WIDE * seconds / RUN_SECONDS:.1f}V{y:.1f}"
    width = 2.5 if tally.rule == "canary-steps" else 1.5
    return f'<path d="{path}H{_LEFT + _WIDE}" fill="none" stroke="{COLOURS[tally.rule]}" stroke-width="{width}"/>'


def _bars(tallies: Sequence[Tally]) -> list[str]:
    most = max([1.0, *(one.typical_harm for one in tallies)])
    parts = []
    for number, one in enumerate(tallies):
        y, length = _TOP + 14 + 26 * number, _BAR * one.typical_harm / most
        parts.append(
            f'<text x="{_BARS - 6}" y="{y + 11}" text-anchor="end">{escape(one.rule)}</text>'
            f'<rect x="{_BARS}" y="{y}" width="{max(1.0, length):.1f}" height="14" fill="{COLOURS[one.rule]}"/>'
            f'<text x="{_BARS + max(1.0, length) + 5:.1f}" y="{y + 11}">{one.typical_harm:.0f}</text>'
        )
    return parts
