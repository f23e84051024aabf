"""notify: report the outcome of a release to a webhook, for people who do not watch the workflow engine.

Before: nothing; read-only. The URL comes from a file, since anyone who knows it can write to the channel.
Writes: one HTTP POST. It is never part of a gate: a webhook that is down does not stop a release.
Exit codes: 0 sent · 2 · 3 API server or webhook is failing · 4 the webhook refuses.
"""

import json
from typing import Literal

from pydantic import Field

from steps.claim.claims import Claims
from steps.errors import NotFound
from steps.model.names import ReleaseNames
from steps.outputs.report import Report
from steps.outputs.webhook import post
from steps.report import gather
from steps.settings.release import ReleaseSettings
from steps.step import Step, StepEnd
from steps.wiring.cluster import parts_of

RESULTS = ("outcome",)


class Settings(ReleaseSettings):
    """Report the outcome of a release to a webhook."""

    webhook_url_file: str = Field(min_length=1, description="File that holds the webhook's URL, from a Secret.")
    webhook_format: Literal["slack", "json"] = Field(
        "slack", description="slack: a text for Slack, Mattermost, Teams or Rocket.Chat. json: the report."
    )
    webhook_timeout_seconds: float = Field(
        20.0, gt=0, le=300, description="Time limit for the notification, all attempts together, seconds."
    )
    status: str = Field("", max_length=60, description="How the workflow ended, in the engine's words.")
    link: str = Field("", max_length=500, description="Link to more details, for example the workflow's page.")


def run(settings: Settings, names: ReleaseNames, claims: Claims) -> dict[str, object]:
    """Return the body to send, also for an unknown release."""
    try:
        made = gather(names, claims)
    except NotFound as error:
        made = Report(names.app, names.namespace, "", "unknown", reason=error.cause)
    if settings.webhook_format == "json":
        return {**json.loads(made.as_json()), "status": settings.status, "link": settings.link}
    lines = [f"*{made.namespace}/{made.app}*: {made.state}", made.reason]
    lines += [f"workflow: {settings.status}"] if settings.status else []
    return {"text": "\n".join(filter(None, [*lines, settings.link]))}


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step."""
    parts = parts_of(settings)
    post(settings.webhook_url_file, run(settings, parts.names, parts.claims), settings.webhook_timeout_seconds)
    return StepEnd({"outcome": "sent"})


STEP = Step(Settings, RESULTS, main)
