"""What a person may type about a release, ready to copy."""

import shlex
from dataclasses import dataclass

from steps.model.run import Claim, ObjectName


@dataclass(frozen=True, slots=True)
class Command:
    """A command and what it is for.

    Args:
        purpose: "to approve".
        line: for a shell, quoted.
    """

    purpose: str
    line: str


def approve(claim: Claim, holder: ObjectName) -> Command:
    """Return what opens the gate of a run."""
    return Command("to approve", f"canary-steps approve {_release(claim, holder)}")


def roll_back(claim: Claim, holder: ObjectName) -> Command:
    """Return what ends a run that is not promoted."""
    return Command("to roll back", f"canary-steps rollback {_release(claim, holder)}")


def judge_again(claim: Claim, holder: ObjectName) -> Command:
    """Return what judges the present weight of a run once more."""
    return Command("to judge this weight again", f"canary-steps analyze {_release(claim, holder)}")


def sweep(holder: ObjectName) -> Command:
    """Return what recovers the expired runs of a namespace."""
    return Command("to bring users back to stable now", _line("sweep", namespace=holder.namespace))


def _release(claim: Claim, holder: ObjectName) -> str:
    """Return the flags that name a release; VirtualServices only where they are not named after the app."""
    state = claim.state
    namespace = state.workloads.namespace if state.workloads else holder.namespace
    targets = [str(target.virtual_service) for target in state.targets]
    named = {} if targets == [f"{namespace}/{claim.app}"] else {"virtual-service": ",".join(targets)}
    return _line(namespace=namespace, app=claim.app, run=claim.run, **named)


def _line(step: str = "", **flags: str) -> str:
    given = " ".join(f"--{name} {shlex.quote(value)}" for name, value in flags.items())
    return f"canary-steps {step} {given}" if step else given
