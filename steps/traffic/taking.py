"""Take a claim by compare-and-swap: the first VirtualService decides, the others follow."""

from steps.cluster.api import Cluster, Object, Operation
from steps.errors import NotOwnerError, PermanentError
from steps.model.run import Claim, Destination, Memory, Phase, RouteTarget
from steps.traffic.destinations import Arms
from steps.traffic.fence import Fence
from steps.traffic.releasing import last_record
from steps.traffic.rivals import refuse_rivals
from steps.traffic.routes import ALL, locate
from steps.traffic.sightings import name_of, sighting
from steps.traffic.stamping import stamp, unstamp


def take(
    cluster: Cluster,
    fence: Fence,
    app: str,
    run: str,
    targets: tuple[RouteTarget, ...],
    stable: Destination,
    canary: Destination,
    expiry_seconds: float,
    by: str,
    after_epoch: int,
    asked: str,
) -> Claim:
    """Take the claim, or find it taken by this run already; see `Traffic.take`."""
    targets = tuple(sorted(targets, key=lambda target: target.virtual_service))
    doing = f"claiming VirtualService {targets[0].virtual_service} for run {run}"
    objects = {target.virtual_service: fence.read(target.virtual_service) for target in targets}
    for target in targets:
        refuse_rivals(cluster, objects[target.virtual_service], target, doing, objects, app, run)
    now = round(cluster.now(), 1)
    memory = Memory(
        now, now + expiry_seconds, targets, stable, canary, by=by, expiry_seconds=expiry_seconds, asked=asked
    )
    records = [last_record(obj, app) for obj in objects.values()]
    epoch = 1 + max(after_epoch, *(record.epoch if record else 0 for record in records))
    claim = Claim(app, run, epoch, Phase.PREPARED, memory)

    def plan(obj: Object) -> list[Operation]:
        seen = sighting(obj, app)
        if seen is not None and seen.stamp.run == run:
            return []
        refuse_rivals(cluster, obj, targets[0], doing, None, app, run)
        _refuse_weight(obj, targets[0], claim, doing)
        return stamp(obj, claim)

    first = sighting(fence.write(targets[0].virtual_service, plan), app)
    claim = first.as_claim() if first else claim
    if claim.phase is Phase.PREPARED:
        _take_others(cluster, fence, claim, doing)
    return claim


def _take_others(cluster: Cluster, fence: Fence, claim: Claim, doing: str) -> None:
    try:
        for target in claim.memory.targets[1:]:

            def plan(obj: Object, target: RouteTarget = target) -> list[Operation]:
                seen = sighting(obj, claim.app)
                if seen is not None and seen.stamp.is_of(claim):
                    return []
                refuse_rivals(cluster, obj, target, doing, None, claim.app, claim.run)
                _refuse_weight(obj, target, claim, doing)
                return stamp(obj, claim)

            fence.write(target.virtual_service, plan)
    except (NotOwnerError, PermanentError):
        _give_back(fence, claim)
        raise


def _give_back(fence: Fence, claim: Claim) -> None:
    """Take the stamps off again after a refusal halfway, so that nobody waits for their expiry."""

    def plan(obj: Object) -> list[Operation]:
        seen = sighting(obj, claim.app)
        return unstamp(obj, claim.app) if seen is not None and seen.stamp.is_of(claim) else []

    for target in reversed(claim.memory.targets):
        fence.write(target.virtual_service, plan)


def _refuse_weight(obj: Object, target: RouteTarget, claim: Claim, doing: str) -> None:
    arms = Arms(claim.memory.stable, claim.memory.canary, target.virtual_service.namespace)
    routes, trouble = locate(obj, target.routes, arms)
    if trouble:
        raise PermanentError(doing, f"{trouble}. Run prepare again.")
    for route in routes:
        if (route.stable, route.canary) != (ALL, 0):
            at = f"spec.http[{route.index}].route"
            cause = (
                f"route {route.label} of VirtualService {name_of(obj)} gives {arms.canary} weight {route.canary} and"
                f" {arms.stable} weight {route.stable}, and no run owns it. A run starts with all weight on stable:"
                f" set {at}[{route.canary_at}].weight: 0 and {at}[{route.stable_at}].weight: 100."
            )
            raise PermanentError(doing, cause)
