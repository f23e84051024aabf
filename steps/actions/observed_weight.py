"""Wait until the traffic that Prometheus sees matches the weight."""

import time
from collections.abc import Callable

from steps.errors import TemporaryError
from steps.evidence.reader import EvidenceReader
from steps.model.evidence import Evidence, MetricKind

_NEAR_POINTS = 5.0
_STRATA = 3
_LOOK_SECONDS = 1.0


def await_observed_weight(
    reader: EvidenceReader,
    weight: int,
    now: Callable[[], float],
    timeout_seconds: float,
    pause: Callable[[float], None] = time.sleep,
    *,
    halved: bool = False,
) -> float:
    """Return the canary's observed share in percent once it is within 5 points of its weight.

    Args:
        reader: of the evidence.
        weight: percent, 0-100.
        now: the API server's clock, unix seconds.
        timeout_seconds: how long to wait (>= 0).
        pause: waits so many seconds.
        halved: whether a baseline gets half of the weight's requests; its share then counts with the canary's.

    Raises:
        TemporaryError: the split does not match in time.
    """
    began = now()
    while True:
        evidence = reader.read(began, now(), weight=weight)
        observed = observed_weight(evidence, halved=halved)
        if observed is not None and abs(observed - weight) <= _NEAR_POINTS:
            return observed
        if now() - began >= timeout_seconds:
            share = "no requests" if observed is None else f"{observed:.1f} percent of the requests"
            cause = (
                f"after {timeout_seconds:.0f} s Prometheus shows {share} on the canary. Check that clients come"
                " through these routes, and that the proxies have the configuration (istioctl proxy-status)."
            )
            if evidence.problem is not None:
                cause = f"{evidence.problem.sentence}; {cause}"
            raise TemporaryError(f"waiting until the split matches weight {weight}", cause)
        pause(_LOOK_SECONDS)


def observed_weight(evidence: Evidence, *, halved: bool = False) -> float | None:
    """Return the canary's share of the requests of the newest three strata, percent 0-100; None without requests.

    `halved`: its baseline gets as many requests, which the evidence does not contain.
    """
    errors = next((metric for metric in evidence.metrics if metric.kind is MetricKind.ERRORS), None)
    if errors is None:
        return None
    strata = [entry for series in errors.series for entry in series.strata if entry.end > evidence.started][-_STRATA:]
    canary = sum(entry.canary.total for entry in strata) * (2 if halved else 1)
    both = canary + sum(entry.stable.total for entry in strata)
    return 100.0 * canary / both if both and len(strata) == _STRATA else None
