"""Send the probes to stable before any traffic moves: a probe that stable fails may be a mistake."""

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
    """Tries the probes on stable.

    Args:
        probes: the probes to send.
        stable: returns stable's ready pods, or the gateway.
        send: sends one probe; returns why it failed, or "".
        pause: waits so many seconds.
    """

    probes: tuple[Probe, ...]
    stable: Callable[[], tuple[Endpoint, ...]]
    send: Callable[[Probe, Endpoint], str] = send
    pause: Callable[[float], None] = time.sleep

    def check(self, *, dry_run: bool = False) -> list[str]:
        """Send each probe to up to three of stable's pods; repeat it once where it fails.

        Args:
            dry_run: skip probes that may change something (POST and the like).

        Returns:
            A sentence for each probe that only some pods fail, or that stable fails and may fail.

        Raises:
            PermanentError: all of the pods fail a probe; names the probe, the answer and the remedy.
        """
        endpoints = self.stable()[:_PODS]
        if not endpoints:
            return ["The probes were not tried on stable: none of its ready pods has an address."]
        refused, warnings = [], []
        for probe in self.probes:
            if dry_run and probe.method not in _SAFE:
                continue
            found = {one.name: text for one in endpoints if (text := self._asked(probe, one))}
            if not found:
                continue
            failure = f"probe {probe.name} fails on stable ({_shown(found)})"
            if len(found) < len(endpoints):
                warnings.append(f"{failure}, and passes on {len(endpoints) - len(found)} of its pods.")
            elif probe.stable_may_fail:
                warnings.append(f"{failure}, which its settings allow.")
            else:
                refused.append(failure)
        if refused:
            remedy = (
                "A canary that does no better could never pass. Correct the probe, fix stable, or set"
                " `stable-may-fail: true` for a probe that only the new version can pass."
            )
            if any(UNREACHABLE in failure for failure in refused):
                remedy = (
                    "Pods behind STRICT mTLS close plain connections: set --probe-gateway-url, or check port and"
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
    """Return the answers, each with the first pod that gave it."""
    first: dict[str, str] = {}
    for name, text in found.items():
        first.setdefault(text, name)
    return "; ".join(f"{name}: {text}" for text, name in first.items())
