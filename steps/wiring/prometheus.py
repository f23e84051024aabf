"""Build the client of Prometheus from the settings."""

from pathlib import Path

from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.client import Prometheus, ResponseHook
from steps.settings.mappings import parse_header
from steps.settings.pairs import require_both
from steps.settings.prometheus import PrometheusAccessSettings


def prometheus_of(settings: PrometheusAccessSettings, record: ResponseHook | None = None) -> Prometheus:
    """Return the client; nothing is asked yet.

    Raises:
        SettingsError: of a pair of credentials or certificates only one is set.
    """
    require_both(
        ("--prometheus-username", settings.prometheus_username),
        ("--prometheus-password-file", settings.prometheus_password_file),
    )
    require_both(
        ("--prometheus-cert-file", settings.prometheus_cert_file),
        ("--prometheus-key-file", settings.prometheus_key_file),
    )
    access = Access(
        url=settings.prometheus_url,
        timeout_seconds=settings.prometheus_timeout_seconds,
        token_file=_path(settings.prometheus_token_file),
        username=settings.prometheus_username or None,
        password_file=_path(settings.prometheus_password_file),
        headers=dict(parse_header(line, "--prometheus-header") for line in settings.prometheus_header if line),
        ca_file=_path(settings.prometheus_ca_file),
        client_cert=_path(settings.prometheus_cert_file),
        client_key=_path(settings.prometheus_key_file),
    )
    return Prometheus(access, record=record)


def _path(text: str) -> Path | None:
    return Path(text) if text else None
