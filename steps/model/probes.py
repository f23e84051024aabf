"""Results of deep health checks: plain data for `probing`, the judge and recordings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One probe sent to one canary pod and, side by side, to stable.

    Attributes:
        probe: its name.
        target: the canary pod, or "gateway".
        at: when its round began, unix seconds by the prober's clock: only the order counts.
        canary: why the canary failed it, in a few words; "" = it passed.
        stable: the same for stable: the first failure among the stable pods that were probed; "" = all passed.
        is_answered: False = the answers before it are old: none has come since; `canary` says for how long.
    """

    probe: str
    target: str
    at: float
    canary: str = ""
    stable: str = ""
    is_answered: bool = True
