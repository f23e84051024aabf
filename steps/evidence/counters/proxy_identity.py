"""Which proxy a scraper reads, by its labels: a pod's name or an address, in a namespace and a cluster."""

from collections.abc import Mapping, Sequence

from steps.evidence.prometheus_api.samples import (
    INSTANCE_LABELS,
    NAMESPACE_LABELS,
    POD_LABELS,
    REPLICA_LABELS,
    ScrapeTarget,
)


def may_be_same_proxy(one: ScrapeTarget, other: ScrapeTarget) -> bool:
    """Return whether labels name the same proxy."""
    first, second = dict(one), dict(other)
    if are_replicas(one, other):
        return True
    for labels in (("cluster",), NAMESPACE_LABELS):
        spaces = {_first(found, labels) for found in (first, second)} - {""}
        if len(spaces) > 1:
            return False
    pods, hosts = (pod_of(first), pod_of(second)), (host_of(first), host_of(second))
    return pods[0] == pods[1] if all(pods) else hosts[0] == hosts[1]


def are_replicas(one: ScrapeTarget, other: ScrapeTarget) -> bool:
    """Return whether two scrapers differ only in the Prometheus server."""
    return {label for label, _ in {*one} ^ {*other}} <= {*REPLICA_LABELS}


def _first(labels: Mapping[str, str], names: Sequence[str]) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")


def pod_of(labels: Mapping[str, str]) -> str:
    """Return the name of the pod, "" if no label holds it."""
    return _first(labels, POD_LABELS)


def host_of(labels: Mapping[str, str]) -> str:
    """Return the host of a target's address, without the port."""
    address = _first(labels, INSTANCE_LABELS)
    host, colon, port = address.rpartition(":")
    return host if colon and port.isdigit() else address
