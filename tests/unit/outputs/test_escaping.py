"""What others wrote does nothing in a message: it calls nobody, hides no address, and makes no second message."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from steps.outputs.notifications import FORMATS
from steps.outputs.notifications.escaping import for_chat, for_html, link_for_chat
from steps.outputs.notifications.news import News
from steps.outputs.report import Report


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<!channel> read this", "&lt;!channel&gt; read this"),
        ("<@U123> <!subteam^S1> <#C1>", "&lt;@\u200bU123&gt; &lt;!subteam^S1&gt; &lt;#C1&gt;"),
        ("<https://evil.test|log in>", "&lt;https://evil.test|log in&gt;"),
        ("[log in](https://evil.test)", "·[log in·](https://evil.test)"),
        ("![x](https://evil.test/a.png)", "!·[x·](https://evil.test/a.png)"),
        ("a & b &lt;!here&gt;", "a &amp; b &amp;lt;!here&amp;gt;"),
        ("*shop/till*: promoted", "·*shop/till·*: promoted"),
        ("_a_ ~b~ `c` ```d```", "·_a·_ ·~b·~ ·`c·` ·`·`·`d·`·`·`"),
        ("@all @here @channel (@bob)", "@\u200ball @\u200bhere @\u200bchannel (@\u200bbob)"),
        ("one\n\n*two*\r\n# three\u2028four", "one ·*two·* # three four"),
        ("# a heading", "·# a heading"),
        ("--- a line", "·-·-·- a line"),
        ("\x1b[31mred\x07 \u202egnp.exe", "·[31mred   gnp.exe"),
        ("half \ud800 a pair", "half   a pair"),
        ("50 %: errors 0.4 % (3 of 750), http_requests_total, p95 -12 ms", None),
        ("shop@sha256:0123 by ann@example.com, 5 - 3 = 2", None),
    ],
)
def test_markup_of_chats_is_shown_and_not_obeyed(written: str, shown: str | None) -> None:
    """By look-alikes, here written after a dot; numbers, names of metrics, digests and mail addresses stay."""
    expected = written if shown is None else re.sub("·(.)", lambda found: chr(ord(found[1]) + 0xFEE0), shown)
    assert expected == for_chat(written)


@pytest.mark.parametrize(
    ("link", "sent"),
    [
        ("https://argo.example/workflows/demo/x?tab=a&b=c#d", None),
        ("https://evil.test|<!channel>", "https://evil.test%7C%3C!channel%3E"),
        ("https://x.test/\n*shop/till*: promoted", "https://x.test/%20%2Ashop/till%2A:%20promoted"),
        ("javascript:alert(1)<!here>", "javascript:alert(1)&lt;!here&gt;"),
    ],
)
def test_a_link_is_an_address_and_nothing_else(link: str, sent: str | None) -> None:
    """Whatever the engine put there."""
    assert (link if sent is None else sent) == link_for_chat(link)


@given(some.text() | some.text("<>!@*_~`[]()&|#\n \ud800\u202eabc"))
def test_any_text_is_disarmed(text: str) -> None:
    """For a chat, and for a page."""
    found = for_chat(text)
    assert not set("<>*~`[]\n\r\u202e\ud800") & set(found)
    assert not set("<>\"'") & set(for_html(text))


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_disarms_every_text(kind: str) -> None:
    """The reason, the app, the state, the status and the link; programs get them as JSON, as they are."""
    evil = "<!channel>\n*x* <img src=x onerror=alert(1)> \ud800"
    made = Report(evil, evil, "r1", "promoted", reason=evil, images={"shop": f"shop@sha256:{'a' * 64}"})
    message = FORMATS[kind](News(made, 1e9, evil, evil))
    assert message is not None
    body = json.loads(json.dumps(dict(message.body)))
    if kind in {"slack", "grafana"}:
        assert "<!channel>" not in body["text"]
        assert "<img" not in body["text"]
        assert 4 >= len(body["text"].splitlines())
