"""Many claims at once: namespaces take turns, and an error ends the work without a long wait."""

from __future__ import annotations

import threading

import pytest

from steps.actions.fair_pool import for_each, in_fair_order
from steps.cluster.deadline import Deadline
from steps.errors import Interrupted, TemporaryError


def test_namespaces_take_turns() -> None:
    """However many claims one of them has, each other's first claim is among the first."""
    items = [("evil", number) for number in range(500)] + [("shop", 0), ("till", 0), ("till", 1)]
    for _ in range(20):
        order = in_fair_order(items, lambda one: one[0])
        assert sorted(items) == sorted(order)
        assert {"evil", "shop", "till"} == {name for name, _ in order[:3]}
        assert order.index(("till", 0)) < 5
        assert order.index(("till", 1)) < 5


def test_the_order_within_a_namespace_is_by_chance() -> None:
    """Or the last ones of a long list would wait each time."""
    items = [("shop", number) for number in range(50)]
    assert 1 < len({in_fair_order(items, lambda one: one[0])[0] for _ in range(50)})


@pytest.mark.parametrize("threads", [1, 4])
def test_every_item_is_worked_on_once(threads: int) -> None:
    """By one thread or by some."""
    done: list[int] = []
    for_each(range(100), done.append, threads, lambda: None)
    assert list(range(100)) == sorted(done)


def test_some_are_worked_on_at_once() -> None:
    """Four that wait for each other come to an end."""
    meeting = threading.Barrier(4, timeout=10.0)

    def meet(number: int) -> None:
        del number
        meeting.wait()

    for_each(range(4), meet, 4, lambda: None)
    assert not meeting.broken


@pytest.mark.parametrize("error", [Interrupted("sweeping", "SIGTERM"), KeyboardInterrupt(), RuntimeError()])
def test_an_error_stops_the_others_soon(error: BaseException) -> None:
    """What runs stops, what waits never begins; the error comes out."""
    stopped, begun = threading.Event(), list[int]()

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise error
        stopped.wait(10.0)

    with pytest.raises(type(error)):
        for_each(range(100), work, 4, stopped.set)
    assert stopped.is_set()
    assert len(begun) < 20


def test_a_deadline_ends_requests_not_work_in_memory() -> None:
    """With its length in the sentence; `end_now` ends it at once."""
    deadline = Deadline(60.0)
    assert 59.0 < deadline.left("reading") <= 60.0
    deadline.end_now()
    with pytest.raises(TemporaryError, match=r"While reading: its time of 60 s is over, others wait"):
        deadline.left("reading")
