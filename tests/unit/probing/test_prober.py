"""Rounds of probes: sent to both arms side by side, in threads, and never waited for."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import pytest

from steps.model.probes import ProbeResult
from steps.probing.probe import Endpoint, Probe
from steps.probing.prober import ArmEndpoints, Prober


def pods(arm: str, count: int) -> tuple[Endpoint, ...]:
    """Return that many pods."""
    return tuple(Endpoint(f"{arm}-{i}", f"10.0.0.{i}") for i in range(count))


@dataclass
class World:
    """Answers by pod; pods without an entry pass."""

    wrong: dict[str, str] = field(default_factory=dict)
    now: float = 0.0
    asked: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def send(self, probe: Probe, endpoint: Endpoint) -> str:
        """Answer once the gate is open."""
        assert self.gate.wait(5)
        self.asked.append(f"{probe.name} {endpoint.name}")
        return self.wrong.get(endpoint.name, "")

    def prober(self, canary: int = 2, stable: int = 2) -> Prober:
        """Make a prober of one probe with an interval of 5 s."""
        endpoints = ArmEndpoints(pods("canary", canary), pods("stable", stable))
        return Prober([Probe("front")], lambda: endpoints, 5.0, self.send, lambda: self.now)


def settled(prober: Prober, count: int) -> tuple[ProbeResult, ...]:
    """Wait for that many results."""
    deadline = time.monotonic() + 5
    while len(found := prober.look()) < count and time.monotonic() < deadline:
        time.sleep(0.005)
    return found


def test_a_look_never_waits_for_answers() -> None:
    """While the pods are silent there are no results, and no second round begins."""
    world = World()
    prober = world.prober()
    assert () == prober.look()
    world.now = 60.0
    assert () == prober.look()
    world.now = 0.0  # else the next round begins as soon as this one has its answers
    world.gate.set()

    assert 2 == len(settled(prober, 2))
    assert 4 == len(world.asked)


def test_every_canary_pod_is_compared_with_all_stable_pods_asked() -> None:
    """One failing stable pod excuses the canary in this round."""
    world = World({"canary-1": "status 500", "stable-0": "no answer"})
    world.gate.set()
    found = settled(world.prober(), 2)

    assert [("canary-0", "", "no answer"), ("canary-1", "status 500", "no answer")] == [
        (one.target, one.canary, one.stable) for one in found
    ]
    assert 1 == len({one.at for one in found})


def test_as_many_stable_pods_are_asked_as_canary_pods_but_at_least_three() -> None:
    """A large stable is not flooded: the rounds take turns among its pods."""
    world = World()
    world.gate.set()
    prober = world.prober(canary=1, stable=10)
    settled(prober, 1)
    world.now = 6.0
    settled(prober, 2)
    stable = [one for one in world.asked if "stable" in one]

    assert 6 == len(stable)
    assert 4 == len(set(stable))


def test_a_round_waits_for_its_interval() -> None:
    """Two looks within it begin one round."""
    world = World()
    world.gate.set()
    prober = world.prober()
    settled(prober, 2)
    world.now = 4.9
    prober.look()
    time.sleep(0.02)

    assert 2 == len(prober.look())


def test_without_ready_pods_nothing_is_sent() -> None:
    """There is nothing to compare."""
    world = World()
    world.gate.set()

    assert () == world.prober(canary=0).look()
    assert [] == world.asked


@pytest.mark.parametrize("what", ["hangs", "dies", "finds no pods"])
def test_old_answers_do_not_stand_for_new_ones(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three intervals after the last round ended, what follows has no answer; the next round makes it good again."""
    world = World()
    endpoints = [ArmEndpoints(pods("canary", 1), pods("stable", 1))]
    prober = Prober([Probe("front"), Probe("api")], lambda: endpoints[-1], 5.0, world.send, lambda: world.now)
    world.gate.set()
    assert 2 == len(settled(prober, 2))
    if what == "hangs":
        world.gate.clear()
    elif what == "dies":
        monkeypatch.setattr(prober, "_run_round", lambda _: None)
    else:
        endpoints.append(ArmEndpoints((), pods("stable", 1)))
    for now, is_silent in ((5.0, False), (15.0, False), (16.0, True), (900.0, True)):
        world.now = now
        assert {"front", "api"} == {one.probe for one in prober.look() if one.is_answered is not is_silent}
        assert is_silent is not all(one.is_answered for one in prober.look())
    assert "the last answers are 900 s old, more than 3 intervals" == prober.look()[-1].canary
    monkeypatch.undo()
    del endpoints[1:]
    world.gate.set()
    world.now = 906.0
    deadline = time.monotonic() + 5
    while not all(one.is_answered for one in prober.look()) and time.monotonic() < deadline:
        time.sleep(0.005)
    assert all(one.is_answered for one in prober.look())
    assert 4 <= len(prober.look())
