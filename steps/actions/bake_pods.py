"""The pods of a promoted version: growth by an autoscaler, and one slow pod of many, are not its fault."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from steps.judge.rules import Rules
from steps.model.evidence import Health

_SPARE: Final = 10
"""Of so many pods one may be missing: with many pods, some node is always in trouble."""


@dataclass(slots=True)
class BakePods:
    """Looks at the pods that serve all users.

    Args:
        look_at_pods: returns the health of the Deployment as it is.
        now: the API server's clock, unix seconds.
    """

    look_at_pods: Callable[[], Health]
    now: Callable[[], float]
    _needed: int = 0
    _short_since: float | None = None

    def look(self) -> Health:
        """Return the health by the pods that the users need: not those that an autoscaler has just asked for.

        A canary has a fixed number of pods. Here an autoscaler may ask for pods that no node has room for yet.
        """
        health = self.look_at_pods()
        self._needed = min(self._needed or health.desired, health.desired)
        needed = self._needed - self._needed // _SPARE
        if health.ready >= needed:
            self._short_since = None
            return replace(health, desired=health.ready, unready_seconds=0.0, disruption="")
        now = self.now()
        # The arm may have been short of a spare pod for long; what counts is the time without enough of them.
        self._short_since = now if self._short_since is None else self._short_since
        seconds = min(health.unready_seconds, now - self._short_since) if health.ready else health.unready_seconds
        return replace(health, desired=needed, unready_seconds=seconds)


def rules_for_pods(rules: Rules, health: Health) -> Rules:
    """Return the rules for so many pods: a canary of a few may restart twice, half of many pods may restart once."""
    return replace(rules, max_restarts=max(rules.max_restarts, health.desired // 2))
