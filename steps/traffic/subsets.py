"""Check that a DestinationRule defines the subset of a destination; without it, Envoy answers 503."""

from collections.abc import Iterable

from steps.claim.observed import name_of
from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DESTINATION_RULE
from steps.errors import Forbidden, PermanentError
from steps.model.run import Destination, ObjectName
from steps.traffic.destinations import full_host, host_namespace
from steps.traffic.managers import last_manager, last_time


def require_subset(cluster: Cluster, virtual_service: ObjectName, destination: Destination) -> None:
    """Refuse a destination whose subset no DestinationRule defines; one without a subset is fine.

    Looks where Istio looks for a client of this VirtualService: in its namespace and in the host's.

    Raises:
        PermanentError: no rule for the host, or none of them has the subset.
    """
    if not destination.subset:
        return
    host = full_host(destination.host, virtual_service.namespace)
    namespaces, matching = _rules(cluster, virtual_service.namespace, host)
    subsets = [str(subset.get("name")) for rule in matching for subset in rule["spec"].get("subsets") or []]
    if destination.subset in subsets:
        return
    doing = f"checking the destination {destination} of VirtualService {virtual_service}"
    if not matching:
        where = " or ".join(namespaces)
        head = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: "
        lines = _yaml(f"{head}{host.partition('.')[0]}\nspec:\n  host: {host}\n  subsets:", destination)
        raise PermanentError(doing, f"no DestinationRule for host {host} in namespace {where}. Add:\n{lines}")
    names = ", ".join(str(name_of(rule)) for rule in matching)
    lines = _yaml("  subsets:", destination)
    cause = f"DestinationRule {names} has no subset {destination.subset} ({', '.join(subsets) or 'none at all'}). Add:"
    raise PermanentError(doing, f"{cause}\n{lines}")


def lost_subset(cluster: Cluster, namespaces: Iterable[str], destination: Destination) -> str:
    """Return that somebody removed the subset of a destination during a run, one sentence; "" if it is there.

    Where DestinationRules may not be listed, it is taken to be there.

    Args:
        cluster: the API server.
        namespaces: of the VirtualServices that name it.
        destination: host and subset.
    """
    for namespace in sorted(set(namespaces)) if destination.subset else ():
        host = full_host(destination.host, namespace)
        try:
            places, matching = _rules(cluster, namespace, host)
        except Forbidden:
            return ""
        if destination.subset in {one.get("name") for rule in matching for one in rule["spec"].get("subsets") or []}:
            continue
        end = f"its requests get 503 now. Put subset {destination.subset} back"
        if not matching:
            return f"no DestinationRule for host {host} is left in namespace {' or '.join(places)}: {end}."
        rule = max(matching, key=lambda one: last_time(one, "subsets"))
        said = f"spec.subsets was last changed by {last_manager(rule, 'subsets')}"
        return f"DestinationRule {name_of(rule)} has no subset {destination.subset} any more ({said}): {end}."
    return ""


def subset_labels(cluster: Cluster, namespace: str, destination: Destination) -> dict[str, str]:
    """Return the labels that a destination's subset selects pods by; {} without a subset, or if no rule defines it.

    Args:
        cluster: the API server.
        namespace: of the client, or of the VirtualService.
        destination: host and subset.
    """
    if not destination.subset:
        return {}
    _, matching = _rules(cluster, namespace, full_host(destination.host, namespace))
    subsets = [subset for rule in matching for subset in rule["spec"].get("subsets") or []]
    found: Object = next((subset for subset in subsets if subset.get("name") == destination.subset), {})
    return dict(found.get("labels") or {})


def _rules(cluster: Cluster, namespace: str, host: str) -> tuple[list[str], list[Object]]:
    """Return where a client in `namespace` looks for rules of a host, and those it finds."""
    namespaces = sorted({namespace, host_namespace(host, namespace)})
    rules = [rule for place in namespaces for rule in cluster.list(DESTINATION_RULE, place)]
    return namespaces, [rule for rule in rules if _covers(rule, host)]


def _covers(rule: Object, host: str) -> bool:
    named = full_host(str((rule.get("spec") or {}).get("host") or ""), name_of(rule).namespace)
    return named == host or (named.startswith("*") and host.endswith(named[1:]))


def _yaml(head: str, destination: Destination) -> str:
    return f"{head}\n  - name: {destination.subset}\n    labels:\n      version: {destination.subset}"
