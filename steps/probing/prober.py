"""Rounds of probes during the analysis: started from its loop, sent in threads, never waited for."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Final

from steps.model.probes import ProbeResult
from steps.probing.probe import Endpoint, Probe
from steps.probing.send import send

_WORKERS: Final = 8
_MIN_STABLE_PODS: Final = 3
_KEPT_ROUNDS: Final = 50
_FRESH_INTERVALS: Final = 3
"""Intervals after which the answers of the last round are old."""
Send = Callable[[Probe, Endpoint], str]
Job = tuple[Probe, Endpoint]


@dataclass(frozen=True, slots=True)
class ArmEndpoints:
    """The current endpoints of both arms: ready pods, or the gateway.

    Attributes:
        canary: of the canary.
        stable: of stable.
        alone: there is no stable to compare with, so the canary's answers count by themselves.
    """

    canary: tuple[Endpoint, ...]
    stable: tuple[Endpoint, ...]
    alone: bool = False


class Prober:
    """Sends every probe to every ready canary pod and, in the same round, to as many stable pods (at least three).

    Args:
        probes: the probes to send.
        endpoints: returns where to send them; called at the start of each round, in the caller's thread.
        interval_seconds: time between the starts of two rounds (> 0); a round that takes longer delays the next.
        send: sends one probe.
        clock: seconds, to know when a round is due.
    """

    def __init__(
        self,
        probes: Sequence[Probe],
        endpoints: Callable[[], ArmEndpoints],
        interval_seconds: float,
        send: Send = send,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._probes, self._endpoints, self._interval = tuple(probes), endpoints, interval_seconds
        self._send, self._clock = send, clock
        self._rounds: list[tuple[ProbeResult, ...]] = []
        self._running: threading.Thread | None = None
        self._due, self._number, self._answered = clock(), 0, clock()
        self._ignores_stable = False

    def ignore_stable(self) -> None:
        """Send the probes to the canary alone from now on: stable's answers excuse nothing."""
        self._ignores_stable = True

    def begin_anew(self) -> None:
        """Forget the rounds so far: they were about pods that are gone. One that is being sent is waited for."""
        if self._running is not None:
            self._running.join()
        self._rounds.clear()
        self._answered = self._clock()

    def look(self) -> tuple[ProbeResult, ...]:
        """Return the results of the newest rounds, oldest first; start a round if one is due.

        Where no round has ended for three intervals, a result without an answer follows for each probe: the good
        answers before it say nothing about now.

        Raises:
            NotFound, Forbidden, TemporaryError: the pods cannot be listed.
        """
        if self._clock() >= self._due and (self._running is None or not self._running.is_alive()):
            self._due = self._clock() + self._interval
            found = self._endpoints()
            self._start(ArmEndpoints(found.canary, (), alone=True) if self._ignores_stable else found)
        known = tuple(outcome for one in self._rounds[-_KEPT_ROUNDS:] for outcome in one)
        return known + self._unanswered(known)

    def _unanswered(self, known: tuple[ProbeResult, ...]) -> tuple[ProbeResult, ...]:
        """Return what stands for the answers that should have come, () while the last ones are fresh."""
        age = self._clock() - self._answered
        if not known or age <= _FRESH_INTERVALS * self._interval:
            return ()
        text = f"the last answers are {age:.0f} s old, more than {_FRESH_INTERVALS} intervals"
        at = math.nextafter(known[-1].at, math.inf)
        last = {one.probe: one for one in known}
        return tuple(replace(one, at=at, canary=text, stable="", is_answered=False) for one in last.values())

    def _start(self, endpoints: ArmEndpoints) -> None:
        if not endpoints.canary or not (endpoints.stable or endpoints.alone):
            return  # nothing to compare; the judge learns of unready pods from Kubernetes
        wanted = max(_MIN_STABLE_PODS, len(endpoints.canary))
        first = self._number % max(1, len(endpoints.stable))
        stable = tuple(islice(endpoints.stable[first:] + endpoints.stable[:first], wanted))
        self._number += 1
        chosen = ArmEndpoints(endpoints.canary, stable)
        self._running = threading.Thread(target=self._run_round, args=(chosen,), name="probes", daemon=True)
        self._running.start()

    def _run_round(self, endpoints: ArmEndpoints) -> None:
        at = time.time()
        found = self._send_all(
            [(probe, one) for probe in self._probes for one in (*endpoints.canary, *endpoints.stable)]
        )
        outcomes = []
        for probe in self._probes:
            stable = next((text for one in endpoints.stable if (text := found[probe.name, id(one)])), "")
            outcomes += [
                ProbeResult(probe.name, one.name, at, found[probe.name, id(one)], stable) for one in endpoints.canary
            ]
        self._rounds.append(tuple(outcomes))
        self._answered = self._clock()

    def _send_all(self, jobs: Sequence[Job]) -> dict[tuple[str, int], str]:
        """Send all, eight at a time; from round to round the arms take turns in being first."""
        waiting: SimpleQueue[Job] = SimpleQueue()
        for job in jobs if self._number % 2 else reversed(jobs):
            waiting.put(job)
        found: dict[tuple[str, int], str] = {}

        def work() -> None:
            while True:
                try:
                    probe, endpoint = waiting.get_nowait()
                except Empty:
                    return
                found[probe.name, id(endpoint)] = self._send(probe, endpoint)

        workers = [threading.Thread(target=work, daemon=True) for _ in range(min(_WORKERS, len(jobs)))]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return found
