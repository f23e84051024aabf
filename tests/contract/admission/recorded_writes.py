"""What real steps write to the stand-in, to be written again to a real API server by the account that does it there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass

import jsonpatch

from steps.cluster.connection import ApiResponse
from tests.contract.admission.accounts import MANAGER, Guarded, refusal
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.json_copy import copied
from tests.support.kubernetes_api.kinds import KINDS, Json
from tests.support.shop_release import NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

_KINDS = {kind.plural: kind for kind in KINDS}


@dataclass(frozen=True)
class Write:
    """One accepted write: who made it, and the object before (None: it was created) and after it."""

    account: str
    plural: str
    before: Json | None
    after: Json

    def repeat(self, guarded: Guarded) -> str:
        """Make it on the real API server as a dry run; return what the policy says, "" if it is accepted."""
        client = guarded.account(self.account)
        after = _portable(self.after, guarded.admin.namespace)
        query = {"dryRun": "All", "fieldManager": MANAGER}
        if self.before is None:
            guarded.remove(self.plural, after["metadata"]["name"])
            return refusal(client.create(self.plural, after, **query))
        before = _portable(self.before, guarded.admin.namespace)
        # The garbage collector would remove an object whose owner is not there; no patch changes the owners.
        for item in (before, after):
            item["metadata"].pop("ownerReferences", None)
        guarded.store(self.plural, before)
        operations = jsonpatch.make_patch(before, after).patch
        return refusal(client.patch(self.plural, before["metadata"]["name"], operations, **query))

    def __str__(self) -> str:
        verb = "creates" if self.before is None else "patches"
        return f"{self.account} {verb} {self.plural} {self.after['metadata']['name']}"


class Recorder:
    """Runs steps on a stepped cluster and keeps their writes.

    Attributes:
        world: the cluster.
        writes: in their order.
    """

    def __init__(self, world: SteppedCluster) -> None:
        self.world, self.writes = world, list[Write]()
        self._account, self._answer = "walker", world.answer
        world.answer = self._recorded  # type: ignore[method-assign] # a recording server

    @property
    def step(self) -> StepProcess:
        """A process of the walker that runs one step."""
        return StepProcess(self.world)

    def sweep_later(self) -> None:
        """Let every claim expire, then sweep."""
        self.world.wait(3600)
        with self._as("sweeper"):
            StepProcess(self.world).sweep()

    @contextmanager
    def _as(self, account: str) -> Iterator[None]:
        self._account, before = account, self._account
        yield
        self._account = before

    def _recorded(self, call: Call) -> ApiResponse:
        kind = _KINDS.get(call.resource)
        there = self.world.store.find(kind, call.namespace, call.name) if kind and call.name else None
        before = copied(there) if there else None
        answer = self._answer(call)
        if call.is_write and answer.status < 300:
            self.writes.append(Write(self._account, call.resource, before, copied(answer.body)))
        return answer


def _portable(item: Json, namespace: str) -> Json:
    """Return an object as another server would take it; no controller there starts pods for it."""
    found = deepcopy({key: value for key, value in item.items() if key not in {"status", "metadata"}})
    kept = ("name", "annotations", "labels", "ownerReferences")
    found["metadata"] = {key: deepcopy(item["metadata"][key]) for key in kept if item["metadata"].get(key)}
    found["metadata"]["namespace"] = namespace
    if item["kind"] == "Deployment":
        found["spec"]["paused"] = True
    if about := found.get("involvedObject"):
        assert NAMESPACE == about["namespace"]
        about["namespace"] = namespace
    return found
