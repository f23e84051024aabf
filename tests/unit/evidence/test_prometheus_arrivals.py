"""Requests at a side, as scrapes of the mesh's counters show them."""

from __future__ import annotations

from typing import Any

import pytest

from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.evidence.prometheus_api.samples import RawSeries
from steps.evidence.prometheus_arrivals import PrometheusArrivals, counted
from steps.model.evidence import Problem, ProblemKind

BEGIN, SINCE = 1000.0, 1150.0


def series(*values: float, start: float = BEGIN, **labels: str) -> RawSeries:
    """Return a series of one gateway that is scraped every 15 s."""
    samples = tuple((start + 15.0 * number, value) for number, value in enumerate(values))
    return RawSeries({"instance": "gateway-0", "reporter": "source", **labels}, samples)


def steady(count: int, after: tuple[float, ...], **labels: str) -> RawSeries:
    """Return a series of 15 requests a scrape, then these values above its last one."""
    values = [15.0 * number for number in range(count)]
    return series(*values, *(values[-1] + more for more in after), start=BEGIN, **labels)


def test_an_increase_between_scrapes_counts_until_the_later_one() -> None:
    """Nobody knows when in between; the rate before is known."""
    found = counted([steady(11, (30, 30))], SINCE, BEGIN)
    assert found is not None
    assert (SINCE + 15, SINCE + 30) == (found.last, found.until)
    assert 1.0 == pytest.approx(found.before_per_second, abs=0.05)
    assert 0.0 == found.per_second


def test_requests_that_go_on_have_a_rate() -> None:
    """For the sentence that says so."""
    found = counted([steady(11, (30, 60, 90))], SINCE, BEGIN)
    assert found is not None
    assert (found.until, 2.0) == (found.last, found.per_second)


def test_every_gateway_must_have_been_scraped() -> None:
    """The slower one decides, but one that is gone does not."""
    other = steady(11, (), instance="gateway-1")
    found = counted([steady(11, (0, 0)), other], SINCE, BEGIN)
    assert found is not None
    assert SINCE == found.until
    gone = series(5.0, 9.0, instance="gateway-2")
    found = counted([steady(11, (0, 0)), gone], SINCE, BEGIN)
    assert found is not None
    assert (SINCE + 30, 0.0) == (found.until, found.last)


def test_a_series_that_begins_late_began_with_requests() -> None:
    """A first request of a new class of answers makes a new series; a counter that starts again counts too."""
    late = series(3.0, start=SINCE + 15, code="503")
    found = counted([steady(11, (0, 0)), late], SINCE, BEGIN)
    assert found is not None
    assert SINCE + 15 == found.last
    found = counted([series(*([90.0] * 11), 4.0)], SINCE, BEGIN)
    assert found is not None
    assert SINCE + 15 == found.last


def test_no_series_is_not_silence() -> None:
    """The canary may have no proxy."""
    assert counted([], SINCE, BEGIN) is None


class FakePrometheus:
    """A client with one answer."""

    def __init__(self, result: list[Any], at: float, fault: EvidenceError | None = None) -> None:
        self.result, self.at, self.fault, self.asked = result, at, fault, list[str]()

    def query(self, promql: str) -> Any:  # noqa: ANN401 - as the client's
        """Return the answer, or raise it."""
        self.asked.append(promql)
        if self.fault is not None:
            raise self.fault
        return self


def matrix(found: RawSeries) -> dict[str, Any]:
    """Return a series as Prometheus writes it."""
    return {"metric": dict(found.labels), "values": [[at, str(value)] for at, value in found.samples]}


def test_the_query_names_the_deployments_and_the_cluster() -> None:
    """Each value is escaped."""
    fake = FakePrometheus([], SINCE)
    source = PrometheusArrivals(fake, more={"cluster": "eu"}, values={"b": 'odd"'})  # type: ignore[arg-type]
    assert source.watch("shop", ("a.b", "b"), SINCE)(SINCE + 10) is None
    wanted = (
        'istio_requests_total{destination_workload=~"a\\\\.b|odd\\"",destination_workload_namespace="shop",'
        'cluster="eu"}[160s]'
    )
    assert [wanted] == fake.asked


def test_health_checks_of_kubelet_are_not_users() -> None:
    """As at the pods' own proxies."""
    direct = steady(11, (15, 30), reporter="destination", source_workload="unknown", source_principal="unknown")
    fake = FakePrometheus([matrix(direct)], SINCE + 30)
    assert PrometheusArrivals(fake).watch("shop", ("a",), SINCE)(SINCE + 30) is None  # type: ignore[arg-type]


def test_clocks_that_differ_are_compared() -> None:
    """Prometheus is a minute ahead: its scrapes are from after the move only by its own clock."""
    fake = FakePrometheus([matrix(steady(11, (15,)))], SINCE + 15)
    found = PrometheusArrivals(fake).watch("shop", ("a",), SINCE - 60)(SINCE - 45)  # type: ignore[arg-type]
    assert found is not None
    assert (SINCE - 45, SINCE - 45) == (found.until, found.last)


def test_a_prometheus_that_fails_is_not_asked_for_ever() -> None:
    """Each attempt costs its timeout, and the proxies are asked in its place."""
    fault = EvidenceError(Problem(ProblemKind.UNREACHABLE, "Prometheus cannot be reached"))
    fake = FakePrometheus([], SINCE, fault)
    look = PrometheusArrivals(fake).watch("shop", ("a",), SINCE)  # type: ignore[arg-type]
    assert [None] * 9 == [look(SINCE + second) for second in range(9)]
    assert 3 == len(fake.asked)
