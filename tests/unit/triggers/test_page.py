"""docs/push.md is correct: its commands, links and recipes."""

import re
import shlex
from typing import Any

import yaml

from steps.__main__ import STEPS, find
from tests.support.processes import ROOT
from tests.support.triggers.listener import SHIPPED, Listener, documents
from tests.support.triggers.messages import SECRETS, TOKEN, Message

PAGE = (ROOT / "docs" / "push.md").read_text(encoding="utf-8")
DIGEST = f"sha256:{'a' * 64}"
QUAY = {
    # Source: Quay's documentation, "Repository notifications", event Push to Repository.
    "repository": "team/shop",
    "namespace": "team",
    "name": "shop",
    "docker_url": "quay.example/team/shop",
    "homepage": "https://quay.example/repository/team/shop",
    "updated_tags": ["latest", "v1.2.3"],
}
AZURE = {
    # Source: Azure's documentation, "Azure Container Registry webhook reference", push event.
    "id": "cb8c3971-9adc-488b-xxxx-43cbb4974ff5",
    "timestamp": "2026-11-17T16:52:01.343145347Z",
    "action": "push",
    "target": {
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "size": 524,
        "digest": DIGEST,
        "length": 524,
        "repository": "team/shop",
        "tag": "v1.2.3",
    },
    "request": {"id": "3cbb6949", "host": "shop.azurecr.io", "method": "PUT", "useragent": "docker/28"},
}


def recipe(name: str) -> dict[str, Any]:
    """Return the shipped listener with a recipe's interceptor in place of its first."""
    [found] = re.findall(rf"```yaml\n# {name}\n(.*?)```", PAGE, re.DOTALL)
    [listener] = documents(SHIPPED / "listener" / "docker-hub.yaml")
    interceptors = listener["spec"]["triggerGroups"][0]["interceptors"]
    interceptors[:-1] = yaml.safe_load(found)
    return listener


def images(name: str, message: Message) -> list[str]:
    """Return the images whose release a message starts by a recipe."""
    runs = Listener("docker-hub", SECRETS, listener=recipe(name)).receive(message)
    return [one["value"] for run in runs for one in run["spec"]["params"] if one["name"] == "image"]


def test_the_recipes_start_what_they_should() -> None:
    """With their secret; of several tags, the one that the app releases counts."""
    wanted = ["registry.example/team/shop:v1.2.3"]
    for name, path, headers, body in (
        ("quay", f"/{TOKEN}", {}, QUAY),
        ("azure", "/", {"Authorization": f"Bearer {TOKEN}"}, AZURE),
    ):
        message = Message(name, "a push", path, headers, body, None, {})
        assert wanted == images(name, message)
        assert [] == images(name, Message(name, "no secret", "/", {}, body, None, {}))


def test_every_command_of_ours_on_the_page_exists() -> None:
    """Up to the pipe."""
    commands = [shlex.split(one) for one in re.findall(r"canary-steps ([a-z]+ --[^|`\n)]*)", PAGE)]
    assert len(commands) >= 2
    for step, *words in commands:
        flags = {word.removeprefix("--").replace("-", "_") for word in words if word.startswith("--")}
        assert step in STEPS
        assert flags <= set(find(step).settings.model_fields), words


def test_every_link_leads_somewhere() -> None:
    """To files of this repository; and every listener has a row."""
    links = [one for one in re.findall(r"\]\(([^)]+)\)", PAGE) if "://" not in one]
    assert [] == [one for one in links if not (ROOT / "docs" / one).exists()]
    rows = {one.rpartition("/")[2] for one in links if "/listener/" in one}
    assert {path.name for path in SHIPPED.glob("listener/*.yaml")} == rows


def test_the_page_says_how_each_of_its_settings_is_called() -> None:
    """And how the runs are named."""
    assert {"registry_deadline_seconds"} <= set(find("resolve").settings.model_fields)
    [template] = documents(SHIPPED / "template.yaml")
    run = template["spec"]["resourcetemplates"][0]["metadata"]
    assert run["generateName"] == "push-$(tt.params.app)-"
    assert set(re.findall(r"canary-steps\.io/[a-z-]+", PAGE)) <= {*run["labels"], *run["annotations"]}
