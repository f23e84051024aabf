"""The errors a step can end with, grouped by what the caller can do about them.

    StepError(action, cause)
    ├── SettingsError     exit 2   a value is wrong: correct it and start again
    ├── TemporaryError    exit 3   the API server, Prometheus or the cluster is failing: a retry may succeed
    │   └── Interrupted   exit 3   SIGTERM came; traffic was left as it was
    ├── PermanentError    exit 4   a retry will not help: somebody has to change something
    │   ├── NotFound               an object is missing
    │   ├── Forbidden              the account lacks a permission
    │   ├── Denied                 a quota or an admission policy denies the write
    │   ├── ForeignWrite           somebody else changed what this run controls
    │   │   └── LostCanary         somebody removed what the canary's requests need
    │   └── StillInUse             requests still go to the side that should stop: it stays up
    └── NotOwnerError     exit 7   the claim belongs to another run, or to nobody

Verdicts are not errors: `fail` (5) and `inconclusive` (6) are results of a step that worked.
Anything that is not a StepError is a bug in canary-steps: traceback and exit 1.
"""

from typing import ClassVar


class StepError(Exception):
    """What the step was doing and why it failed, each in plain words.

    Args:
        action: what the step was doing, in words that follow "While ": "reading VirtualService shop/shop".
        cause: what went wrong and what helps; names the field, the value and the remedy where there are any.
    """

    exit_code: ClassVar[int] = 1
    reason: ClassVar[str] = "error"

    def __init__(self, action: str, cause: str) -> None:
        super().__init__(action, cause)
        self.action = action
        self.cause = cause

    def __str__(self) -> str:
        return f"While {self.action}: {self.cause}"


class SettingsError(StepError):
    """A setting is missing or out of its range; nothing has been written."""

    exit_code = 2
    reason = "bad-settings"


class TemporaryError(StepError):
    """The API server, Prometheus or the cluster is failing; a retry may help."""

    exit_code = 3
    reason = "temporary"


class Interrupted(TemporaryError):  # noqa: N818 - an event, not a fault
    """The process received SIGTERM or SIGINT; traffic stays as it is."""

    reason = "interrupted"


class PermanentError(StepError):
    """A retry of the same call will not help."""

    exit_code = 4
    reason = "permanent"


class NotFound(PermanentError):  # noqa: N818 - named as the API names it
    """The API server does not have the object."""

    reason = "not-found"


class Forbidden(PermanentError):  # noqa: N818 - named as the API names it
    """The API server denies this account the verb on the resource."""

    reason = "forbidden"


class Denied(PermanentError):  # noqa: N818 - named as admission names it
    """A quota, an admission webhook or an admission policy denies the write; the account's permissions suffice."""

    reason = "denied"


class ForeignWrite(PermanentError):  # noqa: N818 - an event, not a fault
    """Weights or templates are not as this run last wrote them."""

    reason = "foreign-write"


class LostCanary(ForeignWrite):
    """Somebody removed what the canary's requests need, so its users must return to stable."""


class StillInUse(PermanentError):  # noqa: N818 - a state, not a fault
    """Requests still go to the pods that should stop, so they stay up and the claim stays; sweep looks again."""

    reason = "still-in-use"


class NotOwnerError(StepError):
    """The claim belongs to another run, or to nobody."""

    exit_code = 7
    reason = "not-owner"
