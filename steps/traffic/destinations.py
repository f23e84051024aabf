"""Tell which arm a destination of a route is, as Istio would: hosts by full name, subsets, no ports."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from steps.model.run import Destination

ArmName = Literal["stable", "canary"]
_SUFFIX = ".svc.cluster.local"


def full_host(host: str, namespace: str) -> str:
    """Return the host's full name: Istio completes a name without a dot with the namespace of the object it is in."""
    host = host.lower()
    return host if "." in host else f"{host}.{namespace}{_SUFFIX}"


def host_namespace(host: str, namespace: str) -> str:
    """Return the namespace of the Service a host stands for; `namespace` where it stands for none."""
    full = full_host(host, namespace)
    inner = full.removesuffix(_SUFFIX)
    return inner.partition(".")[2] if inner != full and inner.count(".") == 1 else namespace


@dataclass(frozen=True, slots=True)
class ArmDestinations:
    """The two destinations as a VirtualService of `namespace` means them.

    Args:
        stable: destination of the serving side.
        canary: destination of the side under test.
        namespace: where the VirtualService is.
    """

    stable: Destination
    canary: Destination
    namespace: str

    def are_distinct(self) -> bool:
        """Tell whether the two can be told apart."""
        return self._key(self.stable) != self._key(self.canary)

    def arm(self, route_destination: Mapping[str, Any]) -> ArmName | None:
        """Return the arm of one entry of `spec.http[].route[]`, None for neither; its port does not matter."""
        body = route_destination.get("destination") or {}
        key = self._key(Destination(str(body.get("host") or ""), str(body.get("subset") or "")))
        if key == self._key(self.stable):
            return "stable"
        return "canary" if key == self._key(self.canary) else None

    def _key(self, destination: Destination) -> tuple[str, str]:
        return full_host(destination.host, self.namespace), destination.subset


def describe(route_destination: Mapping[str, Any]) -> str:
    """Return a destination as messages name it: `host` or `host/subset`."""
    body = route_destination.get("destination") or {}
    return str(Destination(str(body.get("host") or "?"), str(body.get("subset") or "")))
