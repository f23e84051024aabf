"""A stepped cluster whose Deployments and VirtualServices are on a real API server, where real tools write them.

Everything that belongs to a kubelet stays with the stand-in: it gets a copy of each real Deployment, runs its rollout,
and lends its status to the answers that steps read. So fields have the owners that the real server gives them, and a
release takes a second.
"""

from __future__ import annotations

import json
from pathlib import Path

from steps.cluster.connection import ApiResponse
from tests.support.api_client import ApiClient
from tests.support.gitops.manifests import AppManifests
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json
from tests.support.shop_release import NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

_REAL = {DEPLOYMENT.plural, VIRTUAL_SERVICE.plural}
_STATUS = "deployment.kubernetes.io/revision"


class AppliedCluster(SteppedCluster):
    """The cluster.

    Args:
        folder: for the stand-in.
        real: the API server, and the namespace that stands for `shop`.
        app: whose Services the stand-in has.
    """

    def __init__(self, folder: Path, real: ApiClient, app: AppManifests) -> None:
        self._real = real
        super().__init__(folder)
        self.given = app.given
        for host, pods in app.hosts:
            self.serve(host, app=pods)

    def set_up(self) -> None:
        """Create nothing: a tool applies the objects."""

    def copy_deployments(self) -> None:
        """Take over what was written on the real server, and roll it out."""
        items = self._real.get("deployments").body["items"]
        for item in items:
            self._copy(item)
        for item in items:
            self.settle(item["metadata"]["name"])

    def real(self, plural: str, name: str) -> Json:
        """Return an object as the real server has it."""
        return self._real.get(plural, name).body

    def answer(self, call: Call) -> ApiResponse:
        """Ask the real server about Deployments and VirtualServices, the stand-in about all else."""
        if call.resource not in _REAL:
            return super().answer(call)
        body = call.body.decode().replace(f'"namespace": "{NAMESPACE}"', f'"namespace": "{self._real.namespace}"')
        # A list of all namespaces gets ours alone: other tests have objects of the same names.
        path = self._real.path(call.resource, call.name)
        method = {"get": "GET", "list": "GET", "create": "POST", "patch": "PATCH"}[call.verb]
        given = json.loads(body) if body else None
        answer = self._real.call(method, path, given, kind=call.content_type, **call.query)
        if answer.code >= 400:
            return ApiResponse(answer.code, answer.body)
        if call.resource == DEPLOYMENT.plural and "items" not in answer.body:
            self._copy(answer.body)
        shown = [self._shown(call.resource, item) for item in answer.body.get("items", [answer.body])]
        return ApiResponse(answer.code, {**answer.body, "items": shown} if "items" in answer.body else shown[0])

    def _copy(self, item: Json) -> None:
        """Give the stand-in the spec, the labels and the annotations of a real Deployment."""
        name, meta = item["metadata"]["name"], item["metadata"]
        marks = {key: value for key, value in (meta.get("annotations") or {}).items() if key != _STATUS}

        def change(found: Json) -> Json:
            own = (found["metadata"].get("annotations") or {}).get(_STATUS)
            annotations = {**marks, **({_STATUS: own} if own else {})}
            metadata = {**found["metadata"], "labels": meta.get("labels") or {}, "annotations": annotations}
            return {**found, "spec": item["spec"], "metadata": metadata}

        if self.store.find(DEPLOYMENT, NAMESPACE, name) is None:
            made = {"metadata": {"name": name, "labels": meta.get("labels") or {}, "annotations": marks}}
            self.store.create(DEPLOYMENT, NAMESPACE, {**made, "spec": item["spec"]})
        else:
            self.store.change(DEPLOYMENT, NAMESPACE, name, change)

    def _shown(self, plural: str, item: Json) -> Json:
        metadata = {**item["metadata"], "namespace": NAMESPACE}
        copy = self.store.find(DEPLOYMENT, NAMESPACE, metadata["name"])
        if plural != DEPLOYMENT.plural or copy is None:
            return {**item, "metadata": metadata}
        kept = {key: copy["metadata"][key] for key in ("uid", "generation")}
        return {**item, "metadata": {**metadata, **kept}, "status": copy.get("status", {})}
