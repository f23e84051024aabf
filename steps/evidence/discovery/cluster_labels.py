"""Labels of clusters and tenants: whether stable's series come from more than one, with the same names of objects.

A Prometheus with the metrics of many clusters tells them apart by a label such as `cluster`. Without a matcher for it
the requests of all clusters are added up, and a canary that fails in one of them hides behind the others.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from steps.evidence.definitions.promql import REGEX_PREFIX, ArmLabels, selector
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.samples import parse_vector
from steps.model.evidence import Arm

_WORDS: Final = frozenset(
    {
        "account", "cluster", "clusterid", "clustername", "datacenter", "dc", "env", "environment", "landscape",
        "location", "mesh", "org", "organisation", "organization", "project", "realm", "region", "site", "stage",
        "tenant", "tenantid",
    }
)  # fmt: skip
"""Words in the name of a label that tells clusters or tenants apart."""

_ISTIO: Final = ("source_", "destination_", "request_", "response_", "grpc_", "connection_")
"""Prefixes of Istio's own labels; `destination_cluster` is the callee's cluster, not that of the series."""

_TARGETS: Final = (
    "app", "component", "container", "controller_revision_hash", "endpoint", "host", "instance", "job", "le",
    "metrics_path", "monitor", "namespace", "node", "pod", "pod_name", "pod_template_hash", "prometheus",
    "prometheus_replica", "receive", "replica", "revision", "service", "version",
    "k8s_namespace_name", "k8s_pod_name", "kubernetes_namespace", "kubernetes_pod_name",
    "exported_namespace", "exported_pod",
    "security_istio_io_tlsMode", "service_istio_io_canonical_name", "service_istio_io_canonical_revision",
)  # fmt: skip
"""Labels of the scraped target, and of replicas of one Prometheus: these are not clusters."""

_CALLS: Final = (
    "connection_security_policy", "destination_app", "destination_canonical_revision",
    "destination_canonical_service", "destination_principal", "destination_service",
    "destination_service_name", "destination_service_namespace", "destination_version", "destination_workload",
    "destination_workload_namespace", "grpc_response_status", "request_protocol", "response_code",
    "response_flags", "source_app", "source_canonical_revision", "source_canonical_service", "source_cluster",
    "source_principal", "source_version", "source_workload", "source_workload_namespace",
)  # fmt: skip

_LIST: Final = re.compile(rf"{REGEX_PREFIX}\(?(?:[\w:/-]|\\\.)+(?:\|(?:[\w:/-]|\\\.)+)+\)?")
"""A regular expression that only lists values."""

_MOST: Final = 500
_SHOWN: Final = 5
Row = Mapping[str, str]
ClusterLabels = Mapping[str, tuple[str, ...]]
"""Label → its values, if stable's series have more than one; "" = some series lack the label."""


def find_cluster_labels(prometheus: Prometheus, metric: str, arms: ArmLabels, reporter: str = "") -> ClusterLabels:
    """Find the labels that tell clusters apart in stable's series. One query with a response of limited size.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    series = selector(metric, arms.matchers(reporter=reporter, arms=[Arm.STABLE]))
    ignored = ", ".join((*_TARGETS, *_CALLS))
    answer = prometheus.query(f"topk({_MOST}, count without ({ignored}) ({series}))")
    return cluster_labels_of_rows(row for row, _ in parse_vector(answer.result))


def cluster_labels_of_rows(rows: Iterable[Row]) -> ClusterLabels:
    """Find the labels that tell clusters apart in the label sets of stable's series.

    Series may have labels of pods, and callers have others than stable: if stable's own proxies report, only their
    series count.
    """
    own = list(rows)
    own = [row for row in own if row.get("reporter") == "destination"] or own
    labels = sorted({label for row in own for label in row if is_cluster_label(label)})
    found = {label: tuple(sorted({row.get(label, "") for row in own})) for label in labels}
    return {label: values for label, values in found.items() if len(values) > 1}


def unselected(found: ClusterLabels, wanted: Mapping[str, str]) -> ClusterLabels:
    """Return those that the settings leave open: a list such as `eu|us` decides, a pattern for several does not.

    Args:
        found: what stable's series have.
        wanted: labels and values, as in `ArmLabels.more`.
    """
    return {label: values for label, values in found.items() if not _LIST.fullmatch(wanted.get(label, ""))}


def selected_sentence(found: ClusterLabels, wanted: Mapping[str, str]) -> str:
    """Return which clusters are added up because the settings list them, "" for none."""
    listed_here = {label: values for label, values in found.items() if _LIST.fullmatch(wanted.get(label, ""))}
    found_values = "; ".join(f"{label} is {_listed(values)}" for label, values in listed_here.items())
    if not found_values:
        return ""
    return (
        f"stable's series come from more than one cluster or tenant, and are added up because --metric-labels lists"
        f" them: {found_values}. A canary that fails in only one of them is harder to see; list only one if this"
        f" release is only there"
    )


def is_cluster_label(label: str) -> bool:
    """Return whether a label tells clusters or tenants apart, by its name."""
    if label in _TARGETS or label.startswith(_ISTIO):
        return False
    return not _WORDS.isdisjoint(label.lower().split("_"))


def unselected_sentence(found: ClusterLabels) -> str:
    """Return which clusters there are, and the setting that chooses one."""
    found_values = "; ".join(f"{label} is {_listed(values)}" for label, values in found.items())
    label, values = next(iter(found.items()))
    value = next(one for one in values if one)
    return (
        f"stable's series come from more than one cluster or tenant, and would be added up: {found_values}. Choose the"
        f" one of this release, for example with --metric-labels {label}={value}"
    )


def _listed(values: Sequence[str]) -> str:
    named = [value or "(unset)" for value in values]
    rest = len(named) - _SHOWN
    return " or ".join(named[:_SHOWN]) + (f" or one of {rest} more" if rest > 0 else "")
