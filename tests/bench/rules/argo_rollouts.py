"""Argo Rollouts' rule: one measurement each interval; more than `failureLimit` failed ones roll back.

Source: argoproj/argo-rollouts @ 9f8d111, docs/analysis/prometheus.md (query, success >= 0.95, interval 5m, failureLimit
3) and metricproviders, analysis/analysis.go: NaN fails a success condition; an empty answer makes `result[0]` an error,
and more than consecutiveErrorLimit (4) errors in a row end the run as well. Where no proxy in front reports, the query
asks the pods' own proxies.
"""

from math import isnan
from typing import Final

from tests.bench.rules.outcome import Outcome
from tests.bench.simulation.family import RUN_SECONDS, Family
from tests.bench.simulation.rollout import Rollout

_ERROR_LIMIT: Final = 4


def query(family: Family, function: str, window: str) -> str:
    """Return the documented query for the canary's Service."""
    reporter = "source" if family.aligned else "destination"
    target = f'reporter="{reporter}",destination_service=~"shop-canary.shop.svc.cluster.local"'
    good = f'sum({function}(istio_requests_total{{{target},response_code!~"5.*"}}[{window}]))'
    return f"{good} / sum({function}(istio_requests_total{{{target}}}[{window}]))"


def example(rollout: Rollout) -> Outcome:
    """Run the documentation's example: irate over 5m, every 5 minutes, at least .95."""
    return _run(rollout, query(rollout.family, "irate", "5m"), 300, 0.95, 3)


def strict(rollout: Rollout) -> Outcome:
    """Run a stricter setting that its users choose: rate over 1m, every minute, at least .99."""
    return _run(rollout, query(rollout.family, "rate", "1m"), 60, 0.99, 3)


def _run(rollout: Rollout, promql: str, interval: int, least: float, failure_limit: int) -> Outcome:
    failed = errors = 0
    for seconds in range(0, RUN_SECONDS + 1, interval):
        value = rollout.number(promql, float(seconds))
        if value is None:
            errors += 1
        else:
            errors = 0
            failed += isnan(value) or value < least
        if failed > failure_limit or errors > _ERROR_LIMIT:
            return Outcome(float(seconds), None, f"{failed} failed, {errors} errors")
    return Outcome(None)
