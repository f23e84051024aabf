"""The report as a page: static HTML with inline SVG, without scripts or remote content; every value is escaped."""

from collections.abc import Mapping
from html import escape
from string import Template
from typing import Any, Final

from steps.model.times import date_and_time
from steps.outputs import charts
from steps.outputs.report import Report
from steps.outputs.trials import consequences, ended_trial

STYLE: Final = Template("""
:root{color-scheme:light dark;--page:#fff;--text:#222;--quiet:#57606a;--rule:#e4e4e4;--good:#0b6e4f;--bad:#c1440e;
--none:#5f6670}
@media (prefers-color-scheme:dark){:root{--page:#0f1419;--text:#dfe5ec;--quiet:#9aa6b2;--rule:#2b333c;--good:#57d1a1;
--bad:#ff8a5c;--none:#9aa6b2}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--text);background:var(--page);max-width:860px;margin:2em auto;
padding:0 1em}
h1{font-size:1.35em;margin:0}h2{font-size:1.1em;margin:2em 0 .3em;border-top:1px solid var(--rule);padding-top:1em}
.state{display:inline-block;padding:.1em .6em;border-radius:4px;color:var(--page);background:var(--none);
font-weight:600}
.good{background:var(--good)}.bad{background:var(--bad)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2em 1.2em}dt{color:var(--quiet)}
dd{margin:0;overflow-wrap:anywhere}p{overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.2em .6em;border-bottom:1px solid var(--rule)}
th:first-child,td:first-child{text-align:left}
figure{margin:1em 0}figcaption{color:var(--quiet);font-size:.9em}
svg{width:100%;font:12px system-ui,sans-serif;fill:var(--quiet)}
[stroke="#e4e4e4"]{stroke:var(--rule)}[stroke="$quiet"]{stroke:var(--quiet)}
[stroke="$canary"]{stroke:var(--bad)}text[fill="$canary"],rect[fill="$canary"]{fill:var(--bad)}
text[fill="$stable"],rect[fill="$stable"]{fill:var(--good)}
nav a{color:inherit}nav{margin:0 0 1.5em}code{user-select:all}
.type{display:grid;grid-template-columns:6em minmax(0,1fr);gap:.5em;margin:.2em 0;color:var(--quiet)}
.type code{font-size:13px;color:var(--text);border:1px solid var(--rule);border-radius:4px;padding:0 .4em;
overflow-x:auto;white-space:nowrap}time small{color:var(--quiet)}
""").substitute(canary=charts.CANARY, stable=charts.STABLE, quiet=charts.QUIET)
"""The whole style: a server may allow it by its hash, and nothing else."""

_PAGE: Final = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>$title</title>
<style>$style</style></head><body>
$above
<h1>$title</h1>
<p><span class="state $mood">$state</span> $reason</p>
$notes
<dl>$facts</dl>
$weights
$trials
$rungs
</body></html>
""")
_MOODS: Final = {"promoted": "good", "noop": "good", "rolled-back": "bad", "undone": "bad"}


def html_page(report: Report, now: float, *, above: str = "", notes: str = "") -> str:
    """Return a release as one HTML document.

    Args:
        report: the release.
        now: unix seconds; where the chart of the weights of a running release ends.
        above: HTML that stands above the title.
        notes: HTML that stands below state and reason.
    """
    ended = report.ended or now
    return _PAGE.substitute(
        style=STYLE,
        above=above,
        notes=notes,
        title=escape(f"{report.namespace}/{report.app}"),
        mood=_MOODS.get(report.state, ""),
        state=escape(report.state),
        reason=escape(report.reason),
        facts="".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _facts(report)),
        weights=_weights(report, ended),
        trials=_trials(report),
        rungs="".join(_rung(title, one) for title, one in _judged(report)),
    )


def _weights(report: Report, ended: float) -> str:
    if not report.weights:
        return "<p>No weight was set.</p>"
    return charts.weights(report.weights, ended, [one.at for one in report.trials])


def _trials(report: Report) -> str:
    """Return the trials that ended with an alarm, "" without any."""
    rows = "".join(
        f"<dt>trial {number}</dt><dd>{escape(ended_trial(one))}<br>{escape(consequences(one, report.weights))}</dd>"
        for number, one in enumerate(report.trials, 1)
    )
    return f"<h2>Trials that ended with an alarm</h2><dl>{rows}</dl>" if rows else ""


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
