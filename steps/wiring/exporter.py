"""Build the exporter of a step's metrics: what it reads at the API server, and where the samples go."""

from collections.abc import Callable
from pathlib import Path

from steps.claim.claims import Claims
from steps.claim.listing import list_apps, list_release
from steps.cluster.api import Cluster
from steps.evidence.prometheus_api.access import Access, FileAuth
from steps.model.listing import ListedApp
from steps.model.names import ReleaseNames
from steps.outputs.metrics.exporter import Exporter, Target
from steps.outputs.metrics.pushgateway import Pushgateway
from steps.outputs.metrics.textfile import TextFile
from steps.settings.export import ExportSettings
from steps.settings.mappings import parse_header
from steps.settings.pairs import require_both


def exporter_of_release(settings: ExportSettings, cluster: Cluster, names: ReleaseNames) -> Exporter:
    """Return the exporter of one release; nothing is read yet.

    Raises:
        SettingsError: of a pair of credentials or certificates only one is set, or a header is not one.
    """
    claims = Claims(cluster.without_retries(settings.metrics_timeout_seconds))
    return Exporter(_targets(settings), lambda: [list_release(claims, names)], settings.metrics_timeout_seconds)


def exporter_of_list(settings: ExportSettings, cluster: Cluster, namespace: str | None) -> Exporter:
    """Return the exporter of all apps of a namespace (None: of all); only those whose run died are pushed.

    Raises:
        SettingsError: as `exporter_of_release`.
    """
    patient = cluster.without_retries(settings.metrics_timeout_seconds)
    started = cluster.now()

    def has_died(app: ListedApp) -> bool:
        ended = app.record.ended if app.record is not None and app.record.rescued else 0.0
        return app.is_expired or app.is_claim_unreadable or ended >= started - 1.0  # it is rounded

    return Exporter(
        _targets(settings, has_died), lambda: list_apps(patient, namespace), settings.metrics_timeout_seconds
    )


def _targets(settings: ExportSettings, wants: Callable[[ListedApp], bool] = lambda _: True) -> list[Target]:
    require_both(
        ("--pushgateway-username", settings.pushgateway_username),
        ("--pushgateway-password-file", settings.pushgateway_password_file),
    )
    require_both(
        ("--pushgateway-cert-file", settings.pushgateway_cert_file),
        ("--pushgateway-key-file", settings.pushgateway_key_file),
    )
    headers = dict(parse_header(line, "--pushgateway-header") for line in settings.pushgateway_header if line)
    found: list[Target] = [TextFile(settings.metrics_file)] if settings.metrics_file else []
    if settings.pushgateway_url:
        found.append(_pushgateway(settings, headers, wants))
    return found


def _pushgateway(settings: ExportSettings, headers: dict[str, str], wants: Callable[[ListedApp], bool]) -> Pushgateway:
    token, password = settings.pushgateway_token_file, settings.pushgateway_password_file
    access = Access(
        url=settings.pushgateway_url,
        token_file=Path(token) if token else None,
        username=settings.pushgateway_username or None,
        password_file=Path(password) if password else None,
    )
    cert, key = settings.pushgateway_cert_file, settings.pushgateway_key_file
    return Pushgateway(
        url=settings.pushgateway_url,
        seconds=settings.metrics_timeout_seconds,
        auth=FileAuth(access),
        headers=headers,
        ca_file=settings.pushgateway_ca_file,
        client=(cert, key) if cert else None,
        wants=wants,
    )
