"""notify: tell a webhook how a release ended, for people who do not look at the workflow engine.

Before: nothing; read-only. The URL comes from a file, as whoever knows it may write to the channel.
Writes: one HTTP POST. Never part of a gate: a webhook that is down is no reason to stop a release.
Exit codes: 0 sent · 2 · 3 API server or webhook in trouble · 4 the webhook refuses.
"""

import json
from typing import Literal

from pydantic import Field

from steps.errors import NotFound
from steps.model.names import ReleaseNames
from steps.outputs.report import Report
from steps.outputs.webhook import post
from steps.report import gather
from steps.settings.release import ReleaseSettings
from steps.step import Step, StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring import parts_of

RESULTS = ("outcome",)


class Settings(ReleaseSettings):
    """Tell a webhook how a release ended."""

    webhook_url_file: str = Field(min_length=1, description="File that holds the webhook's URL, from a Secret.")
    webhook_format: Literal["slack", "json"] = Field(
        "slack", description="slack: a text, as Slack, Mattermost, Teams and Rocket.Chat take it. json: the report."
    )
    webhook_timeout_seconds: float = Field(
        20.0, gt=0, le=300, description="How long telling the webhook may take, all attempts together, seconds."
    )
    status: str = Field("", max_length=60, description="How the workflow ended, in the engine's words.")
    link: str = Field("", max_length=500, description="Where people see more; the workflow's page, for example.")


def run(settings: Settings, names: ReleaseNames, traffic: Traffic) -> dict[str, object]:
    """Return the body to send; a release that nothing is known of is told, too."""
    try:
        made = gather(names, traffic)
    except NotFound as error:
        made = Report(names.app, names.namespace, "", "unknown", reason=error.cause)
    if settings.webhook_format == "json":
        return {**json.loads(made.as_json()), "status": settings.status, "link": settings.link}
    lines = [f"*{made.namespace}/{made.app}*: {made.state}", made.reason]
    lines += [f"workflow: {settings.status}"] if settings.status else []
    return {"text": "\n".join(filter(None, [*lines, settings.link]))}


def main(settings: Settings) -> StepEnd:
    """Wire the real collaborators."""
    parts = parts_of(settings)
    post(settings.webhook_url_file, run(settings, parts.names, parts.traffic), settings.webhook_timeout_seconds)
    return StepEnd({"outcome": "sent"})


STEP = Step(Settings, RESULTS, main)
