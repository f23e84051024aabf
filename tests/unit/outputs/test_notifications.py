"""What `notify` sends in each format: by the specifications, the same for the same news, and as the page shows it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from structlog.testing import capture_logs

from steps.model.trials import Trial
from steps.notify import Settings, run
from steps.outputs.notifications import FORMATS
from steps.settings.conventions import conventional_names
from tests.support.release_news import LINK, PROMOTED, ROLLED_BACK, body, news, of_state

PAGE = (Path(__file__).parents[3] / "docs" / "notifications.md").read_text(encoding="utf-8")


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
