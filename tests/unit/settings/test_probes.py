"""`probes:` of canary.yaml: every mistake is refused with its path and without secrets."""

from __future__ import annotations

import pytest

from steps.analyze import Settings
from steps.beside import prober_of
from steps.errors import SettingsError
from tests.unit.settings.conftest import Load, Refusal


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("name: x", "probes[0].path = nothing: this entry is required"),
        ("name: x, path: front", "probes[0].path = 'front': must match ^/"),
        ("name: x, path: /, status: 99", "probes[0].status[0] = 99: must be a number at least 100"),
        ("name: x, path: /, status: []", "probes[0].status = []: "),
        ("name: x, path: /, port: 70000", "probes[0].port = 70000: must be a number at most 65535"),
        ("name: x, path: /, timeout-seconds: 0", "timeout-seconds = 0: must be a number more than 0"),
        ("name: x, path: /, json: {pointer: state, value: ok}", "json.pointer = 'state': must match"),
        ("name: x, path: /, tls: {cert-file: a}", "`cert-file` and `key-file` go together"),
        ("name: x, path: /, method: TRACE", "probes[0].method = 'TRACE'"),
    ],
)
def test_a_mistake_is_refused_with_its_path(refusal: Refusal, entry: str, said: str) -> None:
    """Before anything is sent."""
    assert said in refusal("analyze", "--app=shop", file=f"probes:\n- {{{entry}}}\n")


def test_a_bad_header_is_refused_without_its_value(refusal: Refusal) -> None:
    """It may be a secret."""
    sentence = refusal("probe", "--app=shop", file='probes:\n- {name: x, path: /, headers: {A: "s3cret\\nB: c"}}\n')

    assert "probes[0].headers.A = ***" in sentence
    assert "s3cret" not in sentence


def test_a_gateway_needs_headers_that_route_to_each_arm(load_step: Load) -> None:
    """Without them a probe would reach either arm by weight."""
    settings = load_step(
        "analyze", "--app=shop", "--probe-gateway-url=http://gw", file="probes: [{name: x, path: /}]\n"
    )
    assert isinstance(settings, Settings)
    with pytest.raises(SettingsError, match="go together: set all or none"):
        prober_of(settings, None, None)  # type: ignore[arg-type]  # not reached
