"""How a release is reported to others: one file for each format, and `FORMATS`, the table of them.

A function takes the news of a release and returns the message for `steps.outputs.webhook`, or None where the format has
no words for such news. Formats with an id give the same news the same id, so that a receiver drops what comes twice.
"""

from collections.abc import Callable, Mapping
from typing import Final

from steps.outputs.notifications.cd_event import cd_event
from steps.outputs.notifications.chat import chat_message
from steps.outputs.notifications.cloud_event import cloud_event
from steps.outputs.notifications.grafana import grafana_annotation
from steps.outputs.notifications.news import News
from steps.outputs.notifications.report_json import report_json
from steps.outputs.webhook import Message

FORMATS: Final[Mapping[str, Callable[[News], Message | None]]] = {
    "slack": chat_message,
    "json": report_json,
    "cloudevents": cloud_event,
    "cdevents": cd_event,
    "grafana": grafana_annotation,
}
