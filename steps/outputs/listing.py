"""A list of releases, as a table for people and as JSON for programs."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from steps.model.listing import ListedApp
from steps.model.printable import printable
from steps.model.run import Claim, Record
from steps.model.times import date_and_time
from steps.outputs.trials import alarms, followed, present_trial

_HEAD = ("NAMESPACE", "APP", "PHASE", "WEIGHT", "RUN", "SINCE", "BY", "LAST OUTCOME", "ENDED")
_LONGEST = 40
"""Characters of one cell; JSON has all of them."""

_ACCOUNT = "system:serviceaccount:"


def table(apps: Sequence[ListedApp]) -> str:
    """Return a table with a row for each app, and below it what cannot be read."""
    twice = Counter((one.namespace, one.app) for one in apps)
    rows = [_HEAD, *(_row(one, names_object=twice[one.namespace, one.app] > 1) for one in apps)]
    cut = [[_cell(text) for text in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cut, strict=True)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cut]
    troubles = [printable(f"{one.namespace}/{one.app}: {text}") for one in apps for text in one.unreadable]
    return "\n".join([*lines, *(["", "Cannot be read:", *troubles] if troubles else []), ""])


def as_json(apps: Sequence[ListedApp]) -> str:
    """Return the list as JSON; times are unix seconds, as in a report."""
    return json.dumps([_entry(one) for one in apps], indent=1, default=str) + "\n"


def state_of(app: ListedApp) -> str:
    """Return `living`, `expired`, `unreadable` or, without a claim, `none`."""
    if app.claim is not None:
        return "expired" if app.is_expired else "living"
    return "unreadable" if app.is_claim_unreadable else "none"


def _row(app: ListedApp, *, names_object: bool) -> tuple[str, ...]:
    name = f"{app.app} (on {app.virtual_service.name})" if names_object else app.app
    return app.namespace, name, *_of_claim(app), *_of_record(app)


def _of_claim(app: ListedApp) -> tuple[str, ...]:
    if app.claim is None:
        return "unreadable" if app.is_claim_unreadable else "-", "-", "-", "-", "-"
    state = app.claim.state
    paused = f" (paused: {state.paused_weight})" if state.paused_weight else ""
    trial = present_trial(state.trials, is_between=state.is_between_trials)
    notes = ("hotfix" if state.hotfix else "", "expired" if app.is_expired else "", trial)
    phase = ", ".join(filter(None, (str(app.claim.phase), *notes)))
    by = str(state.by).removeprefix(_ACCOUNT)
    return phase, f"{state.weight} %{paused}", app.claim.run, date_and_time(state.started), by or "-"


def _of_record(app: ListedApp) -> tuple[str, str]:
    if app.record is None:
        return "unreadable" if app.is_record_unreadable else "-", "-"
    notes = filter(
        None, ("hotfix" if app.record.hotfix else "", alarms(followed(app.record.trials, app.record.weights)))
    )
    kind = ", ".join(notes)
    return f"{app.record.outcome}{f' ({kind})' if kind else ''}", date_and_time(app.record.ended)


def _entry(app: ListedApp) -> dict[str, Any]:
    return {
        "namespace": app.namespace,
        "app": app.app,
        "virtual_service": str(app.virtual_service),
        "state": state_of(app),
        **_claim_entry(app.claim),
        "last": _record_entry(app.record),
        "unreadable": list(app.unreadable),
    }


def _claim_entry(claim: Claim | None) -> dict[str, Any]:
    if claim is None:
        return dict.fromkeys(("run", "phase", "weight", "since", "expires", "by", "reason", "hotfix", "trials"))
    state = claim.state
    return {
        "run": claim.run,
        "phase": str(claim.phase),
        "weight": state.weight,
        "since": state.started,
        "expires": state.expires,
        "by": state.by,
        "reason": state.reason,
        "hotfix": state.hotfix,
        "trials": [asdict(one) for one in state.trials],
    }


def _record_entry(record: Record | None) -> dict[str, Any] | None:
    if record is None:
        return None
    names = ("run", "outcome", "verdict", "reason", "started", "ended", "by", "images", "undoes", "hotfix")
    return {**{name: getattr(record, name) for name in names}, "trials": [asdict(one) for one in record.trials]}


def _cell(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
