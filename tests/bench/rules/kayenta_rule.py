"""Kayenta as a rule: every five minutes all points so far, one a minute, are judged against an equal-size baseline.

Metrics: percent of failed requests and p99 of the durations, direction "increase", all else as Kayenta defaults;
thresholds 95 / 75 as in its documentation: below 75 the canary is ended at once.
"""

from math import isnan, nan
from typing import Final

from tests.bench.rules.kayenta_judge import Config, classify, score
from tests.bench.rules.outcome import Outcome
from tests.bench.simulation.family import RUN_SECONDS
from tests.bench.simulation.rollout import Rollout

_MINUTE: Final = 60
_EVERY: Final = 300
_MARGINAL: Final = 75.0
_CONFIG: Final = Config(direction="increase")


def kayenta(rollout: Rollout) -> Outcome:
    """Judge every five minutes."""
    reporter = "source" if rollout.family.aligned else "destination"
    points: dict[str, tuple[list[float], list[float]]] = {"errors": ([], []), "p99": ([], [])}
    for seconds in range(_MINUTE, RUN_SECONDS + 1, _MINUTE):
        for side, workload in enumerate(("shop-canary", "shop-baseline")):
            target = f'reporter="{reporter}",destination_workload="{workload}"'
            points["errors"][side].append(_errors(rollout, target, float(seconds)))
            points["p99"][side].append(_p99(rollout, target, float(seconds)))
        if seconds % _EVERY == 0:
            found = {name: [classify(canary, baseline, _CONFIG)] for name, (canary, baseline) in points.items()}
            if score(found) < _MARGINAL:
                return Outcome(float(seconds), None, str({name: one[0].label.value for name, one in found.items()}))
    return Outcome(None)


def _errors(rollout: Rollout, target: str, seconds: float) -> float:
    whole = rollout.number(f"sum(rate(istio_requests_total{{{target}}}[1m]))", seconds)
    failed = rollout.number(f'sum(rate(istio_requests_total{{{target},response_code=~"5.."}}[1m]))', seconds)
    return 100.0 * (failed or 0.0) / whole if whole else nan


def _p99(rollout: Rollout, target: str, seconds: float) -> float:
    buckets = f"istio_request_duration_milliseconds_bucket{{{target}}}[1m]"
    value = rollout.number(f"histogram_quantile(0.99, sum(rate({buckets})) by (le))", seconds)
    return nan if value is None or isnan(value) else value
