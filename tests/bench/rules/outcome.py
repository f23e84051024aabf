"""What a rule did in one rollout."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """Seconds are since the canary's first exposure.

    Attributes:
        failed_after: when the rule decided to roll back, or None.
        passed_after: when it would first have let the canary pass, or None; only for rules that have a pass.
        why: the rule's own word for it.
    """

    failed_after: float | None
    passed_after: float | None = None
    why: str = ""
