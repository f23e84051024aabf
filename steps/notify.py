"""notify: report the outcome of a release to a webhook, for people who do not watch the workflow engine.

Before: nothing; read-only. The URL comes from a file, since anyone who knows it can write to the channel.
Writes: one HTTP POST, or none where the format has no words for the outcome. It is never part of a gate: a webhook
that is down does not stop a release.
Exit codes: 0 sent, or nothing to send · 2 · 3 API server or webhook is failing · 4 the webhook refuses.
"""

from typing import Literal

import structlog
from pydantic import Field

from steps.claim.claims import Claims
from steps.errors import NotFound
from steps.model.names import ReleaseNames
from steps.outputs.notifications import FORMATS
from steps.outputs.notifications.news import News
from steps.outputs.report import Report
from steps.outputs.webhook import Message, post
from steps.report import gather
from steps.settings.release import ReleaseSettings
from steps.step import Step, StepEnd
from steps.wiring.cluster import parts_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RESULTS = ("outcome",)


class Settings(ReleaseSettings):
    """Report the outcome of a release to a webhook."""

    webhook_url_file: str = Field(min_length=1, description="File that holds the webhook's URL, from a Secret.")
    webhook_token_file: str = Field(
        "",
        description="File that holds a bearer token for the webhook. Empty: the file `token` beside the URL's, where "
        "there is one.",
    )
    webhook_format: Literal["slack", "json", "cloudevents", "cdevents", "grafana"] = Field(
        "slack",
        description="slack: a text for Slack, Mattermost, Teams or Rocket.Chat. json: the report. cloudevents: the "
        "report as a CloudEvent. cdevents: service.upgraded or service.rolledback of CDEvents. grafana: an annotation; "
        "the URL is Grafana's. See docs/notifications.md.",
    )
    webhook_timeout_seconds: float = Field(
        20.0, gt=0, le=300, description="Time limit for the notification, all attempts together, seconds."
    )
    status: str = Field("", max_length=60, description="How the workflow ended, in the engine's words.")
    link: str = Field("", max_length=500, description="Link to more details, for example the workflow's page.")


def run(settings: Settings, names: ReleaseNames, claims: Claims) -> Message | None:
    """Return the message, also for an unknown release; None where the format has none for such an outcome."""
    try:
        made = gather(names, claims)
    except NotFound as error:
        made = Report(names.app, names.namespace, "", "unknown", reason=error.cause)
    news = News(made, claims.now(), settings.status, settings.link)
    message = FORMATS[settings.webhook_format](news)
    if message is None:
        log.info("notify.nothing_to_send", format=settings.webhook_format, state=made.state)
    return message


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step."""
    parts = parts_of(settings)
    message = run(settings, parts.names, parts.claims)
    if message is None:
        return StepEnd({"outcome": "nothing-to-send"})
    limit, token_file = settings.webhook_timeout_seconds, settings.webhook_token_file
    post(settings.webhook_url_file, message, limit, token_file=token_file)
    return StepEnd({"outcome": "sent"})


STEP = Step(Settings, RESULTS, main)
