"""The arm of a request that failed before an upstream was chosen: its workload is unknown, but its Service is known.

Istio's proxies label such a request like this: destination_workload and its namespace are "unknown", and so is
destination_service_namespace at a caller's proxy; destination_service is the full host of the chosen destination, and
destination_service_name its first part. Without a cluster (flag NC) no destination was found: destination_service and
its name are then the request's Host, or "unknown" at a gateway.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from steps.model.evidence import Arm

UNKNOWN: Final = "unknown"
EITHER_ARM: Final = "either"
"""A request of the app that may have been for either arm."""

SUBSET_LABEL: Final = "destination_subset"
"""A label that teams add with Istio's Telemetry API; the standard metrics do not show subsets."""

SERVICE_LABELS: Final = frozenset({"destination_service", "destination_service_name"})

Attribution = Arm | Literal["either"]

_NO_CLUSTER: Final = "NC"
_SERVICE_PARTS: Final = 2
_NOWHERE: Final = frozenset({"", UNKNOWN})


@dataclass(frozen=True, slots=True)
class Service:
    """The Service and subset of a route's destination.

    Attributes:
        name: of the Service; the whole host if it is outside the cluster.
        namespace: of the Service, "" if the host is outside the cluster.
        subset: of its DestinationRule, "" for none.
    """

    name: str
    namespace: str
    subset: str = ""

    @classmethod
    def of(cls, host: str, namespace: str, subset: str = "") -> "Service":
        """Return the Service of a host (`shop`, `shop.ns`, `shop.ns.svc…`) in an object of `namespace`."""
        parts = host.lower().split(".")
        if len(parts) == 1:
            return cls(parts[0], namespace, subset)
        if len(parts) == _SERVICE_PARTS or parts[_SERVICE_PARTS] == "svc":
            return cls(parts[0], parts[1], subset)
        return cls(host.lower(), "", subset)

    def is_of(self, labels: Mapping[str, str]) -> bool:
        """Return whether a series is of requests to this Service."""
        host, name = _host(labels.get("destination_service", "")), labels.get("destination_service_name", "")
        if self.has_host(host):
            return True
        if not self.namespace:
            return name == self.name
        space = labels.get("destination_service_namespace", "")
        return host in {*_NOWHERE, self.name} and name == self.name and space in {*_NOWHERE, self.namespace}

    def has_host(self, host: str) -> bool:
        """Return whether a host is this Service's, with its namespace."""
        if not self.namespace:
            return host == self.name
        full = f"{self.name}.{self.namespace}"
        return host in {full, f"{full}.svc"} or host.startswith(f"{full}.svc.")


@dataclass(frozen=True, slots=True)
class Upstreams:
    """The Services behind the arms.

    Attributes:
        app: the application's name, which callers use as host if it is a Service of its own; "" = unknown.
    """

    stable: Service
    canary: Service
    app: str = ""

    @classmethod
    def from_json(cls, form: Mapping[str, Any] | None) -> "Upstreams | None":
        """Return what `dataclasses.asdict` turned into a dict; None for None."""
        return None if not form else cls(Service(**form["stable"]), Service(**form["canary"]), form["app"])

    @property
    def names(self) -> tuple[str, ...]:
        """Names by which proxies know them, each once."""
        return tuple(dict.fromkeys(name for name in (self.stable.name, self.canary.name, self.app) if name))

    def attribute(self, labels: Mapping[str, str], *, baseline: bool = False) -> Attribution | None:
        """Return the arm of a series of an unknown workload; None = it is not the app's.

        Args:
            labels: of the series.
            baseline: a baseline shares the canary's Service, so its requests cannot be told from the canary's.
        """
        if labels.get("destination_workload") != UNKNOWN:
            return None
        if _NO_CLUSTER in labels.get("response_flags", "").split(","):
            # The Host is the caller's, not the route's choice: with stable's host it may still be the canary's fault.
            return EITHER_ARM if self._called(labels) else None
        arms = [arm for arm in Arm if self._of(arm).is_of(labels)]
        if len(arms) > 1 and (subset := labels.get(SUBSET_LABEL)):
            arms = [arm for arm in arms if self._of(arm).subset == subset]
        if not arms:
            return None
        return arms[0] if len(arms) == 1 and not (baseline and arms[0] is Arm.CANARY) else EITHER_ARM

    def _of(self, arm: Arm) -> Service:
        return self.stable if arm is Arm.STABLE else self.canary

    def _called(self, labels: Mapping[str, str]) -> bool:
        """Return whether a request without a cluster was or may have been for the app: a gateway does not say."""
        host = _host(labels.get("destination_service") or labels.get("destination_service_name", ""))
        if host in _NOWHERE:
            return True
        services = [self.stable, self.canary, *([Service(self.app, self.stable.namespace)] if self.app else [])]
        caller = labels.get("source_workload_namespace", "")
        return any(
            service.has_host(host) or (host == service.name and caller in {*_NOWHERE, service.namespace})
            for service in services
        )


def names_no_service(labels: Mapping[str, str]) -> bool:
    """Return whether a series of an unknown workload names no service at all."""
    return _host(labels.get("destination_service") or labels.get("destination_service_name", "")) in _NOWHERE


def _host(text: str) -> str:
    """Return a host without its port, in small letters."""
    return text.lower().partition(":")[0]
