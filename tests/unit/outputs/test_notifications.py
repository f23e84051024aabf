"""What `notify` sends in each format: by the specifications, the same for the same news, and as the page shows it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from structlog.testing import capture_logs

from steps.model.trials import Trial
from steps.notify import Settings, run
from steps.outputs.notifications import FORMATS
from steps.outputs.notifications.news import News
from steps.outputs.report import Report
from steps.settings.conventions import conventional_names
from tests.support.triggers.listener import Listener
from tests.support.triggers.messages import SECRETS, messages

PAGE = (Path(__file__).parents[3] / "docs" / "notifications.md").read_text(encoding="utf-8")
DIGEST = f"sha256:{'0b31b1c02ff458ad' * 4}"
PROMOTED = Report(
    app="shop",
    namespace="demo",
    run="canary-release-x7k2p",
    state="promoted",
    reason="50 %: no sign of harm in 4 metrics",
    verdict="pass",
    started=1_800_000_000.0,
    ended=1_800_000_420.5,
    weights=((1_800_000_010.0, 5), (1_800_000_130.0, 25), (1_800_000_250.0, 50)),
    images={"shop": DIGEST},
    by="ada",
)
ROLLED_BACK = replace(
    PROMOTED, state="rolled-back", verdict="fail", reason="5 %: 12 of 40 requests of the canary failed"
)
STATES = ("promoted", "rolled-back", "undone", "noop", "prepared", "walking", "promoting", "rolling-back", "unknown")
LINK = "https://argo.example/workflows/demo/canary-release-x7k2p"

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


def news(report: Report = PROMOTED, status: str = "Succeeded", link: str = LINK) -> News:
    """Return the news of a release as an exit handler has it."""
    return News(report, 1_800_000_500.0, status, link)


def body(form: str, given: News) -> dict[str, Any]:
    """Return the body that a receiver parses."""
    message = FORMATS[form](given)
    assert message is not None
    parsed: dict[str, Any] = json.loads(json.dumps(dict(message.body)))
    return parsed


def of_state(state: str) -> Report:
    """Return a report of a release in some state; what runs has no end, what is unknown has nothing."""
    if state == "unknown":
        return Report("shop", "demo", "", state, reason="there is no release of shop")
    ends = state in {"promoted", "rolled-back", "undone", "noop"}
    return replace(PROMOTED, state=state, ended=PROMOTED.ended if ends else 0.0)


def test_the_setting_offers_every_format() -> None:
    """And no other."""
    assert set(FORMATS) == set(get_args(Settings.model_fields["webhook_format"].annotation))


@pytest.mark.parametrize("form", [*FORMATS, "cdevents rolled back"])
def test_the_page_shows_what_is_sent(form: str) -> None:
    """Its examples are real messages; run this test with a changed page to see the new one."""
    given = news(ROLLED_BACK, "Failed") if form == "cdevents rolled back" else news()
    shown = [json.loads(one) for one in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    sent = body(form.partition(" ")[0], given)
    assert sent in shown, json.dumps(sent, indent=1)


def test_the_page_names_every_state() -> None:
    """Each row of its table."""
    rows = set(re.findall(r"^\| `([a-z-]+)`", PAGE, re.MULTILINE))
    assert {"promoted", "rolled-back", "undone", "noop", "unknown"} <= rows


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


def test_an_annotation_covers_the_release() -> None:
    """Milliseconds, tags to find it by, and a text that Grafana shows as HTML."""
    given = news(replace(ROLLED_BACK, reason="<img src=x> failed"), link=LINK)
    made = body("grafana", given)
    assert (1_800_000_000_000, 1_800_000_420_500) == (made["time"], made["timeEnd"])
    assert ["canary-steps", "demo", "shop", "rolled-back"] == made["tags"]
    assert f'demo/shop: rolled-back<br>&lt;img src=x&gt; failed<br><a href="{LINK}">{LINK}</a>' == made["text"]
    assert "<br>javascript:alert(1)" in (text := body("grafana", news(link="javascript:alert(1)"))["text"])
    assert "href" not in text


def test_each_trial_that_ended_with_an_alarm_is_in_every_format() -> None:
    """A chat and Grafana have a line for each, which disarms what a reason quotes; programs have the fields."""
    trial = Trial(1_800_000_140.0, 25, "worse", "<!channel> 9/9 failed", "errors", 9, 1, shared=False)
    weights = (*PROMOTED.weights[:2], (1_800_000_140.1, 0), (1_800_000_160.1, 1))
    given = news(replace(PROMOTED, weights=weights, trials=(trial,)))
    for form, reason in (("slack", "&lt;!channel&gt; 9/9 failed"), ("grafana", "&lt;!channel&gt; 9/9 failed")):
        said = body(form, given)["text"]
        assert f"trial 1: alarm at weight 25 at 2027-01-15 08:02:20 UTC (worse, errors): {reason}" in said
        assert "all users were on stable for 20 s, until fresh pods began at weight 1; 9 requests failed" in said
    assert "second-trial" in body("grafana", given)["tags"]
    kept = body("json", given), body("cloudevents", given)["data"], body("cdevents", given)["data"]["customData"]
    assert [[(25, 9)]] * 3 == [[(one["weight"], one["excess"]) for one in data["trials"]] for data in kept]


def test_an_annotation_of_a_release_that_goes_on_has_no_end() -> None:
    """Grafana then shows a line at the start."""
    assert "timeEnd" not in body("grafana", news(of_state("walking")))


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), 1e30, -5.0, "yesterday", None])
@pytest.mark.parametrize("form", list(FORMATS))
def test_a_damaged_time_in_the_record_does_not_lose_the_message(form: str, broken: Any) -> None:  # noqa: ANN401 - anything
    """People edit annotations; then the time of the message is close enough."""
    given = news(replace(PROMOTED, started=broken, ended=broken, weights=((broken, 5),)))
    assert FORMATS[form](given) is not None
    if form == "cloudevents":
        assert "2027-01-15T08:08:20.000Z" == body(form, given)["time"]


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


class _Claims:
    """Claims without any release."""

    def claim_on(self, name: object, app: str) -> None:
        """Return none."""

    def last(self, name: object, app: str) -> None:
        """Return none."""

    def now(self) -> float:
        """Return a fixed time."""
        return 1_800_000_500.0


@pytest.mark.parametrize("form", list(FORMATS))
def test_news_of_an_unknown_release_are_sent_too(form: str) -> None:
    """The exit handler of a release that never began must not end in silence; CDEvents alone have no word for it."""
    settings = Settings.model_validate({"app": "shop", "webhook_url_file": "/url", "webhook_format": form})
    names = conventional_names(settings, "demo")
    with capture_logs() as logs:
        message = run(settings, names, _Claims())  # type: ignore[arg-type]  # all that notify asks of claims
    if form == "cdevents":
        assert message is None
        assert [("notify.nothing_to_send", "unknown")] == [(one["event"], one["state"]) for one in logs]
    else:
        assert message is not None
        assert "unknown" in json.dumps(dict(message.body))
