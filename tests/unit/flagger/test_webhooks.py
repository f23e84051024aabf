"""Webhooks: gates, probes, notifications, and what is not called any more."""

from __future__ import annotations

from typing import Any

import pytest

from steps.flagger.conversion import Converted
from steps.flagger.curl import probe_of
from steps.settings.probes import ProbeSpec
from tests.support.flagger_manifests import canary, line, read

HOOK = "spec.analysis.webhooks[0]"


def hooked(kind: str, **more: object) -> Converted:
    """Return the conversion of a Canary with one webhook."""
    return read(canary({"webhooks": [{"name": "hook", "url": "http://x.test/", "type": kind, **more}]}))


@pytest.mark.parametrize(
    ("kind", "fate", "said"),
    [
        ("confirm-rollout", "replaced", "a release begins when somebody starts it"),
        ("confirm-promotion", "replaced", "`analyze --hold` on the last weight"),
        ("confirm-traffic-increase", "replaced", "`analyze --hold` on every weight"),
        ("event", "replaced", "notify --webhook-url-file"),
        ("post-rollout", "replaced", "after the release"),
        ("rollback", "replaced", "canary-steps rollback --any-run"),
        ("pre-rollout", "dropped", "it is not called"),
        ("rollout", "dropped", "it is not called"),
        ("", "dropped", "it is not called"),
    ],
)
def test_each_type_has_its_counterpart(kind: str, fate: str, said: str) -> None:
    """Or the account says that it is not called."""
    found = line(hooked(kind), HOOK)
    assert (fate, True) == (str(found.fate), said in found.text), found.text


@pytest.mark.parametrize("command", ["hey -z 1m http://shop-canary/", "wrk -t 2 http://a/", "ghz --insecure a:1"])
def test_a_load_test_is_dropped_with_a_warning(command: str) -> None:
    """Without users nothing can be judged."""
    assert "nothing can be judged" in line(hooked("rollout", metadata={"cmd": command}), HOOK).text


@pytest.mark.parametrize("kind", ["confirm-promotion", "confirm-traffic-increase"])
def test_a_gate_is_kept(kind: str) -> None:
    """Nobody's approval is skipped by the move."""
    assert (kind,) == hooked(kind).webhooks.gates


@pytest.mark.parametrize(
    ("command", "probe"),
    [
        ("curl http://shop-canary.demo/healthz", {"path": "/healthz"}),
        ("curl -s -f http://shop-canary:9898/a?b=1", {"path": "/a?b=1"}),
        ("curl -sd 'test' http://shop-canary:9898/token | grep token",
         {"path": "/token", "method": "POST", "body": "test", "contains": "token"}),
        ("curl -X PUT -H 'x-a: 1' -d '{\"a\": 1}' http://shop-canary/x | grep -q ok",
         {"path": "/x", "method": "PUT", "headers": {"x-a": "1"}, "body": '{"a": 1}', "contains": "ok"}),
        ("curl shop-canary", {"path": "/"}),
    ],
)  # fmt: skip
def test_one_curl_is_a_probe(command: str, probe: dict[str, Any]) -> None:
    """As an entry of canary.yaml that the settings accept."""
    made = probe_of("Smoke Test", command)
    assert {"name": "smoke-test", **probe} == made
    assert "smoke-test" == ProbeSpec.model_validate(made).name


@pytest.mark.parametrize(
    "command",
    ["", "hey http://a", "curl", "curl http://a && rm x", "curl http://a; curl http://b", "curl http://a http://b",
     "curl --upload-file x http://a", "curl http://a | jq .", "curl $URL", "curl `x`", "curl -d @file http://a",
     "curl http://[", "curl -d", "curl http://a | grep x | grep y", "curl http://a > out"],
)  # fmt: skip
def test_a_command_that_does_more_is_not_a_probe(command: str) -> None:
    """Half of a check would be worse than none."""
    assert probe_of("smoke", command) is None


def test_the_probe_is_in_the_account() -> None:
    """A person checks it, since paths and answers of a test are not those of a pod."""
    found = hooked("pre-rollout", metadata={"type": "bash", "cmd": "curl http://shop-canary/healthz"})
    assert 'probes: [{"name": "hook", "path": "/healthz"}]' in line(found, HOOK).text
    assert ({"name": "hook", "path": "/healthz"},) == found.webhooks.probes
