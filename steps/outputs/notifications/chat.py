"""Text for the incoming webhooks of chats: Slack, Mattermost, Rocket.Chat, and a flow of Teams."""

from steps.outputs.notifications.escaping import for_chat, link_for_chat
from steps.outputs.notifications.news import News
from steps.outputs.trials import account
from steps.outputs.webhook import Message


def chat_message(news: News) -> Message:
    """Return the state, the reason, trials that ended with an alarm, and the link, a line each."""
    made = news.report
    lines = [
        f"*{for_chat(made.namespace)}/{for_chat(made.app)}*: {for_chat(made.state)}",
        f"hotfix: {for_chat(made.hotfix)}" if made.hotfix else "",
        for_chat(made.reason),
    ]
    lines += map(for_chat, account(made.trials, made.weights))
    lines += [f"workflow: {for_chat(news.status)}"] if news.status else []
    return Message({"text": "\n".join(filter(None, [*lines, link_for_chat(news.link)]))})
