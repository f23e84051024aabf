"""Draws docs/judge.svg, the worked example of docs/judge.md, with the judge itself, and prints the example's table."""

from math import log10
from pathlib import Path

from steps.judge import Rules, judge
from steps.model.evidence import Counts, Evidence, MetricEvidence, MetricKind, Series, Stratum
from steps.model.judgement import Judgement

STABLE, CANARY = 1350, 150
"""Requests per scrape: 100 a second for 15 s, a tenth of them to the canary."""

PAST = (2, 1, 0, 1, 3, 1, 2, 1, 1, 0, 2, 1, 1, 2, 1, 0, 1, 2, 1, 1, 2, 0, 1, 1)
BAD_STABLE = (1, 2, 1, 0, 2, 1)
BAD_CANARY = (2, 4, 3, 5, 3, 4)
GOOD_CANARY = (0, 1, 0, 0, 0, 1)
_PODS = 5
_SECONDS = 15.0


def example(canary: tuple[int, ...]) -> Judgement:
    """Judge the example: stable's past, then one stratum for each number of failed canary requests."""
    pairs = [(failed, 0, 0) for failed in PAST]
    pairs += [(failed, CANARY, failed_canary) for failed, failed_canary in zip(BAD_STABLE, canary, strict=False)]
    strata = tuple(
        Stratum(
            (number - len(PAST)) * _SECONDS,
            (number - len(PAST) + 1) * _SECONDS,
            Counts(STABLE, failed),
            Counts(total, failed_canary),
            tuple(Counts(STABLE // _PODS, int((number + pod) % _PODS < failed)) for pod in range(_PODS)),
        )
        for number, (failed, total, failed_canary) in enumerate(pairs)
    )
    errors = MetricEvidence("errors", MetricKind.ERRORS, (Series(strata),))
    return judge(
        Evidence((errors,), 0.0, 0.0, strata[-1].end, _SECONDS, aligned=False), None, Rules(), deadline_reached=False
    )


def draw() -> str:
    """Draw the fail statistic of the bad and of the good canary beside the line of the alarm."""
    left, top, width, height, decades = 60.0, 30.0, 420.0, 190.0, 4.0

    def at(number: int, value: float) -> str:
        y = top + height * (1 - (min(decades, max(-1.0, log10(value))) + 1) / (decades + 1))
        return f"{left + width * number / len(BAD_CANARY):.1f} {y:.1f}"

    def curve(judgement: Judgement, colour: str) -> str:
        points = [at(0, 1.0), *(at(i, row.e_value) for i, row in enumerate(judgement.table, 1))]
        dots = "".join(
            f'<circle cx="{point.split()[0]}" cy="{point.split()[1]}" r="3.5" fill="{colour}"/>' for point in points
        )
        return f'<path d="M{"L".join(points)}" fill="none" stroke="{colour}" stroke-width="2.5"/>{dots}'

    line = at(0, 100.0).split()[1]
    marks = "".join(
        f'<text x="{left - 8}" y="{float(at(0, value).split()[1]) + 4:.0f}" text-anchor="end">{value:g}</text>'
        for value in (0.1, 1, 10, 100, 1000, 10000)
    )
    times = "".join(
        f'<text x="{at(i, 1).split()[0]}" y="{top + height + 16}" text-anchor="middle">{15 * i} s</text>'
        for i in range(len(BAD_CANARY) + 1)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 260" font-family="sans-serif" font-size="12" '
        'fill="#333"><rect width="640" height="260" fill="#fff"/>'
        f'<text x="{left}" y="18" font-weight="bold">The bet against the canary, after each scrape</text>'
        f'<path d="M{left} {top}v{height}h{width}" fill="none" stroke="#999"/>{marks}{times}'
        f'<path d="M{left} {line}h{width}" stroke="#c1440e" stroke-dasharray="6 4"/>'
        f'<text x="{left + width + 8}" y="{float(line) + 4:.0f}" fill="#c1440e">alarm: 100 to 1</text>'
        f"{curve(example(BAD_CANARY), '#c1440e')}{curve(example(GOOD_CANARY), '#0b6e4f')}"
        f'<text x="{left + width + 8}" y="60" fill="#c1440e">2 % fail</text>'
        f'<text x="{left + width + 8}" y="{top + height - 20}" fill="#0b6e4f">as stable</text></svg>\n'
    )


def main() -> None:
    """Write the picture and print the numbers."""
    (Path(__file__).parents[1] / "docs" / "judge.svg").write_text(draw(), encoding="utf-8")
    for canary in (BAD_CANARY, GOOD_CANARY):
        for scrapes in range(1, len(canary) + 1):
            judgement = example(canary[:scrapes])
            print(f"{scrapes} {judgement.verdict:12} {judgement.e_value:10.3g} {judgement.reason}")  # noqa: T201 - a script


if __name__ == "__main__":
    main()
