"""The shipped Tekton YAML for tests."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.documents import strings, yaml_objects

ROOT = Path(__file__).parents[2] / "tekton"
FILES = sorted(path for path in ROOT.rglob("*.yaml") if path.relative_to(ROOT).parts[0] != "triggers")
Json = dict[str, Any]

EXTRAS = {"config-map", "prometheus-secret", "webhook-secret", "registry-secret", "steps-image"}
"""Parameters for Tekton, not for the step."""
READERS = {"report", "probe", "notify", "resolve"}
"""Steps that only read; sweep runs as the sweeper, all others as the walker."""


@cache
def documents(path: Path) -> tuple[Json, ...]:
    """Return the documents of a file."""
    return tuple(yaml_objects(path.read_text(encoding="utf-8")))


def of_kind(kind: str) -> dict[str, Json]:
    """Return all shipped objects of a kind by the name of their file."""
    return {path.stem: one for path in FILES for one in documents(path) if one["kind"] == kind}


def account(step: str) -> str:
    """Return the account of a step."""
    return f"canary-steps-{'sweeper' if step == 'sweep' else 'reader' if step in READERS else 'walker'}"


def named(entries: list[Json]) -> dict[str, Json]:
    """Return list entries by their name."""
    return {one["name"]: one for one in entries}


def given(entries: list[Json]) -> dict[str, Any]:
    """Return the values of parameters or variables by their name."""
    return {one["name"]: one["value"] for one in entries}


def references(value: object) -> set[str]:
    """Return all references $(…) in a document."""
    return {found for text in strings(value) for found in re.findall(r"\$\(([^)]*)\)", text)}


def seconds(duration: str) -> int:
    """Return a Go duration (hours, minutes, seconds) in seconds."""
    match = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", duration)
    assert match, duration
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return 3600 * hours + 60 * minutes + rest
