"""Set a weight without a claim, for other pipelines: fenced by the routes as read and by nobody claiming them."""

from steps.cluster.api import Cluster, Object, Operation
from steps.errors import PermanentError
from steps.model.run import Destination, RouteTarget
from steps.traffic import patches
from steps.traffic.destinations import Arms
from steps.traffic.fence import Fence
from steps.traffic.rivals import refuse_rivals
from steps.traffic.routes import locate


def set_weight(
    cluster: Cluster,
    fence: Fence,
    targets: tuple[RouteTarget, ...],
    stable: Destination,
    canary: Destination,
    weight: int,
) -> int:
    """Set the weight on every target; see `Traffic.set_weight_unclaimed`."""
    previous: list[int] = []
    for target in targets:
        doing = f"setting weight {weight} on VirtualService {target.virtual_service}"
        before: list[int] = []

        def plan(
            obj: Object, target: RouteTarget = target, doing: str = doing, before: list[int] = before
        ) -> list[Operation]:
            refuse_rivals(cluster, obj, target, doing)
            arms = Arms(stable, canary, target.virtual_service.namespace)
            routes, trouble = locate(obj, target.routes, arms)
            if trouble:
                raise PermanentError(doing, f"{trouble}. Run the step again.")
            before[:] = [route.canary for route in routes]
            edits = [entry for route in routes for entry in patches.weigh(route, weight)]
            # The claim of a run that begins now is an annotation: only an object as read has none.
            return [*patches.unchanged(obj), *edits] if edits else []

        fence.write(target.virtual_service, plan)
        previous += before
    return previous[0] if previous else 0
