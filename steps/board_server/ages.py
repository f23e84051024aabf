"""Times as a person at a board needs them: how long ago, and exactly when."""

from datetime import UTC, datetime
from typing import Final

from steps.board_server.markup import Html, element
from steps.model.times import date_and_time

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_LONG: Final = 2
"""From so many hours or days on, the smaller unit is left out."""


def age(seconds: float) -> str:
    """Return a time span in words: "42 s", "3 min", "1 h 5 min", "3 d"; a negative one counts as 0."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        hours, minutes = divmod(whole // _MINUTE, _MINUTE)
        return f"{hours} h {minutes} min" if minutes and hours < _LONG else f"{hours} h"
    days, hours = divmod(whole // _HOUR, 24)
    return f"{days} d {hours} h" if hours and days < _LONG else f"{days} d"


def moment(at: float, now: float, word: str = "") -> Html:
    """Return a moment as an element: the time since then, and the exact time in UTC.

    Args:
        at: unix seconds, a date.
        now: unix seconds.
        word: what happened then, "since" or "ended".
    """
    relative = f"{word} {age(now - at)} ago".strip() if word != "since" else f"for {age(now - at)}"
    exact = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return element("time", element("span", relative), " ", element("small", date_and_time(at)), datetime=exact)
