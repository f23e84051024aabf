"""The three service accounts with the permissions that their steps need; limited by name where RBAC allows it."""

from collections.abc import Iterable, Mapping
from typing import Any

from steps.cluster.kinds import DEPLOYMENT, ROLE, ROLE_BINDING, SERVICE, SERVICE_ACCOUNT, VIRTUAL_SERVICE, Kind
from steps.cluster.permission import Permission
from steps.manifests.manifest import Manifest
from steps.model.names import ReleaseNames
from steps.traffic import rbac as traffic
from steps.workload import rbac as workload

READER, WALKER, SWEEPER = "canary-steps-reader", "canary-steps-walker", "canary-steps-sweeper"
_STEPS = {
    READER: "report and a read-only analyze",
    WALKER: "prepare, set-weight, analyze, promote, rollback, approve and rollout",
    SWEEPER: "sweep",
}


def rbac_rules(
    permissions: Iterable[Permission], resource_names: Mapping[Kind, tuple[str, ...]]
) -> list[dict[str, Any]]:
    """Return RBAC rules; a permission that can be limited by name gets the names of its kind, where there are any."""
    found = []
    for one in permissions:
        rule: dict[str, Any] = {"apiGroups": [one.kind.group], "resources": [one.kind.plural], "verbs": list(one.verbs)}
        if one.is_named and resource_names.get(one.kind):
            rule["resourceNames"] = list(resource_names[one.kind])
        found.append(rule)
    return found


def accounts(names: ReleaseNames, *, baseline: bool = False) -> list[Manifest]:
    """Return accounts, roles and bindings for one app, its baseline included or not; the app's namespace first."""
    made = [Manifest(SERVICE_ACCOUNT, names.namespace, name, {}, f"Account of {_STEPS[name]}.") for name in _STEPS]
    by_subset = names.stable_destination.subset or names.canary_destination.subset
    walking = traffic.WALKER_WITH_SUBSETS if by_subset else traffic.WALKER
    services = (names.stable_destination.host, names.canary_destination.host)
    own = {
        DEPLOYMENT: (names.stable, names.canary, *((names.baseline,) if baseline else ())),
        SERVICE: tuple(dict.fromkeys(host.partition(".")[0] for host in services)),
    }
    for account, workloads, routes in (
        (READER, workload.READER, traffic.READER),
        (WALKER, workload.WALKER, walking),
    ):
        for namespace in sorted({names.namespace, *(one.namespace for one in names.virtual_services)}):
            here = tuple(one.name for one in names.virtual_services if one.namespace == namespace)
            own_namespace = (*workloads, *traffic.INFERENCE) if namespace == names.namespace else ()
            permissions = [*own_namespace, *(routes if here else ())]
            granted = rbac_rules(permissions, {**own, VIRTUAL_SERVICE: here})
            made += _role_and_binding(f"{account}-{names.app}"[:253], account, namespace, names, granted)
    return [
        *made,
        *_role_and_binding(
            SWEEPER, SWEEPER, names.namespace, names, rbac_rules([*workload.SWEEPER, *traffic.SWEEPER], {})
        ),
    ]


def _role_and_binding(
    name: str, account: str, namespace: str, names: ReleaseNames, granted: list[dict[str, Any]]
) -> list[Manifest]:
    why = f"The permissions that {_STEPS[account]} of {names.app} need, and no others."
    if account == SWEEPER:
        why = "The permissions of sweep; it finds claims by label, so they cannot be limited by name."
    subject = {"kind": SERVICE_ACCOUNT.name, "name": account, "namespace": names.namespace}
    binding = {"roleRef": {"apiGroup": ROLE.group, "kind": ROLE.name, "name": name}, "subjects": [subject]}
    return [
        Manifest(ROLE, namespace, name, {"rules": granted}, why),
        Manifest(ROLE_BINDING, namespace, name, binding, f"Grants them to account {account}."),
    ]
