"""The names of a release's objects, from the settings or by convention."""

from dataclasses import dataclass

from steps.model.run import Destination, ObjectName, RouteTarget


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

    @property
    def targets(self) -> tuple[RouteTarget, ...]:
        """The VirtualServices with the routes that the settings name; with () traffic finds the routes by the arms."""
        return tuple(RouteTarget(entry, self.routes) for entry in self.virtual_services)
