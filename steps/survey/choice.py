"""Which names a release of an app has: given, of its claim, by convention, or inferred (pure)."""

from dataclasses import dataclass, field, replace
from typing import Any

from steps.errors import PermanentError
from steps.model.run import Claim, Destination, ObjectName, WorkloadState
from steps.model.workload import Topology
from steps.survey.inference import Hints
from steps.survey.names import InferredNames, infer_names
from steps.survey.objects import Survey
from steps.survey.splits import splits_of
from steps.traffic.destinations import full_host

CLAIM, CONVENTION, INFERRED = "claim", "convention", "inferred"


@dataclass(frozen=True, slots=True)
class ChosenNames:
    """The names of a release where none is given.

    Args:
        topology: as given or found; "" where the names come from the convention and nothing shows it.
        origin: "claim", "convention" or "inferred".
        settings: setting → value, as flags have it.
        because: sentences that say what the names rest on.
        refusal: why the arms could not be inferred, None if they could.
    """

    topology: str
    origin: str
    settings: dict[str, Any] = field(default_factory=dict)
    because: tuple[str, ...] = ()
    refusal: PermanentError | None = None


def choose_names(survey: Survey, hints: Hints, claim: Claim | None, topology: str = "") -> ChosenNames:
    """Return the names that an app's claim, its convention or its manifests give.

    Args:
        survey: of the app's namespace.
        hints: what a person named.
        claim: the app's claim; its names win over what the manifests show.
        topology: as given, "" where it is not.
    """
    if claim is not None:
        return names_of_claim(claim, hints, topology)
    origin, asked = INFERRED, hints
    because: tuple[str, ...] = ()
    if conventional := _conventional(survey, hints):
        origin, asked = CONVENTION, conventional
        because = (f"VirtualService {', '.join(map(str, asked.virtual_services))} has the conventional arms",)
    try:
        found = infer_names(survey, asked)
    except PermanentError as error:
        # Conventional arms are named, whatever else stands behind their Services; the checks judge that.
        refusal = None if asked.stable and origin == CONVENTION else error
        return ChosenNames(topology or Topology.STABLE_NAMED, origin, _settings(asked), because, refusal)
    if found is None:
        nothing = (*because, "no VirtualService leads to the app, so the names are those of the convention")
        return ChosenNames(topology or Topology.STABLE_NAMED, CONVENTION, _settings(asked), nothing)
    return ChosenNames(topology or found.topology, origin, _inferred(survey, found), (*because, *found.because))


def names_of_claim(claim: Claim, hints: Hints, topology: str = "") -> ChosenNames:
    """Return the names with which a run holds its claim; what a person named stays.

    Args:
        claim: of the app, living or expired.
        hints: what a person named.
        topology: as given, "" where it is not: then it is the one that the claim shows.
    """
    state, workloads = claim.state, claim.state.workloads
    named = replace(
        hints,
        stable=hints.stable or (workloads.stable if workloads else ""),
        canary=hints.canary or (workloads.canary if workloads else ""),
        stable_destination=hints.stable_destination or str(state.stable),
        canary_destination=hints.canary_destination or str(state.canary),
        virtual_services=hints.virtual_services or tuple(target.virtual_service for target in state.targets),
    )
    known = topology or (_topology_of(workloads) if workloads else Topology.STABLE_NAMED)
    return ChosenNames(known, CLAIM, _settings(named), (f"run {claim.run} holds the claim with these names",))


def _topology_of(workloads: WorkloadState) -> Topology:
    if workloads.topology:
        return Topology(workloads.topology)
    if workloads.created_canary:  # a claim of an older image, which has no topology and knows no swap
        return Topology.STABLE_NAMED
    return Topology.TARGET_NAMED


def _conventional(survey: Survey, hints: Hints) -> Hints | None:
    """Return the hints with the conventional arms, where each VirtualService given or named like the app has them."""
    app = hints.app
    if hints != Hints(app, virtual_services=hints.virtual_services, routes=hints.routes):
        return None
    names = hints.virtual_services or (ObjectName(survey.namespace, app),)
    splits = tuple(splits_of(survey.virtual_services))
    for stable, canary in ((app, f"{app}-canary"), (f"{app}-primary", app)):
        wanted = {(full_host(host, survey.namespace), "") for host in (stable, canary)}
        having = {split.virtual_service for split in splits if {side for side, _ in split.sides} == wanted}
        if having >= set(names):
            return replace(
                hints, virtual_services=names, stable_destination=stable, canary_destination=canary,
                stable=stable if survey.deployment(stable) else "",
            )  # fmt: skip
    return None


def _settings(hints: Hints) -> dict[str, Any]:
    names = tuple(map(str, hints.virtual_services))
    found = {
        "stable": hints.stable,
        "canary": hints.canary,
        "stable_destination": hints.stable_destination,
        "canary_destination": hints.canary_destination,
        "virtual_service": names,
    }
    return {name: value for name, value in found.items() if value}


def _inferred(survey: Survey, found: InferredNames) -> dict[str, Any]:
    made = {
        "stable": found.stable,
        "canary": found.canary,
        "stable_destination": str(found.stable_destination),
        "canary_destination": str(found.canary_destination or _made_destination(survey, found)),
        "virtual_service": tuple(map(str, found.virtual_services)),
    }
    return {name: value for name, value in made.items() if value}


def _made_destination(survey: Survey, found: InferredNames) -> Destination | str:
    """Return where the canary's requests will go if the routes lead to stable alone; "" for the convention."""
    if all(name.namespace == survey.namespace for name in found.virtual_services):
        return ""
    host = f"{found.canary or f'{found.stable}-canary'}"
    return Destination(full_host(host, survey.namespace))
