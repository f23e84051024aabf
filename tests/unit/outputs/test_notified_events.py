"""The events that `notify` sends keep to CloudEvents and CDEvents."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from steps.outputs.notifications import FORMATS
from tests.support.release_news import DIGEST, LINK, PROMOTED, ROLLED_BACK, STATES, body, news, of_state
from tests.support.triggers.listener import Listener
from tests.support.triggers.messages import SECRETS, messages

# The rules of the specifications as schemas: CloudEvents 1.0 (JSON format), and CDEvents 0.5 for services.
TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
REFERENCE = {"type": "string", "minLength": 1, "pattern": r"^[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+$"}
CLOUD_EVENT = {
    "type": "object",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"}, "id": TEXT, "source": REFERENCE, "type": TEXT, "subject": TEXT, "time": TIME,
        "datacontenttype": {"type": "string", "pattern": "^application/([a-z]+[+])?json$"}, "data": {"type": "object"},
    },
    "propertyNames": {"pattern": "^[a-z0-9]+$"},
    "additionalProperties": {"type": ["string", "boolean", "integer"]},
}  # fmt: skip
ENTITY = {
    "type": "object", "required": ["id"], "additionalProperties": False, "properties": {"id": TEXT, "source": REFERENCE}
}  # fmt: skip
CD_EVENT = {
    "type": "object",
    "required": ["context", "subject"],
    "additionalProperties": False,
    "properties": {
        "context": {
            "type": "object",
            "required": ["specversion", "id", "source", "type", "timestamp"],
            "additionalProperties": False,
            "properties": {
                "specversion": {"pattern": r"^0\.5\.\d$"}, "id": TEXT, "source": REFERENCE, "timestamp": TIME,
                "type": {"enum": ["dev.cdevents.service.upgraded.0.3.0", "dev.cdevents.service.rolledback.0.3.0"]},
            },
        },
        "subject": {
            "type": "object",
            "required": ["id", "content"],
            "additionalProperties": False,
            "properties": {
                "id": TEXT,
                "source": REFERENCE,
                "content": {
                    "type": "object",
                    "required": ["environment", "artifactId"],
                    "additionalProperties": False,
                    "properties": {"environment": ENTITY, "artifactId": {"type": "string", "pattern": "^pkg:oci/"}},
                },
            },
        },
        "customData": {"type": "object"},
        "customDataContentType": {"const": "application/json"},
    },
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("form", ["cloudevents", "cdevents"])
def test_an_event_keeps_to_cloudevents(form: str, state: str) -> None:
    """In structured mode, with the media type by which receivers tell it from other JSON."""
    message = FORMATS[form](news(of_state(state)))
    if message is None:
        return
    assert "application/cloudevents+json" == message.content_type
    Draft202012Validator(CLOUD_EVENT).validate(body(form, news(of_state(state))))


@pytest.mark.parametrize("state", STATES)
def test_a_cloud_event_says_in_its_type_how_the_release_ended(state: str) -> None:
    """Brokers filter by type; the data is the report."""
    event = body("cloudevents", news(of_state(state)))
    assert (f"io.canary-steps.release.{state}", "demo/shop") == (event["type"], event["subject"])
    assert ("shop", state, "Succeeded", LINK) == tuple(event["data"][key] for key in ("app", "state", "status", "link"))


def test_the_same_news_has_the_same_id_and_other_news_another() -> None:
    """A receiver drops what it has: another attempt, another exit handler, sent later."""
    first = news()
    assert body("cloudevents", first)["id"] == body("cloudevents", replace(first, now=1_900_000_000.0))["id"]
    others = [
        news(ROLLED_BACK),
        news(replace(PROMOTED, run="two")),
        news(replace(PROMOTED, ended=PROMOTED.ended + 60)),
        news(of_state("walking")),
        news(replace(of_state("walking"), weights=PROMOTED.weights[:2])),
    ]
    assert 6 == len({body("cloudevents", one)["id"] for one in [first, *others]})


def test_an_event_tells_the_time_of_the_end() -> None:
    """Not of the message, which may come late."""
    assert "2027-01-15T08:07:00.500Z" == body("cloudevents", news())["time"]
    assert "2027-01-15T08:04:10.000Z" == body("cloudevents", news(of_state("walking")))["time"]
    assert "2027-01-15T08:08:20.000Z" == body("cloudevents", news(of_state("unknown")))["time"]


@pytest.mark.parametrize(
    ("state", "kind"), [("promoted", "upgraded"), ("rolled-back", "rolledback"), ("undone", "rolledback")]
)
def test_a_cd_event_keeps_to_cdevents(state: str, kind: str) -> None:
    """A promotion upgrades the service, everything that returns users to the version before rolls it back."""
    event = body("cdevents", news(of_state(state)))
    inner = event["data"]
    Draft202012Validator(CD_EVENT).validate(inner)
    assert f"dev.cdevents.service.{kind}.0.3.0" == inner["context"]["type"]
    assert "application/cdevents+json" == event["datacontenttype"]
    same = {"id": "id", "source": "source", "type": "type", "time": "timestamp"}
    assert {name: event[name] for name in same} == {name: inner["context"][key] for name, key in same.items()}
    assert (event["subject"], "demo") == (inner["subject"]["id"], inner["subject"]["content"]["environment"]["id"])


@pytest.mark.parametrize("state", sorted(set(STATES) - {"promoted", "rolled-back", "undone"}))
def test_cdevents_have_no_event_for_what_changed_no_service(state: str) -> None:
    """A false event would be worse than none."""
    assert FORMATS["cdevents"](news(of_state(state))) is None


@pytest.mark.parametrize(
    ("images", "artifact"),
    [
        ({"shop": DIGEST}, f"pkg:oci/shop@{DIGEST.replace(':', '%3A')}"),
        (
            {"shop": f"docker-pullable://registry.example:5000/team/web@{DIGEST}"},
            f"pkg:oci/web@{DIGEST.replace(':', '%3A')}?repository_url=registry.example%3A5000/team/web",
        ),
        ({"proxy": "sha256:short", "shop": DIGEST}, f"pkg:oci/shop@{DIGEST.replace(':', '%3A')}"),
        ({"web": DIGEST, "adapter": f"sha256:{'1' * 64}"}, f"pkg:oci/shop@sha256%3A{'1' * 64}"),
        ({"shop": "an image without a digest"}, "pkg:oci/shop"),
        ({}, "pkg:oci/shop"),
        (None, "pkg:oci/shop"),
    ],
)
def test_an_artifact_is_a_package_url(images: dict[str, str] | None, artifact: str) -> None:
    """Of the app's container, else of the first that has a digest; without a digest it has no version."""
    event = body("cdevents", news(replace(PROMOTED, images=images)))
    assert artifact == event["data"]["subject"]["content"]["artifactId"]


def test_a_rollback_does_not_name_the_digest_that_was_taken_back_as_running() -> None:
    """The artifact of the event is what users get; the digest of the failed version is in the report."""
    event = body("cdevents", news(ROLLED_BACK))["data"]
    assert "pkg:oci/shop" == event["subject"]["content"]["artifactId"]
    assert {"shop": DIGEST} == event["customData"]["images"]


@pytest.mark.parametrize("form", ["cloudevents", "cdevents"])
@pytest.mark.parametrize("state", STATES)
def test_a_notification_on_the_broker_of_pushes_starts_no_release(form: str, state: str) -> None:
    """Tekton's listener reads it as a CloudEvent, and its type is not that of a push: a release must not loop."""
    message = FORMATS[form](news(of_state(state)))
    if message is None:
        return
    push = messages("cloudevent")[0]
    listener = Listener("cloudevent", SECRETS)
    assert 1 == len(listener.receive(push))
    structured = push.with_headers(Content_Type=message.content_type)
    assert [] == listener.receive(replace(structured, body=body(form, news(of_state(state)))))
