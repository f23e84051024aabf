"""The state machine of hypothesis that finds schedules, and shortens those that break a promise."""

from __future__ import annotations

from collections.abc import Sequence

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.schedules.hands import HOSTILE
from tests.schedules.schedule import BEGINNINGS, Schedule
from tests.schedules.stories import BY_HAND, PIPELINES, POLICIES, STAGES
from tests.schedules.topologies import TOPOLOGIES

RUNS, SWEEPS, PEOPLE = ("a", "b", "c"), ("s1", "s2"), ("p1", "p2")
_STAGES = tuple(name for name, _ in STAGES)


class Machine(RuleBasedStateMachine):
    """Up to 3 runs, 2 sweeps, 2 steps by hand, foreign hands and the clock.

    Attributes:
        tried: schedules so far, by topology.
        requests: of all of them.
    """

    topologies: Sequence[str] = tuple(TOPOLOGIES)
    tried: dict[str, int] = {}  # noqa: RUF012 - hypothesis makes an instance for each schedule; this counts them all
    requests = 0

    def __init__(self) -> None:
        super().__init__()
        self.schedule: Schedule | None = None
        self._is_whole = True

    @property
    def now(self) -> Schedule:
        """Return the schedule that is being made."""
        assert self.schedule is not None
        return self.schedule

    def do(self, move: str) -> None:
        """Make a move; a broken promise ends the schedule at once."""
        self._is_whole = False
        self.now.do(move)
        self._is_whole = True

    @initialize(data=st.data(), beginning=st.sampled_from(BEGINNINGS))
    def begin(self, data: st.DataObject, beginning: str) -> None:
        """Choose a cluster, and what happened before."""
        topology = data.draw(st.sampled_from(self.topologies))
        self.schedule = Schedule(topology, beginning)
        Machine.tried[topology] = Machine.tried.get(topology, 0) + 1

    def _free(self, names: Sequence[str]) -> str:
        begun = self.now.moves[0].partition(":")[2] not in {"rest", ""}
        taken = {*self.now.processes, *(("a",) if begun else ())}
        return next((name for name in names if name not in taken), "")

    @precondition(lambda self: self._free(RUNS))
    @rule(kind=st.sampled_from(PIPELINES), policy=st.sampled_from(POLICIES), which=st.integers(0, 1))
    def run(self, kind: str, policy: str, which: int) -> None:
        """Begin a pipeline of one of the apps."""
        self.do(f"run:{self._free(RUNS)}:{kind}:{policy}:{self._app(which)}")

    @precondition(lambda self: "a" not in self.now.processes and not self.now.moves[0].endswith(":rest"))
    @rule(stage=st.sampled_from(_STAGES))
    def resume(self, stage: str) -> None:
        """Let the pipeline go on whose first steps came before the schedule."""
        self.do(f"run:a:{stage}:fail:{self._app(0)}")

    @precondition(lambda self: self._free(SWEEPS))
    @rule(where=st.sampled_from(("all", "own")))
    def sweep(self, where: str) -> None:
        """Begin a sweep."""
        self.do(f"sweep:{self._free(SWEEPS)}:{where}")

    @precondition(lambda self: self._free(PEOPLE))
    @rule(what=st.sampled_from((*BY_HAND, "approve-a", "approve-b")), which=st.integers(0, 1))
    def by_hand(self, what: str, which: int) -> None:
        """Let a person call a step."""
        self.do(f"hand:{self._free(PEOPLE)}:{what}:{self._app(which)}")

    @precondition(lambda self: self.now.living)
    @rule(which=st.integers(0, 6), requests=st.integers(1, 9))
    def go(self, which: int, requests: int) -> None:
        """Let a process go on for some requests."""
        self.do(f"go:{self._living(which)}:{requests}")

    @precondition(lambda self: self.now.living)
    @rule(which=st.integers(0, 6), requests=st.sampled_from((12, 25, 50, 90, 150)))
    def go_far(self, which: int, requests: int) -> None:
        """Let a process go on for long."""
        self.do(f"go:{self._living(which)}:{requests}")

    @precondition(lambda self: self.now.living)
    @rule(which=st.integers(0, 6), how=st.sampled_from(("kill", "lose")))
    def trouble(self, which: int, how: str) -> None:
        """Kill a process, or lose an answer."""
        self.do(f"{how}:{self._living(which)}")

    @rule(seconds=st.sampled_from((130, 700)))
    def clock(self, seconds: int) -> None:
        """Let claims expire: those of a recovery, or all."""
        self.do(f"clock:{seconds}")

    @rule(which=st.integers(0, 1), weight=st.sampled_from((100, 30, 0)))
    def weigh(self, which: int, weight: int) -> None:
        """Let a person edit the weights."""
        self.do(f"person:weigh:{self._routed(which)}:{weight}")

    @rule(
        which=st.integers(0, 1),
        what=st.sampled_from(("reset", "reset", "take-marks", "take-label", "unroute", "route")),
    )
    def edit_routes(self, which: int, what: str) -> None:
        """Let a GitOps controller or a person write a VirtualService."""
        self.do(f"person:{what}:{self._routed(which)}")

    @rule(which=st.integers(0, 1), what=st.sampled_from(("take-token", "tamper")))
    def edit_claim(self, which: int, what: str) -> None:
        """Let a person write the claim of an app."""
        app = self._app(which).partition("/")[0]
        self.do(f"person:{what}:{self._routed(which)}:{app}")

    @rule(which=st.integers(0, 1), text=st.sampled_from(sorted(HOSTILE)))
    def annotate(self, which: int, text: str) -> None:
        """Let a stranger write a claim."""
        self.do(f"person:annotate:{self._routed(which)}:{text}")

    @rule(what=st.sampled_from(("delete", "deploy")), arm=st.integers(0, 1))
    def edit_deployments(self, what: str, arm: int) -> None:
        """Let a person delete a Deployment, or create it again."""
        app = self.now.world.apps[0]
        self.do(f"person:{what}:{(app.stable, app.canary)[arm]}")

    def teardown(self) -> None:
        """Bring the schedule to its end, and look at what is left."""
        if self.schedule is None:
            return
        try:
            if self._is_whole:
                self.schedule.finish()
        finally:
            Machine.requests += self.schedule.requests
            self.schedule.end()

    def _app(self, which: int) -> str:
        apps = self.now.world.apps
        app = apps[which % len(apps)]
        return f"{app.name}/{app.routed[0]}"

    def _routed(self, which: int) -> str:
        names = self.now.world.services
        return names[which % len(names)]

    def _living(self, which: int) -> str:
        living = self.now.living
        return living[which % len(living)].name


def explore(schedules: int, topologies: Sequence[str], seed: int | None = None) -> None:
    """Try so many schedules.

    Args:
        schedules: how many.
        topologies: of which clusters.
        seed: of the choices; None for the same ones each time.

    Raises:
        Violation: a promise was broken; the schedule is as short as hypothesis could make it.
    """
    Machine.topologies = tuple(topologies)
    machine = Machine if seed is None else hypothesis.seed(seed)(Machine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=schedules,
            stateful_step_count=30,
            deadline=None,
            database=None,
            derandomize=seed is None,
            verbosity=Verbosity.quiet,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
