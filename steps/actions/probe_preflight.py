"""Ask stable what the canary will be asked, before any traffic moves: what stable fails may be a mistake."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from steps.errors import PermanentError
from steps.probing.probe import Endpoint, Probe
from steps.probing.send import UNREACHABLE, send

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_PODS = 3
_PAUSE_SECONDS = 1.0
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class ProbePreflight:
    """The probes, and where stable answers them.

    Args:
        probes: what is sent.
        stable: gives stable's ready pods, or the gateway.
        send: sends one probe; returns why it failed, or "".
        pause: waits so many seconds.
    """

    probes: tuple[Probe, ...]
    stable: Callable[[], tuple[Endpoint, ...]]
    send: Callable[[Probe, Endpoint], str] = send
    pause: Callable[[float], None] = time.sleep

    def check(self, *, rehearsal: bool = False) -> list[str]:
        """Send each probe to up to three of stable's pods, once more where one fails.

        Args:
            rehearsal: leave out what may change something (POST and the like).

        Returns:
            A sentence for each probe that some of the pods fail, or that stable may fail and does.

        Raises:
            PermanentError: a probe that all of them fail; names it, the answer and the remedy.
        """
        endpoints = self.stable()[:_PODS]
        if not endpoints:
            return ["The probes were not tried on stable: no ready pod of it has an address."]
        refused, warnings = [], []
        for probe in self.probes:
            if rehearsal and probe.method not in _SAFE:
                continue
            found = {one.name: text for one in endpoints if (text := self._asked(probe, one))}
            if not found:
                continue
            told = f"probe {probe.name} fails on stable ({_shown(found)})"
            if len(found) < len(endpoints):
                warnings.append(f"{told}, and passes on {len(endpoints) - len(found)} of its pods.")
            elif probe.stable_may_fail:
                warnings.append(f"{told}, as it may.")
            else:
                refused.append(told)
        if refused:
            remedy = (
                "A canary that does no better could never pass. Correct the probe, mend stable, or say"
                " `stable-may-fail: true` for a probe that only the new version can pass."
            )
            if any(UNREACHABLE in told for told in refused):
                remedy = (
                    "Pods behind STRICT mTLS close plain connections: name --probe-gateway-url, or check port and"
                    f" NetworkPolicies. {remedy}"
                )
            raise PermanentError("trying the probes on stable", f"{'; '.join(refused)}. {remedy}")
        return warnings

    def _asked(self, probe: Probe, endpoint: Endpoint) -> str:
        if not self.send(probe, endpoint):
            return ""
        self.pause(_PAUSE_SECONDS)
        return self.send(probe, endpoint)


def _shown(found: dict[str, str]) -> str:
    """Give the answers, each with the first pod that gave it."""
    first: dict[str, str] = {}
    for name, text in found.items():
        first.setdefault(text, name)
    return "; ".join(f"{name}: {text}" for text, name in first.items())
