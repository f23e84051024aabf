"""What is secret is hidden by one rule: by the name that leads to it, or by its form."""

from __future__ import annotations

import json

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as some

from steps.model.secrecy import is_secret_name, shown, without_secrets
from steps.outputs import logs

SECRET = "hush9Zq7"
POD = {
    "containers": [
        {
            "name": "shop",
            "image": "registry.example:5000/shop:v1@sha256:00",
            "env": [
                {"name": "PASSWORD", "value": SECRET},
                {"name": "MODE", "value": SECRET},
                {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "shop", "key": "key"}}},
            ],
        }
    ]
}


@pytest.mark.parametrize(
    "name",
    ["prometheus-password", "password", "token", "api-token", "client-secret", "prometheus-header", "headers.X-Key",
     "--env", "env.MODE", "CANARY_ENV", "template-patch", "Authorization", "apiKey", "private_key"],
)  # fmt: skip
def test_a_name_says_that_its_value_is_secret(name: str) -> None:
    """Of settings, fields and paths."""
    assert is_secret_name(name)
    assert "***" == shown(name, SECRET)


@pytest.mark.parametrize(
    "name",
    ["prometheus-token-file", "webhook-url-file", "registry-config", "registry-auth-hosts", "environment", "image",
     "secretRef", "secretName", "serviceAccountName", "app", "weight", "envFrom"],
)  # fmt: skip
def test_a_name_that_only_leads_to_a_secret_is_not_one(name: str) -> None:
    """The path of a file helps to find the mistake."""
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        (f"http://me:{SECRET}@host/x", "http://***@host/x"),
        (f"http://me:a/{SECRET}@host", "http://***@host"),
        (f"user:{SECRET}@registry.example/shop:v1", "***@registry.example/shop:v1"),
        (f"https://h/?a=1&access_token={SECRET}&b=2", "https://h/?a=1&access_token=***&b=2"),
        (f"https://h/?X-Amz-Signature={SECRET}", "https://h/?X-Amz-Signature=***"),
        (f"Authorization: Bearer {SECRET}", "Authorization: Bearer ***"),
        (f"curl -H 'Authorization: Basic {SECRET}' x", "curl -H 'Authorization: Basic ***' x"),
        ("registry.example:5000/shop:v1@sha256:00aa", None),
        ("shop@sha256:00aa released by ann@example.com at 10:30", None),
        ("http://prometheus:9090/api/v1/query?query=up", None),
        ("--weight 5: must be at most 100", None),
    ],
)
def test_a_secret_is_hidden_by_its_form(text: str, printed: str | None) -> None:
    """User info, keys in a URL, and tokens; the rest stays."""
    assert (text if printed is None else printed) == without_secrets(text)


@pytest.mark.parametrize(
    "body",
    [
        {"spec": {"template": {"spec": POD}}},
        [{"op": "replace", "path": "/spec/template", "value": {"spec": POD}}],
        [{"op": "add", "path": "/spec/template/spec/containers/0/env", "value": POD["containers"][0]["env"]}],
        [{"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "A", "value": SECRET}}],
        [{"op": "replace", "path": "/spec/template/spec/containers/0/env/1/value", "value": SECRET}],
        {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(POD)}}},
        {"data": {"password": SECRET}, "url": f"https://a:{SECRET}@b"},
        {"headers": {"X-Any": SECRET}},
        {"error": {"env": {"A": {"B": [SECRET]}}}},
    ],
)
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_logged_object_shows_no_value_of_a_variable(
    body: object, log_format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a dry run logs what it would write; names of variables and references to Secrets stay."""
    logs.configure(log_format, "prepare")  # type: ignore[arg-type] # one of the two
    structlog.get_logger().info("dry_run.write", verb="patch", kind="Deployment", body=body)
    printed = capsys.readouterr().err
    assert "dry_run.write" in printed
    assert SECRET not in printed
    assert "***" in printed


def test_what_is_not_secret_is_logged_as_it_is() -> None:
    """The shape of an object, its numbers, and its other names."""
    found = shown("body", {"spec": {"template": {"spec": POD}}})["spec"]["template"]["spec"]["containers"][0]
    assert ["PASSWORD", "MODE", "KEY"] == [one["name"] for one in found["env"]]
    assert {"secretKeyRef": {"name": "shop", "key": "key"}} == found["env"][2]["valueFrom"]
    assert POD["containers"][0]["image"] == found["image"]
    patch = [{"op": "replace", "path": "/spec/http/0/route/0/weight", "value": 5}]
    assert patch == shown("body", patch)


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=5),
    lambda one: some.lists(one, max_size=3) | some.dictionaries(some.text(max_size=5), one, max_size=3),
)


@given(JSON, some.sampled_from(["password", "env", "headers"]))
def test_below_a_secret_name_nothing_is_shown(value: object, name: str) -> None:
    """Whatever stands there."""
    text = json.dumps(shown(name, {"a": value, "b": {"c": [SECRET]}}))
    assert SECRET not in text
