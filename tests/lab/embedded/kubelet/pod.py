"""The life of one pod: scheduled, pulled, started, probed, restarted when it crashes, drained and stopped."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import aiohttp

from tests.lab.embedded.addresses import Block
from tests.lab.embedded.registry import Image, Node
from tests.support.controllers.pod_status import NODE_NAME, ObservedPod, render
from tests.support.forked import ChildProcess
from tests.support.kubernetes_api.errors import ApiError
from tests.support.kubernetes_api.kinds import POD, Json
from tests.support.kubernetes_api.store import Store
from tests.support.processes import Processes

_TICK_SECONDS = 0.1
_PULL_AGAIN_SECONDS = 1.0
_FIRST_BACKOFF_SECONDS, _LAST_BACKOFF_SECONDS = 0.5, 5.0
_DRAIN_SECONDS = 0.3
"""Time between a pod leaving the endpoints and its SIGTERM, as with a careful app's preStop hook."""


@dataclass
class Surroundings:
    """What all pods of a lab share."""

    store: Store
    node: Node
    processes: Processes
    block: Block
    state: Path
    unschedulable: dict[str, str] = field(default_factory=dict)
    """Workload name → the scheduler's message, while no node has room for its pods."""


def workload_of(pod: Json) -> str:
    """Return the name of the Deployment that a pod belongs to (or of whatever owns it, or its own)."""
    metadata = pod["metadata"]
    owners = metadata.get("ownerReferences") or []
    name: str = owners[0]["name"] if owners else metadata["name"]
    return name.removesuffix("-" + (metadata.get("labels") or {}).get("pod-template-hash", ""))


def port_of(pod: Json) -> int:
    """Return the port the app listens on."""
    ports = pod["spec"]["containers"][0].get("ports") or [{"containerPort": 8080}]
    return int(ports[0]["containerPort"])


class PodLife:
    """One pod from its creation to its removal; `run` is its whole life."""

    def __init__(self, around: Surroundings, session: aiohttp.ClientSession, namespace: str, name: str) -> None:
        self._around = around
        self._session = session
        self._namespace, self._name = namespace, name
        self._seen = ObservedPod()
        self._process: ChildProcess | None = None

    async def run(self) -> None:
        """Live until the pod object is deleted."""
        if await self._schedule():
            while (pod := self._present()) is not None:
                if (image := await self._pull(pod)) is not None:
                    await self._run_container(pod, image)
        await self._leave()

    def _present(self) -> Json | None:
        """Return the pod unless it is deleted or being deleted."""
        pod = self._around.store.find(POD, self._namespace, self._name)
        return None if pod is None or "deletionTimestamp" in pod["metadata"] else pod

    async def _schedule(self) -> bool:
        while (pod := self._present()) is not None:
            self._seen.unschedulable = self._around.unschedulable.get(workload_of(pod), "")
            if not self._seen.unschedulable:
                self._seen.ip = self._around.block.next_pod()
                self._bind()
                self._report()
                return True
            self._report()
            await asyncio.sleep(_TICK_SECONDS)
        return False

    def _bind(self) -> None:
        def change(item: Json) -> Json:
            return {**item, "spec": {**item["spec"], "nodeName": NODE_NAME}}

        self._around.store.change(POD, self._namespace, self._name, change, manager="kube-scheduler")

    async def _pull(self, pod: Json) -> Image | None:
        container = pod["spec"]["containers"][0]
        image = self._around.node.pull(container["image"], container["imagePullPolicy"])
        if image is not None:
            self._seen.image_id = image.by_digest
            return image
        message = f'failed to pull and unpack image "{container["image"]}": not found'
        for reason in ("ErrImagePull", "ImagePullBackOff"):
            self._seen.state = {"waiting": {"reason": reason, "message": message}}
            self._report()
            await self._pause(_PULL_AGAIN_SECONDS / 2)
        return None

    async def _run_container(self, pod: Json, image: Image) -> None:
        started_at = self._around.store.timestamp()
        self._process = self._around.processes.fork(
            self._name, "tests.lab.embedded.app", environment=self._environment(pod, image)
        )
        self._seen.state = {"running": {"startedAt": started_at}}
        self._seen.started = True
        self._seen.ready = "readinessProbe" not in pod["spec"]["containers"][0]
        self._report()
        await self._watch(pod, self._process)
        exit_code = self._process.poll()
        if exit_code is None:
            return
        self._around.block.require_free(port_of(pod))
        ended: Json = {"exitCode": exit_code, "reason": "Error", "startedAt": started_at}
        self._seen.last_state = {"terminated": ended | {"finishedAt": self._around.store.timestamp()}}
        self._process, self._seen.ready = None, False
        backoff = min(_FIRST_BACKOFF_SECONDS * 2**self._seen.restart_count, _LAST_BACKOFF_SECONDS)
        message = f"back-off {backoff:g}s restarting failed container"
        self._seen.state = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
        self._seen.restart_count += 1
        self._report()
        await self._pause(backoff)

    async def _watch(self, pod: Json, process: ChildProcess) -> None:
        """Probe until the process ends or the pod is being deleted; before it is ready, probe quickly."""
        probe = pod["spec"]["containers"][0].get("readinessProbe")
        due, failures = 0.0, 0
        while process.poll() is None and self._present() is not None:
            if probe is not None and time.monotonic() >= due:
                holds = await self._probe(pod, probe)
                failures = 0 if holds else failures + 1
                ready = holds or (self._seen.ready and failures < probe["failureThreshold"])
                due = time.monotonic() + (probe["periodSeconds"] if self._seen.ready or ready else 0.0)
                if ready != self._seen.ready:
                    self._seen.ready = ready
                    self._report()
            await asyncio.sleep(_TICK_SECONDS)

    async def _probe(self, pod: Json, probe: Json) -> bool:
        path = probe.get("httpGet", {}).get("path", "/ready")
        timeout = aiohttp.ClientTimeout(total=probe["timeoutSeconds"])
        try:
            async with self._session.get(f"http://{self._seen.ip}:{port_of(pod)}{path}", timeout=timeout) as answer:
                return 200 <= answer.status < 400
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _leave(self) -> None:
        """Drain, stop the process, and remove the object."""
        pod = self._around.store.find(POD, self._namespace, self._name)
        if self._process is not None and self._process.poll() is None:
            grace_seconds = (pod or {}).get("metadata", {}).get("deletionGracePeriodSeconds", 0)
            await asyncio.sleep(_DRAIN_SECONDS if pod else 0)
            self._process.terminate()
            deadline = time.monotonic() + grace_seconds
            while self._process.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110 - processes have no event
                await asyncio.sleep(_TICK_SECONDS)
            self._around.processes.stop(self._process, 0.0)
        try:
            self._around.store.delete(POD, self._namespace, self._name, grace_seconds=0)
        except ApiError:
            # Somebody deleted it by force meanwhile.
            return

    async def _pause(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._present() is not None:  # noqa: ASYNC110 - nor do pods
            await asyncio.sleep(_TICK_SECONDS)

    def _report(self) -> None:
        store = self._around.store
        pod = store.find(POD, self._namespace, self._name)
        if pod is not None:
            status = render(pod, self._seen, store.timestamp())
            store.set_status(POD, self._namespace, self._name, status, manager="kubelet")

    def _environment(self, pod: Json, image: Image) -> Mapping[str, str]:
        given = {one["name"]: one.get("value", "") for one in pod["spec"]["containers"][0].get("env") or []}
        knobs = {k.removeprefix("KNOB_").lower(): v for k, v in given.items() if k.startswith("KNOB_")}
        return given | {
            "HOST": self._seen.ip,
            "PORT": str(port_of(pod)),
            "POD": self._name,
            "VERSION": image.version,
            "KNOBS": json.dumps(asdict(image.knobs.changed(**knobs))),
            "OVERRIDES": os.pathsep.join(
                str(self._around.state / "overrides" / f"{name}.json") for name in (workload_of(pod), self._name)
            ),
            "DATABASE_DOWN": str(self._around.state / "database-down"),
        }
