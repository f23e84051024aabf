"""The checks before a run: find its routes, and refuse what could not be done safely."""

from steps.claim.guarded_write import GuardedWriter
from steps.cluster.api import Cluster, Object
from steps.errors import PermanentError
from steps.model.run import Destination, RouteTarget
from steps.traffic.destinations import ArmDestinations, describe
from steps.traffic.routes import ALL, http_routes, label_of, outline, weight_at, with_both_arms
from steps.traffic.subsets import require_subset


def resolve(
    cluster: Cluster,
    writer: GuardedWriter,
    wanted: tuple[RouteTarget, ...],
    stable: Destination,
    canary: Destination,
    *,
    any_weights: bool = False,
) -> tuple[RouteTarget, ...]:
    """Return the targets in sort order, each with the labels of its routes; see `Traffic.resolve`."""
    if not wanted or len({target.virtual_service for target in wanted}) != len(wanted):
        names = ", ".join(str(target.virtual_service) for target in wanted) or "none"
        raise PermanentError("looking for the routes", f"VirtualServices given: {names}. Name each once, at least one.")
    found = []
    for target in sorted(wanted, key=lambda one: one.virtual_service):
        name = target.virtual_service
        doing = f"looking for the routes of {stable} and {canary} in VirtualService {name}"
        arms = ArmDestinations(stable, canary, name.namespace)
        if not arms.are_distinct():
            cause = f"stable and canary are the same destination, {stable}. Give them two hosts, or two subsets."
            raise PermanentError(doing, cause)
        obj = writer.read(name)
        labels = _named(obj, target.routes, arms, doing) if target.routes else _unnamed(obj, arms, doing)
        if not any_weights:
            _check_weights(obj, labels, doing)
        for destination in (stable, canary):
            require_subset(cluster, name, destination)
        found.append(RouteTarget(name, labels))
    return tuple(found)


def _unnamed(obj: Object, arms: ArmDestinations, doing: str) -> tuple[str, ...]:
    routes = with_both_arms(obj, arms)
    exact = {route.index for route in routes}
    for route in with_both_arms(obj, arms, alone=False):
        if route.index not in exact:
            _refuse_third(route.index, route.body, arms, doing)
    if not routes:
        raise PermanentError(doing, _nothing_found(obj, arms))
    labels = tuple(route.label for route in routes)
    for label in labels:
        _refuse_twice(obj, label, doing)
    return labels


def _named(obj: Object, labels: tuple[str, ...], arms: ArmDestinations, doing: str) -> tuple[str, ...]:
    split = {route.index for route in with_both_arms(obj, arms)}
    found = []
    for label in labels:
        _refuse_twice(obj, label, doing)
        places = [place for place, body in enumerate(http_routes(obj)) if label_of(place, body) == label]
        if not places:
            cause = f"spec.http has no route named {label}. It has: {outline(obj)}. Correct the name, or leave it out."
            raise PermanentError(doing, cause)
        index, body = places[0], http_routes(obj)[places[0]]
        if index not in split:
            _refuse_third(index, body, arms, doing)
            cause = f"spec.http[{index}] ({label}) does not have both arms: {outline(obj)}. {_remedy(arms)}"
            raise PermanentError(doing, cause)
        found.append((index, label))
    return tuple(label for _, label in sorted(found))


def _refuse_twice(obj: Object, label: str, doing: str) -> None:
    places = [place for place, body in enumerate(http_routes(obj)) if label_of(place, body) == label]
    if len(places) > 1:
        where = " and ".join(f"spec.http[{place}]" for place in places)
        raise PermanentError(doing, f"route name {label} is ambiguous: {where} have it. Give each route its own name.")


def _refuse_third(index: int, body: object, arms: ArmDestinations, doing: str) -> None:
    entries = body.get("route") or [] if isinstance(body, dict) else []
    for place, entry in enumerate(entries):
        if arms.arm(entry) is None and weight_at(entries, place):
            cause = (
                f"spec.http[{index}].route[{place}].destination is {describe(entry)}, which is neither arm"
                f" ({arms.stable}, {arms.canary}). A released route gives requests to the two arms alone: set its"
                " weight to 0, or name other routes."
            )
            raise PermanentError(doing, cause)


def _check_weights(obj: Object, labels: tuple[str, ...], doing: str) -> None:
    for index, body in enumerate(http_routes(obj)):
        entries = (body.get("route") or []) if label_of(index, body) in labels else []
        weights = [weight_at(entries, place) for place in range(len(entries))]
        if entries and sum(weights) != ALL:
            cause = (
                f"the weights in spec.http[{index}].route are {' and '.join(map(str, weights))} (an absent one counts"
                f" 0) and sum to {sum(weights)}. Make them sum to 100: stable 100, canary 0. --at-rest reset does that."
            )
            raise PermanentError(doing, cause)


def _nothing_found(obj: Object, arms: ArmDestinations) -> str:
    spec = obj.get("spec") or {}
    delegates = [body["delegate"] for body in http_routes(obj) if body.get("delegate")]
    if delegates:
        name = f"{delegates[0].get('namespace') or arms.namespace}/{delegates[0].get('name')}"
        return f"its routes are delegated. Name the delegate itself: --virtual-service {name}."
    if not spec.get("http") and (spec.get("tcp") or spec.get("tls")):
        return "it has only tcp or tls routes; only HTTP routes can split requests. Add spec.http."
    return f"no HTTP route has exactly the two arms as destinations. It has: {outline(obj)}. {_remedy(arms)}"


def _remedy(arms: ArmDestinations) -> str:
    lines = ["In the route to release, make the destinations:", "    route:"]
    for destination, weight in ((arms.stable, ALL), (arms.canary, 0)):
        lines += ["    - destination:", f"        host: {destination.host}"]
        lines += [f"        subset: {destination.subset}"] if destination.subset else []
        lines += [f"      weight: {weight}"]
    return "\n".join(lines)
