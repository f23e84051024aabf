"""VirtualServices that lead to stable and are not released: their users see no canary, then all of it (pure)."""

from collections.abc import Iterator
from copy import deepcopy

from steps.cluster.api import Object
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.model.run import ObjectName
from steps.survey.arms import SurveyedArms
from steps.survey.checks.other_routes import leads_to_stable
from steps.survey.commands import patch_command, pointer
from steps.survey.flags import virtual_service_flag
from steps.survey.matches import described_match, hosts_of
from steps.survey.objects import Survey, name_of
from steps.survey.problem import Problem
from steps.survey.splits import Side, side_of, splits_of
from steps.traffic.routes import http_routes, label_of


def check_second_virtual_services(survey: Survey, arms: SurveyedArms) -> list[Problem]:
    """Return problems about VirtualServices, and routes of released ones, whose users see no canary at any weight."""
    found = []
    for obj in survey.virtual_services:
        if arms.is_released(name_of(obj)):
            found += list(_alone(survey, arms, obj))
            continue
        sides = [{side for side, _ in split.sides} for split in splits_of([obj])]
        if any({arms.stable.side, arms.canary.side} <= one for one in sides):
            found.append(_with_pair(arms, obj))
        elif any(_is_stable_alone(survey, arms, one) for one in sides):
            found.append(_without_pair(survey, arms, obj))
        elif shadowed := _shadows(arms, obj):
            found.append(shadowed)
    return found


def _is_stable_alone(survey: Survey, arms: SurveyedArms, sides: set[Side]) -> bool:
    return any(leads_to_stable(survey, arms, side) for side in sides) and arms.canary.side not in sides


def _both(arms: SurveyedArms, name: ObjectName) -> str:
    return virtual_service_flag(arms, name.name if name.namespace == arms.names.namespace else str(name))


def _with_pair(arms: SurveyedArms, obj: Object) -> Problem:
    name = name_of(obj)
    text = (
        f"it has both arms as well (hosts {hosts_of(obj)}), but is not released: its users keep the weights that it"
        f" has, and after a promotion they go where these lead."
    )
    return Problem("second-virtual-service", f"VirtualService {name}", text, (_both(arms, name),), "warns")


def _without_pair(survey: Survey, arms: SurveyedArms, obj: Object) -> Problem:
    name = name_of(obj)
    text = (
        f"it leads to {arms.stable.destination} too (hosts {hosts_of(obj)}), without the canary: its users see no"
        f" canary at any weight, so the judge does not hear of them, and they get everything at the promotion."
    )
    operations = [
        {"op": "replace", "path": pointer("spec", "http", index, "route"), "value": _split(arms, body["route"][0])}
        for index, body in enumerate(http_routes(obj))
        if len(body.get("route") or []) == 1
        and leads_to_stable(survey, arms, side_of(body["route"][0], name.namespace))
    ]
    if not operations:
        return Problem("second-virtual-service", f"VirtualService {name}", text, (), "warns")
    remedy = f"{patch_command(VIRTUAL_SERVICE, name, *operations)}\n# then release with {_both(arms, name)}"
    return Problem("second-virtual-service", f"VirtualService {name}", text, (remedy,), "warns")


def _split(arms: SurveyedArms, entry: Object) -> list[Object]:
    """Return an entry of a route as both arms: ports and headers are kept, hosts are full names."""
    made = []
    for arm, weight in ((arms.stable, 100), (arms.canary, 0)):
        one = deepcopy(dict(entry))
        destination = {**one["destination"], "host": arm.side[0], "subset": arm.side[1]}
        one["destination"] = {key: value for key, value in destination.items() if value}
        made.append({**one, "weight": weight})
    return made


def _alone(survey: Survey, arms: SurveyedArms, obj: Object) -> Iterator[Problem]:
    """Yield a note for each route of a released VirtualService that leads to stable alone."""
    name = name_of(obj)
    for index, body in enumerate(http_routes(obj)):
        sides = {side_of(entry, name.namespace) for entry in body.get("route") or []}
        if len(sides) == 1 and _is_stable_alone(survey, arms, sides):
            label = label_of(index, body)
            text = f"its route {label} ({described_match(body)}) leads to stable alone: its users see no canary."
            path = pointer("spec", "http", index, "route")
            operation = {"op": "replace", "path": path, "value": _split(arms, body["route"][0])}
            remedy = patch_command(VIRTUAL_SERVICE, name, operation)
            yield Problem("stable-alone", f"VirtualService {name}", text, (remedy,), "notes")


def _shadows(arms: SurveyedArms, obj: Object) -> Problem | None:
    """Return a problem if a VirtualService serves a host of a released one in the mesh: one of the two is ignored."""
    spec = obj.get("spec") or {}
    mine = {host for one in arms.released if _in_mesh(one) for host in _hosts(one)}
    same = sorted(mine & set(_hosts(obj))) if _in_mesh(obj) and spec.get("http") else []
    if not same:
        return None
    text = (
        f"it has host {', '.join(same)} in the mesh, as a released VirtualService has: sidecars apply only the older of"
        f" the two, so weights may have no effect. Move its routes into the released one, or remove the host from one."
    )
    return Problem("same-host", f"VirtualService {name_of(obj)}", text, (), "warns")


def _in_mesh(obj: Object) -> bool:
    gateways = (obj.get("spec") or {}).get("gateways") or ["mesh"]
    return "mesh" in gateways


def _hosts(obj: Object) -> list[str]:
    namespace = name_of(obj).namespace
    return [
        side_of({"destination": {"host": host}}, namespace)[0] for host in (obj.get("spec") or {}).get("hosts") or []
    ]
