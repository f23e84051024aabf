"""Tools that manage a cluster's objects, and how they are known: by field manager, or by marks on an object (pure)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from steps.cluster.api import Object

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True, slots=True)
class ManagingTool:
    """A tool that writes objects as a source outside the cluster has them.

    Args:
        name: as people call it.
        field_managers: beginnings of its names in `metadata.managedFields`.
        marks: beginnings of `key=value` of the labels and annotations on objects that it manages.
        keeps_weights: what makes it leave the weights of a release alone, as the end of "let it leave them alone: …".
    """

    name: str
    field_managers: tuple[str, ...]
    marks: tuple[str, ...]
    keeps_weights: str


TOOLS: Final = (
    ManagingTool(
        "Argo CD",
        ("argocd",),
        ("argocd.argoproj.io/",),
        "spec.ignoreDifferences of the Application with managedFieldsManagers: [canary-steps], and the sync option"
        " RespectIgnoreDifferences=true",
    ),
    ManagingTool(
        "Flux",
        ("kustomize-controller", "helm-controller"),
        ("kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/"),
        "spec.ignore of the Kustomization with the paths of the weights, or the annotation"
        " kustomize.toolkit.fluxcd.io/ssa: IfNotPresent; in a chart, weights by lookup",
    ),
    ManagingTool(
        "Rancher Fleet",
        ("fleetagent", "fleet-agent"),
        ("objectset.rio.cattle.io/", "fleet.cattle.io/"),
        "diff.comparePatches in fleet.yaml with a remove of /spec/http, and correctDrift off",
    ),
    ManagingTool(
        "Config Sync",
        ("configsync",),
        ("configmanagement.gke.io/", "configsync.gke.io/"),
        "the annotation client.lifecycle.config.k8s.io/mutation: ignore on the VirtualService",
    ),
    ManagingTool("kapp", ("kapp",), ("kapp.k14s.io/",), "a rebaseRule of type copy for spec.http, source existing"),
    ManagingTool(
        "Terraform",
        ("Terraform", "terraform"),
        (),
        "ignore_changes or computed_fields for spec.http",
    ),
    ManagingTool("Pulumi", ("pulumi",), ("pulumi.com/",), "ignoreChanges for spec.http"),
    # The last one: others use Helm underneath, and they are the ones that write back.
    ManagingTool(
        "Helm",
        ("helm",),
        ("app.kubernetes.io/managed-by=Helm", "meta.helm.sh/release-name"),
        "a chart that takes the weights from the live object by lookup, or no upgrade during a release",
    ),
)

TRACKING_MARKS: Final = (
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/instance",  # Argo CD may find by it what belongs to an application, and prunes what Git lacks
    "argocd.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "fluxcd.io/",
    "helm.fluxcd.io/",
    "helm.sh/",
    "meta.helm.sh/",
    "objectset.rio.cattle.io/",
    "fleet.cattle.io/",
    "field.cattle.io/",
    "kapp.k14s.io/",
    "config.k8s.io/",  # owning-inventory of cli-utils, as kpt, GitLab's agent and Config Sync use it
    "client.lifecycle.config.k8s.io/",
    "internal.config.kubernetes.io/",
    "cli-utils.sigs.k8s.io/",
    "internal.kpt.dev/",
    "configmanagement.gke.io/",
    "configsync.gke.io/",
    "applyset.kubernetes.io/",  # kubectl apply --applyset prunes by it
    "addonmanager.kubernetes.io/",
    "kubectl.kubernetes.io/",
    "kluctl.io/",
    "werf.io/",
    "project.werf.io/",
    "pulumi.com/",
    "crossplane.io/",
    "skaffold.dev/",
    "app.oam.dev/",
    "oam.dev/",
    "karmada.io/",
    "work.karmada.io/",
    "open-cluster-management.io/",
    "apps.open-cluster-management.io/",
    "olm.",
    "operators.coreos.com/",
)
"""Beginnings of labels and annotations by which tools find, compare and prune their objects: a copy must not have them.

Those that only Deployments or only Services have are listed where these are copied.
"""


def tool_of(field_manager: str) -> ManagingTool | None:
    """Return the tool that writes under this name, None for people and unknown programs."""
    return next((tool for tool in TOOLS if field_manager.startswith(tool.field_managers)), None)


def describe_manager(field_manager: str) -> str:
    """Return a field manager as messages name it: "argocd-controller (Argo CD)"."""
    tool = tool_of(field_manager)
    return field_manager if tool is None or tool.name.lower() == field_manager else f"{field_manager} ({tool.name})"


def managing_tool(obj: Object) -> tuple[str, str]:
    """Return the tool that manages an object and how that is known, ("", "") if none is known.

    Marks come first: they are the tool's own word. Without them, the owners of `spec` tell.
    """
    meta = obj["metadata"]
    marks = {**(meta.get("labels") or {}), **(meta.get("annotations") or {})}
    shown = [f"{key}={value}" for key, value in sorted(marks.items())]
    for tool in TOOLS:
        if any(entry.startswith(tool.marks) for entry in shown if tool.marks):
            return tool.name, "its labels and annotations"
    found = {tool_of(name) for name in spec_managers(obj)}
    owner = next((tool.name for tool in TOOLS if tool in found), "")
    return owner, "its managedFields" if owner else ""


def spec_managers(obj: Object, *, operation: str = "", field: str = "") -> Iterator[str]:
    """Yield the names of those who manage any field below `spec`.

    Args:
        obj: as read.
        operation: only entries of this operation, "Apply" or "Update"; "" for both.
        field: only entries with this field of `spec`; "" for any.
    """
    for entry in obj["metadata"].get("managedFields") or []:
        if operation in {"", entry.get("operation")} and _has(entry, field):
            yield str(entry.get("manager") or "")


def _has(entry: Mapping[str, Any], field: str) -> bool:
    spec = (entry.get("fieldsV1") or {}).get("f:spec")
    if not isinstance(spec, dict):
        return False
    # Without children, the manager set all of it.
    return not field or not spec or f"f:{field}" in spec


def applied_by(obj: Object, field: str) -> str:
    """Return who applies an object from a manifest that sets `spec.<field>`, "" if nobody is known to.

    The next apply writes what the manifest has, whatever a release made of the field in the meantime: a client-side
    apply by its annotation, a server-side one by its entry in `managedFields`, and other tools by `managing_tool`.
    """
    tool, _ = managing_tool(obj)
    if tool:
        return tool
    if LAST_APPLIED in (obj["metadata"].get("annotations") or {}):
        return "kubectl apply"
    name = next(spec_managers(obj, operation="Apply", field=field), "")
    return "kubectl apply --server-side" if name == "kubectl" else name
