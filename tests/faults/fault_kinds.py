"""What may happen at a request: the process dies, the answer is lost or late or wrong, the server refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Literal

from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError

from steps.errors import Interrupted
from tests.faults import persons
from tests.faults.clock import CLOCK
from tests.faults.wire import Wire, as_bytes, response
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.errors import ApiError
from tests.support.kubernetes_api.faults import Call

if TYPE_CHECKING:
    from tests.faults.lab import Lab

Act = Callable[[Wire, Call], HTTPResponse]
EXPIRED_SECONDS = 700.0
"""After so long without a renewal, a claim has expired."""
_OUTAGE_SECONDS = 45.0
"""Longer than a step repeats a request that meets a temporary fault."""
_PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"


@dataclass(frozen=True)
class FaultKind:
    """One kind of fault.

    Args:
        act: what happens to a request.
        reach: "once": to this request; "place": to each like it (same verb, same object); "rest": to all that follow.
        seconds: how long it lasts.
        is_answer: whether the process goes on with an answer, which only this place refuses or garbles.
        leads_to_canary: whether another route leads to the canary until it is undone.
        undo: what a person puts right before the next way back, if the first one cannot end because of it.
    """

    act: Act
    reach: Literal["once", "place", "rest"] = "once"
    seconds: float = inf
    is_answer: bool = False
    undo: Callable[[Lab], object] | None = None
    leads_to_canary: bool = False


def _killed_before(wire: Wire, call: Call) -> HTTPResponse:
    del call
    wire.is_dead = True
    raise Killed


def _killed_after(wire: Wire, call: Call) -> HTTPResponse:
    wire.deliver(call)
    return _killed_before(wire, call)


def _terminated(wire: Wire, call: Call) -> HTTPResponse:
    """SIGTERM, as the product's own handler turns it into an error."""
    del wire, call
    raise Interrupted("working", "received SIGTERM")


def _lost(wire: Wire, call: Call) -> HTTPResponse:
    wire.deliver(call)
    raise ProtocolError("Connection aborted.")


def _cut(wire: Wire, call: Call) -> HTTPResponse:
    del wire, call
    raise ProtocolError("Connection aborted.")


def _page(wire: Wire, call: Call) -> HTTPResponse:
    del wire, call
    return response(200, _PAGE, media="text/html")


def _undated(wire: Wire, call: Call) -> HTTPResponse:
    found = wire.deliver(call)
    return response(found.status, found.data, date=False)


def _late(name: Literal["sweep", "prepare"]) -> Act:
    """The request hangs until the claim expired and somebody else took over; then it arrives."""

    def act(wire: Wire, call: Call) -> HTTPResponse:
        CLOCK.seconds += EXPIRED_SECONDS
        own = {wire.lab.run, *wire.owns}
        wire.is_superseded = wire.lab.take_over(name) in own
        return wire.deliver(call)

    return act


def _answered(status: int, message: str = "") -> Act:
    body = as_bytes(ApiError(status, message).body)
    return lambda wire, call: response(status, body)


def _person(change: Callable[[Lab], object]) -> Act:
    """Somebody changes something just before the request arrives."""

    def act(wire: Wire, call: Call) -> HTTPResponse:
        lab, before = wire.lab, wire.lab.routes()
        lab.over_at_edit = "" if lab.token() else lab.world.outcome()
        with lab.watch.by_person():
            change(lab)
        lab.left = lab.routes()
        lab.has_edited_routes = lab.left != before
        return wire.deliver(call)

    return act


_WEBHOOK = 'admission webhook "guard.example.com" denied the request: not today'

FAULTS: dict[str, FaultKind] = {
    "kill-before": FaultKind(_killed_before),
    "kill-after": FaultKind(_killed_after),
    "sigterm": FaultKind(_terminated),
    "lost-answer": FaultKind(_lost, is_answer=True),
    "late-sweep": FaultKind(_late("sweep")),
    "late-run": FaultKind(_late("prepare")),
    "401": FaultKind(_answered(401), is_answer=True),
    "403": FaultKind(_answered(403), "place", is_answer=True),
    "denied": FaultKind(_answered(403, _WEBHOOK), "place", is_answer=True),
    "404": FaultKind(_answered(404), is_answer=True),
    "409": FaultKind(_answered(409), is_answer=True),
    "410": FaultKind(_answered(410), is_answer=True),
    "422": FaultKind(_answered(422), "place", is_answer=True),
    "429": FaultKind(_answered(429), "place", _OUTAGE_SECONDS, is_answer=True),
    "500": FaultKind(_answered(500), "place", is_answer=True),
    "503": FaultKind(_answered(503), "place", _OUTAGE_SECONDS, is_answer=True),
    "html": FaultKind(_page, is_answer=True),
    "no-date": FaultKind(_undated, "rest", is_answer=True),
    "cut": FaultKind(_cut, "rest"),
    "testers-route": FaultKind(_person(persons.add_testers), undo=persons.remove_testers, leads_to_canary=True),
    "second-service": FaultKind(_person(persons.add_service), undo=persons.remove_service, leads_to_canary=True),
    "split-stable": FaultKind(_person(persons.split_stable), undo=persons.join_stable),
    "weights-edited": FaultKind(_person(persons.share_users), undo=lambda _: None),
    "weights-reset": FaultKind(_person(persons.reset_weights), undo=lambda _: None),
    "canary-deleted": FaultKind(_person(persons.delete_canary), undo=lambda _: None),
}
