"""Hotfix: a release for when stable is the broken one. What must be true of it before anything is written."""

from dataclasses import dataclass, replace

import structlog

from steps.claim.acquire import ClaimRequest
from steps.errors import Interrupted, NotOwnerError, PermanentError, StepError
from steps.evidence.reader import EvidenceReader
from steps.judge.checks.stable_standing import StableStanding, Standing, stable_standing
from steps.judge.rules import Rules
from steps.model.names import ReleaseNames
from steps.model.run import Claim
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_DOWN: float = 0.5
"""From this share of bad requests on, a first weight would spare fewer users than it makes wait."""


@dataclass(frozen=True, slots=True)
class HotfixPolicy:
    """What a hotfix was asked for with.

    Args:
        ladder: its weights, percent, ascending.
        force: release it although nothing says that stable is broken.
        rules: the objectives.
    """

    ladder: tuple[int, ...]
    force: bool
    rules: Rules


def check_hotfix(
    request: ClaimRequest,
    policy: HotfixPolicy,
    names: ReleaseNames,
    traffic: Traffic,
    workload: Workload,
    reader: EvidenceReader,
) -> ClaimRequest:
    """Refuse a hotfix of a stable that is not broken; return the claim to acquire, with the weights of the hotfix.

    A run that has its claim already was allowed; by now stable may have no requests to judge by.

    Raises:
        PermanentError: stable keeps its objectives, or nothing tells; says with which numbers, and what helps.
    """
    if (begun := _held(request, names, traffic)) is not None:
        return replace(request, ladder=begun.state.ladder or policy.ladder)  # killed before it was kept
    ready = _ready_pods(names, workload)
    if ready is not None and not ready[0]:
        found = StableStanding(Standing.BROKEN, f"stable has no ready pod (0 of {ready[1]})", 1.0)
    else:
        found = _by_metrics(policy.rules, traffic, reader)
    is_broken = found.standing is Standing.BROKEN
    if not is_broken and not policy.force:
        raise PermanentError("checking whether stable is broken", _refusal(found, ready))
    log.warning("hotfix.allowed", stable=found.sentence, forced=not is_broken)
    ladder = policy.ladder[-1:] if found.bad_share >= _DOWN else policy.ladder
    return replace(request, ladder=ladder)


def announce(claim: Claim, traffic: Traffic) -> None:
    """Announce the run as a hotfix, in the log and by an Event on its VirtualService."""
    state = claim.state
    said = f"run {claim.run} of {claim.app} is a hotfix by {state.by}, judged without stable: {state.hotfix}"
    log.warning("hotfix.began", reason=state.hotfix, ladder=list(state.ladder))
    traffic.claims.note(claim, "Hotfix", said, warning=True)


def _held(request: ClaimRequest, names: ReleaseNames, traffic: Traffic) -> Claim | None:
    """Return the claim of this very run if it has one."""
    try:
        return traffic.claims.held(request.app, request.run, names.virtual_services)
    except NotOwnerError:
        return None


def _ready_pods(names: ReleaseNames, workload: Workload) -> tuple[int, int] | None:
    """Return how many of stable's pods are ready, and how many it should have; None if that cannot be read."""
    try:
        return workload.stable_pods(names.namespace, names.stable)
    except Interrupted:
        raise
    except StepError as error:
        log.warning("stable.unknown", detail=f"its pods cannot be read: {error}")
        return None


def _by_metrics(rules: Rules, traffic: Traffic, reader: EvidenceReader) -> StableStanding:
    """Return what stable's requests say; a Prometheus that cannot be asked says nothing."""
    try:
        return stable_standing(reader.look_at_stable(traffic.claims.now()), rules)
    except Interrupted:
        raise
    except StepError as error:
        return StableStanding(Standing.UNKNOWN, str(error))


def _refusal(found: StableStanding, ready: tuple[int, int] | None) -> str:
    pods = f"{ready[0]} of its {ready[1]} pods are ready" if ready else "its pods cannot be read"
    seen = f"{found.sentence.rstrip('.')}; {pods}"
    if found.standing is Standing.KEPT:
        remedy = "Release without --hotfix, or add --force if stable is broken in a way that these numbers do not show."
        return f"it keeps its objectives: {seen}. A hotfix is not compared with stable. {remedy}"
    return f"nothing tells: {seen}. A hotfix is only for a stable that is broken; add --force if it is."
