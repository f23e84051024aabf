"""Who tells when requests have left a side that is about to stop: Prometheus, then the proxies of its pods."""

from collections.abc import Callable
from functools import partial

import structlog

from steps.cluster.api import Cluster
from steps.errors import Interrupted, StepError
from steps.model.arrivals import Arrivals, ArrivalSource, LookAtArrivals
from steps.model.names import ReleaseNames
from steps.settings.arrivals import ArrivalSettings
from steps.settings.base import StepSettings
from steps.settings.prometheus import PrometheusAccessSettings, PrometheusSettings
from steps.workload.pods import running_addresses

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class _Late:
    """A source that is built when it is needed: most steps never drain, and its libraries load slowly.

    Whatever keeps it from counting makes it see nothing, since users are on the other side by then.
    """

    def __init__(self, build: Callable[[], ArrivalSource]) -> None:
        self._build = build

    def watch(self, namespace: str, deployments: tuple[str, ...], since: float) -> LookAtArrivals:
        """Begin to count; see `ArrivalSource`."""
        try:
            look = self._build().watch(namespace, deployments, since)
        except Interrupted:
            raise
        except (StepError, OSError, ValueError) as error:
            log.warning("drain.source_failed", detail=str(error))
            return lambda _: None

        def careful(now: float) -> Arrivals | None:
            try:
                return look(now)
            except Interrupted:
                raise
            except (StepError, OSError, ValueError) as error:
                log.warning("drain.source_failed", detail=str(error))
                return None

        return careful


def arrivals_of(
    settings: StepSettings, cluster: Cluster, names: ReleaseNames | None = None
) -> tuple[ArrivalSource, ...]:
    """Return the sources in the order in which they are asked.

    Args:
        settings: of the step.
        cluster: the API server; a rehearsal drains nothing.
        names: of the release; None where the claims name the arms.
    """
    if cluster.is_dry_run:
        return ()
    proxies = _Late(lambda: _proxies(cluster))
    if isinstance(settings, PrometheusAccessSettings) and settings.prometheus_url:
        return _Late(partial(_prometheus, settings, names)), proxies
    return (proxies,)


def _proxies(cluster: Cluster) -> ArrivalSource:
    from steps.evidence.proxy_arrivals import ProxyArrivals  # noqa: PLC0415 - see `_Late`

    return ProxyArrivals(partial(running_addresses, cluster))


def _prometheus(settings: PrometheusAccessSettings, names: ReleaseNames | None) -> ArrivalSource:
    from steps.evidence.prometheus_arrivals import PrometheusArrivals  # noqa: PLC0415 - see `_Late`
    from steps.wiring.prometheus import prometheus_of  # noqa: PLC0415 - see `_Late`

    client = prometheus_of(settings)
    if isinstance(settings, PrometheusSettings):
        values = {} if names is None else _values(settings, names)
        return PrometheusArrivals(client, settings.requests_metric, settings.arm_label, settings.metric_labels, values)
    if isinstance(settings, ArrivalSettings):
        return PrometheusArrivals(client, settings.requests_metric, more=settings.metric_labels)
    return PrometheusArrivals(client)


def _values(settings: PrometheusSettings, names: ReleaseNames) -> dict[str, str]:
    given = {
        names.stable: settings.stable_label_value,
        names.canary: settings.canary_label_value,
        names.baseline: settings.baseline_label_value,
    }
    return {name: value for name, value in given.items() if value}
