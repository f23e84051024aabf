"""What a person may type about a release, ready to copy.

Annotations may hold anything, and people paste into a shell: a value that is not a Kubernetes name raises ValueError.
"""

import re
from dataclasses import dataclass
from typing import Final

from steps.model.run import Claim, ObjectName

_NAMES: Final = re.compile(r"[A-Za-z0-9][-A-Za-z0-9._/,]*")
"""What a shell takes as it is: Kubernetes names, and lists of them."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command and what it is for.

    Args:
        purpose: what it does: "approve", "roll back".
        line: for a shell.
    """

    purpose: str
    line: str


def approve(claim: Claim, holder: ObjectName) -> Command:
    """Return what opens the gate of a run."""
    return Command("approve", f"canary-steps approve {_release(claim, holder)}")


def roll_back(claim: Claim, holder: ObjectName) -> Command:
    """Return what ends a run that is not promoted."""
    return Command("roll back", f"canary-steps rollback {_release(claim, holder)}")


def judge_again(claim: Claim, holder: ObjectName) -> Command:
    """Return what judges the present weight of a run once more."""
    return Command("judge again", f"canary-steps analyze {_release(claim, holder)}")


def sweep(holder: ObjectName) -> Command:
    """Return what recovers the expired runs of a namespace."""
    return Command("recover now", _line("sweep", namespace=holder.namespace))


def _release(claim: Claim, holder: ObjectName) -> str:
    """Return the flags that name a release; VirtualServices only where they are not named after the app."""
    state = claim.state
    namespace = state.workloads.namespace if state.workloads else holder.namespace
    targets = [str(target.virtual_service) for target in state.targets]
    named = {} if targets == [f"{namespace}/{claim.app}"] else {"virtual-service": ",".join(targets)}
    return _line(namespace=namespace, app=claim.app, run=claim.run, **named)


def _line(step: str = "", **flags: str) -> str:
    for name, value in flags.items():
        if not _NAMES.fullmatch(value):
            raise ValueError(f"{name} {value[:80]!r} is not a Kubernetes name, so no command is shown")
    given = " ".join(f"--{name} {value}" for name, value in flags.items())
    return f"canary-steps {step} {given}" if step else given
