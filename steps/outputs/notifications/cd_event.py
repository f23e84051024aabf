"""A CDEvent 0.5 (a service was upgraded, or rolled back) inside a CloudEvent: for delivery dashboards and pipelines."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from steps.outputs.notifications.cloud_event import CONTENT_TYPE, envelope
from steps.outputs.notifications.news import News
from steps.outputs.report import Report
from steps.outputs.webhook import Message

_SPEC: Final = "0.5.1"
_UPGRADED: Final = "dev.cdevents.service.upgraded.0.3.0"
_ROLLED_BACK: Final = "dev.cdevents.service.rolledback.0.3.0"
_TYPES: Final = {"promoted": _UPGRADED, "rolled-back": _ROLLED_BACK, "undone": _ROLLED_BACK}
"""State of a release → type of the event; CDEvents has no event for a release that goes on or changed nothing."""

_IMAGE_ID: Final = re.compile(r"(?:[a-z-]+://)?(?:(?P<repository>[^@]+)@)?(?P<digest>sha256:[0-9a-f]{64})")


def cd_event(news: News) -> Message | None:
    """Return the event, None where CDEvents has none for the state of the release."""
    kind = _TYPES.get(news.report.state)
    if kind is None:
        return None
    context = {
        "specversion": _SPEC, "id": news.id, "source": news.source, "type": kind, "timestamp": news.timestamp,
    }  # fmt: skip
    content = {"environment": {"id": news.report.namespace}, "artifactId": _artifact(news.report, kind)}
    event: dict[str, Any] = {
        "context": context,
        "subject": {"id": news.subject, "source": news.source, "content": content},
        "customDataContentType": "application/json",
        "customData": news.data,
    }
    return Message(envelope(news, kind, event, "application/cdevents+json"), CONTENT_TYPE)


def _artifact(report: Report, kind: str) -> str:
    """Return the package URL of what users get now.

    After a rollback it has no version: the report knows the digests of the version that was taken back alone.
    """
    image = _image(report.images or {}, report.app)
    repository = (image["repository"] or "") if image else ""
    name = quote(repository.rpartition("/")[2] or report.app, safe="", errors="replace")
    version = f"@{quote(image['digest'], safe='')}" if image and kind == _UPGRADED else ""
    place = f"?repository_url={quote(repository, safe='/', errors='replace')}" if repository else ""
    return f"pkg:oci/{name}{version}{place}"


def _image(images: Mapping[str, str], app: str) -> re.Match[str] | None:
    """Return the image of the app's container, else of the first one, None where no digest is known."""
    named = [images[app]] if app in images else [images[name] for name in sorted(images)]
    return next((found for found in map(_IMAGE_ID.fullmatch, map(str, named)) if found), None)
