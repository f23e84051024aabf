"""The model of the claim protocol keeps its promises in every state, and the code does what the model does.

All ways of a run alone are replayed with the code in the full run; of a run against a sweep, a few.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.schedules.model import protocol
from tests.schedules.model.actor import Actor, Result
from tests.schedules.model.cluster import Objects
from tests.schedules.model.coverage import covering_ways
from tests.schedules.model.exploration import Move, begin, broken, explore, left_at_the_end
from tests.schedules.model.replay import replay
from tests.schedules.virtual_time import virtual_time


@pytest.fixture(autouse=True)
def _time() -> Iterator[None]:
    """Let no step wait."""
    with virtual_time():
        yield


def troubles(*kinds: str) -> tuple[set[str], int]:
    """Return what these processes can break, and how many states they can reach."""
    found = explore(begin(*kinds))
    wrong = {one for transition in found.transitions for one in broken(*transition)}
    return wrong | {left_at_the_end(state) for state in found.states} - {""}, len(found.states)


def test_a_run_and_a_sweep_break_no_promise_in_any_state() -> None:
    """No matter who acts, dies or is late, and whenever the claim expires."""
    wrong, states = troubles("run", "sweep")
    assert set() == wrong
    assert states > 5000


@pytest.mark.full
@pytest.mark.parametrize("kinds", [("run", "rival"), ("run", "run")])
def test_two_runs_break_no_promise_in_any_state(kinds: tuple[str, ...]) -> None:
    """They release one after the other, or one supersedes the other."""
    wrong, states = troubles(*kinds)
    assert set() == wrong
    assert states > 40_000


def test_a_protocol_without_a_fence_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The promises are not empty: a second VirtualService that is written without a look at its token breaks one."""

    def unfenced(objects: Objects, me: Actor) -> Result:
        return objects._replace(second=objects.second._replace(exposed=True)), me

    forward = [unfenced if one is protocol.EXPOSE_SECOND else one for one in protocol.PROGRAMS["forward"]]
    monkeypatch.setitem(protocol.PROGRAMS, "forward", forward)
    wrong, _ = troubles("run", "sweep")
    assert any("raised the weight of second" in one for one in wrong)


def test_the_code_does_what_the_model_does() -> None:
    """A release, and one that dies in its promotion and is swept: the objects are equal after each move."""
    first = begin("run", "sweep")
    released = [Move("go", "run-0")] * 25
    dead = [*[Move("go", "run-0")] * 14, Move("crash", "run-0"), Move("expire"), *[Move("go", "sweep-1")] * 9]
    assert ["", ""] == [replay(first, released), replay(first, dead)]


def test_a_difference_between_model_and_code_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison is not empty: a model that skips a write of the code differs from it."""
    forward = [one for one in protocol.PROGRAMS["forward"] if one is not protocol.EXPOSE_SECOND]
    monkeypatch.setitem(protocol.PROGRAMS, "forward", forward)
    assert "the model has" in replay(begin("run"), [Move("go", "run-0")] * 10)


@pytest.mark.full
def test_the_code_takes_every_transition_of_a_run_alone() -> None:
    """Each move in each state that one run can reach, dead or alive, at least once."""
    first = begin("run")
    assert [] == [found for way in covering_ways(first) if (found := replay(first, way))]
