"""Text of others in messages: each format has characters that would do something there, and they are disarmed here.

Reasons quote what applications, registries and people wrote. In a chat such text could call everybody, hide an address
behind words, or look like the message of another release.
"""

import re
from html import escape
from typing import Final
from urllib.parse import quote

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]+")
"""Line ends, controls of terminals, directions of text, invisible characters, and halves of surrogate pairs."""

_MENTION: Final = re.compile(r"(?<![0-9A-Za-z])@(?=\w)")
_EDGE: Final = re.compile(r"(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
_START: Final = re.compile(r"^[#+=|-]+(?=\s|$)")
_FULL_WIDTH: Final = str.maketrans({one: chr(ord(one) + 0xFEE0) for one in "*~`#_+=|-[]"})
"""Characters of Markdown, as others that look like them and mean nothing."""

_CHAT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
"""What Slack asks for; Mattermost, Rocket.Chat and Teams show these as the characters, too."""

_NO_URL: Final = re.compile(r"""[\s<>|"'`*\\\[\](){}^]""")


def plain(text: str) -> str:
    """Return a text in one line, without characters that nobody sees."""
    return _CONTROLS.sub(" ", text).strip()


def for_chat(text: str) -> str:
    """Return a text that Slack, Mattermost, Rocket.Chat and Teams show as it is, on one line, and do nothing with."""
    shown = _START.sub(_widened, plain(text))
    shown = re.sub(r"[*~`\[\]]", _widened, _EDGE.sub(_widened, shown))
    return _MENTION.sub("@\u200b", shown).translate(_CHAT)


def link_for_chat(link: str) -> str:
    """Return an address that a chat makes a link of, and nothing else; other text is shown as it is."""
    if not link.startswith(("https://", "http://")):
        return for_chat(link)
    return _NO_URL.sub(lambda found: quote(found.group(), safe="", errors="replace"), plain(link))


def for_html(text: str) -> str:
    """Return a text that a page shows as it is."""
    return escape(plain(text))


def _widened(found: re.Match[str]) -> str:
    return found.group().translate(_FULL_WIDTH)
