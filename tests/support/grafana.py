"""What Grafana does before it sends a query: evaluate variables, and put their values into expressions."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

Json = dict[str, Any]
_LABEL_VALUES = re.compile(r"label_values\((?:(.+), *)?(\w+)\)")


class GrafanaPrometheus:
    """A data source: a Prometheus, and the interval by which Grafana thinks that it scrapes."""

    def __init__(self, url: str, scrape_seconds: float = 1.0, step_seconds: float = 5.0) -> None:
        self._url = url
        self._step = step_seconds
        self._rate = max(step_seconds + scrape_seconds, 4 * scrape_seconds)

    def variables(self, dashboard: Json) -> dict[str, str]:
        """Return the values that the variables have when the dashboard is opened for the first time."""
        found: dict[str, str] = {}
        for variable in dashboard["templating"]["list"]:
            name = variable["name"]
            if variable["type"] == "datasource":
                found[name] = "lab"
            elif variable["type"] == "custom":
                found[name] = variable["current"]["value"]
            elif variable["includeAll"]:
                found[name] = variable["allValue"]
            else:
                options = self.options(variable, found)
                assert options, f"variable {name} has no value"
                found[name] = options[0]
        return found

    def options(self, variable: Json, known: Mapping[str, str]) -> list[str]:
        """Return the options of a query variable, in their order."""
        matched = _LABEL_VALUES.fullmatch(self.interpolated(variable["query"]["query"], known))
        assert matched, variable["query"]
        selector, label = matched.groups()
        values = self._get(f"label/{label}/values", {"match[]": selector} if selector else {})
        if variable["regex"]:
            regex = re.compile(variable["regex"].strip("/"))
            values = [match.group(1) for value in values if (match := regex.search(value))]
        return sorted(set(values), key=str.lower, reverse=variable["sort"] == 2)

    def interpolated(self, expression: str, values: Mapping[str, str]) -> str:
        """Return an expression with Grafana's own variables and the dashboard's, as the data source gets it."""
        own = {"__rate_interval": f"{self._rate:g}s", "__interval": f"{self._step:g}s"}

        def value(match: re.Match[str]) -> str:
            name = match.group(1) or match.group(2)
            return own[name] if name in own else values[name].replace("\\", "\\\\").replace('"', '\\"')

        return re.sub(r"\$\{(\w+)\}|\$(\w+)", value, expression)

    def query(self, expression: str, values: Mapping[str, str], at: float | None = None) -> list[Json]:
        """Return the result of an instant query."""
        asked = {"query": self.interpolated(expression, values), **({"time": f"{at:.3f}"} if at else {})}
        result = self._get("query", asked)["result"]
        assert isinstance(result, list)
        return result

    def query_range(self, expression: str, values: Mapping[str, str], since: float, until: float) -> list[Json]:
        """Return the result of a range query in steps of a second."""
        asked = {"query": self.interpolated(expression, values), "start": f"{since:.3f}", "end": f"{until:.3f}"}
        result = self._get("query_range", {**asked, "step": "1"})["result"]
        assert isinstance(result, list)
        return result

    def _get(self, path: str, asked: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
        with urllib.request.urlopen(f"{self._url}/api/v1/{path}?{urlencode(asked)}", timeout=10) as answer:
            return json.load(answer)["data"]
