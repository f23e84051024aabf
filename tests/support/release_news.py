"""News of releases in every state, and the body that a receiver of `notify` parses."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from steps.outputs.notifications import FORMATS
from steps.outputs.notifications.news import News
from steps.outputs.report import Report

DIGEST = f"sha256:{'0b31b1c02ff458ad' * 4}"
PROMOTED = Report(
    app="shop",
    namespace="demo",
    run="canary-release-x7k2p",
    state="promoted",
    reason="50 %: no sign of harm in 4 metrics",
    verdict="pass",
    started=1_800_000_000.0,
    ended=1_800_000_420.5,
    weights=((1_800_000_010.0, 5), (1_800_000_130.0, 25), (1_800_000_250.0, 50)),
    images={"shop": DIGEST},
    by="ada",
)
ROLLED_BACK = replace(
    PROMOTED, state="rolled-back", verdict="fail", reason="5 %: 12 of 40 requests of the canary failed"
)
STATES = ("promoted", "rolled-back", "undone", "noop", "prepared", "walking", "promoting", "rolling-back", "unknown")
LINK = "https://argo.example/workflows/demo/canary-release-x7k2p"


def news(report: Report = PROMOTED, status: str = "Succeeded", link: str = LINK) -> News:
    """Return the news of a release as an exit handler has it."""
    return News(report, 1_800_000_500.0, status, link)


def body(form: str, given: News) -> dict[str, Any]:
    """Return the body that a receiver parses."""
    message = FORMATS[form](given)
    assert message is not None
    parsed: dict[str, Any] = json.loads(json.dumps(dict(message.body)))
    return parsed


def of_state(state: str) -> Report:
    """Return a report of a release in some state; what runs has no end, what is unknown has nothing."""
    if state == "unknown":
        return Report("shop", "demo", "", state, reason="there is no release of shop")
    ends = state in {"promoted", "rolled-back", "undone", "noop"}
    return replace(PROMOTED, state=state, ended=PROMOTED.ended if ends else 0.0)
