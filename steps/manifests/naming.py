"""The names that a release will have once what init prints is applied (pure).

The survey names the arms as the routes have them now. Here they become names that never send users to the pods of
others: full hosts where a VirtualService is elsewhere, subsets where a Service selects several Deployments, Services of
their own in the target-named topology, and every VirtualService that leads to the app.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from steps.cluster.api import Object
from steps.manifests.manifest import Manifest
from steps.manifests.subsets import defined, own_subset, rule_with, with_rules
from steps.model.names import ReleaseNames
from steps.model.run import Destination, ObjectName
from steps.model.workload import Topology
from steps.survey.behind import behind
from steps.survey.objects import Survey, name_of
from steps.survey.splits import Side, side_of, splits_of
from steps.traffic.destinations import full_host
from steps.traffic.routes import http_routes


@dataclass(frozen=True, slots=True)
class Named:
    """The names, and what has to be printed for them.

    Args:
        names: of the release.
        survey: with the subsets that are printed.
        sources: destinations whose routes get the split, with a sentence about the users that move by it.
        rules: DestinationRules to print.
    """

    names: ReleaseNames
    survey: Survey
    sources: dict[Side, str] = field(default_factory=dict)
    rules: tuple[Manifest, ...] = ()

    @property
    def moving(self) -> str:
        """A sentence about the users that a new VirtualService moves, "" if it moves none."""
        return next((one for one in self.sources.values() if one), "")


def is_primary(names: ReleaseNames) -> bool:
    """Return whether stable is a copy of what people deploy, as Flagger has it."""
    return names.topology is Topology.TARGET_NAMED and names.stable == f"{names.canary}-primary"


def settled(names: ReleaseNames, survey: Survey, *, may_extend: bool) -> Named:
    """Return the names as they have to be.

    Args:
        names: as given and surveyed.
        survey: of the app's namespace.
        may_extend: whether further VirtualServices may be released: nobody named them.
    """
    named = _separated(Named(names, survey))
    sources = named.sources or _sources(named)
    named = replace(named, names=_followed(named, sources), sources=sources)
    if may_extend:
        named = replace(named, names=_extended(named))
    return replace(named, names=_in_full(named.names))


def first_label(destination: Destination) -> str:
    """Return the name of a destination's Service."""
    return destination.host.partition(".")[0]


def side(names: ReleaseNames, destination: Destination) -> Side:
    """Return a destination by full host and subset; a short host means the app's namespace."""
    return full_host(destination.host, names.namespace), destination.subset


def pods_of(survey: Survey, destination: Side) -> tuple[str, ...]:
    """Return the Deployments whose pods get the requests for a destination."""
    return behind(survey, Destination(*destination), survey.namespace).deployments


def _sources(named: Named) -> dict[Side, str]:
    """Return where the routes that get the split lead: to stable, or, before a primary serves, to what is deployed."""
    names = named.names
    if not is_primary(names):
        return {side(names, names.stable_destination): ""}
    leading = {one for split in splits_of(named.survey.virtual_services) if (one := split.alone)}
    own = {one for one in leading if pods_of(named.survey, one) in {(names.canary,), (names.stable,)}}
    apex = {(full_host(name, names.namespace), "") for name in (names.app, names.canary)}
    return dict.fromkeys(sorted(own | apex), "")


def _separated(named: Named) -> Named:
    """Replace a host behind which other Deployments stand as well by subsets."""
    names, survey = named.names, named.survey
    host, subset = side(names, names.stable_destination)
    shared = pods_of(survey, (host, subset))
    others = [one for one in shared if one not in {names.stable, names.baseline} and _has_pods(survey, one)]
    if subset or names.stable not in shared or not others:
        return named
    arms: dict[str, str] = {}
    made: dict[str, dict[str, str]] = {}
    for deployment in (names.stable, names.canary):
        if deployment in shared:
            arms[deployment], labels = own_subset(survey, host, deployment)
            made |= {} if arms[deployment] in defined(survey, host) else {arms[deployment]: labels}
    stable = Destination(names.stable_destination.host, arms[names.stable])
    canary = names.canary_destination
    if names.canary in arms:
        canary = Destination(names.stable_destination.host, arms[names.canary])
    rules = (rule_with(survey, host, made),) if made else ()
    wanted = replace(names, stable_destination=stable, canary_destination=canary)
    return Named(wanted, with_rules(survey, rules), _narrowed(named, wanted, shared), rules)


def _narrowed(named: Named, wanted: ReleaseNames, shared: tuple[str, ...]) -> dict[Side, str]:
    """Return the destinations to split: routes to stable's subset, or, where there is none, those to the whole host."""
    own, whole = side(wanted, wanted.stable_destination), side(named.names, named.names.stable_destination)
    if any(split.alone == own for split in splits_of(named.survey.virtual_services)):
        return {own: ""}
    counts = {one: _replicas(named.survey, one) for one in shared}
    moved = 100 - round(100 * counts[wanted.stable] / max(1, sum(counts.values())))
    others = " and ".join(one for one in shared if one != wanted.stable)
    sentence = (
        f"requests for {named.names.stable_destination} go to the pods of {others} as well. By applying this, all their"
        f" users get {wanted.stable}: about {moved} % of them move, so it needs the capacity for them."
    )
    return {own: "", whole: sentence}


def _has_pods(survey: Survey, deployment: str) -> bool:
    return _replicas(survey, deployment) > 0


def _replicas(survey: Survey, deployment: str) -> int:
    found = survey.deployment(deployment) or {"spec": {}}
    return int(found["spec"].get("replicas", 1))


def _followed(named: Named, sources: dict[Side, str]) -> ReleaseNames:
    """Replace VirtualServices that delegate their routes by the delegates."""
    names, objects = named.names, {name_of(one): one for one in named.survey.virtual_services}
    found: list[ObjectName] = []
    for name in names.virtual_services:
        obj = objects.get(name)
        delegates = [one for one in _delegates(obj) if _leads_on(objects.get(one), named, sources)] if obj else []
        found += delegates if delegates and not _leads_on(obj, named, sources) else [name]
    return replace(names, virtual_services=tuple(sorted(set(found))))


def _delegates(obj: Object) -> Iterator[ObjectName]:
    for body in http_routes(obj):
        delegate = body.get("delegate")
        if delegate:
            yield ObjectName(str(delegate.get("namespace") or name_of(obj).namespace), str(delegate.get("name")))


def _leads_on(obj: Object | None, named: Named, sources: dict[Side, str]) -> bool:
    """Return whether a VirtualService has a route with both arms, or one that gets them."""
    names = named.names
    pair = {side(names, names.stable_destination), side(names, names.canary_destination)}
    for body in http_routes(obj or {}):
        sides = {side_of(entry, name_of(obj or {}).namespace) for entry in body.get("route") or []}
        if pair <= sides or (len(body.get("route") or []) == 1 and sides & set(sources)):
            return True
    return False


def _extended(named: Named) -> ReleaseNames:
    """Add every VirtualService that leads to stable: its users would see no canary, and then all of it."""
    known = set(named.names.virtual_services)
    more = {name_of(one) for one in named.survey.virtual_services if _leads_on(one, named, named.sources)}
    present = {name_of(one) for one in named.survey.virtual_services}
    kept = known if not more else known & (more | present)
    return replace(named.names, virtual_services=tuple(sorted(kept | more)))


def _in_full(names: ReleaseNames) -> ReleaseNames:
    """Name hosts in full unless every VirtualService is in the app's namespace, which completes short ones."""
    if all(one.namespace == names.namespace for one in names.virtual_services):
        return names
    arms = (names.stable_destination, names.canary_destination)
    stable, canary = (Destination(full_host(one.host, names.namespace), one.subset) for one in arms)
    return replace(names, stable_destination=stable, canary_destination=canary)
