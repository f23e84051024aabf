"""The committed dashboard is what its table says, and what Grafana's own model reads."""

from __future__ import annotations

import json
import re
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import prometheus, stat, table, timeseries

from steps.outputs.metrics import series
from tools.dashboards import dashboard, page, panels, queries

Json = dict[str, Any]
SHOWN: Json = json.loads(dashboard.FILE.read_text(encoding="utf-8"))
OF_PROMETHEUS = {"step", "titleFormat", "textFormat"}
"""Fields of an annotation that the data source reads; Grafana's model keeps any, its Python form does not."""


def test_the_committed_files_are_what_the_tables_say() -> None:
    """`make docs` was run after the last change."""
    assert dashboard.text() == dashboard.FILE.read_text(encoding="utf-8")
    assert page.text() == page.PAGE.read_text(encoding="utf-8")


def test_grafanas_model_reads_every_field() -> None:
    """The model of Grafana 10.1, the oldest one that can import it; a field that it does not know would be lost."""
    read = json.loads(JSONEncoder().encode(model.Dashboard.from_json(SHOWN)))
    assert [] == [path for path in lost(SHOWN, read) if path.rpartition("/")[2] not in OF_PROMETHEUS]


def test_grafanas_models_of_panels_read_their_options_fields_and_queries() -> None:
    """A misspelt option is ignored by Grafana without a word."""
    kinds: dict[str, Any] = {"timeseries": timeseries.Options, "stat": stat.Options, "table": table.Options}
    for panel in SHOWN["panels"]:
        if panel["type"] == "row":
            continue
        options = json.loads(JSONEncoder().encode(kinds[panel["type"]].from_json(panel["options"])))
        found = list(lost(panel["options"], options))
        if panel["type"] == "timeseries":
            custom = panel["fieldConfig"]["defaults"]["custom"]
            found += lost(custom, json.loads(JSONEncoder().encode(timeseries.FieldConfig.from_json(custom))))
        for target in panel["targets"]:
            found += lost(target, json.loads(JSONEncoder().encode(prometheus.Dataquery.from_json(target))))
        assert [] == found, panel["title"]


def lost(given: object, read: object, path: str = "") -> list[str]:
    """Return the paths of what the model has not kept as it was given."""
    if isinstance(given, dict) and isinstance(read, dict):
        return [one for key, value in given.items() for one in lost(value, read.get(key), f"{path}/{key}")]
    if isinstance(given, list) and isinstance(read, list) and len(given) == len(read):
        return [one for at, value in enumerate(given) for one in lost(value, read[at], f"{path}/{at}")]
    return [] if given == read else [path]


def test_the_dashboard_can_be_imported_anywhere() -> None:
    """No library panels, no ids of another installation; the data source is a variable everywhere."""
    assert "libraryPanel" not in dashboard.text()
    assert "id" not in SHOWN
    sources = {json.dumps(one) for one in of_key(SHOWN, "datasource")}
    assert {'{"type": "prometheus", "uid": "${datasource}"}'} == sources


def test_panels_do_not_overlap_and_have_ids_of_their_own() -> None:
    """On a grid of 24 columns."""
    places = [panel["gridPos"] for panel in SHOWN["panels"]]
    cells = [
        (x, y) for at in places for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len(set(cells))
    assert 23 == max(x for x, _ in cells)
    assert len(places) == len({panel["id"] for panel in SHOWN["panels"]})


def test_every_variable_is_defined_and_every_series_exists() -> None:
    """In the queries of panels, annotations and variables."""
    defined = {one["name"] for one in SHOWN["templating"]["list"]} | {"__rate_interval"}
    texts = [*of_key(SHOWN, "expr"), *of_key(SHOWN, "query"), *of_key(SHOWN, "description")]
    text = " ".join(json.dumps(one) for one in texts)
    assert set() == set(re.findall(r"\$\{?(\w+)", text)) - defined
    assert set() == set(re.findall(r"canary_steps_\w+", text)) - {one.name for one in series.ALL}


def test_each_series_of_releases_is_on_a_panel_or_in_an_alert() -> None:
    """But for the id of the run, and the times by which others are understood."""
    text = dashboard.text() + (dashboard.FILE.parent / "alerts.yaml").read_text(encoding="utf-8")
    unused = {one for one in series.ALL if one.name not in text and one.when != "on the board"}
    assert {series.RUN_INFO, series.RUN_START, series.JUDGED_AT} == unused


def test_a_panel_that_needs_our_series_says_so() -> None:
    """Nothing resident may export them; an empty panel must not puzzle anybody."""
    for panel in panels.ALL:
        uses = [bool(re.search("canary_steps_", query.expr)) for query in panel.queries]
        said = "series of canary-steps" in panel.answers
        assert any(uses) == said, panel.title
        assert "From the mesh alone." not in panel.answers or not any(uses), panel.title


def test_failures_are_those_of_the_judge() -> None:
    """Flags and gRPC statuses come from its own table."""
    assert "URX" in queries.success("canary")
    assert "2|4|12|13|14|15" in queries.success("canary")


def of_key(found: object, key: str) -> list[object]:
    """Return all values of a key at any depth."""
    if isinstance(found, dict):
        own = [found[key]] if key in found else []
        return own + [one for value in found.values() for one in of_key(value, key)]
    return [one for value in found for one in of_key(value, key)] if isinstance(found, list) else []
