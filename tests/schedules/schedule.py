"""A schedule: a list of moves on one cluster, from `Schedule("one")` to `finish()`.

A move is a few words joined by colons, so that a schedule can be printed, shortened and repeated:

    run:a:walk:fail:shop    begin a pipeline `a` of an app      go:a:5     let `a` send 5 requests
    sweep:s1:all            begin a sweep                       kill:a     kill it before its next request
    hand:p1:undo:shop       begin a step that a person calls    lose:a     lose the answer of its next request
    person:weigh:shop:30    a foreign hand writes               clock:700  let time pass
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import Any

import structlog

from steps.cluster.connection import ApiResponse
from tests.schedules import quiescence, stories
from tests.schedules.hands import HANDS
from tests.schedules.marks import marks, weights
from tests.schedules.process import Process
from tests.schedules.scheduled_steps import ScheduledSteps
from tests.schedules.topologies import TOPOLOGIES, App, ScheduledCluster
from tests.schedules.violation import Violation
from tests.schedules.virtual_time import CLOCK
from tests.schedules.watcher import Watcher
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE
from tests.support.shop_release import NAMESPACE

BEGINNINGS = ("rest", "prepared", "walking", "exposed", "promoted")
"""What the first app's run `a` did before the schedule begins; its process is dead."""
_BEGUN = {"prepared": "prepare", "walking": "weight", "exposed": "climb", "promoted": "promote"}
_ENDLESS = 3000
_kept: dict[tuple[str, str], Any] = {}


class Schedule:
    """One cluster and the processes on it.

    Attributes:
        processes: by name.
        moves: so far.
        journal: who did which request, and what it changed.

    Args:
        topology: one of `TOPOLOGIES`.
        beginning: one of `BEGINNINGS`.
    """

    def __init__(self, topology: str, beginning: str = "rest") -> None:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        CLOCK.elapsed = 0.0
        random.seed(0)
        self.world = ScheduledCluster(TOPOLOGIES[topology])
        self.watcher = Watcher(self.world)
        self.processes: dict[str, Process] = {}
        self.moves = [f"{topology}:{beginning}"]
        self.journal: list[str] = []
        self.requests = 0
        self.tampered = self.taken = False
        self._begin(topology, beginning)

    def app(self, name: str) -> App:
        """Return an app by name, or by name and VirtualService (`shop/shop-internal`)."""
        app, _, routed = name.partition("/")
        found = next(one for one in self.world.apps if one.name == app and (not routed or routed in one.routed))
        return found.turned if found.other and self._has_swapped(found) else found

    def _has_swapped(self, app: App) -> bool:
        """Return whether all users of an app are on its other Deployment."""
        items = [self.world.store.find(VIRTUAL_SERVICE, NAMESPACE, name) for name in app.routed]
        shares = [weight for item in items if item for (_, host), weight in weights(item).items() if host == app.other]
        return bool(shares) and min(shares) == 100

    @property
    def living(self) -> list[Process]:
        """Return the processes that have not ended."""
        return [one for one in self.processes.values() if one.lives]

    def do(self, move: str) -> None:
        """Make a move.

        Raises:
            Violation: it broke a promise.
        """
        self.moves.append(move)
        what, *given = move.split(":")
        moves: dict[str, Callable[..., None]] = {
            "run": self._run,
            "sweep": self._sweep,
            "hand": self._hand,
            "go": self._go,
            "kill": self._kill,
            "lose": self._lose,
            "clock": self._clock,
            "person": self._person,
        }
        moves[what](*given)
        self._raise_broken()

    def finish(self) -> None:
        """Let every process end, let every claim expire, sweep, and look at what is left.

        Raises:
            Violation: a promise was broken.
        """
        for process in self.living:
            self._to_its_end(process)
        quiescence.give_back(self.world)
        self._settle()
        for number in range(4):
            if number == 2:
                # A canary stays up while a route leads there that no run owns: who took it over moves the users.
                objects = self.watcher.objects()
                quiescence.move_users(self.world)
                self.watcher.touched(objects)
            self._clock("700" if number in {0, 3} else "130")
            self._sweep(f"last{number}", "all")
            self._to_its_end(self.processes[f"last{number}"])
            self._settle()
        if self.taken:
            self._release_again()
        self.watcher.broken += quiescence.leftovers(self.world, self.watcher, tampered=self.tampered)
        self._raise_broken()

    def _release_again(self) -> None:
        """Release every app once more: what a person left who took over by hand, the next run removes."""
        for app in self.world.apps:
            for name in self.world.services:
                if quiescence.serves(self.world, name):
                    self._person("reset", name)
            if self.watcher.is_by_person("deployments", app.canary) and not app.other:
                self._person("delete", app.canary)
            self._run(f"next-{app.name}-{app.routed[0]}", "next", "fail", f"{app.name}/{app.routed[0]}")
            self._to_its_end(list(self.processes.values())[-1])
            self._settle()

    def end(self) -> None:
        """Kill what lives, so that no thread is left."""
        for process in self.living:
            process.kill()

    def answer(self, process: Process, call: Call) -> ApiResponse:
        """Answer a request of a process, and check what it did."""
        self.requests += 1
        before = self.world.store.revision
        self.world.move()
        if self.world.store.revision != before:
            self.watcher.passed()
        if call.verb in {"get", "list"}:
            self.watcher.looked(process.name, call.resource, call.name, in_vain=process.loses_answer)
            return self.world.answer(call)
        objects = self.watcher.objects()
        answered = self.world.answer(call)
        self.watcher.wrote(process.name, objects, is_sweep=process.name in self._sweeps)
        self._note(f"{process.name}: {call.verb} {call.resource} {call.name} -> {answered.status} {self._shown(call)}")
        return answered

    def _begin(self, topology: str, beginning: str) -> None:
        self._sweeps: set[str] = set()
        if beginning == "rest":
            return
        kept = _kept.get((topology, beginning))
        if kept is None:
            app, last = self.world.apps[0], _BEGUN[beginning]
            self._start("a", app, stories.part(last, self._maker(app)))
            self._to_its_end(self.processes.pop("a"))
            self._settle()
            kept = _kept[topology, beginning] = (*self.world.keep(), CLOCK.elapsed, self.watcher.keep())
        self.world.put_back(kept[:2])
        CLOCK.elapsed = kept[2]
        self.watcher.put_back(kept[3])
        self.journal.clear()

    def _maker(self, app: App) -> Callable[[Process], ScheduledSteps]:
        return lambda process: ScheduledSteps(process, self.world, app, self.answer)

    def steps(self, process: Process, app: str) -> ScheduledSteps:
        """Return an app's steps as a new process runs them."""
        return self._maker(self.app(app))(process)

    def start(self, name: str, app: str, story: Callable[[Process], str]) -> None:
        """Begin any story."""
        self._start(name, self.app(app), story)

    def _start(self, name: str, app: App, story: Callable[[Process], str]) -> None:
        self.world.started(name, app)
        self.processes[name] = Process(name, story)

    def _run(self, name: str, kind: str, policy: str, app: str) -> None:
        found = self.app(app)
        self._start(name, found, stories.pipeline(kind, policy, self._maker(found)))

    def _sweep(self, name: str, where: str) -> None:
        self._sweeps.add(name)
        self._start(name, self.world.apps[0], stories.sweep(where, self._maker(self.world.apps[0])))

    def _hand(self, name: str, what: str, app: str) -> None:
        found = self.app(app)
        self._start(name, found, stories.by_hand(what, self._maker(found)))

    def _go(self, name: str, requests: str) -> None:
        for _ in range(int(requests)):
            self.processes[name].go()
            self._note_end(self.processes[name])
            if self.watcher.broken or not self.processes[name].lives:
                break

    def _kill(self, name: str) -> None:
        self.processes[name].kill()
        self._note_end(self.processes[name])

    def _lose(self, name: str) -> None:
        self.processes[name].lose_answer()
        self._note_end(self.processes[name])

    def _clock(self, seconds: str) -> None:
        CLOCK.sleep(float(seconds))
        self._note(f"the clock moves by {seconds} s")

    def _person(self, what: str, name: str, more: str = "") -> None:
        self.tampered = self.tampered or what == "tamper"
        self.taken = self.taken or what in {"take-token", "take-marks", "unroute"}
        objects = self.watcher.objects()
        HANDS[what](self.world, name, more)
        self._note(f"a person or controller: {what} {name} {more}".rstrip())
        self.watcher.touched(objects)

    def _to_its_end(self, process: Process) -> None:
        for _ in range(_ENDLESS):
            if not process.lives or self.watcher.broken:
                break
            process.go()
        else:
            self.watcher.broken.append(f"{process.name} sent {_ENDLESS} requests and did not end")
        self._note_end(process)
        self._raise_broken()

    def _settle(self) -> None:
        for _ in range(15):
            self.world.move()
            self.watcher.passed()

    def _note(self, text: str) -> None:
        self.journal.append(f"{CLOCK.elapsed:8.1f} s  {text}")

    def _note_end(self, process: Process) -> None:
        if process.end:
            self._note(f"{process.name} ended: {process.end}")
        if process.crash is not None:
            self.watcher.broken.append(f"{process.name} {process.end}")

    def _shown(self, call: Call) -> str:
        if call.resource == "virtualservices" and (
            found := self.world.store.find(VIRTUAL_SERVICE, call.namespace, call.name)
        ):
            shown = ", ".join(f"{host} {weight}" for (_, host), weight in weights(found).items())
            return f"({shown}; {', '.join(mark.text[:40] for mark in marks(found)) or 'no token'})"
        if call.resource == "deployments" and (found := self.world.store.find(DEPLOYMENT, call.namespace, call.name)):
            image = found["spec"]["template"]["spec"]["containers"][0]["image"]
            tokens = ", ".join(mark.text[:40] for mark in marks(found)) or "no token"
            return f"({found['spec']['replicas']} pods of {image}; {tokens})"
        return ""

    def _raise_broken(self) -> None:
        if self.watcher.broken:
            raise Violation(self.account())

    def account(self) -> str:
        """Return what was broken, who did what, and how to repeat it."""
        head = "\n".join(dict.fromkeys(self.watcher.broken))
        lines = "\n".join(f"{number:4} {line}" for number, line in enumerate(self.journal, 1))
        return f"{head}\n\nWho did what:\n{lines}\n\nTo repeat it: make schedules REPEAT='{' '.join(self.moves)}'"


def repeat(text: str) -> Schedule:
    """Run a schedule from its text, to its end.

    Raises:
        Violation: it broke a promise.
    """
    first, *moves = text.split()
    schedule = Schedule(*first.split(":"))
    try:
        for move in moves:
            schedule.do(move)
        schedule.finish()
    finally:
        schedule.end()
    return schedule
