"""Take a claim by compare-and-swap: the first VirtualService decides, the others follow."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from steps.claim.amend import RouteStart, zero_now
from steps.claim.annotations import remove_annotations, write_annotations
from steps.claim.guarded_write import GuardedWriter
from steps.claim.last_record import last_record
from steps.claim.lookup import refuse_competing
from steps.claim.observed import observe_claim
from steps.claim.unclaimed import is_at_home, require_first
from steps.cluster.api import Object, Operation
from steps.errors import NotFound, NotOwnerError, PermanentError
from steps.model.run import Claim, Destination, Phase, RouteTarget, RunState

_BEGINS = frozenset({Phase.PREPARED})


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """The claim to acquire.

    Args:
        app: the application. run: id of the run.
        targets: VirtualServices and routes.
        stable: destination of the serving side. canary: of the side under test.
        expiry_seconds: how long the claim outlives its last renewal (> 0).
        by: who releases.
        asked: fingerprint of the release, "" if the image is not given by digest; see `RunState`.
        ladder: weights that the run will climb, () if unknown.
        first_weight: weight (percent) that the routes get or keep when they are claimed, None where they are at rest.
        hotfix: why the run is a hotfix, "" for any other run.
    """

    app: str
    run: str
    targets: tuple[RouteTarget, ...]
    stable: Destination
    canary: Destination
    expiry_seconds: float = 600.0
    by: str = ""
    asked: str = ""
    ladder: tuple[int, ...] = ()
    first_weight: int | None = None
    hotfix: str = ""


def take(writer: GuardedWriter, request: ClaimRequest, after_epoch: int, start: RouteStart) -> Claim:
    """Take the claim, or return it if this run has it already; see `Claims.take`."""
    app, run = request.app, request.run
    targets = tuple(sorted(request.targets, key=lambda target: target.virtual_service))
    doing = f"claiming VirtualService {targets[0].virtual_service} for run {run}"
    objects = {target.virtual_service: writer.read(target.virtual_service) for target in targets}
    for target in targets:
        refuse_competing(writer.cluster, objects[target.virtual_service], target, doing, objects, app, run)
    state = _first_state(request, targets, round(writer.cluster.now(), 1))
    records = [last_record(obj, app) for obj in objects.values()]
    epoch = 1 + max(after_epoch, *(record.epoch if record else 0 for record in records))
    claim = Claim(app, run, epoch, Phase.PREPARED, state)

    moved: list[Operation] = []

    def noted(obj: Object, target: RouteTarget, state: RunState, doing: str) -> Sequence[Operation]:
        edits = start(obj, target, state, doing)
        moved.extend(edits)
        return edits

    def plan(obj: Object) -> list[Operation]:
        seen = observe_claim(obj, app)
        if seen is not None and seen.token.run == run:
            return []
        refuse_competing(writer.cluster, obj, targets[0], doing, None, app, run)
        edits = noted(obj, targets[0], claim.state, doing)
        return [*write_annotations(obj, claim), *edits]

    first = observe_claim(writer.write(targets[0].virtual_service, plan), app)
    claim = first.as_claim() if first else claim
    if claim.phase is Phase.PREPARED:
        _take_others(writer, claim, doing, noted)
    return zero_now(writer, claim, targets[0], doing) if moved else claim


def _first_state(request: ClaimRequest, targets: tuple[RouteTarget, ...], now: float) -> RunState:
    return RunState(
        started=now,
        expires=now + request.expiry_seconds,
        targets=targets,
        stable=request.stable,
        canary=request.canary,
        by=request.by,
        expiry_seconds=request.expiry_seconds,
        asked=request.asked,
        weights=() if request.first_weight is None else ((now, request.first_weight),),
        adopted=request.first_weight or 0,
        hotfix=request.hotfix,
    )


def _take_others(writer: GuardedWriter, claim: Claim, doing: str, start: RouteStart) -> None:
    try:
        for target in claim.state.targets[1:]:

            def plan(obj: Object, target: RouteTarget = target) -> list[Operation]:
                seen = observe_claim(obj, claim.app)
                if seen is not None and seen.token.is_of(claim):
                    return []
                require_first(writer, claim, _BEGINS, doing)
                refuse_competing(writer.cluster, obj, target, doing, None, claim.app, claim.run)
                edits = start(obj, target, claim.state, doing)
                return [*write_annotations(obj, claim), *edits]

            writer.write(target.virtual_service, plan)
            if not is_at_home(target.virtual_service, claim):
                require_first(writer, claim, _BEGINS, doing)
    except (NotOwnerError, PermanentError):
        give_back(writer, claim)
        raise


def give_back(writer: GuardedWriter, claim: Claim) -> None:
    """Remove the tokens again after a refusal halfway, so that no run waits for their expiry.

    A rollback of the run that began meanwhile ends the claim itself, so a token in another phase stays.
    """

    def plan(obj: Object) -> list[Operation]:
        seen = observe_claim(obj, claim.app)
        is_own = seen is not None and seen.token.is_of(claim) and seen.token.phase is claim.phase
        return remove_annotations(obj, claim.app) if is_own else []

    for target in reversed(claim.state.targets):
        with suppress(NotFound):
            writer.write(target.virtual_service, plan)
