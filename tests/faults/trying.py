"""Try one point: a story, a request of its step, a fault there; then each way back, from the same state."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from steps.actions.bake_end import STOPPED
from tests.faults.clock import CLOCK
from tests.faults.ended import check_ended, serving
from tests.faults.fault_kinds import EXPIRED_SECONDS, FAULTS, FaultKind
from tests.faults.lab import Act, Attempt
from tests.faults.stories import Story
from tests.faults.watch import Violation
from tests.faults.wire import Fault, Wire

NO_FAULT = "none"


@dataclass(frozen=True)
class Point:
    """What is tried.

    Args:
        story: its name.
        at: number of the request that meets the fault, from 1; 0 for none.
        fault: name of the fault.
    """

    story: str
    at: int
    fault: str

    def __str__(self) -> str:
        return f"{self.story}:{self.at}:{self.fault}"

    @classmethod
    def parse(cls, text: str) -> Point:
        """Return the point that a text names, as `str` writes it."""
        story, at, fault = text.split(":")
        return cls(story, int(at), fault)


@dataclass(frozen=True)
class Found:
    """A violation at a point.

    Args:
        point: what was tried.
        way: the way back during which it was seen, "" for during the step itself.
        violation: what was seen.
        request: the request that met the fault.
    """

    point: Point
    way: str
    violation: Violation
    request: str = ""


class Trial:
    """A story that can be tried at each of its points."""

    def __init__(self, name: str, story: Story) -> None:
        self._name, self._story = name, story
        with tempfile.TemporaryDirectory() as folder:
            self.lab = story.stage(Path(folder))
        for before in story.before:
            before(self.lab)
        self.lab.watch.begin()
        self._run, self._kept = self.lab.run, self.lab.keep()
        self.lab.put_back(self._kept, name)

    @cached_property
    def _whole(self) -> tuple[int, list[int]]:
        self.lab.put_back(self._kept, self._name)
        _, wire = self.lab.attempt(self._story.act)
        return len(wire.sent), [number for number, call in enumerate(wire.sent, 1) if call.is_write]

    @property
    def _makes_no_claim(self) -> bool:
        """Return whether the story's step claims nothing, and so ends no run of others either."""
        return self._name == "chart/bootstrap"

    @property
    def requests(self) -> int:
        """Return how many requests the step sends where nothing fails."""
        return self._whole[0]

    @property
    def writes(self) -> list[int]:
        """Return the numbers of those that may change something."""
        return self._whole[1]

    @property
    def ways(self) -> tuple[str, ...]:
        """Return the names of the ways back that follow each fault."""
        return tuple(self._story.ways)

    def try_point(self, point: Point, ways: Sequence[str]) -> Iterator[Found]:
        """Yield every violation of one point, with some of the ways back."""
        self.lab.put_back(self._kept, str(point))
        fault = None if point.fault == NO_FAULT else Fault(FAULTS[point.fault], point.at)
        wire = Wire(self.lab, fault)
        self.lab.has_lost_last_arm, self.lab.left = False, {}
        self.lab.over_at_edit, self.lab.has_edited_routes = "", False
        end, _ = self.lab.attempt(self._story.act, wire=wire)
        is_cut_off = fault is not None and (not fault.kind.is_answer or fault.kind.reach == "place")
        self.lab.undo_died = is_cut_off and end.exit_code != 0 and self._name.endswith("/undo") and not self.lab.token()
        was_over = bool(self.lab.over_at_edit) and self.lab.world.outcome() == self.lab.over_at_edit
        has_no_claim = end.results.get("verdict") == STOPPED or self._makes_no_claim or was_over
        is_over = not self.lab.token() and self.lab.world.outcome() == "promoted"
        self.lab.has_lost_last_arm = self.lab.has_lost_last_arm and (is_over or self._makes_no_claim)
        self.lab.is_left_to_person = self.lab.has_edited_routes and has_no_claim and not self.lab.token()
        met = f"{wire.met.verb} {wire.met.resource} {wire.met.name}" if wire.met else ""
        for violation in [*self.lab.watch.violations, *self._check_act(end, wire, point)]:
            yield Found(point, "", violation, met)
        kept = self.lab.keep()
        for way in ways:
            act = self._story.ways[way]
            happened = fault.kind if fault is not None and wire.met is not None else None
            for violation in self._try_way(act, kept, f"{point}:{way}", happened):
                yield Found(point, way, violation, met)

    def _check_act(self, end: Attempt, wire: Wire, point: Point) -> Iterator[Violation]:
        if end.has_crashed:
            yield Violation("no traceback", end.error[-700:])
        if point.fault == NO_FAULT and end.exit_code not in {0, 5, 6}:
            yield Violation("exit code", f"without a fault, the step ended with {end.exit_code}: {end.error}")
        if not self._story.is_way_back:
            return
        yield from self._check_users_first(end, wire, point)
        if end.exit_code == 0 and not wire.is_superseded and self.lab.run == self._run:
            kept = self.lab.keep()
            self.lab.settle()
            for one in check_ended(self.lab, end):
                yield Violation(one.promise, f"the step ended with 0, although {one.text}")
            self.lab.put_back(kept, "settled")

    def _check_users_first(self, end: Attempt, wire: Wire, point: Point) -> Iterator[Violation]:
        """Whatever is refused beside the VirtualService, users are back when the step has ended."""
        is_elsewhere = wire.met is not None and wire.met.resource != "virtualservices"
        if end.exit_code is None or not is_elsewhere or not FAULTS[point.fault].is_answer:
            return
        if not serving(self.lab):
            refused = f"{wire.met.verb} {wire.met.resource}" if wire.met else ""
            yield Violation("users first", f"weights {self.lab.world.weights()} stayed although only {refused} failed")

    def _try_way(
        self,
        act: Act,
        kept: Any,  # noqa: ANN401 - a copy of the lab
        seed: str,
        fault: FaultKind | None,
    ) -> Iterator[Violation]:
        self.lab.put_back(kept, seed)
        end, _ = self.lab.attempt(act)
        if fault is None or fault.undo is None:
            yield from self._check_way(end, fault)
            return
        # It may refuse to end, or leave up what others use; once they are gone, the next sweep ends it.
        yield from self._check_way(end, fault, may_refuse=True)
        with self.lab.watch.by_person():
            fault.undo(self.lab)
        self.lab.left = self.lab.routes()
        CLOCK.seconds += EXPIRED_SECONDS
        end, _ = self.lab.attempt(lambda process: process.sweep())
        yield from self._check_way(end, fault)

    def _check_way(self, end: Attempt, fault: FaultKind | None, *, may_refuse: bool = False) -> Iterator[Violation]:
        if end.has_crashed:
            yield Violation("no traceback", end.error[-700:])
        elif end.exit_code == 0 or not may_refuse:
            self.lab.settle()
            may_hold = end.results.get("outcome") == "ready" or self._makes_no_claim
            holder = self.lab.token().split(":")[0] if may_hold else ""
            yield from check_ended(self.lab, end, holder, led_elsewhere=fault is not None and fault.leads_to_canary)
        yield from self.lab.watch.violations
        self.lab.watch.violations = []
