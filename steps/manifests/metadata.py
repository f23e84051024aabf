"""Labels and annotations of what is printed: what means something stays, what tools keep for themselves does not."""

from collections.abc import Mapping

from steps.cluster.api import Object
from steps.cluster.managing_tools import LAST_APPLIED, TRACKING_MARKS, managing_tool

_SERVER = (LAST_APPLIED, "endpoints.kubernetes.io/")
_OURS = "canary-steps.io/"
_PUBLIC = (
    "external-dns.alpha.kubernetes.io/",
    "service.beta.kubernetes.io/",
    "service.kubernetes.io/load-balancer",
    "cloud.google.com/",
    "networking.gke.io/",
    "metallb.universe.tf/",
    "metallb.io/",
    "lbipam.cilium.io/",
    "io.cilium/",
    "alb.ingress.kubernetes.io/",
    "getambassador.io/",
    "tailscale.com/",
    "traefik.",
    "konghq.com/",
)
"""Beginnings of annotations that open a Service to clients outside: a twin with them would be found beside it."""


def for_twin(obj: Object, field: str) -> dict[str, str]:
    """Return the labels or annotations (`field`) that the Service of the other arm takes from this one's."""
    return _without(obj["metadata"].get(field) or {}, (*_SERVER, _OURS, *TRACKING_MARKS, *_PUBLIC))


def for_itself(obj: Object, field: str) -> dict[str, str]:
    """Return the labels or annotations (`field`) of an object that is printed in full: all but the server's and ours.

    Ours belong to runs: in a manifest they would outlive the run that wrote them.
    """
    return _without(obj["metadata"].get(field) or {}, (*_SERVER, _OURS))


def managed_by(obj: Object) -> str:
    """Return a sentence if a tool manages an object: what is applied here has to get into its source; "" if none is."""
    tool, _ = managing_tool(obj)
    if not tool:
        return ""
    name = f"{obj.get('kind') or 'object'} {obj['metadata'].get('namespace', '')}/{obj['metadata']['name']}"
    return (
        f"{tool} manages {name}: it will undo this change, or conflict with it, unless the change is made in its source"
        f" as well."
    )


def _without(marks: Mapping[str, str], beginnings: tuple[str, ...]) -> dict[str, str]:
    return {key: value for key, value in marks.items() if not key.startswith(beginnings)}
