"""The report as a page that sandboxed viewers can show: it runs and loads nothing."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from steps.model.trials import Trial
from steps.outputs.html_report import html_page
from steps.outputs.report import Report

NOW = 1_800_000_100.0
TABLE = [
    {"end": 1_800_000_010.0 + k, "canary_total": 10, "canary_bad": k, "stable_total": 90, "stable_bad": 0,
     "e_value": 10.0**k}
    for k in range(4)
]  # fmt: skip
SERIES = {"label": "", "canary_bad": 6, "canary_total": 40, "stable_bad": 0, "stable_total": 360, "e_value": 1000.0}
JUDGEMENT = {
    "verdict": "fail",
    "reason": "canary 6/40 failed",
    "e_limit": 100.0,
    "metrics": [{"name": "errors", "series": [SERIES]}],
    "table": TABLE,
}
RUN = Report(
    app="shop",
    namespace="demo",
    run="r1",
    state="rolled-back",
    reason="canary 6/40 failed",
    verdict="fail",
    started=1_800_000_000.0,
    ended=1_800_000_060.0,
    weights=((1_800_000_001.0, 5), (1_800_000_031.0, 25), (1_800_000_040.0, 0)),
    images={"app": "sha256:abc"},
    by="ada",
)


def test_a_page_shows_the_release_its_weights_and_the_evidence_of_each_rung() -> None:
    """Charts have labels for screen readers."""
    text = html_page(RUN.with_judgements([JUDGEMENT]), NOW)
    charts = re.findall(r'aria-label="([^"]+)"', text)
    assert [
        "The canary's weight over time",
        "Bad share of the requests of each scrape",
        "Evidence against the canary after each scrape",
    ] == [one.replace("&#x27;", "'") for one in charts]
    for shown in ("demo/shop", "rolled-back", "2027-01-15 08:01:00 UTC after 60 s", "sha256:abc", "6 / 40", "25 %"):
        assert shown in text, shown


def test_every_chart_is_well_formed_and_stays_in_its_box() -> None:
    """For all numbers: no evidence at all, and more than the scale has."""
    wild = [{**TABLE[0], "e_value": 0.0}, {**TABLE[1], "canary_total": 0, "canary_bad": 0, "e_value": 1e300}]
    text = html_page(RUN.with_judgements([JUDGEMENT, {**JUDGEMENT, "table": wild}]), NOW)
    for drawn in re.findall(r"<svg.*?</svg>", text):
        svg = ET.fromstring(drawn)  # noqa: S314 - our own
        wide, high = map(float, svg.attrib["viewBox"].split()[2:])
        for shape in svg.iter():
            for key, most in (("x", wide), ("y", high), ("height", high)):
                assert 0 <= float(shape.attrib.get(key, 0)) <= most, shape.attrib


def test_nothing_is_loaded_or_run_and_every_value_is_escaped() -> None:
    """Argo's viewer blocks scripts and remote content; a name or a reason must never become markup."""
    bad = '<script>alert("1")</script>'
    text = html_page(replace(RUN, reason=bad, by=bad, state=bad, images={bad: bad}), NOW)
    assert "<script" not in text
    assert not re.search(r"(src|href)=|url\(|@import|http", text)


@pytest.mark.parametrize("weights", [(), ((1_800_000_001.0, 5),)])
def test_a_running_release_has_a_page_too(weights: tuple[tuple[float, int], ...]) -> None:
    """Even before the first weight."""
    text = html_page(replace(RUN, state="walking", ended=0.0, weights=weights), NOW)
    assert "still running" in text
    assert ("No weight was set." in text) is (not weights)


def test_trials_that_ended_with_an_alarm_are_in_the_chart_and_in_words() -> None:
    """Where the users were, why, and what it cost; escaped like all else."""
    trial = Trial(1_800_000_040.0, 25, "worse", "canary <b>9/9</b> failed", "errors", 9, 1, shared=False)
    text = html_page(replace(RUN, trials=(trial, replace(trial, at=1.0))), NOW)
    assert ">alarm 1</text>" in text
    assert ">alarm 2</text>" not in text, "an alarm outside the chart"
    assert "<dt>trial 1</dt><dd>alarm at weight 25 at 2027-01-15 08:00:40 UTC" in text
    assert "canary &lt;b&gt;9/9&lt;/b&gt; failed" in text
    assert "all users have been on stable since; 9 requests failed beyond stable&#x27;s rate" in text
    assert "Trials that ended" not in html_page(RUN, NOW)
