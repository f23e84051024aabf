"""Every query of every panel against a real Prometheus during a release: it returns what the release's report says."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from steps.outputs.metrics import series
from tests.integration.conftest import deploy_to
from tests.integration.lab_app import LabApp
from tests.lab.embedded.lab import EmbeddedLab
from tests.lab.embedded.scraping import Scraping
from tests.support.grafana import GrafanaPrometheus
from tests.support.textfile_target import TextfileTarget
from tools.dashboards import panels, queries
from tools.dashboards.dashboard import FILE
from tools.dashboards.panels import Panel, Query

pytestmark = pytest.mark.integration
Json = dict[str, Any]

RATE, WEIGHT = 60.0, 20
DASHBOARD: Json = json.loads(FILE.read_text(encoding="utf-8"))


@dataclass
class Release:
    """A release, what its panels showed in the middle of it, and its report.

    Attributes:
        variables: of the dashboard, as it opens.
        at: when the panels were drawn, unix seconds.
        file: the text of the metrics file at that time.
        shown: (title of the panel, legend) → the results of the query.
        report: its JSON.
    """

    grafana: GrafanaPrometheus
    variables: dict[str, str] = field(default_factory=dict)
    at: float = 0.0
    file: str = ""
    shown: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    report: Json = field(default_factory=dict)

    def values(self, title: str, legend: str) -> list[float]:
        """Return the values of a query of a panel."""
        return [float(one["value"][1]) for one in self.shown[title, legend]]

    def value(self, title: str, legend: str) -> float:
        """Return the one value of a query."""
        (found,) = self.values(title, legend)
        return found

    def own(self, name: str, *labels: str) -> float:
        """Return the value of one of our own series as the file has it."""
        (line,) = [
            one for one in self.file.splitlines() if one.startswith(name) and all(label in one for label in labels)
        ]
        return float(line.rpartition(" ")[2])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the textfile collector."""
    return tmp_path_factory.mktemp("textfile")


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[EmbeddedLab]:
    """Return a lab whose Prometheus scrapes our own series, too."""
    with TextfileTarget(folder) as target, EmbeddedLab(scraping=Scraping(more_jobs=(target.job,))) as lab:
        yield lab


@pytest.fixture(scope="module")
def good(lab: EmbeddedLab, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """Return a release that is promoted, watched in the middle of its rung."""
    app = deploy_to(lab, "shop", tmp_path_factory.mktemp("steps"))
    with app.users(RATE):
        yield watched(app, folder, "v2", tmp_path_factory.mktemp("report"))
    app.remove()


def watched(app: LabApp, folder: Path, tag: str, reports: Path) -> Release:
    """Release a version, and draw all panels once the judge has looked for ten seconds."""
    made = Release(GrafanaPrometheus(app.lab.prometheus_url))
    file = folder / f"{app.name}.prom"
    flags = ("--ladder", str(WEIGHT), "--min-seconds", "14", "--timeout-seconds", "120", "--run", "one")
    running = app.start(
        "rollout", "--image", app.image(tag), *flags, "--metrics-file", str(file), "--report-dir", str(reports)
    )
    rung = f'{series.JUDGED_AT.name}{{app="{app.name}"}}'
    asked = f"{rung} - on (app) {series.RUN_START.name} > 10 and on (app) {series.WEIGHT.name} > 0"
    app.lab.wait_for(lambda: app.lab.query(asked), 60, what="a second look in Prometheus")
    made.at, made.file = time.time(), file.read_text(encoding="utf-8")
    made.variables = made.grafana.variables(DASHBOARD)
    for panel in panels.ALL:
        for query in panel.queries:
            made.shown[panel.title, query.legend] = made.grafana.query(query.expr, made.variables, made.at)
    running.wait(60)
    made.report = json.loads((reports / "report.json").read_text(encoding="utf-8"))
    app.lab.wait_for(
        lambda: app.lab.query(f'{series.LAST_END.name}{{app="{app.name}"}}'), 30, what="the end in Prometheus"
    )
    return made


def test_variables_find_app_and_arms_by_themselves(good: Release) -> None:
    """As the dashboard is opened; `stable` and `canary` follow from the names."""
    found = {name: good.variables[name] for name in ("namespace", "app", "stable", "canary", "reporter")}
    assert {"namespace": ".*", "app": "shop", "stable": "shop", "canary": "shop-canary", "reporter": "source"} == found


@pytest.mark.parametrize("panel", panels.ALL, ids=lambda panel: panel.title)
def test_each_query_of_each_panel_has_finite_values_during_a_release(good: Release, panel: Panel) -> None:
    """Only the panel of past releases is empty: this is the first one."""
    for query in panel.queries:
        values = good.values(panel.title, query.legend)
        if panel in panels.PAST:
            continue
        assert values, query.expr
        assert all(map(math.isfinite, values)), query.expr


def test_the_weight_is_shown_as_set_and_as_users_got_it(good: Release) -> None:
    """20 percent; of 360 requests the share varies by 2 percent."""
    assert 0.2 == good.value("Weight", "set") == good.own("canary_steps_weight_ratio")
    assert 0.2 == pytest.approx(good.value("Weight", "observed"), abs=0.12)


def test_the_state_is_that_of_the_claim(good: Release) -> None:
    """Phase, rung, and whether the run lives."""
    assert ["walking"] == [one["metric"]["phase"] for one in good.shown["Phase", "{{phase}}"]]
    assert (1, 1, 0) == (good.value("Rung", ""), good.value("Rungs", ""), good.value("Waits for a person", ""))
    assert 500 < good.value("Claim expires in", "") <= 600


def test_users_are_counted_as_they_are(good: Release) -> None:
    """60 requests a second, none of which fails."""
    both = [good.value("Requests per second", arm) for arm in ("canary", "stable")]
    assert pytest.approx(sum(both), rel=0.2) == RATE
    assert [1.0, 1.0] == [good.value("Success", arm) for arm in ("canary", "stable")]
    for arm in ("canary", "stable"):
        assert ["200"] == [
            one["metric"]["response_code"] for one in good.shown[f"Answers of {arm}", "{{response_code}}"]
        ]
        quantiles = [good.value("Latency", f"{arm} {name}") for name in ("p50", "p90", "p99")]
        assert 0 < quantiles[0] <= quantiles[1] <= quantiles[2] < 10_000


def test_evidence_and_counts_are_those_of_the_judge(good: Release) -> None:
    """The counts of the errors are Prometheus' own at the moment of the look."""
    (rung,) = good.report["judgements"]
    assert good.own("canary_steps_evidence_ratio") == good.value("Evidence against the canary", "evidence") < 1
    judged, table = good.own("canary_steps_judged_timestamp_seconds"), "Requests that the judge counted"
    counted = good.own("canary_steps_requests{", 'metric="errors"', 'arm="canary"')
    (mesh,) = good.grafana.query(f"sum({queries.mesh('istio_requests_total', '$canary')})", good.variables, judged)
    assert pytest.approx(counted, abs=RATE * WEIGHT / 100 * 3) == float(mesh["value"][1])
    assert 0 < counted <= rung["canary_requests"]
    kept = {one["metric"]["metric"] for one in good.shown[table, "{{metric}}: {{arm}}, all"]}
    assert {
        f"{metric['name']} {one['label']}".strip() for metric in rung["metrics"] for one in metric["series"]
    } == kept
    assert {0.0} == {
        float(one["value"][1])
        for one in good.shown[table, "{{metric}}: {{arm}}, bad"]
        if one["metric"]["metric"] == "errors"
    }


def test_what_the_release_may_still_cost_is_what_is_left_of_its_time(good: Release) -> None:
    """60 requests a second, a fifth of them for the canary, for the rest of 120 s."""
    (since, _), *_ = good.report["weights"]
    left = 120 - (good.own("canary_steps_judged_timestamp_seconds") - since)
    assert pytest.approx(good.value("Requests at risk", ""), rel=0.25) == RATE * WEIGHT / 100 * left


def test_after_the_end_nothing_looks_like_a_running_release(good: Release) -> None:
    """Phase idle, weight 0, no evidence; the table of releases has the outcome and the time of the report."""
    now = time.time()
    (ended,) = good.grafana.query(past("Releases of the last days").expr, good.variables, now)
    assert ("promoted", good.report["ended"] * 1000) == (ended["metric"]["outcome"], float(ended["value"][1]))
    (duration,) = good.grafana.query(past("Duration of releases").expr, good.variables, now)
    assert pytest.approx(good.report["ended"] - good.report["started"]) == float(duration["value"][1])
    (phase,) = good.grafana.query(panels.NOW[0].queries[0].expr, good.variables, now)
    assert "idle" == phase["metric"]["phase"]
    (weight,) = good.grafana.query(queries.own("canary_steps_weight_ratio"), good.variables, now)
    assert 0.0 == float(weight["value"][1])
    assert [] == good.grafana.query(queries.own("canary_steps_evidence_ratio"), good.variables, now)


def test_annotations_mark_where_weights_changed(good: Release) -> None:
    """By our series, and where these are missing by the share that was observed; none of a trial, as it had one."""
    (since, _), *_ = good.report["weights"]
    set_by_us, tried_again, observed = (one["expr"] for one in DASHBOARD["annotations"]["list"])
    (marks,) = good.grafana.query_range(set_by_us, good.variables, since - 5, since + 20)
    assert since - 1 <= float(marks["values"][0][0]) <= since + 8
    for silent in (observed, tried_again):
        assert [] == good.grafana.query_range(silent, good.variables, since + 5, since + 20)
    without = {**good.variables, "app": "unknown"}
    (moved,) = good.grafana.query_range(observed, without, since - 5, since + 30)
    assert since - 1 <= float(moved["values"][0][0]) <= since + 15


@pytest.mark.full
def test_a_canary_that_fails_shows_its_failures_and_its_evidence(
    lab: EmbeddedLab, folder: Path, tmp_path: Path
) -> None:
    """A third of its answers are 500; the evidence is above its line where the report says fail."""
    app = deploy_to(lab, "till", tmp_path)
    app.push("v2", error_ratio=0.34)
    grafana, file = GrafanaPrometheus(lab.prometheus_url), folder / "till.prom"
    with app.users(RATE):
        flags = ("--ladder", "30", "--metrics-file", str(file), "--report-dir", str(tmp_path))
        ended = app.run("rollout", "--image", app.image("v2"), *flags)
    assert 5 == ended.exit_code, ended.lines
    report = json.loads((tmp_path / "report.json").read_text())
    (rung,) = report["judgements"]
    names = {"namespace": ".*", "app": "till", "stable": "till", "canary": "till-canary", "reporter": "source"}
    evidence = queries.own("canary_steps_evidence_ratio")
    lab.wait_for(lambda: grafana.query(f"{evidence} >= 1", names), what="the evidence of the fail in Prometheus")
    (shown,) = grafana.query(evidence, names)
    assert 1 <= rung["e_value"] / rung["e_limit"] == pytest.approx(float(shown["value"][1]), rel=0.01)
    errors = next(one["series"][0] for one in rung["metrics"] if one["name"] == "errors")
    over = grafana.interpolated(queries.success("canary"), names).replace("[6s]", "[40s]")
    (share,) = grafana.query(over, names, report["ended"])
    assert pytest.approx(1 - errors["canary_bad"] / errors["canary_total"], abs=0.25) == float(share["value"][1])
    lab.wait_for(lambda: lab.query('canary_steps_last_release_end_timestamp_seconds{app="till",outcome="rolled-back"}'))
    app.remove()


def past(title: str) -> Query:
    """Return the query of a panel of past releases."""
    return next(panel.queries[0] for panel in panels.PAST if panel.title == title)
