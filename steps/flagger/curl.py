"""One curl of a webhook's command as a probe of canary.yaml."""

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

_WORD = re.compile(r"\"([^\"]*)\"|'([^']*)'|(\S+)")
_MAX_STAGES = 2
"""A curl, and one command that checks its answer."""

_SEPARATOR = re.compile(r"&&|\|\||[;&`$<>\n]")
_DATA: Final = {"-d", "--data", "--data-raw", "--data-binary", "--data-ascii"}
_SILENT: Final = {"--silent", "--fail", "--show-error", "--location", "--insecure", "--include", "--compressed"}
_IGNORED_VALUE: Final = {
    "-o",
    "--output",
    "-w",
    "--write-out",
    "-m",
    "--max-time",
    "--connect-timeout",
    "--retry",
    "-A",
}
_SHORT = re.compile(r"-[sSfkLgiv]+")
_SHORT_DATA = re.compile(r"-[sSfkLgiv]+d")


def probe_of(name: str, command: str) -> dict[str, Any] | None:
    """Return the entry of `probes` for a command that is one curl, with a grep behind it or not; else None."""
    stages = [one.strip() for one in command.strip().split("|")]
    if _SEPARATOR.search(command.strip()) or not stages[0].startswith("curl ") or len(stages) > _MAX_STAGES:
        return None
    sent = _request(_words(stages[0])[1:])
    found = _sought(_words(stages[1])) if len(stages) > 1 else ""
    if sent is None or found is None:
        return None
    entry = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "probe"
    return {"name": entry, **sent, **({"contains": found} if found else {})}


def _words(text: str) -> list[str]:
    return [next(filter(None, found.groups()), "") for found in _WORD.finditer(text)]


def _request(words: Sequence[str]) -> dict[str, Any] | None:
    """Return path, method, headers and body; None if an option is not known."""
    rest, url, body, method = list(words), "", None, ""
    headers: dict[str, str] = {}
    while rest:
        word = rest.pop(0)
        if word in _SILENT or _SHORT.fullmatch(word):
            continue
        if not word.startswith("-"):
            if url:
                return None
            url = word
            continue
        if not rest:
            return None
        value = rest.pop(0)
        if word in _DATA or _SHORT_DATA.fullmatch(word):
            body = value
        elif word in {"-X", "--request"}:
            method = value
        elif word in {"-H", "--header"} and ":" in value:
            headers[value.partition(":")[0].strip()] = value.partition(":")[2].strip()
        elif word not in _IGNORED_VALUE:
            return None
    return _entry(url, body, method, headers)


def _entry(url: str, body: str | None, method: str, headers: dict[str, str]) -> dict[str, Any] | None:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
    except ValueError:
        return None
    if not url or not parts.hostname or (body or "").startswith("@"):
        return None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    method = method.upper() or ("POST" if body is not None else "GET")
    return {
        "path": path,
        **({"method": method} if method != "GET" else {}),
        **({"headers": headers} if headers else {}),
        **({"body": body} if body else {}),
    }


def _sought(words: Sequence[str]) -> str | None:
    """Return the text that a grep looks for; None if the command is another."""
    wanted = [one for one in words[1:] if not re.fullmatch(r"-[qFi]+", one)]
    return wanted[0] if words[:1] == ["grep"] and len(wanted) == 1 and not wanted[0].startswith("-") else None
