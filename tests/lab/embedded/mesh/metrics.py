"""The access loggers that give upstream Envoy Istio's standard metrics, and the scrape configuration for them."""

from __future__ import annotations

from tests.support.kubernetes_api.kinds import Json

_EMPTY = "-"
_HTTP_STATS: tuple[tuple[str, str, str], ...] = (
    ("request_duration_milliseconds", "Milliseconds", "%DURATION%"),
    ("request_bytes", "Bytes", "%DOWNSTREAM_WIRE_BYTES_RECEIVED%"),
    ("response_bytes", "Bytes", "%DOWNSTREAM_WIRE_BYTES_SENT%"),
)
_IDENTITY = ("workload", "app", "version", "canonical_service", "canonical_revision", "principal")
GATEWAY_IDENTITY = {
    "source_workload": "istio-ingressgateway",
    "source_workload_namespace": "istio-system",
    "source_app": "istio-ingressgateway",
    "source_version": "unknown",
    "source_canonical_service": "istio-ingressgateway",
    "source_canonical_revision": "latest",
    "source_principal": "unknown",
    "source_cluster": "Kubernetes",
}


def source_labels() -> dict[str, str]:
    """Return the labels a gateway reports: the destination comes from the endpoint that was chosen."""
    labels = {f"destination_{key}": f"%UPSTREAM_METADATA(istio:{key})%" for key in _IDENTITY}
    return labels | {
        "destination_workload_namespace": "%UPSTREAM_METADATA(istio:namespace)%",
        "destination_service": "%CLUSTER_METADATA(istio:service)%",
        "destination_service_name": "%CLUSTER_METADATA(istio:service_name)%",
        "destination_service_namespace": "%CLUSTER_METADATA(istio:service_namespace)%",
    }


def destination_labels(identity: dict[str, str], service: str, pod: str) -> dict[str, str]:
    """Return the labels a sidecar reports about its own workload."""
    labels = {f"destination_{key}": identity[key] for key in _IDENTITY}
    return labels | {
        "destination_workload_namespace": identity["namespace"],
        "destination_service": service,
        "destination_service_name": service.split(".", maxsplit=1)[0],
        "destination_service_namespace": identity["namespace"],
        "reporting_pod": pod,
    }


def access_log(reporter: str, labels: dict[str, str]) -> list[Json]:
    """Return the two loggers (gRPC and not) of an HTTP connection manager."""
    return [_logger(reporter, labels, protocol) for protocol in ("http", "grpc")]


def _logger(reporter: str, labels: dict[str, str], protocol: str) -> Json:
    tags = {
        "reporter": reporter,
        **GATEWAY_IDENTITY,
        **labels,
        "destination_cluster": "Kubernetes",
        "request_protocol": protocol,
        "response_code": "%RESPONSE_CODE%",
        "response_flags": "%RESPONSE_FLAGS%",
        "grpc_response_status": "%GRPC_STATUS_NUMBER%" if protocol == "grpc" else "",
        "connection_security_policy": "unknown" if reporter == "source" else "none",
    }
    listed = [{"name": name, "value_format": value} for name, value in tags.items() if value]
    header = {
        "name": "content-type",
        "string_match": {"prefix": "application/grpc"},
        "invert_match": protocol == "http",
        "treat_missing_header_as_empty": True,
    }
    return {
        "name": "envoy.access_loggers.stats",
        "filter": {"header_filter": {"header": header}},
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.stats.v3.Config",
            "stats_scope": {"prefix": "istio"},
            "counters": [{"stat": {"name": "requests_total", "tags": listed}, "value_fixed": 1}],
            "histograms": [
                {"stat": {"name": name, "tags": listed}, "unit": unit, "value_format": value}
                for name, unit, value in _HTTP_STATS
            ],
        },
    }


def relabelling() -> list[Json]:
    """Return metric_relabel_configs that make Envoy's stats look as Istio's."""
    fallbacks = [
        {"source_labels": [label], "regex": "-?", "target_label": label, "replacement": fallback}
        for label, fallback in (
            *((f"destination_{key}", "unknown") for key in _IDENTITY if key != "canonical_revision"),
            ("destination_canonical_revision", "latest"),
            ("destination_workload_namespace", "unknown"),
            ("destination_service", "unknown"),
            ("destination_service_name", "unknown"),
            ("destination_service_namespace", "unknown"),
        )
    ]
    return [
        {"source_labels": ["__name__"], "regex": "envoy_(istio_.*)", "target_label": "__name__", "replacement": "$1"},
        *fallbacks,
        # If Envoy chose no endpoint, Istio does not know the cluster of the endpoint.
        {"source_labels": ["reporter", "destination_workload"], "regex": "source;unknown",
         "target_label": "destination_cluster", "replacement": "unknown"},
        {"source_labels": ["grpc_response_status"], "regex": _EMPTY, "target_label": "grpc_response_status",
         "replacement": ""},
        {"regex": "reporting_pod", "action": "labeldrop"},
    ]  # fmt: skip
