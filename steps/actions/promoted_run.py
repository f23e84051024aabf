"""Find the promotion that an undo reverts: in the claim of a run that ends, or in the record of one that ended."""

from dataclasses import dataclass

from steps.actions.failed_bake import has_failed_in_bake
from steps.claim.claims import Claims
from steps.claim.errors import ClaimHeld
from steps.claim.expiry import is_expired
from steps.errors import NotOwnerError, PermanentError
from steps.model.names import ReleaseNames
from steps.model.run import Claim, Phase, Promotion, Record
from steps.model.times import date_and_time


@dataclass(frozen=True, slots=True)
class PromotedRun:
    """A promotion that can be undone.

    Args:
        promotion: what it changed.
        claim: the claim to take over, of the promoted run itself or of an undo that was killed; None after its end.
        epoch: of the record; a new claim needs a higher one.
    """

    promotion: Promotion
    claim: Claim | None = None
    epoch: int = 0


def find_promoted_run(names: ReleaseNames, claims: Claims) -> PromotedRun:
    """Return the last promotion of an app; nothing is written.

    A promotion that has only begun counts: the version before it is the one that users had.

    Raises:
        ClaimHeld, NotOwnerError: a release is under way that is not promoted: it has to be rolled back first.
        PermanentError: there is nothing to undo, or the record does not say what an undo needs.
    """
    doing = f"looking for a promotion of {names.app} to undo"
    first = names.virtual_services[0]
    held = claims.claim_on(first, names.app)
    if held is not None:
        return _of_claim(held, doing, names, claims)
    record = claims.last(first, names.app)
    if record is None:
        cause = f"VirtualService {first} has no record of a release. Check --app and --virtual-service."
        raise PermanentError(doing, cause)
    if record.promotion is None:
        raise PermanentError(doing, _nothing_in(record, names))
    return PromotedRun(record.promotion, epoch=record.epoch)


def _of_claim(held: Claim, doing: str, names: ReleaseNames, claims: Claims) -> PromotedRun:
    undoes = held.state.undoes or (held.run if has_failed_in_bake(held.state) else "")
    if not undoes and held.phase is not Phase.PROMOTING:
        remedy = f"It is not promoted, so roll it back first: {command('rollback', names)} --any-run"
        now = claims.now()
        if not is_expired(held.state, now):
            raise ClaimHeld(doing, held, now, remedy)
        cause = f"run {held.run} left its claim in phase {held.phase}. {remedy}"
        raise NotOwnerError(doing, cause)
    return PromotedRun(Promotion(undoes or held.run, claims.now(), held.state), held)


def _nothing_in(record: Record, names: ReleaseNames) -> str:
    """Return why a record has nothing to undo, and the remedy."""
    again = f"{command('rollout', names)} --image IMAGE"
    if record.outcome == "undone":
        what = f"run {record.undoes} was already undone at {date_and_time(record.ended)} by {record.run}"
        return f"{what}. To release it again use rollout: {again}"
    if record.outcome == "promoted":
        what = (
            f"the record of run {record.run} does not say what an undo needs: an older image of canary-steps wrote it"
        )
        return f"{what}. Release the old version instead: {again}"
    ended = f"run {record.run} ended {record.outcome} at {date_and_time(record.ended)}"
    return f"{ended}, and no promotion before it is known. To release another version: {again}"


def command(step: str, names: ReleaseNames) -> str:
    """Return a line to copy that runs a step for these names."""
    routed = ",".join(map(str, names.virtual_services))
    return f"canary-steps {step} --app {names.app} --namespace {names.namespace} --virtual-service {routed}"
