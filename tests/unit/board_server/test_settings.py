"""Settings of the board: ranges, and what goes together."""

from __future__ import annotations

import pytest

from steps.board import Settings
from steps.errors import SettingsError
from steps.settings.addresses import host_and_port
from steps.settings.loading import load


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (("--listen", "nowhere:80"), "must begin with an IP address"),
        (("--listen", ":80"), "must begin with an IP address"),
        (("--listen", "8080"), "must be an IP address and a port"),
        (("--listen", "127.0.0.1:99999"), "a port of at most 65535"),
        (("--listen", "127.0.0.1:-1"), "a port of at most 65535"),
        (("--stale-seconds", "2", "--interval-seconds", "5"), "must be longer than interval-seconds"),
        (("--interval-seconds", "0"), "at least 1 and at most 300"),
        (("--refresh-seconds", "-1"), "at least 0 and at most 3600"),
        (("--run-url", "ftp://x/{run}"), "must begin with http:// or https://"),
        (("--namespaces", "Shop"), "must be a Kubernetes name"),
    ],
)
def test_bad_settings_are_refused_with_their_range(flags: tuple[str, ...], named: str) -> None:
    """Before it listens."""
    with pytest.raises(SettingsError) as caught:
        load(Settings, list(flags), frozenset, "canary-steps board")
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("listen", "parts"),
    [
        ("0.0.0.0:8080", ("0.0.0.0", 8080)),
        ("[::]:8080", ("::", 8080)),
        ("localhost:80", ("127.0.0.1", 80)),
        ("::1:0", ("::1", 0)),
    ],
)
def test_an_address_is_read_with_its_port(listen: str, parts: tuple[str, int]) -> None:
    """Of both versions of IP."""
    assert parts == host_and_port(listen)
