"""Listeners with recorded messages: a push of the app starts one run, everything else starts nothing."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import yaml

from tests.support.triggers.listener import SHIPPED, Listener
from tests.support.triggers.messages import SECRETS, TOKEN, Message, listeners, messages, signed

Json = dict[str, Any]
ALL = listeners()
DIGEST = f"sha256:{'a' * 64}"


def title(message: Message) -> str:
    """Return a name for the test of a message."""
    return f"{message.listener}: {message.what}"


def recorded() -> list[Message]:
    """Return all recorded messages, those of GitHub signed."""
    return [signed(message) for name in ALL for message in messages(name)]


@cache
def listening(name: str, token: str) -> Listener:
    """Return a listener that knows a secret."""
    return Listener(name, {"canary-push-shop": {"token": token}})


def received(message: Message, token: str = TOKEN) -> list[Json]:
    """Return the objects that a message creates, with the right secret or another one."""
    return listening(message.listener, token).receive(message)


def first(name: str) -> Message:
    """Return the message of a listener that starts a release."""
    return messages(name)[0]


def of(run: Json) -> dict[str, str]:
    """Return the parameters of a run."""
    return {one["name"]: one["value"] for one in run["spec"]["params"]}


def test_every_listener_that_is_shipped_has_recorded_messages() -> None:
    """And every recorded message a listener."""
    assert sorted(path.stem for path in SHIPPED.glob("listener/*.yaml")) == ALL


@pytest.mark.parametrize("message", recorded(), ids=title)
def test_a_recorded_message_starts_what_it_should(message: Message) -> None:
    """One run with the app's own image, or nothing."""
    runs = received(message)
    if message.starts is None:
        assert [] == runs
        return
    [run] = runs
    image = f"registry.example/team/shop:{message.starts['tag']}"
    given = {"app": "shop", "image": image, "announced-digest": message.starts["digest"]}
    assert {**given, "ladder": "5,25,50", "on-busy": "wait"} == of(run)
    labels, marks = run["metadata"]["labels"], run["metadata"]["annotations"]
    assert ("shop", message.starts["label"]) == (labels["canary-steps.io/app"], labels["canary-steps.io/tag"])
    assert (image, message.starts["by"]) == (marks["canary-steps.io/image"], marks["canary-steps.io/pushed-by"])
    assert "push-shop-" == run["metadata"]["generateName"]


@pytest.mark.parametrize("name", ALL)
def test_the_first_message_of_each_starts_a_run(name: str) -> None:
    """The tests below change this message, and would prove nothing if it started no run."""
    assert 1 == len(received(signed(first(name))))


@pytest.mark.parametrize("name", ALL)
def test_nothing_starts_without_the_secret(name: str) -> None:
    """With another secret, none, and an empty one."""
    message = first(name)
    good = signed(message)
    assert [] == received(signed(message, "another-key"), token="another-token-of-forty-letters-and-digits-01")
    assert [] == received(good, token="another-token-of-forty-letters-and-digits-012")
    without = good.with_headers(Authorization=None, X_Hub_Signature_256=None)
    nowhere = replace(without, path="/")
    assert [] == received(nowhere)
    assert [] == received(nowhere, token="")
    if "Authorization" in message.headers:
        for value in ("", " ", "Bearer ", f"Basic {TOKEN}", f"bearer {TOKEN}", f"Bearer  {TOKEN}", f"{TOKEN}x"):
            assert [] == received(good.with_headers(Authorization=value)), value
        assert [] == received(good.with_headers(Authorization="Bearer short"), token="short")
        assert [] == received(good.with_headers(Authorization="short"), token="short")


HOSTILE_TAGS = [
    "v1.2.3\n", "v1.2.3 ", " v1.2.3", "v1.2.3;id", "v1.2.3$(id)", "v1.2.3`id`", "$(params.app)", "$(tt.params.app)",
    "v1.2.3@sha256:00", "v1.2.3/../x", 'v1.2.3","x":"', "../v1.2.3", "-v1.2.3", ".v1.2.3", "v1.2.3ü", "", "v" * 129,
    DIGEST, 123, True, None, ["v1.2.3"], {"a": 1},
]  # fmt: skip


@pytest.mark.parametrize("tag", HOSTILE_TAGS, ids=repr)
@pytest.mark.parametrize("name", ALL)
def test_an_invalid_tag_starts_nothing(name: str, tag: object) -> None:
    """Even if the app accepts any tag."""
    [trigger] = _any_tag(name)
    message = signed(first(name).having("tag", tag))
    assert [] == Listener(name, SECRETS, [trigger]).receive(message)
    good = signed(first(name).having("tag", "Anything_1.2"))
    assert 1 == len(Listener(name, SECRETS, [trigger]).receive(good))


def _any_tag(listener: str) -> list[Json]:
    text = (SHIPPED / "app" / ("shop-ghcr.yaml" if listener == "ghcr" else "shop.yaml")).read_text(encoding="utf-8")
    changed = text.replace("'^v[0-9]+[.][0-9]+[.][0-9]+$'", "'.*'")
    assert changed != text
    return list(yaml.safe_load_all(changed))


@pytest.mark.parametrize(
    "repository", ["team/shop ", "TEAM/shop$(id)", "team//../shop", "evil.test/team/shop", 7, None]
)
@pytest.mark.parametrize("name", ALL)
def test_another_repository_starts_nothing(name: str, repository: object) -> None:
    """Even if it looks like the app's repository."""
    assert [] == received(signed(first(name).having("repository", repository)))


@pytest.mark.parametrize("digest", ["sha256:short", "sha512:" + "a" * 128, DIGEST.upper(), f"{DIGEST}\n", "$(id)", 7])
@pytest.mark.parametrize("name", [name for name in ALL if "digest" in first(name).places])
def test_an_invalid_digest_starts_nothing(name: str, digest: object) -> None:
    """Such a message is forged."""
    assert [] == received(signed(first(name).having("digest", digest)))


@pytest.mark.parametrize(
    ("by", "shown"),
    [
        ('ann", "x": "', "ann????x????"),
        ("$(context.pipelineRun.name)", "??context.pipelineRun.name?"),
        ("line\nline", "line?line"),
        ("Ann Öztürk <ann@shop.example>", "Ann??zt?rk??ann@shop.example?"),
        ("x" * 5000, "x" * 80),
    ],
)
@pytest.mark.parametrize("name", ALL)
def test_the_name_of_the_pusher_is_shown_and_harmless(name: str, by: str, shown: str) -> None:
    """It is free text, and is copied into an annotation."""
    [run] = received(signed(first(name).having("by", by)))
    assert shown == run["metadata"]["annotations"]["canary-steps.io/pushed-by"]


def test_a_tag_that_is_not_a_valid_label_is_only_in_the_annotation() -> None:
    """A label has at most 63 characters, and starts and ends with a letter or digit."""
    listener = Listener("docker-hub", SECRETS, _any_tag("docker-hub"))
    for tag in ("_v1", "v1.", "v" * 64):
        [run] = listener.receive(first("docker-hub").having("tag", tag))
        assert "" == run["metadata"]["labels"]["canary-steps.io/tag"]
        assert f"registry.example/team/shop:{tag}" == run["metadata"]["annotations"]["canary-steps.io/image"]


def _till(listener: str) -> Json:
    """Return the Trigger of another app, with a token of its own."""
    [shop] = _any_tag(listener)
    text = json.dumps(shop).replace("team/shop", "team/till").replace('"shop"', '"till"')
    till: Json = json.loads(text.replace("canary-push-shop", "canary-push-till"))
    return till


def test_two_apps_get_their_own_runs_from_one_message() -> None:
    """One message may report pushes of both; neither app sees the push of the other."""
    envelope = next(one for one in messages("distribution") if "several events" in one.what)
    secrets = {**SECRETS, "canary-push-till": {"token": TOKEN}}
    triggers = [*_any_tag("distribution"), _till("distribution")]
    runs = Listener("distribution", secrets, triggers).receive(envelope)
    assert [("shop", "registry.example/team/shop:latest"), ("till", "registry.example/team/till:v1.2.3")] == [
        (of(run)["app"], of(run)["image"]) for run in runs
    ]


@pytest.mark.parametrize("name", ALL)
def test_the_token_of_one_app_releases_no_other_app(name: str) -> None:
    """Whatever repository the message names: who may push one app is a stranger to the others."""
    secrets = {
        **SECRETS,
        "canary-push-till": {"token": "another-token-of-sixty-four-letters-and-digits-0123456789abcdef0"},
    }
    triggers = [*_any_tag(name), _till(name)]
    for repository, apps in (("team/shop", ["shop"]), ("team/till", [])):
        message = signed(first(name).having("repository", repository.removeprefix("team/" if name == "ghcr" else "")))
        assert apps == [of(run)["app"] for run in Listener(name, secrets, triggers).receive(message)]


@pytest.mark.parametrize("name", ALL)
def test_an_app_without_a_token_is_released_by_nobody(name: str) -> None:
    """Its Secret is missing, has no such key, or an empty one."""
    every: list[dict[str, dict[str, str]]] = [{}, {"canary-push-shop": {}}, {"canary-push-shop": {"token": ""}}]
    for secrets in every:
        for message in (signed(first(name)), signed(first(name), "")):
            assert [] == Listener(name, secrets).receive(message)
