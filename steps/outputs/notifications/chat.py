"""Text for the incoming webhooks of chats: Slack, Mattermost, Rocket.Chat, and a flow of Teams."""

from steps.outputs.notifications.news import News
from steps.outputs.webhook import Message


def chat_message(news: News) -> Message:
    """Return the state, the reason and the link, a line each."""
    made = news.report
    lines = [
        f"*{made.namespace}/{made.app}*: {made.state}",
        f"hotfix: {made.hotfix}" if made.hotfix else "",
        made.reason,
    ]
    lines += [f"workflow: {news.status}"] if news.status else []
    return Message({"text": "\n".join(filter(None, [*lines, news.link]))})
