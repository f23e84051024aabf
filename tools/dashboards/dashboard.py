"""The dashboard as Grafana 10 to 13 imports it: plain JSON without library panels."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.dashboards import panels
from tools.dashboards.panels import Panel, Query
from tools.dashboards.variables import SOURCE, Json, annotations, variables

FILE: Final = Path(__file__).parents[2] / "dashboards" / "canary-steps.json"

_SCHEMA_VERSION: Final = 38
"""Of Grafana 10.1; newer ones migrate what they import."""
_COLUMNS: Final = 24


def text() -> str:
    """Return the file."""
    return json.dumps(dashboard(), indent=2) + "\n"


def dashboard() -> Json:
    """Return the dashboard."""
    return {
        "uid": "canary-steps",
        "title": "Canary releases",
        "description": "Releases by canary-steps: weights, users, evidence and outcomes. Written by `make docs`.",
        "tags": ["canary-steps", "istio"],
        "schemaVersion": _SCHEMA_VERSION,
        "timezone": "browser",
        "editable": True,
        "graphTooltip": 1,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": variables()},
        "annotations": {"list": annotations()},
        "panels": list(_placed()),
    }


def _placed() -> Iterator[Json]:
    """Return rows and panels from left to right and from top to bottom."""
    number = y = 0
    for title, row in panels.ROWS.items():
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "panels": [],
            "gridPos": _at(0, y, 24, 1),
        }
        x, y, height = 0, y + 1, 0
        for panel in row:
            if x + panel.width > _COLUMNS:
                x, y, height = 0, y + height, 0
            number += 1
            yield _panel(number, panel, _at(x, y, panel.width, panel.height))
            x, height = x + panel.width, max(height, panel.height)
        y += height


def _at(x: int, y: int, width: int, height: int) -> Json:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(number: int, panel: Panel, place: Json) -> Json:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.answers,
        "datasource": SOURCE,
        "gridPos": place,
        "targets": [_target(chr(ord("A") + at), query, panel) for at, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _field(panel), "overrides": []},
        "options": _OPTIONS[panel.kind] | ({"textMode": panel.text} if panel.kind == "stat" else {}),
        **({"transformations": _table(panel)} if panel.kind == "table" else {}),
        **({"timeFrom": panel.since} if panel.since else {}),
    }


def _target(ref: str, query: Query, panel: Panel) -> Json:
    return {
        "refId": ref,
        "datasource": SOURCE,
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "instant": query.is_instant,
        "range": not query.is_instant,
        "format": "table" if panel.kind == "table" else "time_series",
        "editorMode": "code",
    }


_OPTIONS: Final[dict[str, Json]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
    },
    "table": {"showHeader": True, "cellHeight": "sm"},
}


def _field(panel: Panel) -> Json:
    scale = {"type": "log", "log": 10} if panel.scale == "log" else {"type": "linear"}
    drawn = {"custom": {"scaleDistribution": scale, "fillOpacity": 0, "showPoints": "auto"}}
    return {
        "unit": panel.unit,
        "color": {"mode": "palette-classic"},
        **({"min": 0, "max": panel.top} if panel.top is not None else {}),
        **(drawn if panel.kind == "timeseries" else {}),
    }


def _table(panel: Panel) -> list[Json]:
    """Return what makes rows of samples: one for each release, or one for each metric and arm."""
    if len(panel.queries) == 1:
        fields = {
            name: {"aggregations": [], "operation": "groupby"} for name in ("namespace", "app", "outcome", "Value")
        }
        return [
            {"id": "groupBy", "options": {"fields": fields}},
            {"id": "organize", "options": {"renameByName": {"Value": "ended"}}},
            {"id": "sortBy", "options": {"sort": [{"field": "ended", "desc": True}]}},
        ]
    hidden = dict.fromkeys(("Time", "__name__", "instance", "job", "pod", "endpoint", "container", "service"), True)
    return [
        {"id": "merge", "options": {}},
        {
            "id": "organize",
            "options": {"excludeByName": hidden, "renameByName": {"Value #A": "bad requests", "Value #B": "requests"}},
        },
    ]
