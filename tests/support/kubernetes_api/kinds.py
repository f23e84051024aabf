"""The one table of the kinds which the stand-in API serves.

Only what the steps use: a kind that is not here answers 404, as on a cluster where its CRD is not installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

GenerationRule = Literal["none", "spec", "spec-and-annotations"]
Json = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """What the server has to know about one kind; the last of `versions` is the one it stores."""

    kind: str
    plural: str
    group: str = ""
    versions: tuple[str, ...] = ("v1",)
    namespaced: bool = True
    generation: GenerationRule = "none"
    """What raises `metadata.generation`; a Deployment's annotations do, as they are copied to its ReplicaSets."""
    status: bool = False
    scale: bool = False
    custom: bool = False
    """Served from a CRD: list items name their kind, PUT needs a resourceVersion, strategic patches are refused."""

    @property
    def qualified(self) -> str:
        """Return `plural.group`, as messages of the API server name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        """Return the stored `apiVersion`."""
        return f"{self.group}/{self.versions[-1]}" if self.group else self.versions[-1]


POD = Kind("Pod", "pods", status=True)
SERVICE = Kind("Service", "services", status=True)
ENDPOINT_SLICE = Kind("EndpointSlice", "endpointslices", "discovery.k8s.io", generation="spec")
EVENT = Kind("Event", "events")
CONFIG_MAP = Kind("ConfigMap", "configmaps")
SECRET = Kind("Secret", "secrets")
VOLUME_CLAIM = Kind("PersistentVolumeClaim", "persistentvolumeclaims", status=True)
NAMESPACE = Kind("Namespace", "namespaces", namespaced=False, status=True)
NODE = Kind("Node", "nodes", namespaced=False, status=True)
DEPLOYMENT = Kind("Deployment", "deployments", "apps", generation="spec-and-annotations", status=True, scale=True)
REPLICA_SET = Kind("ReplicaSet", "replicasets", "apps", generation="spec", status=True, scale=True)
AUTOSCALER = Kind("HorizontalPodAutoscaler", "horizontalpodautoscalers", "autoscaling", ("v2",), status=True)
DISRUPTION_BUDGET = Kind("PodDisruptionBudget", "poddisruptionbudgets", "policy", generation="spec", status=True)
NETWORK_POLICY = Kind("NetworkPolicy", "networkpolicies", "networking.k8s.io", generation="spec")
STATEFUL_SET = Kind("StatefulSet", "statefulsets", "apps", generation="spec", status=True, scale=True)
DAEMON_SET = Kind("DaemonSet", "daemonsets", "apps", generation="spec", status=True)
ROLLOUT = Kind("Rollout", "rollouts", "argoproj.io", ("v1alpha1",), generation="spec", status=True, custom=True)
_ISTIO = ("v1beta1", "v1")
VIRTUAL_SERVICE = Kind(
    "VirtualService", "virtualservices", "networking.istio.io", _ISTIO, generation="spec", status=True, custom=True
)
DESTINATION_RULE = Kind(
    "DestinationRule", "destinationrules", "networking.istio.io", _ISTIO, generation="spec", status=True, custom=True
)
AUTHORIZATION_POLICY = Kind(
    "AuthorizationPolicy", "authorizationpolicies", "security.istio.io", _ISTIO, generation="spec", status=True,
    custom=True,
)  # fmt: skip
POD_MONITOR = Kind("PodMonitor", "podmonitors", "monitoring.coreos.com", generation="spec", custom=True)

KINDS = (
    POD, SERVICE, EVENT, CONFIG_MAP, SECRET, NAMESPACE, NODE, DEPLOYMENT, REPLICA_SET, AUTOSCALER, DISRUPTION_BUDGET,
    NETWORK_POLICY, VIRTUAL_SERVICE, DESTINATION_RULE, AUTHORIZATION_POLICY, POD_MONITOR, VOLUME_CLAIM,
    ENDPOINT_SLICE, STATEFUL_SET, DAEMON_SET, ROLLOUT,
)  # fmt: skip


def find(group: str, version: str, plural: str) -> Kind | None:
    """Return the kind served at this place, if any."""
    for kind in KINDS:
        if kind.plural == plural and kind.group == group and version in kind.versions:
            return kind
    return None
