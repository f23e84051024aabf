"""A cluster that allows everything and remembers what it was asked for."""

from __future__ import annotations

from steps.cluster.api import Cluster
from steps.cluster.kinds import Kind


class ClusterWithRights(Cluster):
    """Answers each access review with yes."""

    def __init__(self) -> None:
        self._reviews: list[tuple[str, str]] = []

    def may(self, verb: str, kind: Kind, namespace: str, name: str = "") -> bool:
        """Allow, and remember resource and name."""
        del verb, namespace
        self._reviews.append((kind.plural, name))
        return True

    def asked(self, resource: str) -> set[str]:
        """Return the names that were asked for; "" is any."""
        return {name for kind, name in self._reviews if kind == resource}
