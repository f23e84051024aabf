"""Whether any route still leads to the side of a release that is about to stop, as the API server has it now."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog

from steps.errors import Forbidden, StillInUse
from steps.model.run import Claim, Destination, RunState, WorkloadState
from steps.traffic.destinations import full_host
from steps.traffic.senders import EVERYWHERE, Sender, Side
from steps.traffic.traffic import Traffic
from steps.workload.pods_behind import PodsBehind
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_SUFFIX = ".svc.cluster.local"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Leaving:
    """The side that is about to stop.

    Args:
        destination: of its requests.
        deployments: that stop; () if none has pods to lose.
        other: destination of the side that stays.
    """

    destination: Destination
    deployments: tuple[str, ...]
    other: Destination


def leaving_canary(claim: Claim, workload: Workload) -> Leaving:
    """Return the canary's side, with its baseline."""
    state, workloads = claim.state, claim.state.workloads
    names = workload.stopping(workloads, workloads.clones, claim.token) if workloads is not None else []
    return Leaving(state.canary, tuple(names), state.stable)


def leaving_stable(claim: Claim, workload: Workload) -> Leaving:
    """Return the old arm of a swap."""
    state, workloads = claim.state, claim.state.workloads
    names = workload.stopping(workloads, (workloads.stable,), claim.token) if workloads is not None else []
    return Leaving(state.stable, tuple(names), state.canary)


def require_no_route(claim: Claim, side: Leaving, traffic: Traffic, workload: Workload) -> None:
    """Require that no route of any VirtualService in reach gives the side any weight, at this moment.

    Raises:
        StillInUse: names the routes and the remedy. TemporaryError: the API server is in trouble.
    """
    workloads = claim.state.workloads
    if workloads is None or not side.deployments:
        return
    behind = workload.pods_behind(workloads.namespace, side.deployments)
    senders, unseen = traffic.senders(claim.state.targets, workloads.namespace)  # as late as can be
    if unseen:
        # The shipped roles are of one namespace; what other namespaces send is seen by its requests alone.
        tell = log.info if unseen == [EVERYWHERE] else log.warning
        tell(
            "permission.missing",
            verbs=["list"],
            resource=f"virtualservices.networking.istio.io in {' and '.join(unseen)}",
            effect=f"a route there that leads to {side.destination} would be left without pods",
        )
    found = _leading(senders, side, claim.state, workloads, traffic, behind)
    if found:
        raise StillInUse(f"stopping {_named(side, workloads)}", _cause(found, side, claim))


def last_look(claim: Claim, side: Leaving, traffic: Traffic, workload: Workload) -> Callable[[], None]:
    """Return what looks once more, right before the write that stops the side; it raises as `require_no_route`."""
    return partial(require_no_route, claim, side, traffic, workload)


def _leading(
    senders: list[Sender],
    side: Leaving,
    state: RunState,
    workloads: WorkloadState,
    traffic: Traffic,
    behind: PodsBehind,
) -> list[Sender]:
    """Return those whose requests only pods that stop could answer."""
    places = {target.virtual_service.namespace for target in state.targets} | {workloads.namespace}
    own = {(full_host(side.destination.host, place), side.destination.subset) for place in places}
    known: dict[Side, bool] = dict.fromkeys(own, True)
    for sender in senders:
        if sender.side in known:
            continue
        host, subset = sender.side
        service, _, namespace = host.removesuffix(_SUFFIX).partition(".")
        is_near = host.endswith(_SUFFIX) and namespace == workloads.namespace
        labels = _subset_labels(sender, traffic) if is_near and subset else {}
        known[sender.side] = is_near and (not subset or bool(labels)) and behind.are_stopping(service, labels)
    return [sender for sender in senders if known[sender.side]]


def _subset_labels(sender: Sender, traffic: Traffic) -> dict[str, str]:
    """Return the labels of a sender's subset; {} if no DestinationRule defines it, or none may be listed."""
    try:
        return traffic.subset_labels(sender.virtual_service.namespace, Destination(*sender.side))
    except Forbidden:
        return {}


def _cause(found: list[Sender], side: Leaving, claim: Claim) -> str:
    shown = [f"{one} gives {'/'.join(filter(None, one.side))} weight {one.weight}" for one in found[:_SHOWN]]
    more = [f"{len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return (
        f"{' and '.join(shown + more)}, so its pods stay up and the claim of run {claim.run} stays. Send these requests"
        f" to {side.other}, or remove the route; then run rollback again, or wait for sweep, which looks again."
    )


def _named(side: Leaving, workloads: WorkloadState) -> str:
    return " and ".join(f"Deployment {workloads.namespace}/{name}" for name in side.deployments)
