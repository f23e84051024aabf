"""A CloudEvent 1.0 in structured mode: for Knative, Argo Events and other brokers."""

from typing import Any, Final

from steps.outputs.notifications.news import News
from steps.outputs.webhook import Message

CONTENT_TYPE: Final = "application/cloudevents+json"
TYPE: Final = "io.canary-steps.release."
"""Start of the type; the state follows, since brokers filter by type: `io.canary-steps.release.rolled-back`."""


def cloud_event(news: News) -> Message:
    """Return the event whose data is the report."""
    return Message(envelope(news, f"{TYPE}{news.report.state}", news.data), CONTENT_TYPE)


def envelope(news: News, kind: str, data: dict[str, Any], data_type: str = "application/json") -> dict[str, Any]:
    """Return an event.

    Args:
        news: what happened.
        kind: its type.
        data: its payload.
        data_type: media type of the payload.
    """
    return {
        "specversion": "1.0",
        "id": news.id,
        "source": news.source,
        "type": kind,
        "subject": news.subject,
        "time": news.timestamp,
        "datacontenttype": data_type,
        "data": data,
    }
