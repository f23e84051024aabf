"""The example for Argo Events lets only those who know an app's token release it, and only with the app's own image."""

import re
from typing import Any

import pytest
import yaml

from tests.support.processes import ROOT

SOURCE, SENSOR = yaml.safe_load_all((ROOT / "workflows/examples/argo-events.yaml").read_text(encoding="utf-8"))
DIGEST = f"sha256:{'a' * 64}"


def workflow() -> dict[str, Any]:
    """Return the Workflow that the Sensor submits, and what is filled in from the message."""
    [trigger] = SENSOR["spec"]["triggers"]
    found: dict[str, Any] = trigger["template"]["argoWorkflow"]
    return found


def test_every_event_asks_for_a_token_of_its_app() -> None:
    """One for each app, from a Secret; the endpoint is the app's own, and small messages are enough."""
    for app, event in SOURCE["spec"]["webhook"].items():
        assert {"name": f"image-pushed-{app}", "key": "token"} == event["authSecret"]
        assert (f"/{app}", "POST") == (event["endpoint"], event["method"])
        assert event["maxPayloadSize"] <= 1 << 16


def test_no_message_chooses_the_app() -> None:
    """Only the image comes from it; the app stands in the Sensor of the same event."""
    [dependency] = SENSOR["spec"]["dependencies"]
    made = workflow()["source"]["resource"]["spec"]["arguments"]["parameters"]
    [filled] = workflow()["parameters"]
    place = int(filled["dest"].removeprefix("spec.arguments.parameters.").removesuffix(".value"))
    assert "image" == made[place]["name"]
    assert {"app": dependency["eventName"]}.items() <= {one["name"]: one["value"] for one in made}.items()


@pytest.mark.parametrize(
    ("image", "is_taken"),
    [
        ("registry.example/team/shop:v1.2.3", True),
        (f"registry.example/team/shop@{DIGEST}", True),
        (f"registry.example/team/shop:v1@{DIGEST}", True),
        ("registry.example/team/till:v1", False),
        ("registry.example/team/shop2:v1", False),
        ("registry.example/team/shop/evil:v1", False),
        ("registryXexample/team/shop:v1", False),
        ("evil.test/registry.example/team/shop:v1", False),
        ("registry.example/team/shop:v1 --x", False),
        ("registry.example/team/shop:v1\nx", False),
        ("registry.example/team/shop@sha256:short", False),
        ("", False),
    ],
)
def test_only_images_of_the_apps_repository_are_released(image: str, is_taken: bool) -> None:  # noqa: FBT001 - a parameter of a table
    """By tag or by digest; Argo Events searches for a regular expression, so it is anchored."""
    [dependency] = SENSOR["spec"]["dependencies"]
    [rule] = dependency["filters"]["data"]
    [pattern] = rule["value"]
    assert ("body.image", "^", "$") == (rule["path"], pattern[0], pattern[-1])
    # Go's $ matches at the very end alone, as \Z does here.
    assert is_taken is bool(re.search(pattern.removesuffix("$") + r"\Z", image))
