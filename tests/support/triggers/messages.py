"""Messages of registries, as their documentation shows them, and the run that each should start."""

import copy
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import yaml

TOKEN = "a-token-of-sixty-four-letters-and-digits-0123456789abcdef0123456"
"""The token of the app in all messages."""

SECRETS = {"canary-push-shop": {"token": TOKEN}}
"""What the namespace of the recorded messages holds."""

_FOLDER = Path(__file__).with_name("messages")


@dataclass(frozen=True)
class Message:
    """A request to a listener.

    Attributes:
        listener: name of the listener's file.
        what: what happened, in words.
        path, headers: of the request. body: JSON.
        starts: tag, digest, label and by of the push that must be released; None if no run may start.
        places: path of `repository`, `tag`, `digest` and `by` in the body.
    """

    listener: str
    what: str
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    starts: Mapping[str, str] | None
    places: Mapping[str, tuple[str | int, ...]]

    @property
    def sent(self) -> bytes:
        """The body as it is sent."""
        return json.dumps(self.body).encode()

    def having(self, name: str, value: object) -> Self:
        """Return the message with another value at one of its places."""
        body = copy.deepcopy(self.body)
        *way, last = self.places[name]
        found: Any = body
        for step in way:
            found = found[step]
        found[last] = value
        return replace(self, body=body)

    def with_headers(self, **changes: str | None) -> Self:
        """Return the message with other headers; None removes a header."""
        named = {name.replace("_", "-"): value for name, value in changes.items()}
        headers = {**self.headers, **named}
        return replace(self, headers={name: value for name, value in headers.items() if value is not None})


def signed(message: Message, key: str = TOKEN) -> Message:
    """Sign a message as GitHub does, unless it already has a signature."""
    if message.headers.get("X-Hub-Signature-256") != "SIGNED":
        return message
    return message.with_headers(X_Hub_Signature_256=signature(message.sent, key))


def signature(body: bytes, key: str) -> str:
    """Return what GitHub sends as X-Hub-Signature-256."""
    return "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def listeners() -> list[str]:
    """Return the names of all listeners that have messages."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def messages(listener: str) -> list[Message]:
    """Return the messages of a listener; the first one starts a release."""
    file = yaml.safe_load((_FOLDER / f"{listener}.yaml").read_text(encoding="utf-8").replace("TOKEN", TOKEN))
    return [
        Message(
            listener=listener,
            what=one["what"],
            path=one.get("path", file.get("path", "/")),
            headers={"Content-Type": "application/json", **file.get("headers", {}), **one.get("headers", {})},
            body=one["body"],
            starts=one["starts"],
            places={name: tuple(way) for name, way in one.get("places", {}).items()},
        )
        for one in file["messages"]
    ]
