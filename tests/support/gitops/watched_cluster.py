"""A stepped cluster whose objects come from Git, and which is looked at after every write of a step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from steps.cluster.connection import ApiResponse
from tests.support.gitops.manifests import AppManifests
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json
from tests.support.shop_release import NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

_KINDS = {kind.kind: kind for kind in (DEPLOYMENT, VIRTUAL_SERVICE)}


class WatchedCluster(SteppedCluster):
    """The cluster.

    Args:
        folder: for the stand-in.
        app: what Git has.
        manager: the field manager that created the objects.

    Attributes:
        look: called after every write of a step to a Deployment or a VirtualService.
    """

    def __init__(self, folder: Path, app: AppManifests, manager: str) -> None:
        self._app, self._manager = app, manager
        self.look: Callable[[], object] = lambda: None
        super().__init__(folder)
        self.given = app.given

    def set_up(self) -> None:
        """Create what Git has, and roll it out."""
        for host, pods in self._app.hosts:
            self.serve(host, app=pods)
        for obj in self._app.objects():
            self.store.create(_KINDS[obj["kind"]], NAMESPACE, obj, manager=self._manager)
        for name, _, _ in self._app.arms:
            self.settle(name)

    def sync(self, obj: Json) -> None:
        """Write the spec of an object, as the controller does."""
        kind, name = _KINDS[obj["kind"]], obj["metadata"]["name"]
        self.store.change(kind, NAMESPACE, name, lambda item: {**item, "spec": obj["spec"]}, manager=self._manager)

    def live(self, git: Json) -> Json:
        """Return an object as it is, with the kind's name."""
        found = self.store.get(_KINDS[git["kind"]], NAMESPACE, git["metadata"]["name"])
        return {**found, "apiVersion": git["apiVersion"], "kind": git["kind"]}

    def answer(self, call: Call) -> ApiResponse:
        """Answer a request, and look at the cluster after a write."""
        answer = super().answer(call)
        if call.verb in {"create", "patch"} and call.resource in {kind.plural for kind in _KINDS.values()}:
            self.look()
        return answer
