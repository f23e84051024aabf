"""Objects that treat the arms differently, or work around the routes; reported before anything changes."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import (
    AUTHORIZATION_POLICY,
    HORIZONTAL_POD_AUTOSCALER,
    NETWORK_POLICY,
    POD_DISRUPTION_BUDGET,
    POD_MONITOR,
    Kind,
)
from steps.errors import Forbidden, PermanentError
from steps.workload import label_selectors as label
from steps.workload.arm_selectors import ArmSelectors

_SECURITY = (NETWORK_POLICY, AUTHORIZATION_POLICY)
_REST = (POD_MONITOR, POD_DISRUPTION_BUDGET)
_WANTED = {
    NETWORK_POLICY.name: "the network would be open to one arm and closed to the other",
    AUTHORIZATION_POLICY.name: "requests would be allowed to one arm and denied to the other",
    POD_MONITOR.name: "it does not scrape the other arm's metrics",
    POD_DISRUPTION_BUDGET.name: "it does not protect the other arm's pods",
}
_QUEUES = ("KAFKA", "RABBIT", "AMQP", "SQS", "PUBSUB", "NATS", "QUEUE", "CELERY")


def check_policies(cluster: Cluster, namespace: str, arms: Sequence[ArmSelectors], *, allowed: bool) -> list[str]:
    """Compare how policies and monitors select the arms: stable, the canary, and its baseline if there is one.

    Returns:
        One sentence for each difference that deserves only a warning.

    Raises:
        PermanentError: a NetworkPolicy or AuthorizationPolicy treats the arms differently and that is not allowed.
    """
    security = [*_differences(cluster, namespace, _SECURITY, arms)]
    refused = [sentence for sentence, is_certain in security if is_certain]
    if refused and not allowed:
        raise PermanentError(
            f"comparing the policies on {' and '.join(arm.deployment for arm in arms)}",
            f"{' '.join(refused)} Make the policies select both arms "
            f"(the canary's pods carry {label.as_text(arms[1].pods)}), or override this with --allow-policies.",
        )
    rest = _differences(cluster, namespace, _REST, arms)
    return [sentence for sentence, _ in (*security, *rest)]


def background_work_warnings(deployment: Object, container: Mapping[str, Any]) -> list[str]:
    """Return warnings if pods may do work at weight 0: no ports, or environment variables that name queues."""
    name = deployment["metadata"]["name"]
    tail = "if its pods take work from elsewhere, the canary does so even at weight 0."
    found = []
    if not container.get("ports"):
        found.append(f"Container {container['name']} of Deployment {name} has no ports: {tail}")
    names = [str(entry["name"]) for entry in container.get("env") or []]
    queues = [entry for entry in names if any(word in entry.upper() for word in _QUEUES)]
    if queues:
        found.append(f"Container {container['name']} of Deployment {name} has {', '.join(queues)}: {tail}")
    return found


def resource_warnings(stable: Mapping[str, Any], canary: Mapping[str, Any]) -> list[str]:
    """Return a warning for each container whose resources differ between the two templates."""
    mine = {entry["name"]: entry.get("resources") or {} for entry in stable["spec"].get("containers") or []}
    theirs = {entry["name"]: entry.get("resources") or {} for entry in canary["spec"].get("containers") or []}
    return [
        f"Container {name} has resources {theirs[name]} in the canary and {mine[name]} in stable: "
        f"latencies are compared on unequal terms."
        for name in sorted(mine.keys() & theirs.keys())
        if mine[name] != theirs[name]
    ]


def _differences(
    cluster: Cluster, namespace: str, kinds: tuple[Kind, ...], arms: Sequence[ArmSelectors]
) -> Iterator[tuple[str, bool]]:
    for kind in kinds:
        try:
            found = cluster.list(kind, namespace)
        except Forbidden:
            yield f"{kind.name} objects could not be compared: this account may not list them.", False
            continue
        for entry in found:
            for what, sides in unequal_selections(kind, entry, arms):
                sentence = f"{kind.name} {namespace}/{entry['metadata']['name']} {what} only {' and '.join(sides)}"
                yield f"{sentence}: {_WANTED[kind.name]}.", True


def unequal_selections(kind: Kind, obj: Object, arms: Sequence[ArmSelectors]) -> Iterator[tuple[str, list[str]]]:
    """Yield what a policy or monitor does for some of the arms only, with the names of their Deployments (pure).

    Args:
        kind: NetworkPolicy, AuthorizationPolicy, or any whose `spec.selector` is a LabelSelector of pods.
        obj: the object.
        arms: at least two.
    """
    for what, picks in _selections(kind, obj.get("spec") or {}):
        sides = [arm.deployment for arm in arms if picks(arm)]
        if 0 < len(sides) < len(arms):
            yield what, sides


def effect_of(kind: Kind) -> str:
    """Return what follows where an object of this kind selects one arm only."""
    return _WANTED[kind.name]


def _selections(kind: Kind, spec: Mapping[str, Any]) -> Iterator[tuple[str, Callable[[ArmSelectors], bool]]]:
    match kind.name:
        case NETWORK_POLICY.name:
            yield "selects", _by(spec.get("podSelector") or {})
            for rule in [*(spec.get("ingress") or []), *(spec.get("egress") or [])]:
                for peer in [*(rule.get("from") or []), *(rule.get("to") or [])]:
                    if peer.get("podSelector") is not None:
                        yield "has a rule for", _by(peer["podSelector"])
        case AUTHORIZATION_POLICY.name:
            services = {entry.get("name") for entry in spec.get("targetRefs") or [] if entry.get("kind") == "Service"}
            yield "selects", _by_service(services) if services else _by(spec.get("selector") or {})
        case _:
            yield "selects", _by(spec.get("selector"))


def _by(selector: Mapping[str, Any] | None) -> Callable[[ArmSelectors], bool]:
    return lambda arm: label.matches(selector, arm.pods)


def _by_service(names: Collection[str]) -> Callable[[ArmSelectors], bool]:
    return lambda arm: arm.service in names


def autoscaler_warnings(cluster: Cluster, namespace: str, stable: str, replicas: int) -> list[str]:
    """Return a warning for each HorizontalPodAutoscaler of stable: it may shrink stable while the canary serves."""
    found = []
    for entry in cluster.list(HORIZONTAL_POD_AUTOSCALER, namespace):
        spec = entry["spec"]
        target = spec.get("scaleTargetRef") or {}
        if target.get("kind") == "Deployment" and target.get("name") == stable:
            found.append(
                f"HorizontalPodAutoscaler {namespace}/{entry['metadata']['name']} scales {stable} between "
                f"{spec.get('minReplicas', 1)} and {spec.get('maxReplicas')}: it may shrink {stable} while the canary "
                f"serves; the canary's size is calculated from the current {replicas} pods."
            )
    return found
