"""The queries of the panels, with Grafana's variables, by the judge's own definitions of what is bad."""

from typing import Final

from steps.evidence.definitions.request_status import FAILURE_FLAGS, SERVER_FAULTS

WINDOW: Final = "$__rate_interval"
ARMS: Final = ("canary", "stable")
QUANTILES: Final = (0.5, 0.9, 0.99)

_NO_FAILURE: Final = (
    f'response_flags!~"(.*,)?({"|".join(sorted(FAILURE_FLAGS))})(,.*)?"',
    f'grpc_response_status!~"{"|".join(sorted(SERVER_FAULTS, key=int))}"',
)
_GOOD: Final = ('response_code!~"5.*|0|"', *_NO_FAILURE)
_UNCLASSIFIED: Final = ('response_code=~"0|"', *_NO_FAILURE)


def own(series: str, *matchers: str) -> str:
    """Return a selector of one of our own series, for the app."""
    return _selector(series, 'namespace=~"$namespace"', 'app="$app"', *matchers)


def mesh(series: str, workload: str, *matchers: str) -> str:
    """Return a selector of the mesh's series of some Deployments, a regular expression."""
    shared = ('reporter="$reporter"', 'destination_workload_namespace=~"$namespace"')
    return _selector(series, *shared, f'destination_workload=~"{workload}"', *matchers)


def _selector(series: str, *matchers: str) -> str:
    return f"{series}{{{','.join(matchers)}}}"


def rate(selector: str) -> str:
    """Return the sum of the rates."""
    return f"sum(rate({selector}[{WINDOW}]))"


def requests(arm: str) -> str:
    """Return the requests of an arm, per second."""
    return rate(mesh("istio_requests_total", f"${arm}"))


def observed_weight() -> str:
    """Return the canary's share of the requests of both arms, 0-1."""
    both = rate(mesh("istio_requests_total", "$canary|$stable"))
    return f"({requests('canary')} or {both} * 0) / {both}"


def success(arm: str) -> str:
    """Return the share (0-1) of requests that did not fail; those that their client left count for neither side."""
    good = rate(mesh("istio_requests_total", f"${arm}", *_GOOD))
    unclassified = rate(mesh("istio_requests_total", f"${arm}", *_UNCLASSIFIED))
    return f"({good} or {requests(arm)} * 0) / ({requests(arm)} - ({unclassified} or vector(0)))"


def answers(arm: str) -> str:
    """Return the requests of an arm by code, per second."""
    return f"sum by (response_code) (rate({mesh('istio_requests_total', f'${arm}')}[{WINDOW}]))"


def latency(arm: str, quantile: float) -> str:
    """Return a quantile of the durations, milliseconds."""
    buckets = mesh("istio_request_duration_milliseconds_bucket", f"${arm}")
    return f"histogram_quantile({quantile:g}, sum by (le) (rate({buckets}[{WINDOW}])))"


def small_bodies(arm: str) -> str:
    """Return the share (0-1) of successful answers with at most $small bytes on the wire, headers included."""
    # Prometheus 3 writes the bound 500 as 500.0.
    small, whole = (
        rate(mesh("istio_response_bytes_bucket", f"${arm}", 'response_code=~"2.."', f'le=~"{bound}"'))
        for bound in (r"$small(\\.0)?", r"\\+Inf")
    )
    return f"{small} / {whole}"


def weight_changes() -> str:
    """Return 1 where the weight was changed, by our own series."""
    return f"changes({own('canary_steps_weight_ratio')}[{WINDOW}]) > 0"


def trial_changes() -> str:
    """Return 1 where the canary began again after an alarm, by our own series."""
    return f"changes({own('canary_steps_trial')}[{WINDOW}]) > 0"


def observed_changes() -> str:
    """Return how far the observed share moved, where it moved and our own series are missing."""
    share = f"({observed_weight()})[1m:5s]"
    moved = f"max_over_time({share}) - min_over_time({share}) > 0.04"
    return f"({moved}) unless on () {own('canary_steps_weight_ratio')}"
