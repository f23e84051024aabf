"""Sweep one expired run: users go back to stable first, and its failures stay away from other runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from steps.actions.recovery import Takeover, take_over_run
from steps.errors import Interrupted, NotOwnerError, StepError
from steps.model.run import Claim
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(slots=True)
class ExpiredRun:
    """A run whose claim expired, and what became of it.

    Args:
        claim: as it was found.
        workload: its Deployments, written under its app's token.
        takeover: the takeover, once the claim is ours.
        outcome: `rolled-back`, `promoted`, `not-owner` (another sweep or run was faster) or `failed`.
        error: why it failed.
    """

    claim: Claim
    workload: Workload
    takeover: Takeover | None = None
    outcome: str = ""
    error: Exception | None = None

    @property
    def name(self) -> str:
        """The app with the namespace of its first VirtualService."""
        return f"{self.claim.state.targets[0].virtual_service.namespace}/{self.claim.app}"


def return_users(one: ExpiredRun, owner: str, traffic: Traffic) -> None:
    """Take the claim over and return all weight to stable; that must not wait for another app's pods."""
    reason = f"the claim of run {one.claim.run} expired"
    one.takeover = take_over_run(one.claim, owner, reason, traffic, one.workload, repair=True)


@contextmanager
def isolated(one: ExpiredRun) -> Iterator[None]:
    """Keep a failure at one claim away from the others."""
    try:
        yield
    except Interrupted:
        raise
    except NotOwnerError as error:
        log.info("sweep.not_owner", claim=one.name, detail=str(error))
        one.takeover, one.outcome = None, "not-owner"
    except StepError as error:
        log.error("sweep.failed", claim=one.name, error=str(error))
        one.outcome, one.error = "failed", error
    except Exception as error:  # a defect at one claim must not strand the users of the others
        log.exception("sweep.crashed", claim=one.name)
        one.outcome, one.error = "failed", error
