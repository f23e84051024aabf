"""What the objects say about their owners, read without the code under test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.kubernetes_api.kinds import Json

CLAIM, STATE = "canary-steps.io/claim.", "canary-steps.io/run."
OURS = "canary-steps.io/"
STRANGER = "evil"
"""The app that hostile annotations name."""
Owner = tuple[str, int]
"""A run and its epoch."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A token on an object.

    Args:
        app: as the key of the annotation has it.
        text: the token.
        owner: who wrote it; ("", 0) if the token cannot be read.
    """

    app: str
    text: str
    owner: Owner


def marks(item: Json | None) -> list[Mark]:
    """Return the tokens on an object, [] if the object is missing."""
    if item is None:
        return []
    found = annotations_of(item).items()
    return [Mark(key.removeprefix(CLAIM), text, _owner(text)) for key, text in found if key.startswith(CLAIM)]


def owners(item: Json | None) -> set[Owner]:
    """Return the owners of an object."""
    return {mark.owner for mark in marks(item)}


def annotations_of(item: Json) -> dict[str, str]:
    """Return the annotations of an object."""
    return item["metadata"].get("annotations") or {}


def is_anchor(item: Json, app: str) -> bool:
    """Return whether a VirtualService decides about the claim of an app."""
    try:
        targets = json.loads(annotations_of(item)[STATE + app])["targets"]
    except (KeyError, ValueError, TypeError, RecursionError):
        return False
    return min(targets, default="") == f"{item['metadata']['namespace']}/{item['metadata']['name']}"


def expiry(item: Json, app: str) -> float:
    """Return when the claim of an app on a VirtualService expires (unix seconds), 0 if that cannot be read."""
    try:
        return float(json.loads(annotations_of(item)[STATE + app])["expires"])
    except (KeyError, ValueError, TypeError, RecursionError, OverflowError):
        return 0.0


def weights(item: Json | None) -> dict[tuple[str, str], int]:
    """Return the weights of a VirtualService by route and host."""
    return {} if item is None else dict(_weights(item))


def _weights(item: Json) -> Iterator[tuple[tuple[str, str], int]]:
    for number, route in enumerate(item["spec"]["http"]):
        for entry in route["route"]:
            yield (route.get("name") or f"#{number}", entry["destination"]["host"]), int(entry.get("weight", 0))


def _owner(text: str) -> Owner:
    try:
        run, epoch, _ = text.rsplit(":", 2)
        return run, int(epoch)
    except ValueError:
        return "", 0
