"""Take a claim for an undo: the whole state in the first patch, so that a sweep can finish it from then on."""

from dataclasses import replace

from steps.claim.acquire import give_back
from steps.claim.annotations import write_annotations
from steps.claim.guarded_write import GuardedWriter
from steps.claim.last_record import last_record
from steps.claim.lookup import refuse_competing
from steps.claim.observed import observe_claim
from steps.claim.unclaimed import is_at_home, require_first
from steps.cluster.api import Object, Operation
from steps.errors import Interrupted, NotFound, NotOwnerError, StepError
from steps.model.run import Claim, Phase, RouteTarget

_UNDOES = frozenset({Phase.ROLLING_BACK})


def reopen(writer: GuardedWriter, claim: Claim) -> Claim:
    """Write the anchor first, then the others; see `Claims.reopen`."""
    anchor = claim.state.targets[0]
    doing = f"claiming VirtualService {anchor.virtual_service} to undo run {claim.state.undoes}"

    def plan(obj: Object) -> list[Operation]:
        seen = observe_claim(obj, claim.app)
        if seen is not None and seen.token.run == claim.run:
            return []
        refuse_competing(writer.cluster, obj, anchor, doing, None, claim.app, claim.run)
        record = last_record(obj, claim.app)
        if record is None or record.promotion is None or record.promotion.run != claim.state.undoes:
            cause = f"run {claim.state.undoes} is no longer the last one that was promoted. Run undo again."
            raise NotOwnerError(doing, cause)
        return write_annotations(obj, replace(claim, epoch=max(claim.epoch, record.epoch + 1)))

    seen = observe_claim(writer.write(anchor.virtual_service, plan), claim.app)
    opened = seen.as_claim() if seen else claim
    try:
        claim_others(writer, opened, everywhere=True)
    except Interrupted:
        raise
    except StepError:
        give_back(writer, opened)
        raise
    return opened


def claim_others(writer: GuardedWriter, claim: Claim, *, everywhere: bool) -> None:
    """Claim every other VirtualService of the run that is not claimed yet; one that is gone is left out."""
    for target in claim.state.targets[1:]:
        if not everywhere and not is_at_home(target.virtual_service, claim):
            continue
        doing = f"claiming VirtualService {target.virtual_service} to undo run {claim.state.undoes}"

        def plan(obj: Object, target: RouteTarget = target, doing: str = doing) -> list[Operation]:
            seen = observe_claim(obj, claim.app)
            if seen is not None and seen.is_part_of(claim):
                return []
            require_first(writer, claim, _UNDOES, doing)
            refuse_competing(writer.cluster, obj, target, doing, None, claim.app, claim.run)
            return write_annotations(obj, claim)

        try:
            writer.write(target.virtual_service, plan)
        except NotFound:
            continue  # nobody is routed by it any more
        if not is_at_home(target.virtual_service, claim):
            require_first(writer, claim, _UNDOES, doing)
