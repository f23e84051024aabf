"""A way through the model, taken by the real code: after each move the objects are compared with the model's.

One write of the model is one request of the code that changes what the model sees; the other requests (reads, and
writes of what the model leaves out) come in between.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from steps.claim.keys import record_key
from steps.cluster.connection import ApiResponse
from tests.schedules import stories
from tests.schedules.marks import annotations_of, expiry, is_anchor, marks, weights
from tests.schedules.model.cluster import PROMOTING, Deployed, Objects, Routed, Token
from tests.schedules.model.exploration import Move, State, after
from tests.schedules.process import Process
from tests.schedules.schedule import Schedule
from tests.schedules.virtual_time import CLOCK
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import Json
from tests.support.shop_release import APP, NAMESPACE

_ANCHOR, _SECOND, _CANARY = APP, f"{APP}-internal", f"{APP}-canary"
_ENDLESS = 1000


class Replay(Schedule):
    """The cluster of the model: two VirtualServices released together, after a release that was promoted.

    Args:
        first: the model's first state; its processes are begun.
    """

    def __init__(self, first: State) -> None:
        self._loses = False
        super().__init__("both", "promoted")
        for number, actor in enumerate(first.actors):
            if actor.kind == "sweep":
                self.do(f"sweep:{actor.name}:own")
            else:
                policy = "supersede" if actor.kind == "rival" else "fail"
                release = stories.release(f"shop:{3 + number}", policy, self._maker(self.app(APP)))
                self.start(actor.name, APP, release)

    def make(self, move: Move) -> None:
        """Make a move of the model."""
        if move.what == "expire":
            left = expiry(self._find("virtualservices", _ANCHOR), APP) - CLOCK.time()
            self.do(f"clock:{max(0.0, left) + 1:.0f}")
        elif move.what == "crash":
            self.processes[move.who].kill()
        else:
            self._loses = move.what == "lose"
            self._write(self.processes[move.who])
            self._loses = False
        self._settle()
        self._raise_broken()

    def answer(self, process: Process, call: Call) -> ApiResponse:
        """Answer a request; lose the answer if the move says so and the request changed what the model sees."""
        seen = self.seen() if self._loses else None
        answered = super().answer(process, call)
        if seen is not None and seen != self.seen():
            process.lose_this()
        return answered

    def seen(self) -> Objects:
        """Return the objects as the model sees them."""
        anchor, second = self._find("virtualservices", _ANCHOR), self._find("virtualservices", _SECOND)
        stable, canary = self._find("deployments", APP), self._find("deployments", _CANARY)
        held = is_anchor(anchor, APP) and bool(marks(anchor))
        return Objects(
            anchor=self._routed(anchor),
            second=self._routed(second),
            stable=Deployed(self._token(stable), _image(stable) == _image(canary)),
            canary=Deployed(self._token(canary), canary["spec"]["replicas"] > 0),
            expired=held and expiry(anchor, APP) < CLOCK.time(),
            promoting=held and _is_promoting(anchor),
            known=held and bool(_state(anchor).get("workloads")),
            record=json.loads(annotations_of(anchor)[record_key(APP)])["epoch"],
        )

    def _write(self, process: Process) -> None:
        before = self.seen()
        for _ in range(_ENDLESS):
            if not process.lives or self.seen() != before:
                return
            process.go()
        self.watcher.broken.append(f"{process.name} sent {_ENDLESS} requests that changed nothing")

    def _find(self, plural: str, name: str) -> Json:
        return self.world.store._objects[plural, NAMESPACE, name]  # noqa: SLF001 - the stand-in is ours

    def _routed(self, item: Json) -> Routed:
        return Routed(self._token(item), any(weight for (_, host), weight in weights(item).items() if host == _CANARY))

    def _token(self, item: Json) -> Token | None:
        found = marks(item)
        if not found:
            return None
        run, epoch = found[0].owner
        return Token(self.watcher.authors.get((run, epoch), run), epoch, found[0].text.rpartition(":")[2])


def replay(first: State, way: Sequence[Move]) -> str:
    """Take a way through the model with the real code; return the first difference, "" for none.

    Args:
        first: the model's first state.
        way: the moves.
    """
    real, state = Replay(first), first
    try:
        for number, move in enumerate(way):
            state = after(state, move)
            real.make(move)
            if real.seen() != state.objects:
                taken = " ".join(f"{one.what}:{one.who}".rstrip(":") for one in way[: number + 1])
                return f"after {taken}\nthe code has   {real.seen()}\nthe model has  {state.objects}\n" + "\n".join(
                    real.journal
                )
            for actor in state.actors:
                is_over = move == Move("go", actor.name) and not actor.program
                if is_over and real.processes[actor.name].lives:
                    return f"{actor.name} ended in the model, not in the code, after {way[: number + 1]}"
    finally:
        real.end()
    return ""


def _image(item: Json) -> str:
    return str(item["spec"]["template"]["spec"]["containers"][0]["image"])


def _is_promoting(anchor: Json) -> bool:
    began = (_state(anchor).get("workloads") or {}).get("promoting_since")
    return bool(began) or marks(anchor)[0].text.endswith(f":{PROMOTING}")


def _state(anchor: Json) -> Json:
    """Return the state of the claim on the anchor."""
    found: Json = json.loads(annotations_of(anchor)[f"canary-steps.io/run.{APP}"])
    return found
