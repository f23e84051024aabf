"""Take a claim by compare-and-swap: the first VirtualService decides, the others follow."""

from steps.claim.annotations import remove_annotations, write_annotations
from steps.claim.guarded_write import GuardedWriter, RouteCheck
from steps.claim.lookup import refuse_competing
from steps.claim.observed import observe_claim
from steps.claim.release import last_record
from steps.cluster.api import Cluster, Object, Operation
from steps.errors import NotOwnerError, PermanentError
from steps.model.run import Claim, Destination, Phase, RouteTarget, RunState


def take(
    cluster: Cluster,
    writer: GuardedWriter,
    app: str,
    run: str,
    targets: tuple[RouteTarget, ...],
    stable: Destination,
    canary: Destination,
    expiry_seconds: float,
    by: str,
    after_epoch: int,
    asked: str,
    check: RouteCheck,
) -> Claim:
    """Take the claim, or find it taken by this run already; see `Traffic.take`."""
    targets = tuple(sorted(targets, key=lambda target: target.virtual_service))
    doing = f"claiming VirtualService {targets[0].virtual_service} for run {run}"
    objects = {target.virtual_service: writer.read(target.virtual_service) for target in targets}
    for target in targets:
        refuse_competing(cluster, objects[target.virtual_service], target, doing, objects, app, run)
    now = round(cluster.now(), 1)
    state = RunState(
        now, now + expiry_seconds, targets, stable, canary, by=by, expiry_seconds=expiry_seconds, asked=asked
    )
    records = [last_record(obj, app) for obj in objects.values()]
    epoch = 1 + max(after_epoch, *(record.epoch if record else 0 for record in records))
    claim = Claim(app, run, epoch, Phase.PREPARED, state)

    def plan(obj: Object) -> list[Operation]:
        seen = observe_claim(obj, app)
        if seen is not None and seen.token.run == run:
            return []
        refuse_competing(cluster, obj, targets[0], doing, None, app, run)
        check(obj, targets[0], claim.state, doing)
        return write_annotations(obj, claim)

    first = observe_claim(writer.write(targets[0].virtual_service, plan), app)
    claim = first.as_claim() if first else claim
    if claim.phase is Phase.PREPARED:
        _take_others(cluster, writer, claim, doing, check)
    return claim


def _take_others(cluster: Cluster, writer: GuardedWriter, claim: Claim, doing: str, check: RouteCheck) -> None:
    try:
        for target in claim.state.targets[1:]:

            def plan(obj: Object, target: RouteTarget = target) -> list[Operation]:
                seen = observe_claim(obj, claim.app)
                if seen is not None and seen.token.is_of(claim):
                    return []
                refuse_competing(cluster, obj, target, doing, None, claim.app, claim.run)
                check(obj, target, claim.state, doing)
                return write_annotations(obj, claim)

            writer.write(target.virtual_service, plan)
    except (NotOwnerError, PermanentError):
        _give_back(writer, claim)
        raise


def _give_back(writer: GuardedWriter, claim: Claim) -> None:
    """Take the stamps off again after a refusal halfway, so that nobody waits for their expiry."""

    def plan(obj: Object) -> list[Operation]:
        seen = observe_claim(obj, claim.app)
        return remove_annotations(obj, claim.app) if seen is not None and seen.token.is_of(claim) else []

    for target in reversed(claim.state.targets):
        writer.write(target.virtual_service, plan)
