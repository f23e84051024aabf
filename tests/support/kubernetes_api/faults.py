"""Faults on demand: error answers, hanging, lost answers, kills at the n-th write, and RBAC denials.

A test reaches them as `api.faults`. Every rule takes the same filters: `verb` (get, list, create, update, patch,
delete), `resource` (plural, `plural/subresource`), `name`, `when` (a predicate), and how long it holds: the next
`times` matching requests, or `seconds` from now, or (both None) until `clear()`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tests.support.kubernetes_api.kinds import Json

WRITES = frozenset({"create", "update", "patch", "delete"})


@dataclass
class Call:
    """One request as it came in; `status` is filled in when it was answered."""

    number: int
    verb: str
    resource: str
    group: str
    namespace: str
    name: str
    path: str
    query: dict[str, str]
    body: bytes
    user_agent: str
    user: str
    content_type: str = ""
    at: float = field(default_factory=time.time)
    status: int = 0

    @property
    def is_write(self) -> bool:
        """Return whether it may change an object (a SelfSubjectAccessReview is a question)."""
        return self.verb in WRITES and self.resource != "selfsubjectaccessreviews"


Predicate = Callable[[Call], bool]
Action = Literal["answer", "hang", "drop", "lose-answer"]


@dataclass
class Rule:
    """One fault: which calls it affects, what happens to them, and for how long."""

    action: Action
    status: int = 0
    message: str = ""
    hang_seconds: float = 0.0
    verb: str = ""
    resource: str = ""
    name: str = ""
    when: Predicate | None = None
    left: int | None = None
    until: float | None = None
    hits: int = 0

    def meets(self, call: Call) -> bool:
        """Return whether the rule is still in force and affects `call`."""
        if self.left == 0 or (self.until is not None and time.monotonic() > self.until):
            return False
        same = all(not want or want == got for want, got in (
            (self.verb, call.verb), (self.resource, call.resource), (self.name, call.name)
        ))  # fmt: skip
        return same and (self.when is None or self.when(call))


@dataclass(frozen=True)
class _Trap:
    number: int
    moment: Literal["before", "after"]
    callback: Callable[[Call], object]
    only: Predicate
    seen: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class _Denial:
    verb: str
    resource: str
    user: str
    name: str


class Faults:
    """The rules in force and the log of all requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._traps: list[_Trap] = []
        self._denials: list[_Denial] = []
        self.log: list[Call] = []

    def answer(
        self, status: int, *, verb: str = "", resource: str = "", name: str = "", when: Predicate | None = None,
        times: int | None = 1, seconds: float | None = None, message: str = "",
    ) -> Rule:  # fmt: skip
        """Answer with an error status and do nothing."""
        return self._add(Rule("answer", status, message, 0.0, verb, resource, name, when), times, seconds)

    def hang(
        self, hang_seconds: float = 3600.0, *, verb: str = "", resource: str = "", name: str = "",
        when: Predicate | None = None, times: int | None = 1, seconds: float | None = None,
    ) -> Rule:  # fmt: skip
        """Keep the client waiting, then close the connection; nothing is done."""
        return self._add(Rule("hang", 0, "", hang_seconds, verb, resource, name, when), times, seconds)

    def drop(
        self, *, verb: str = "", resource: str = "", name: str = "", when: Predicate | None = None,
        times: int | None = 1, seconds: float | None = None,
    ) -> Rule:  # fmt: skip
        """Close the connection; nothing is done."""
        return self._add(Rule("drop", 0, "", 0.0, verb, resource, name, when), times, seconds)

    def lose_answer(
        self, *, verb: str = "", resource: str = "", name: str = "", when: Predicate | None = None,
        times: int | None = 1, seconds: float | None = None,
    ) -> Rule:  # fmt: skip
        """Process the request, then close the connection without an answer: the client cannot know the outcome."""
        return self._add(Rule("lose-answer", 0, "", 0.0, verb, resource, name, when), times, seconds)

    def on_write(
        self, number: int, callback: Callable[[Call], object], *, moment: Literal["before", "after"] = "after",
        only: Predicate = lambda _: True,
    ) -> None:  # fmt: skip
        """Call back at the `number`-th write (from 1, counted from now), before it or after it but unanswered."""
        with self._lock:
            self._traps.append(_Trap(number, moment, callback, only))

    def deny(self, verb: str, resource: str, *, user: str = "", name: str = "") -> None:
        """Let RBAC refuse `verb` (or "*") on `resource` ("deployments/scale"), for one user or all."""
        with self._lock:
            self._denials.append(_Denial(verb, resource, user, name))

    def clear(self) -> None:
        """Remove all rules, callbacks and denials; the log stays."""
        with self._lock:
            self._rules, self._traps, self._denials = [], [], []

    def allowed(self, verb: str, resource: str, *, user: str = "", name: str = "") -> bool:
        """Return what RBAC says."""
        with self._lock:
            return not any(
                denial.verb in {verb, "*"} and denial.resource == resource and denial.user in {"", user}
                and denial.name in {"", name}
                for denial in self._denials
            )  # fmt: skip

    def writes(self) -> list[Call]:
        """Return the logged calls that may have changed something."""
        return [call for call in self.log if call.is_write]

    def take(self, call: Call) -> Rule | None:
        """Return the rule that decides about this call, counted down (for the server)."""
        with self._lock:
            for rule in self._rules:
                if rule.meets(call):
                    rule.hits += 1
                    rule.left = None if rule.left is None else rule.left - 1
                    return rule
        return None

    def traps(self, call: Call, moment: Literal["before", "after"]) -> list[Callable[[Call], object]]:
        """Return the callbacks due at this call (for the server)."""
        due = []
        with self._lock:
            for trap in self._traps:
                if trap.moment == moment and call.is_write and trap.only(call):
                    trap.seen.append(call.number)
                    if len(trap.seen) == trap.number:
                        due.append(trap.callback)
        return due

    def _add(self, rule: Rule, times: int | None, seconds: float | None) -> Rule:
        rule.left = times if seconds is None else None
        rule.until = None if seconds is None else time.monotonic() + seconds
        with self._lock:
            self._rules.append(rule)
        return rule


def as_json(call: Call) -> Json:
    """Return a call as plain data, for logs and failure messages."""
    return {**call.__dict__, "body": call.body.decode(errors="replace")}
