"""The split in a VirtualService that exists: it is printed in full, with nothing changed but destinations (pure)."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from steps.cluster.api import Object
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.manifests.manifest import Document, Manifest, Note
from steps.manifests.metadata import for_itself, managed_by
from steps.model.names import ReleaseNames
from steps.model.run import Destination
from steps.survey.matches import described_match
from steps.survey.objects import name_of
from steps.survey.splits import Side, side_of
from steps.traffic.destinations import ArmDestinations, describe
from steps.traffic.routes import ALL, Route, http_routes, label_of, outline, weight_at, with_both_arms


@dataclass(frozen=True, slots=True)
class Moved:
    """A route that is changed.

    Args:
        label: of the route, with what it matches.
        how: what changes, as the comment says it.
        warning: which users move by it, "" if none do.
    """

    label: str
    how: str
    warning: str = ""


def with_arms(obj: Object, names: ReleaseNames, sources: Mapping[Side, str]) -> list[Document]:
    """Return a VirtualService with both arms and all weight on stable; [] if it has that, a note if it cannot get it.

    Args:
        obj: the VirtualService.
        names: of the release.
        sources: destinations whose routes get the split, with a sentence about the users that move by it ("" for none).
    """
    name = name_of(obj)
    arms = ArmDestinations(names.stable_destination, names.canary_destination, name.namespace)
    http = deepcopy(http_routes(obj))
    wanted = [one for one in with_both_arms(obj, arms, alone=False) if _is_released(names, one.index, one.body)]
    if wanted:
        moved = [_rested(http, route) for route in wanted if _needs_rest(route)]
    else:
        moved = list(_split(http, names, name.namespace, sources))
        if not moved:
            return [Note(_nothing(obj, names))]
    return [_document(obj, http, moved)] if moved else []


def _is_released(names: ReleaseNames, index: int, body: Mapping[str, Any]) -> bool:
    return not names.routes or label_of(index, body) in names.routes


def _needs_rest(route: Route) -> bool:
    """Return whether the canary has weight, or a third destination without weight stands in the way."""
    return not route.others and (bool(route.canary) or len(route.destinations) > len(("stable", "canary")))


def _rested(http: list[Any], route: Route) -> Moved:
    """Put all weight on stable, and leave out destinations that have none and are neither arm."""
    kept = sorted((route.stable_at, route.canary_at))
    gone = [describe(one) for place, one in enumerate(route.destinations) if place not in kept]
    entries = [{**route.destinations[place], "weight": ALL if place == route.stable_at else 0} for place in kept]
    http[route.index] = {**http[route.index], "route": deepcopy(entries)}
    arm = describe(route.destinations[route.canary_at])
    how = "all weight is on stable" if route.canary else "only the two arms are left"
    if gone:
        how += f"; {', '.join(gone)}, which had weight 0, is left out, as a released route has two destinations"
    warning = ""
    if route.canary:
        warning = (
            f"by applying this, {route.canary} % of the users of route {route.label} move from {arm} to"
            f" {describe(route.destinations[route.stable_at])}, since a release starts with all weight on stable. To"
            f" leave them where they are, do not apply it, and release with `--at-rest adopt`."
        )
    return Moved(f"{route.label} ({described_match(route.body)})", how, warning)


def _split(http: list[Any], names: ReleaseNames, namespace: str, sources: Mapping[Side, str]) -> Iterable[Moved]:
    for index, body in enumerate(http):
        entries = body.get("route") or []
        if len(entries) != 1 or not weight_at(entries, 0) or not _is_released(names, index, body):
            continue
        side = side_of(entries[0], namespace)
        if side in sources:
            http[index] = {**body, "route": _both(entries[0], names, side, namespace)}
            how = f"{describe(entries[0])} becomes {names.stable_destination} 100 and {names.canary_destination} 0"
            yield Moved(f"{label_of(index, body)} ({described_match(body)})", how, sources[side])


def _both(entry: Mapping[str, Any], names: ReleaseNames, side: Side, namespace: str) -> list[Any]:
    """Return one entry of a route as two: headers and port are those it has, stable is spelled as it is if it stays."""
    made = []
    for arm, weight in ((names.stable_destination, ALL), (names.canary_destination, 0)):
        body = destination_body(arm, names.namespace, namespace)
        if weight and side_of({"destination": body}, namespace) == side:
            body = {key: entry["destination"][key] for key in ("host", "subset") if key in entry["destination"]}
        rest = {key: value for key, value in entry["destination"].items() if key not in {"host", "subset"}}
        made.append({**deepcopy(dict(entry)), "destination": {**body, **deepcopy(rest)}, "weight": weight})
    return made


def destination_body(arm: Destination, namespace: str, place: str) -> dict[str, Any]:
    """Return a destination for a VirtualService of `place`; a short host means the app's namespace."""
    host = arm.host if "." in arm.host or namespace == place else f"{arm.host}.{namespace}.svc.cluster.local"
    return {"host": host, **({"subset": arm.subset} if arm.subset else {})}


def _document(obj: Object, http: list[Any], moved: list[Moved]) -> Manifest:
    name = name_of(obj)
    lines = "\n".join(f"  {one.label}: {one.how}" for one in moved)
    why = f"VirtualService {name}, complete. Everything is as it is now, but for these routes:\n{lines}"
    warnings = [*dict.fromkeys(one.warning for one in moved if one.warning), managed_by(obj)]
    body = {key: deepcopy(obj[key]) for key in obj if key not in {"apiVersion", "kind", "metadata", "status"}}
    return Manifest(
        kind=VIRTUAL_SERVICE,
        namespace=name.namespace,
        name=name.name,
        body={**body, "spec": {**deepcopy(obj["spec"]), "http": http}},
        why=why,
        labels=for_itself(obj, "labels"),
        annotations=for_itself(obj, "annotations"),
        replaces=True,
        warning=" ".join(capitalized(one) for one in warnings if one),
    )


def capitalized(sentence: str) -> str:
    """Return a sentence with a capital letter at its beginning."""
    return sentence[:1].upper() + sentence[1:]


def _nothing(obj: Object, names: ReleaseNames) -> str:
    return (
        f"VirtualService {name_of(obj)} has no HTTP route that leads to {names.stable_destination} alone, so none gets"
        f" the canary {names.canary_destination}. It has: {outline(obj)}."
    )
