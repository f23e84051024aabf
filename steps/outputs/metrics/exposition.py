"""Samples as text: OpenMetrics, or the classic format of Prometheus.

prometheus_client is loaded where it is used: it costs 50 ms, and most steps write no metrics.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from steps.outputs.metrics import series
from steps.outputs.metrics.samples import Sample

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

OPENMETRICS_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
CLASSIC_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def as_openmetrics(samples: Iterable[Sample]) -> str:
    """Return the samples as OpenMetrics text; the last line is `# EOF`."""
    from prometheus_client.openmetrics.exposition import generate_latest  # noqa: PLC0415 - see the module's docstring

    text: bytes = generate_latest(registry_of(samples))
    return text.decode()


def as_classic(samples: Iterable[Sample]) -> str:
    """Return the samples in Prometheus' classic text format, which node exporter's textfile collector reads."""
    from prometheus_client.exposition import generate_latest  # noqa: PLC0415 - see the module's docstring

    return generate_latest(registry_of(samples)).decode()


def registry_of(samples: Iterable[Sample]) -> "CollectorRegistry":
    """Return a registry with these samples alone."""
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 - see the module's docstring

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(list(samples)))
    return registry


class _Collected:
    """What prometheus_client calls a collector: its families, in the order of the table."""

    def __init__(self, samples: list[Sample]) -> None:
        self._samples = samples

    def collect(self) -> Iterator["Metric"]:
        """Return the families that have samples."""
        from prometheus_client.core import (  # noqa: PLC0415 - see the module's docstring
            CounterMetricFamily,
            GaugeMetricFamily,
            InfoMetricFamily,
        )

        for one in series.ALL:
            mine = [sample for sample in self._samples if sample.series is one]
            if one.kind == "info":
                *shared, own = one.labels
                info = InfoMetricFamily(one.name.removesuffix("_info"), one.help, labels=shared)
                for sample in mine:
                    info.add_metric(sample.labels[:-1], {own: sample.labels[-1]})
                family: Metric = info
            else:
                kind = CounterMetricFamily if one.kind == "counter" else GaugeMetricFamily
                family = kind(one.name, one.help, labels=one.labels)
                for sample in mine:
                    family.add_metric(sample.labels, sample.value)
            if mine:
                yield family
