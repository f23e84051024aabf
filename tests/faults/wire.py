"""The wire between one step and the API server: real client code above it, a fault at one request on it.

The wire stands where urllib3's pool stands, so status codes, headers and bytes pass through the product's own client.
"""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from kubernetes.client import ApiClient
from urllib3 import HTTPResponse

from steps.cluster.connection import Connection
from tests.faults.clock import CLOCK
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import Json

if TYPE_CHECKING:
    from tests.faults.fault_kinds import FaultKind
    from tests.faults.lab import Lab

SECONDS_PER_REQUEST = 0.02


@dataclass(frozen=True)
class Fault:
    """What happens at which request of a process.

    Args:
        kind: what happens.
        at: number of the request, from 1.
    """

    kind: FaultKind
    at: int


class Wire:
    """All requests of one process.

    Attributes:
        lab: where it leads to.
        sent: the requests so far.
        is_dead: the process was killed.
        owns: runs whose token this process has written.
        is_superseded: another run or sweep has taken over what this process held.
        met: the request at which the fault happened, None before that.

    Args:
        lab: where it leads to.
        fault: what happens on it, None for nothing.
        ends_when: asked after each request; the process is killed when it holds.
    """

    def __init__(self, lab: Lab, fault: Fault | None = None, ends_when: Callable[[], bool] | None = None) -> None:
        self.lab, self._fault, self._ends_when = lab, fault, ends_when
        self.sent: list[Call] = []
        self.owns: set[str] = set()
        self.is_dead = self.is_superseded = False
        self.met: Call | None = None
        self._met_at = 0.0

    def request(self, method: str, url: str, **given: Any) -> HTTPResponse:
        """Send one request, as `urllib3.PoolManager.request` does."""
        if self.is_dead:
            raise Killed
        CLOCK.seconds += SECONDS_PER_REQUEST
        self.lab.world.move()
        split, body = urlsplit(url), given.get("body")
        query = dict(parse_qsl(split.query))
        call = self.lab.world.call(method, split.path, query, body or None)
        self.sent.append(call)
        if self._fault is not None and self._is_due(self._fault, call):
            return self._fault.kind.act(self, call)
        return self.deliver(call)

    def deliver(self, call: Call) -> HTTPResponse:
        """Let a request reach the API server."""
        self.lab.watch.writer = self
        try:
            answer = self.lab.world.answer(call)
        finally:
            self.lab.watch.writer = None
        if self._ends_when is not None and self._ends_when():
            self.is_dead = True
            raise Killed
        return response(answer.status, json.dumps(answer.body).encode())

    def _is_due(self, fault: Fault, call: Call) -> bool:
        if len(self.sent) == fault.at:
            self.met, self._met_at = call, CLOCK.seconds
            return True
        if self.met is None or fault.kind.reach == "once":
            return False
        same = (call.verb, call.resource, call.name) == (self.met.verb, self.met.resource, self.met.name)
        return (fault.kind.reach == "rest" or same) and CLOCK.seconds - self._met_at < fault.kind.seconds


def response(status: int, body: bytes, *, media: str = "application/json", date: bool = True) -> HTTPResponse:
    """Return an answer as urllib3 hands it over."""
    headers = {"Content-Type": media} | ({"Date": formatdate(CLOCK.seconds, usegmt=True)} if date else {})
    return HTTPResponse(body=io.BytesIO(body), headers=headers, status=status, preload_content=False)


def connected(pristine: Connection, wire: Wire) -> Connection:
    """Return the connection of a new process: a copy of one that was never used, on this wire."""
    made = copy.copy(pristine)
    client: Any = ApiClient(pristine._client.configuration)  # noqa: SLF001 - the product builds it the same way
    client.rest_client.pool_manager = wire
    client.update_params_for_auth = lambda *_, **__: None  # slow, and nobody asks for credentials here
    client.default_headers = dict(pristine._client.default_headers)  # noqa: SLF001 - as above
    made._client = client  # noqa: SLF001 - as above
    return made


def as_bytes(body: Json) -> bytes:
    """Return JSON as it is sent."""
    return json.dumps(body).encode()
