"""A process of a schedule: it stands still before each of its requests until the schedule lets it go on.

Each process is a thread, but only one thread runs at a time: `go` hands the baton over and waits until it comes back.
So a schedule is a list of choices, and the same choices give the same requests.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from steps.errors import StepError, TemporaryError
from tests.support.killed_process import Killed

Story = Callable[["Process"], str]


class Process:
    """One process, or the chain of steps that one pipeline runs.

    Attributes:
        name: how the journal calls it.
        waits_for: the request that it sends next, as text; "" once it ended.
        end: how it ended: what the story returned, an error's class, or `killed`; "" while it lives.
        crash: a defect that came out of it, None if none did.

    Args:
        name: short and unique in its schedule.
        story: what it does; gets the process.
    """

    def __init__(self, name: str, story: Story) -> None:
        self.name, self._story = name, story
        self.waits_for, self.end = "", ""
        self.crash: Exception | None = None
        self._doom = ""
        self._go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True, name=name)
        self._thread.start()
        self._stands.acquire()

    @property
    def lives(self) -> bool:
        """Return whether it has not ended."""
        return not self.end

    def go(self) -> None:
        """Let it send the request that it waits for, and run to the next one or to its end."""
        if self.lives:
            self._go.release()
            self._stands.acquire()

    def kill(self) -> None:
        """Kill it before its next request."""
        self._doom = "kill"
        self.go()

    def lose_answer(self) -> None:
        """Let its next request arrive, and lose the answer."""
        self._doom = "lose"
        self.go()

    @property
    def loses_answer(self) -> bool:
        """Whether the answer that it is about to get is lost, so that it learns nothing from it."""
        return self._doom == "lose"

    def lose_this(self) -> None:
        """Lose the answer that it is about to get; called by its own thread."""
        self._doom = "lose"

    def before(self, request: str) -> None:
        """Stand still before a request; called by its own thread.

        Raises:
            Killed: the schedule killed the process here.
        """
        self.waits_for = request
        self._stands.release()
        self._go.acquire()
        if self._doom == "kill":
            raise Killed

    def after(self, request: str) -> None:
        """Take note that a request was answered.

        Raises:
            TemporaryError: the answer was lost.
        """
        if self._doom == "lose":
            self._doom = ""
            raise TemporaryError(request, "no answer from the API server (lost by the schedule)")

    def _run(self) -> None:
        try:
            self.before("start")
            self.end = self._story(self) or "done"
        except Killed:
            self.end = "killed"
        except StepError as error:
            self.end = type(error).__name__
        except Exception as error:  # noqa: BLE001 - reported as a violation
            self.crash, self.end = error, f"crashed ({type(error).__name__}: {error})"
        self.waits_for = ""
        self._stands.release()
