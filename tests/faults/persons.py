"""What persons and GitOps controllers do between two requests of a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.support.kubernetes_api.errors import ApiError
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE, Json
from tests.support.shop_release import NAMESPACE

if TYPE_CHECKING:
    from tests.faults.lab import Lab

_EDITOR = "kubectl-edit"
_TESTERS = "testers"


def add_testers(lab: Lab) -> None:
    """Add a route that leads testers to the canary alone."""
    route = {
        "name": _TESTERS,
        "match": [{"headers": {"x-beta": {"exact": "yes"}}}],
        "route": [{"destination": {"host": lab.canary, "port": {"number": 80}}}],
    }
    _edit_routes(lab, lambda routes: [route, *routes])


def remove_testers(lab: Lab) -> None:
    """Remove that route."""
    _edit_routes(lab, lambda routes: [one for one in routes if one.get("name") != _TESTERS])


def add_service(lab: Lab) -> None:
    """Create another VirtualService that leads to the canary alone."""
    routes = [{"route": [{"destination": {"host": lab.canary, "port": {"number": 80}}}]}]
    item = {"metadata": {"name": _TESTERS}, "spec": {"hosts": [_TESTERS], "http": routes}}
    lab.world.create(VIRTUAL_SERVICE, item)


def remove_service(lab: Lab) -> None:
    """Delete it."""
    lab.world.store.delete(VIRTUAL_SERVICE, NAMESPACE, _TESTERS)


def split_stable(lab: Lab) -> None:
    """Write stable's part of the first route as two entries."""

    def change(routes: list[Json]) -> list[Json]:
        first, *others = routes[0]["route"]
        weight = first.get("weight", 0)
        halves = [{**first, "weight": weight - weight // 2}, {**first, "weight": weight // 2}]
        return [{**routes[0], "route": [*halves, *others]}, *routes[1:]]

    _edit_routes(lab, change)


def join_stable(lab: Lab) -> None:
    """Write it as one entry again."""

    def change(routes: list[Json]) -> list[Json]:
        first, second, *others = routes[0]["route"]
        joined = {**first, "weight": first.get("weight", 0) + second.get("weight", 0)}
        return [{**routes[0], "route": [joined, *others]}, *routes[1:]]

    _edit_routes(lab, change)


def share_users(lab: Lab) -> None:
    """Set 50/50, if the canary can answer."""
    if lab.ready_pods(lab.canary):
        _edit_routes(lab, lambda routes: [_weighted(routes[0], 50, 50), *routes[1:]])


def reset_weights(lab: Lab) -> None:
    """Set 100/0, as GitOps does with what Git has."""
    _edit_routes(lab, lambda routes: [_weighted(routes[0], 100, 0), *routes[1:]])


def delete_canary(lab: Lab) -> None:
    """Delete the canary's Deployment; its users fail by that, not because of us."""
    stable: Json | None = lab.world.store.find(DEPLOYMENT, NAMESPACE, lab.stable)
    owners = {one["name"] for one in (stable or {"metadata": {}})["metadata"].get("ownerReferences") or ()}
    # What belongs to the canary goes with it: a Deployment that bootstrap made from what people deploy.
    lab.has_lost_last_arm = stable is None or not stable["spec"]["replicas"] or lab.canary in owners
    try:
        lab.world.store.delete(DEPLOYMENT, NAMESPACE, lab.canary)
    except ApiError:
        return  # it was not made yet


def _weighted(route: Json, *weights: int) -> Json:
    entries = [{**one, "weight": weight} for one, weight in zip(route["route"], weights, strict=True)]
    return {**route, "route": entries}


def _edit_routes(lab: Lab, change: Callable[[list[Json]], list[Json]]) -> None:
    def edited(item: Json) -> Json:
        return {**item, "spec": {**item["spec"], "http": change(item["spec"]["http"])}}

    lab.world.store.change(VIRTUAL_SERVICE, NAMESPACE, lab.world.services[0], edited, manager=_EDITOR)
