"""Configured histograms that do not exist are refused, with what Prometheus has in their place."""

from __future__ import annotations

import re

import pytest

from steps.evidence.definitions.metric_names import ConfiguredNames
from steps.evidence.preflight.mesh_metrics import MeshRequirements, check_mesh_metrics
from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.model.evidence import Problem, ProblemKind
from tests.support.canned_prometheus import ARMS, NOW, CannedPrometheus, Result

MS, SECONDS = "istio_request_duration_milliseconds_bucket", "istio_request_duration_seconds_bucket"
BYTES = "istio_response_bytes_bucket"
IN_SECONDS = (0.0005, 0.005, 1.0, 3600.0)


def server(*names: str, bounds: tuple[float, ...] = IN_SECONDS, knows_native: bool = True) -> CannedPrometheus:
    """Return a Prometheus with stable's series of these names; histograms have these bounds."""

    def answer(promql: str) -> Result:
        if "by (reporter)" in promql:
            return [{"metric": {"reporter": "source"}, "value": [NOW, "5"]}]
        if "histogram_count" in promql and not knows_native:
            raise EvidenceError(Problem(ProblemKind.BAD_QUERY, "unknown function"))
        if promql.startswith(("count by (__name__)", "topk(")):
            asked = [name for name in names if re.search(rf"\b{name}\b", promql) or "(?i)" in promql]
            return [{"metric": {"__name__": name}, "value": [NOW, "4"]} for name in asked]
        if promql.startswith("count by (le)"):
            return [{"metric": {"le": f"{bound:g}"}, "value": [NOW, "1"]} for bound in bounds]
        return []

    return CannedPrometheus(answer)


def refused(prometheus: CannedPrometheus, wanted: ConfiguredNames) -> str:
    """Return why prepare refuses."""
    with pytest.raises(EvidenceError) as caught:
        check_mesh_metrics(prometheus, ARMS, MeshRequirements("auto", wanted), "")
    return caught.value.problem.sentence


def test_a_missing_duration_metric_is_refused() -> None:
    """Such as milliseconds where this mesh has seconds; a warning would let slow canaries pass."""
    expected = f"Prometheus has no {MS} of stable (--duration-metric); it has {SECONDS}: set"
    assert refused(server(SECONDS, BYTES), ConfiguredNames(duration=MS)).startswith(expected)
    said = refused(server("shop_duration_bucket"), ConfiguredNames(duration="shop_durations_bucket"))
    assert "it has shop_duration_bucket: set --duration-metric to that" in said
    assert "and no similar name" in refused(server(), ConfiguredNames(duration="nothing_bucket"))


def test_a_missing_metric_of_sizes_is_refused() -> None:
    """Together with all other faults."""
    said = refused(server(SECONDS, BYTES), ConfiguredNames(response_bytes="nope_bucket", duration="no_bucket"))
    assert f"no nope_bucket of stable (--response-bytes-metric); it has {BYTES}: set --response" in said
    assert f"no no_bucket of stable (--duration-metric); it has {SECONDS}: set" in said


def test_existing_names_are_accepted() -> None:
    """Names that are not configured are not queried: a mesh may not count sizes."""
    wanted = ConfiguredNames(duration=SECONDS, response_bytes=BYTES)
    assert (
        SECONDS
        == check_mesh_metrics(
            server(SECONDS, BYTES), ARMS, MeshRequirements("auto", wanted), ""
        ).durations.metrics.duration
    )
    assert () == check_mesh_metrics(server(SECONDS), ARMS, MeshRequirements("auto", ConfiguredNames()), "").warnings


def test_a_unit_that_contradicts_the_bounds_is_refused() -> None:
    """Envoy's own bounds, in seconds."""
    assert "are seconds, but --duration-unit says milliseconds" in refused(server(SECONDS), ConfiguredNames(unit="ms"))


@pytest.mark.parametrize("knows_native", [True, False])
def test_a_counter_is_not_called_a_native_histogram(knows_native: bool) -> None:  # noqa: FBT001 - parametrized
    """A server that does not know them has none."""
    prometheus = server("istio_requests_total", bounds=(), knows_native=knows_native)
    said = refused(prometheus, ConfiguredNames(duration="istio_requests_total"))
    assert said.startswith("istio_requests_total has no buckets (label le): set --duration-metric to")
