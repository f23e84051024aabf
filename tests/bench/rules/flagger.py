"""Flagger's rule: two fixed limits for the canary alone, each minute; a number of failed checks in all rolls back.

Source: fluxcd/flagger @ 15bd6ad, pkg/metrics/observers/istio.go (queries) and pkg/controller/scheduler.go: interval
60 s, success rate of at least 99 % and p99 of at most 500 ms as its documentation's examples set them; failed checks
are counted up and never down; no value is a failed check. It acts one tick after the deciding check; that minute is
not counted against it here.
"""

from math import isnan
from typing import Final

from tests.bench.rules.outcome import Outcome
from tests.bench.simulation.family import RUN_SECONDS
from tests.bench.simulation.rollout import Rollout

INTERVAL_SECONDS: Final = 60
_TARGET: Final = 'reporter="destination",destination_workload_namespace="shop",destination_workload=~"shop-canary"'
SUCCESS: Final = (
    f'sum(rate(istio_requests_total{{{_TARGET},response_code!~"5.*"}}[1m]))'
    f" / sum(rate(istio_requests_total{{{_TARGET}}}[1m])) * 100"
)
DURATION: Final = (
    f"histogram_quantile(0.99, sum(rate(istio_request_duration_milliseconds_bucket{{{_TARGET}}}[1m])) by (le))"
)
SUCCESS_MIN: Final = 99.0
DURATION_MAX_MS: Final = 500.0


def flagger(rollout: Rollout, threshold: int) -> Outcome:
    """Run the checks; roll back at the `threshold`th failed one."""
    failed = 0
    for seconds in range(INTERVAL_SECONDS, RUN_SECONDS + 1, INTERVAL_SECONDS):
        success, duration = rollout.number(SUCCESS, seconds), rollout.number(DURATION, seconds)
        good = _within(success, low=SUCCESS_MIN) and _within(duration, high=DURATION_MAX_MS)
        failed += not good
        if failed >= threshold:
            return Outcome(float(seconds), None, f"{success} %, {duration} ms")
    return Outcome(None)


def _within(value: float | None, *, low: float | None = None, high: float | None = None) -> bool:
    if value is None or isnan(value):
        return False
    return (low is None or value >= low) and (high is None or value <= high)
