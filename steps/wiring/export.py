"""Export the metrics of a release around what a step does; without metrics settings nothing is loaded or read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from steps.cluster.api import Cluster
from steps.errors import Interrupted
from steps.model.looks import LastLook
from steps.model.names import ReleaseNames
from steps.settings.export import ExportSettings

if TYPE_CHECKING:
    from steps.outputs.metrics.exporter import Exporter

OnLook = Callable[[LastLook], None]
"""Exports a look while the step goes on."""


@contextmanager
def exported(settings: ExportSettings, cluster: Cluster, names: ReleaseNames) -> Iterator[OnLook | None]:
    """Export the metrics of one release when the block ends, by a result or by an error, unless it is interrupted.

    Yields:
        What exports a look within the block; None if no metrics are wanted, and in a dry run.

    Raises:
        SettingsError: of a pair of credentials or certificates only one is set, or a header is not one.
    """
    if not _are_wanted(settings, cluster):
        yield None
        return
    from steps.wiring.exporter import exporter_of_release  # noqa: PLC0415 - HTTP and threads, for metrics alone

    exporter = exporter_of_release(settings, cluster, names)
    with _ended(exporter):
        yield exporter.look


@contextmanager
def exported_list(settings: ExportSettings, cluster: Cluster, namespace: str | None) -> Iterator[None]:
    """Export the metrics of all apps of a namespace (None: of all) when the block ends, as `exported`.

    The file gets every app; the Pushgateway only those whose run died, since the others push themselves.
    """
    if not _are_wanted(settings, cluster):
        yield
        return
    from steps.wiring.exporter import exporter_of_list  # noqa: PLC0415 - as above

    with _ended(exporter_of_list(settings, cluster, namespace)):
        yield


def _are_wanted(settings: ExportSettings, cluster: Cluster) -> bool:
    return bool(settings.metrics_file or settings.pushgateway_url) and not cluster.is_dry_run


@contextmanager
def _ended(exporter: "Exporter") -> Iterator[None]:
    try:
        yield
    except Interrupted:
        raise  # the run stays as it is, and so do its metrics; the thread ends with the process
    except Exception:
        exporter.end()
        raise
    exporter.end()
