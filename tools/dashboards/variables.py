"""Variables of the dashboard and its annotations."""

from typing import Any, Final

from tools.dashboards import queries

Json = dict[str, Any]
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}

_AT_EACH_LOAD: Final = 2
"""On a change of the time range, too: an app may be newer than the dashboard's tab."""
_ASCENDING, _DESCENDING = 1, 2
_SIZES: Final = ("100", "250", "500", "1000", "2500", "5000", "10000")
_WORKLOADS: Final = 'istio_requests_total{destination_workload_namespace=~"$namespace"'

_APP_OF_WORKLOAD: Final = "/^(.+?)(?:-canary|-primary|-v[0-9][0-9A-Za-z.-]*)?$/"
"""The app is what the names of both arms have in common."""


def variables() -> list[Json]:
    """Return the variables; each may use those before it.

    The names of the arms are guesses by the usual conventions, in the order in which they are likely: in a swap, where
    both arms take turns, the reader chooses.
    """
    return [
        {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "hide": 0},
        _query("namespace", "label_values(istio_requests_total, destination_workload_namespace)", includeAll=True),
        _query("app", _workload('destination_workload!="unknown"'), regex=_APP_OF_WORKLOAD),
        _query("stable", _workload('destination_workload=~"$app(-primary|-v[0-9].*)?"'), sort=_DESCENDING),
        _query(
            "canary",
            _workload('destination_workload=~"$app(-canary|-v[0-9].*)?",destination_workload!="$stable"'),
            sort=_DESCENDING,
        ),
        _query("reporter", f"label_values({_WORKLOADS}}}, reporter)", sort=_DESCENDING),
        {
            "name": "small",
            "label": "Small body, bytes",
            "type": "custom",
            "query": ",".join(_SIZES),
            "current": {"text": "500", "value": "500", "selected": True},
            "hide": 0,
        },
    ]


def annotations() -> list[Json]:
    """Return the annotations: where weights changed, and where the canary was tried again."""
    return [
        _annotation("Weight set", queries.weight_changes(), "blue"),
        _annotation("Canary tried again after an alarm", queries.trial_changes(), "red"),
        _annotation("Observed share moved", queries.observed_changes(), "purple"),
    ]


def _query(name: str, query: str, *, regex: str = "", sort: int = _ASCENDING, **more: object) -> Json:
    all_value = {"allValue": ".*"} if more.get("includeAll") else {}
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": "StandardVariableQuery"},
        "regex": regex,
        "refresh": _AT_EACH_LOAD,
        "sort": sort,
        "hide": 0,
        "multi": False,
        "includeAll": False,
        **all_value,
        **more,
    }


def _workload(matchers: str) -> str:
    return f"label_values({_WORKLOADS},{matchers}}}, destination_workload)"


def _annotation(name: str, expr: str, colour: str) -> Json:
    return {
        "name": name,
        "datasource": SOURCE,
        "enable": True,
        "hide": False,
        "iconColor": colour,
        "expr": expr,
        "step": "15s",
        "titleFormat": name,
        "textFormat": "",
    }
