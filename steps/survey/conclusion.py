"""What problems mean for a release: what the settings allow, and whether it may start (pure)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from steps.errors import PermanentError, TemporaryError
from steps.survey.problem import Problem

TROUBLE = "prometheus-trouble"
"""The code of a problem that may be gone in a minute."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a person allowed or named.

    Args:
        managed: templates that other tools manage may be written, or are not written.
        external: stable's template comes from its manifest.
        policies: policies may treat the arms differently.
        container: the container that is released, "" where it is not named.
        at_rest: what a release does with weights at rest: refuse, reset or adopt.
    """

    managed: bool = False
    external: bool = False
    policies: bool = False
    container: str = ""
    at_rest: str = "refuse"


def settled(problems: Iterable[Problem], allowed: Allowed) -> Iterator[Problem]:
    """Yield problems as the settings leave them: what is allowed or named there is only a note."""
    for one in problems:
        is_settled = (
            (one.code == "manager" and allowed.managed)
            or (one.code == "manifest" and allowed.external)
            or (one.code == "unequal-object" and allowed.policies and "--allow-policies" in one.remedies)
            or (one.code in {"weight-at-rest", "weights"} and f"--at-rest {allowed.at_rest}" in one.remedies)
            or (one.code == "container" and f"--container {allowed.container}" in one.remedies)
        )
        yield replace(one, gravity="notes") if is_settled else one


def conclusion(problems: Sequence[Problem], app: str) -> dict[str, Any]:
    """Return outcome, exit code and summary, as doctor's JSON has them."""
    refused = [one for one in problems if one.gravity == "refuses"]
    lasting = [one for one in refused if one.code != TROUBLE]
    if lasting:
        outcome, code = "refused", PermanentError.exit_code
        summary = f"A release of {app} would be refused: {len(refused)} of {len(problems)} problems are in its way."
    elif refused:
        outcome, code, summary = "trouble", TemporaryError.exit_code, f"Prometheus is in trouble: {refused[0].text}"
    else:
        outcome, code, summary = "ready", 0, f"A release of {app} may start."
    return {"outcome": outcome, "exit_code": code, "summary": summary}
