"""The names of a release's objects, from the settings, the claim, the convention or the manifests."""

from dataclasses import dataclass

from steps.model.run import Destination, ObjectName, RouteTarget
from steps.model.workload import Topology


@dataclass(frozen=True, slots=True)
class ReleaseNames:
    """The names of a release's objects.

    Args:
        app: the application.
        namespace: of the Deployments, and of VirtualServices named without one.
        stable: Deployment that serves.
        canary: Deployment under test.
        baseline: Deployment that is the canary's control where one is wanted.
        virtual_services: in sort order, at least one.
        routes: names of HTTP routes, () for all that lead to exactly the two arms.
        stable_destination: where stable's requests go.
        canary_destination: where the canary's requests go.
        topology: which of the two Deployments people deploy to.
    """

    app: str
    namespace: str
    stable: str
    canary: str
    baseline: str
    virtual_services: tuple[ObjectName, ...]
    routes: tuple[str, ...]
    stable_destination: Destination
    canary_destination: Destination
    topology: Topology = Topology.STABLE_NAMED

    @property
    def targets(self) -> tuple[RouteTarget, ...]:
        """The VirtualServices with the routes that the settings name; with () traffic finds the routes by the arms."""
        return tuple(RouteTarget(entry, self.routes) for entry in self.virtual_services)
