"""The steps of one app as a process of a schedule runs them: real code, one request at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from steps import approve, rollback, sweep
from steps.actions.teardown import TeardownPolicy
from steps.claim.claims import Claims
from steps.claim.keys import claim_key
from steps.cluster.api import Cluster
from steps.cluster.connection import ApiResponse, Connection
from steps.cluster.kinds import DEPLOYMENT, VIRTUAL_SERVICE
from steps.settings.conventions import release_names
from steps.step import StepEnd
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload
from tests.schedules.process import Process
from tests.schedules.topologies import App
from tests.schedules.virtual_time import CLOCK
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.kubernetes_api.faults import Call
from tests.support.shop_release import NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

Answer = Callable[[Process, Call], ApiResponse]
DRAIN_SECONDS = 5.0


class ScheduledConnection(Connection):
    """A connection of one process, which stands still before each request.

    Args:
        process: that it belongs to.
        world: the cluster.
        answer: performs a request and checks what it did.
    """

    default_namespace = NAMESPACE

    def __init__(self, process: Process, world: SteppedCluster, answer: Answer) -> None:
        self._process, self._world, self._answer = process, world, answer
        self._timeout = self._retry_seconds = 0.0

    def now(self) -> float:
        """Return the server's time."""
        return CLOCK.time()

    def request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None, doing: str = ""
    ) -> ApiResponse:
        """Stand still, then send the request."""
        call = self._world.call(method, path, dict(query or {}), body)
        if call.resource in {"selfsubjectaccessreviews", "events"}:
            return self._world.answer(call)  # nobody's turn: they change nothing that a release reads
        text = f"{call.verb} {call.resource} {call.namespace}/{call.name}".rstrip("/")
        self._process.before(text)
        answer = self._answer(self._process, call)
        self._process.after(text)
        return answer


class ScheduledSteps(StepProcess):
    """The steps of one app, each call a process of its own.

    Args:
        process: that runs them.
        world: the cluster.
        app: the app.
        answer: performs a request and checks what it did.
    """

    def __init__(self, process: Process, world: SteppedCluster, app: App, answer: Answer) -> None:
        self.world, self.kill_point = world, KillPoint()
        self._ending = TeardownPolicy(30.0, DRAIN_SECONDS, CLOCK.sleep)
        self._cluster = Cluster(ScheduledConnection(process, world, answer))
        self._given = {**app.settings, "ready_timeout_seconds": 30}
        self._traffic = Traffic(self._cluster, Claims(self._cluster, 2.0))
        self._workload = self._workload_of(app.name)

    def _workload_of(self, app: str) -> Workload:
        return Workload(self._cluster, claim_key(app), poll_seconds=1.0, fault_grace_seconds=2.0, retry_seconds=2.0)

    def another_image(self) -> str:
        """Return an image that stable does not run."""
        return "shop:3" if self.world.image(self._given["stable"]) == "shop:2" else "shop:2"

    def write_unfenced(self, name: str, weight: int) -> None:
        """Write a weight without a test, as a program without a claim would."""
        sides = enumerate((100 - weight, weight))
        edits = [{"op": "add", "path": f"/spec/http/0/route/{place}/weight", "value": part} for place, part in sides]
        self._cluster.patch(VIRTUAL_SERVICE, NAMESPACE, name, edits)

    def scale_unfenced(self, name: str, replicas: int) -> None:
        """Scale a Deployment without a test."""
        edit = {"op": "replace", "path": "/spec/replicas", "value": replicas}
        self._cluster.patch(DEPLOYMENT, NAMESPACE, name, [edit])

    def roll_back_any(self) -> StepEnd:
        """Roll back by hand, whichever run holds the claim."""
        settings = rollback.Settings.model_validate({**self._given, "any_run": True})
        names = release_names(settings, NAMESPACE)
        return rollback.run(settings, names, self._traffic, self._workload, self._ending)

    def sweep_in(self, namespace: str | None) -> StepEnd:
        """Sweep a namespace, or all (None)."""
        return sweep.run(namespace, self._traffic, self._workload_of, self._ending)

    def approve(self, run: str = "one") -> StepEnd:
        """Open the gate."""
        given = {key: self._given[key] for key in ("app", "virtual_service")}
        settings = approve.Settings.model_validate({**given, "run": run})
        return approve.run(settings, release_names(settings, NAMESPACE), self._traffic.claims)
