"""The report as a page: static HTML with inline SVG, without scripts or remote content; every value is escaped."""

from collections.abc import Mapping
from html import escape
from string import Template
from typing import Any, Final

from steps.model.times import date_and_time
from steps.outputs import charts
from steps.outputs.report import Report

_PAGE: Final = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>$title</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;color:#222;background:#fff;max-width:860px;margin:2em auto;padding:0 1em}
h1{font-size:1.35em;margin:0}h2{font-size:1.1em;margin:2em 0 .3em;border-top:1px solid #ddd;padding-top:1em}
.state{display:inline-block;padding:.1em .6em;border-radius:4px;color:#fff;background:$colour;font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2em 1.2em}dt{color:#666}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.2em .6em;border-bottom:1px solid #e4e4e4}th:first-child,td:first-child{text-align:left}
figure{margin:1em 0}figcaption{color:#666;font-size:.9em}svg{width:100%;font:12px system-ui,sans-serif;fill:#444}
</style></head><body>
<h1>$title</h1>
<p><span class="state">$state</span> $reason</p>
<dl>$facts</dl>
$weights
$rungs
</body></html>
""")
_COLOURS: Final = {
    "promoted": charts.STABLE,
    "noop": charts.STABLE,
    "rolled-back": charts.CANARY,
    "undone": charts.CANARY,
}


def html_page(report: Report, now: float) -> str:
    """Return a release as one HTML document.

    Args:
        report: the release.
        now: unix seconds; where the chart of the weights of a running release ends.
    """
    ended = report.ended or now
    return _PAGE.substitute(
        title=escape(f"{report.namespace}/{report.app}"),
        colour=_COLOURS.get(report.state, charts.QUIET),
        state=escape(report.state),
        reason=escape(report.reason),
        facts="".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _facts(report)),
        weights=charts.weights(report.weights, ended) if report.weights else "<p>No weight was set.</p>",
        rungs="".join(_rung(title, one) for title, one in _judged(report)),
    )


def _facts(report: Report) -> list[tuple[str, str]]:
    took = f" after {report.ended - report.started:.0f} s" if report.ended else ""
    return [
        ("verdict", report.verdict or "-"),
        ("run", report.run or "-"),
        *((("undoes run", report.undoes),) if report.undoes else ()),
        ("started", f"{date_and_time(report.started)} by {report.by or '-'}"),
        ("ended", f"{date_and_time(report.ended)}{took}" if report.ended else "still running"),
        *([("bake", report.bake)] if report.bake else []),
        *((f"image {container}", image) for container, image in (report.images or {}).items()),
    ]


def _judged(report: Report) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the judgements with their titles: the rungs, then the bake."""
    rungs = [(f"Rung {number}", one) for number, one in enumerate(report.judgements, 1)]
    return [*rungs, ("Bake", report.baked)] if report.baked is not None else rungs


def _rung(title: str, judgement: Mapping[str, Any]) -> str:
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>" for cells in _series(judgement)
    )
    head = "<tr><th>metric</th><th>canary bad / all</th><th>stable bad / all</th><th>evidence</th></tr>"
    table = judgement.get("table") or ()
    drawn = charts.shares(table) + charts.evidence(table, judgement["e_limit"]) if table else ""
    heading = f"{title}: {judgement['verdict']}"
    return f"<h2>{escape(heading)}</h2><p>{escape(judgement['reason'])}</p><table>{head}{rows}</table>{drawn}"


def _series(judgement: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    return [
        (
            f"{metric['name']} {one['label']}".strip(),
            f"{one['canary_bad']} / {one['canary_total']}",
            f"{one['stable_bad']} / {one['stable_total']}",
            f"{one['e_value']:.3g}",
        )
        for metric in judgement["metrics"]
        for one in metric["series"]
    ]
