"""An annotation of Grafana over the time of the release, found by its tags on any dashboard."""

from typing import Any, Final

from steps.outputs.notifications.escaping import for_html
from steps.outputs.notifications.news import News, is_time
from steps.outputs.report import Report
from steps.outputs.trials import account
from steps.outputs.webhook import Message

_PATH: Final = "/api/annotations"
_TAG: Final = "canary-steps"


def grafana_annotation(news: News) -> Message:
    """Return the annotation; one of a release that goes on has no end."""
    made = news.report
    kinds = {"hotfix": bool(made.hotfix), "second-trial": bool(made.trials)}
    body: dict[str, Any] = {
        "time": _milliseconds(made.started if is_time(made.started) else news.time),
        "tags": [_TAG, made.namespace, made.app, made.state, *(kind for kind, is_so in kinds.items() if is_so)],
        "text": "<br>".join(
            filter(None, [f"{for_html(news.subject)}: {for_html(made.state)}", *_said(made), _link(news)])
        ),
    }
    return Message({**body, **({"timeEnd": _milliseconds(made.ended)} if is_time(made.ended) else {})}, path=_PATH)


def _said(made: Report) -> list[str]:
    hotfix = f"hotfix: {for_html(made.hotfix)}" if made.hotfix else ""
    return [hotfix, for_html(made.reason), *map(for_html, account(made.trials, made.weights))]


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _link(news: News) -> str:
    """Return the link: an anchor for an address, text for words; Grafana shows annotations as HTML."""
    text = for_html(news.link)
    return f'<a href="{text}">{text}</a>' if news.link.startswith(("https://", "http://")) else text
