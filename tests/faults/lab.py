"""One app in a cluster of this process, whose steps meet faults and whose every instant is watched."""

from __future__ import annotations

import json
import random
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from steps import bootstrap
from steps.actions.bake import Bake, BakePolicy
from steps.actions.teardown import TeardownPolicy
from steps.claim.keys import claim_key
from steps.cluster.api import Cluster
from steps.cluster.connection import Connection
from steps.errors import StepError
from steps.evidence.reader import EvidenceReader
from steps.judge.rules import Rules
from steps.settings.conventions import conventional_names
from steps.step import StepEnd
from steps.workload.workload import Workload
from tests.faults.clock import CLOCK
from tests.faults.views import Place
from tests.faults.watch import BYSTANDER, Watch
from tests.faults.wire import Fault, Wire, connected
from tests.support.controllers.at_rest import AtRest
from tests.support.in_process_steps import StepProcess
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json
from tests.support.manifests import virtual_service
from tests.support.shop_release import NAMESPACE, deployment
from tests.support.stepped_cluster import SteppedCluster

DRAIN_SECONDS, STANDBY_SECONDS, READY_SECONDS, BAKE_SECONDS = 5.0, 130.0, 20.0, 30.0


@dataclass(frozen=True)
class Attempt:
    """How one step ended.

    Args:
        exit_code: as the shell sees it; None for a process that was killed.
        results: of a step that ended well.
        error: the sentence of an error, or the traceback of a defect.
        has_crashed: whether it ended by what is not a declared error.
    """

    exit_code: int | None
    results: dict[str, str] = field(default_factory=dict)
    error: str = ""
    has_crashed: bool = False


class Process(StepProcess):
    """A process that runs one step, with the pauses of the product on a virtual clock."""

    def __init__(self, lab: Lab, wire: Wire) -> None:
        ending = TeardownPolicy(READY_SECONDS, DRAIN_SECONDS, CLOCK.sleep, standby_seconds=STANDBY_SECONDS)
        super().__init__(lab.world, ending=ending, connection=connected(lab.pristine, wire))
        self._given |= {"ready_timeout_seconds": READY_SECONDS}
        self.lab = lab

    @property
    def cluster(self) -> Cluster:
        """Return the API server as this process sees it."""
        return self._cluster

    def settle(self) -> None:
        """Wait until the cluster came to rest."""
        for _ in range(10):
            CLOCK.sleep(1.0)

    def bootstrap(self) -> StepEnd:
        """Make the serving Deployment from what people deploy."""
        settings = bootstrap.Settings.model_validate(self._given)
        return bootstrap.run(settings, conventional_names(settings, NAMESPACE), self._workload)

    def release_to(self, canary: str) -> None:
        """Make one arm of a pair the canary."""
        stable = next(name for name in (self.lab.stable, self.lab.canary) if name != canary)
        self._given |= {"stable": stable, "canary": canary}

    def _bake(self, reader: EvidenceReader) -> Bake:
        policy = BakePolicy(BAKE_SECONDS, Rules(), lambda: reader, pause=CLOCK.sleep)
        return Bake(policy, self._traffic, self._workload)

    def _workload_of(self, app: str) -> Workload:
        return Workload(self._cluster, claim_key(app), poll_seconds=1.0, fault_grace_seconds=2.0, retry_seconds=5.0)


Act = Callable[[Process], StepEnd]
Routes = dict[str, list[Json]]


class Lab:
    """A stepped cluster with an app, and another app beside it.

    Attributes:
        world: the cluster.
        stable, canary: names of the Deployments.
        hosts: where stable and canary are reached.
        images: what stable may run: its old version and the promoted one.
        run: id of the run whose way back is asked for.
        replicas: how many pods serve.
        templates: stable's pod templates by image, as people wrote them.
        rests_at: the canary's weight between releases, which stays if a run never claimed anything.
        undo_died: an undo ended before its claim was complete, and could not take its tokens off Deployments.
        has_lost_last_arm: a person deleted the canary, while it alone had pods. Once its claim is over, as after any
            release, no process is left that could start the other arm.
        left: the routes of each VirtualService as a person left them.
        over_at_edit: how the last run had ended when a person changed something, "" while a claim stood.
        has_edited_routes: whether that person changed routes.
        is_left_to_person: that person's weights stay, since no claim stands: a bootstrap has none, and an edit during a
            bake ends the run as promoted.
        deployed_meanwhile: images that people deploy for the next run, which any run may release from then on.
        started_by_people: Deployments that people started: a run which never put its token there leaves them as they
            are.
    """

    def __init__(self, world: SteppedCluster, stable: str, canary: str, *, images: tuple[str, ...]) -> None:
        self.world, self.stable, self.canary, self.images = world, stable, canary, images
        self.hosts = Place(stable), Place(canary)
        self.run, self.replicas = "one", 2
        self.rests_at = 0
        self.undo_died = self.is_left_to_person = self.has_lost_last_arm = False
        self.left: Routes = {}
        self.over_at_edit, self.has_edited_routes = "", False
        self.started_by_people: tuple[str, ...] = ()
        self.deployed_meanwhile: tuple[str, ...] = ()
        self.templates: dict[str, Json] = {}
        self.pristine = _connection()
        world.create(DEPLOYMENT, deployment(BYSTANDER, "shop:1", 1))
        world.serve(BYSTANDER)
        alone: Any = {"host": BYSTANDER, "port": {"number": 80}}
        world.create(VIRTUAL_SERVICE, virtual_service(BYSTANDER, alone, {**alone, "host": "nobody"}))
        world.settle(BYSTANDER)
        world.store.shares_lists = True
        world.at_rest = AtRest(world.store)
        self.watch = Watch(self)
        CLOCK.on_wait = self._passed

    def keep(self) -> Any:  # noqa: ANN401 - only for `put_back`
        """Return a copy of everything, for `put_back`."""
        mine = self.run, self.images, self.left
        return self.world.keep(), CLOCK.seconds, mine, dict(self.world.given), self.watch.keep()

    def put_back(self, kept: Any, seed: str) -> None:  # noqa: ANN401 - see `keep`
        """Restore everything, and chance."""
        CLOCK.on_wait = self._passed
        self.world.put_back(kept[0])
        CLOCK.seconds, self.world.given = kept[1], dict(kept[3])
        self.run, self.images, self.left = kept[2]
        self.world.api.faults.log.clear()
        random.seed(seed)
        self.watch.put_back(kept[4])

    def attempt(self, act: Act, fault: Fault | None = None, wire: Wire | None = None) -> tuple[Attempt, Wire]:
        """Run a step in a process of its own."""
        wire = wire or Wire(self, fault)
        try:
            end = act(Process(self, wire))
        except Killed:
            return Attempt(None), wire
        except StepError as error:
            return Attempt(error.exit_code, {}, str(error)), wire
        except Exception:  # noqa: BLE001 - a defect of a step is what the harness looks for
            return Attempt(1, {}, traceback.format_exc(), has_crashed=True), wire
        return Attempt(end.exit_code, dict(end.results), str(end.summary.get("error", ""))), wire

    def take_over(self, name: Literal["sweep", "prepare"]) -> str:
        """Let a sweep, or the next run, come by; return the run whose claim went into other hands, "" for none."""
        held = self.token()
        writer, self.watch.writer = self.watch.writer, None
        if name == "sweep":
            self.attempt(lambda process: process.sweep())
        else:
            end, _ = self.attempt(lambda process: process.lab.prepare_next(process, "two"))
            if end.results.get("outcome") == "ready":
                self.run = "two"
            self.images = (*self.images, *self.deployed_meanwhile)
        self.watch.writer = writer
        return held.split(":")[0] if held != self.token() else ""

    def prepare_next(self, process: Process, run: str) -> StepEnd:
        """Prepare the release of shop:3."""
        return process.prepare(run=run, image="shop:3")

    def token(self) -> str:
        """Return the token on the first VirtualService, "" without one."""
        return self.world.annotation(claim_key("shop"), VIRTUAL_SERVICE, self.world.services[0])

    def ready_pods(self, name: str) -> int:
        """Return how many pods of a Deployment can answer."""
        found = self.world.store.find(DEPLOYMENT, NAMESPACE, name) or {}
        return int(found.get("status", {}).get("readyReplicas", 0))

    def virtual_services(self) -> list[Json]:
        """Return the VirtualServices of the app."""
        return [self.world.store.get(VIRTUAL_SERVICE, NAMESPACE, name) for name in self.world.services]

    def routes(self) -> Routes:
        """Return the routes of each VirtualService of the app."""
        return {one["metadata"]["name"]: one["spec"]["http"] for one in self.virtual_services()}

    def settle(self) -> None:
        """Let the cluster come to rest."""
        for _ in range(30):
            CLOCK.seconds += 1.0
            before = self.world.store.revision
            self.world.tick()
            if before == self.world.store.revision:
                return

    def _passed(self) -> None:
        self.world.move()
        self.watch.look()


def _connection() -> Connection:
    named = {"name": "lab"}
    config: Json = {
        "apiVersion": "v1", "kind": "Config", "current-context": "lab",
        "clusters": [named | {"cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [named | {"user": {"token": "walker"}}],
        "contexts": [named | {"context": {"cluster": "lab", "user": "lab", "namespace": NAMESPACE}}],
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "kubeconfig")
        path.write_text(json.dumps(config))
        return Connection(str(path), retry_seconds=30.0)
