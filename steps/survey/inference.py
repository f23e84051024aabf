"""Infer the two arms of an app from its manifests: routes → pair → Services and subsets → Deployments (pure)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from steps.errors import PermanentError
from steps.model.run import Destination, ObjectName
from steps.survey.app import app_deployments, app_virtual_services
from steps.survey.behind import Behind, behind
from steps.survey.objects import Survey, name_of
from steps.survey.roles import names_in, stable_by_name
from steps.survey.splits import Side, Split, as_destination, splits_of

_DOING = "inferring the two arms of {app} from its routes"


@dataclass(frozen=True, slots=True)
class Hints:
    """What a person named; "" and () are inferred.

    Args:
        app: the application.
        stable: Deployment that serves. canary: Deployment under test.
        stable_destination: `host` or `host/subset`. canary_destination: likewise.
        virtual_services: that are released.
        routes: names of their HTTP routes.
    """

    app: str
    stable: str = ""
    canary: str = ""
    stable_destination: str = ""
    canary_destination: str = ""
    virtual_services: tuple[ObjectName, ...] = ()
    routes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InferredArm:
    """One arm.

    Args:
        destination: as the VirtualServices of the pair mean it.
        behind: what stands behind it.
        weight: its weight on the first route of the pair, 0-100.
    """

    destination: Destination
    behind: Behind
    weight: int


@dataclass(frozen=True, slots=True)
class Inferred:
    """The arms of an app.

    Args:
        stable: the arm that serves.
        canary: the other arm; None where the routes lead to stable alone.
        virtual_services: that have the pair, or lead to stable alone, in sort order; () where there is none.
        because: sentences that say what each conclusion rests on.
    """

    stable: InferredArm
    canary: InferredArm | None
    virtual_services: tuple[ObjectName, ...]
    because: tuple[str, ...]


def infer(survey: Survey, hints: Hints) -> Inferred | None:
    """Return the arms that the app's routes show, None where no VirtualService leads to the app.

    Raises:
        PermanentError: more than one pair, or equal weights; lists the candidates and the flags that choose.
    """
    splits = _splits(survey, hints)
    pairs = _named(_pairs(splits, survey, hints), survey, hints)
    if len(pairs) > 1:
        raise PermanentError(_DOING.format(app=hints.app), _several(pairs, splits, survey))
    if pairs:
        return _from_pair(pairs[0], splits, survey, hints)
    return _from_single(splits, survey, hints)


def _splits(survey: Survey, hints: Hints) -> tuple[Split, ...]:
    chosen = hints.virtual_services or app_virtual_services(survey, hints.app)
    found = splits_of(one for one in survey.virtual_services if name_of(one) in chosen)
    return tuple(one for one in found if not hints.routes or one.label in hints.routes)


def _pairs(splits: Iterable[Split], survey: Survey, hints: Hints) -> list[frozenset[Side]]:
    """Return the pairs that concern the app: one of the two leads to its Deployments, or was named."""
    own = set(app_deployments(survey, hints.app))
    found: list[frozenset[Side]] = []
    for split in splits:
        if split.pair and split.pair not in found and any(_leads_to(side, own, survey) for side in split.pair):
            found.append(split.pair)
    return found


def _named(pairs: list[frozenset[Side]], survey: Survey, hints: Hints) -> list[frozenset[Side]]:
    """Return the pairs that have what a person named; all of them where none has."""
    tests: list[Callable[[Side], bool]] = [
        *(partial(_is_behind, name, survey=survey) for name in (hints.stable, hints.canary) if name),
        *(
            partial(_is_side, text, survey=survey)
            for text in (hints.stable_destination, hints.canary_destination)
            if text
        ),
    ]
    return [pair for pair in pairs if all(any(test(side) for side in pair) for test in tests)] or pairs


def _leads_to(side: Side, deployments: set[str], survey: Survey) -> bool:
    return bool(deployments & set(behind(survey, Destination(*side), survey.namespace).deployments))


def _from_pair(pair: frozenset[Side], splits: Sequence[Split], survey: Survey, hints: Hints) -> Inferred:
    with_pair = [split for split in splits if split.pair == pair]
    weights = {side: sum(dict(split.sides)[side] for split in with_pair) for side in pair}
    stable, why = _stable_of(pair, weights, survey, hints)
    canary = next(side for side in pair if side != stable)
    names = tuple(sorted({split.virtual_service for split in with_pair}))
    first = dict(with_pair[0].sides)
    routes = ", ".join(f"{split.virtual_service} {split.label}" for split in with_pair)
    arms = [_arm(side, first[side], names, survey) for side in (stable, canary)]
    return Inferred(arms[0], arms[1], names, (f"the pair stands in {routes}", why))


def _from_single(splits: Sequence[Split], survey: Survey, hints: Hints) -> Inferred | None:
    """Return the arm that the routes lead to, where none of them splits."""
    own = set(app_deployments(survey, hints.app))
    alone = [split for split in splits if split.alone and _leads_to(split.alone, own, survey)]
    if not alone:
        return None
    sides = list(dict.fromkeys(split.alone for split in alone if split.alone))
    # Istio takes the first route that matches, so the last one of a VirtualService is where most requests go.
    last = {split.virtual_service: split.alone for split in alone}
    named = [side for side in sides if hints.stable and _is_behind(hints.stable, side, survey)]
    if not named and len(set(last.values())) > 1:
        raise PermanentError(_DOING.format(app=hints.app), _several_hosts(sides, survey))
    chosen = named[0] if named else next(side for side in sides if side in last.values())
    names = tuple(sorted({split.virtual_service for split in alone if split.alone == chosen}))
    shown = ", ".join(map(str, names))
    arm = _arm(chosen, 100, names, survey)
    return Inferred(arm, None, names, (f"VirtualService {shown} leads to {arm.destination} alone",))


def _arm(side: Side, weight: int, names: Sequence[ObjectName], survey: Survey) -> InferredArm:
    """Name a destination so that every VirtualService means the same: in full unless all are in the app's namespace."""
    at_home = all(name.namespace == survey.namespace for name in names)
    destination = as_destination(side, survey.namespace) if at_home else Destination(*side)
    return InferredArm(destination, behind(survey, Destination(*side), survey.namespace), weight)


def _stable_of(pair: frozenset[Side], weights: dict[Side, int], survey: Survey, hints: Hints) -> tuple[Side, str]:
    """Return the side that serves, and why.

    What was named counts, else what the names say, else the weights, else which one has pods.
    """
    sides = sorted(pair, key=lambda side: (-weights[side], side))
    if (named := _by_hint(sides, survey, hints)) is not None:
        return named
    heavier, lighter = sides
    if (stated := _stated(heavier, lighter, survey)) is not None:
        return stated, f"the names say that {_shown(stated, survey)} serves"
    if weights[heavier] != weights[lighter]:
        return heavier, f"{_shown(heavier, survey)} has the larger weight, so it is stable"
    empty = [side for side in sides if not behind(survey, Destination(*side), survey.namespace).deployments]
    if len(empty) == 1:
        stable = next(side for side in sides if side not in empty)
        return stable, f"no Deployment stands behind {_shown(empty[0], survey)}, so the other one is stable"
    names = [_shown(side, survey) for side in sides]
    cause = (
        f"{names[0]} and {names[1]} have equal weights, so the routes do not say which one is stable. Name it:\n"
        f"  --stable-destination {names[0]} --canary-destination {names[1]}\n"
        f"  --stable-destination {names[1]} --canary-destination {names[0]}"
    )
    raise PermanentError(_DOING.format(app=hints.app), cause)


def _by_hint(sides: Sequence[Side], survey: Survey, hints: Hints) -> tuple[Side, str] | None:
    """Return the side that serves by what a person named, and why."""
    for side in sides:
        other = next(one for one in sides if one != side)
        if hints.stable and _is_behind(hints.stable, side, survey):
            return side, f"--stable {hints.stable} stands behind it"
        if hints.canary and _is_behind(hints.canary, other, survey):
            return side, f"--canary {hints.canary} stands behind the other one"
        if hints.stable_destination and _is_side(hints.stable_destination, side, survey):
            return side, "--stable-destination names it"
        if hints.canary_destination and _is_side(hints.canary_destination, other, survey):
            return side, "--canary-destination names the other one"
    return None


def _stated(first: Side, second: Side, survey: Survey) -> Side | None:
    """Return the side that serves by the names of Deployments, else by those of destinations; None without a role."""
    deployments = [behind(survey, Destination(*side), survey.namespace).deployments for side in (first, second)]
    by_deployment = stable_by_name(*deployments)
    by_destination = stable_by_name(names_in(Destination(*first)), names_in(Destination(*second)))
    is_first = by_destination if by_deployment is None else by_deployment
    if is_first is None:
        return None
    return first if is_first else second


def _is_behind(deployment: str, side: Side, survey: Survey) -> bool:
    return deployment in behind(survey, Destination(*side), survey.namespace).deployments


def _is_side(text: str, side: Side, survey: Survey) -> bool:
    return text in {str(as_destination(side, survey.namespace)), str(Destination(*side))}


def _shown(side: Side, survey: Survey) -> str:
    return str(as_destination(side, survey.namespace))


def _several(pairs: Sequence[frozenset[Side]], splits: Sequence[Split], survey: Survey) -> str:
    lines = []
    for pair in pairs:
        routes = [f"{split.virtual_service} {split.label}" for split in splits if split.pair == pair]
        heavier, lighter = _by_weight(pair, splits)
        flags = f"--stable-destination {_shown(heavier, survey)} --canary-destination {_shown(lighter, survey)}"
        where = ",".join(sorted({str(split.virtual_service) for split in splits if split.pair == pair}))
        lines.append(f"  {', '.join(routes)}: --virtual-service {where} {flags}")
    return "its routes split between more than one pair. Choose one by its flags:\n" + "\n".join(lines)


def _by_weight(pair: frozenset[Side], splits: Sequence[Split]) -> tuple[Side, Side]:
    weights = {side: sum(dict(split.sides)[side] for split in splits if split.pair == pair) for side in pair}
    first, second = sorted(pair, key=lambda side: (-weights[side], side))
    return first, second


def _several_hosts(sides: Sequence[Side], survey: Survey) -> str:
    lines = [
        f"  {_shown(side, survey)}: --stable {name}"
        for side in sides
        for name in behind(survey, Destination(*side), survey.namespace).deployments
    ]
    return "its routes lead to more than one destination. Choose the Deployment that serves:\n" + "\n".join(lines)
