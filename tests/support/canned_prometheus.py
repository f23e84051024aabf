"""A Prometheus that answers from a function of the query, and the series it answers with."""

from collections.abc import Callable
from typing import Any

from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.client import Prometheus, QueryResponse
from steps.evidence.reader import EvidenceReader
from steps.model.evidence import Evidence

NOW = 1000.0
ARMS = ArmLabels("shop", "shop-canary", "ns")
Result = list[dict[str, Any]]


class CannedPrometheus(Prometheus):
    """A Prometheus that answers from a function of the query, at a fixed time."""

    def __init__(self, answer: Callable[[str], Result], warnings: tuple[str, ...] = ()) -> None:
        super().__init__(Access("http://prometheus.test"))
        self._answer, self._warnings = answer, warnings
        self.at = NOW
        self.asked: list[str] = []

    @property
    def asked_for_arms(self) -> list[str]:
        """The queries without those that only read the series of stable's pods."""
        return [promql for promql in self.asked if '{reporter="destination",destination_workload="shop",' not in promql]

    def query(self, promql: str) -> QueryResponse:
        """Note the query and answer it."""
        self.asked.append(promql)
        return QueryResponse(promql, self.at, self._answer(promql), self._warnings)


def series(workload: str, values: dict[float, float], instance: str = "gw", **labels: str) -> dict[str, Any]:
    """Make one series of a range selector's answer."""
    metric = {"destination_workload": workload, "instance": instance, "response_code": "200", **labels}
    return {"metric": metric, "values": [[at, str(value)] for at, value in values.items()]}


def counter(first: float, step: float) -> dict[float, float]:
    """Make six samples a second apart, the last one now, rising by `step` from `first`."""
    return {NOW - 5 + i: first + i * step for i in range(6)}


def canned(requests: Result, buckets: Result = [], reporter: str = "source", **options: Any) -> CannedPrometheus:  # noqa: B006
    """Answer the reporter's question, and the range queries."""

    def answer(promql: str) -> Result:
        if "by (reporter)" in promql:
            return [{"metric": {"reporter": reporter}, "value": [NOW, "5"]}]
        return requests if "requests_total" in promql else buckets

    return CannedPrometheus(answer, **options)


def read(prometheus: CannedPrometheus, started: float = NOW - 10, **options: Any) -> Evidence:
    """Read once."""
    return EvidenceReader(prometheus, ARMS, bounds=Bounds(), **options).read(started, NOW)


REQUESTS = [
    series("shop", counter(100, 9)),
    series("shop-canary", {NOW - 1: 3, NOW: 7}, response_code="503"),
]
