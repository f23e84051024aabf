"""The report as it is, for programs of one's own."""

from steps.outputs.notifications.news import News
from steps.outputs.webhook import Message


def report_json(news: News) -> Message:
    """Return the report with `status` and `link`."""
    return Message(news.data)
