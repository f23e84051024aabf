"""Which names a release of an app has: given, of its claim, by convention, or inferred (pure)."""

from dataclasses import dataclass, field, replace
from typing import Any

from steps.errors import PermanentError
from steps.model.run import Claim, Destination, ObjectName
from steps.survey.inference import Hints
from steps.survey.names import InferredNames, infer_names
from steps.survey.objects import Survey
from steps.survey.splits import splits_of
from steps.traffic.destinations import full_host

CONVENTION = "convention"


@dataclass(frozen=True, slots=True)
class ChosenNames:
    """The names of a release where none is given.

    Args:
        topology: stable-named, target-named or swap.
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
        claim: the app's living claim; its names win over what the manifests show.
        topology: as given, "" where it is not.
    """
    origin, why, asked = "inferred", "", hints
    if claim is not None:
        held = settings_of_claim(claim)
        why = f"run {claim.run} holds the claim with these names"
        return ChosenNames(topology or held.pop("topology", "") or "stable-named", "claim", held, (why,))
    if conventional := _conventional(survey, hints):
        origin, why = CONVENTION, f"VirtualService {conventional.virtual_services[0]} has the conventional arms"
        asked = conventional
    because = (why,) if why else ()
    try:
        found = infer_names(survey, asked)
    except PermanentError as error:
        return ChosenNames(topology or "stable-named", origin, _settings(asked), because, error)
    if found is None:
        nothing = (*because, "no VirtualService leads to the app, so the names are those of the convention")
        return ChosenNames(topology or "stable-named", CONVENTION, _settings(asked), nothing)
    return ChosenNames(topology or found.topology, origin, _inferred(survey, found), (*because, *found.because))


def settings_of_claim(claim: Claim) -> dict[str, Any]:
    """Return the names that a claim keeps, as settings have them; a run never uses other names."""
    state, workloads = claim.state, claim.state.workloads
    found = {
        "topology": workloads.topology if workloads else "",
        "stable": workloads.stable if workloads else "",
        "canary": workloads.canary if workloads else "",
        "stable_destination": str(state.stable),
        "canary_destination": str(state.canary),
        "virtual_service": tuple(str(target.virtual_service) for target in state.targets),
    }
    return {name: value for name, value in found.items() if value}


def _conventional(survey: Survey, hints: Hints) -> Hints | None:
    """Return the hints with the conventional arms, where the VirtualService named like the app has them."""
    if hints != Hints(hints.app, routes=hints.routes):
        return None
    name = ObjectName(survey.namespace, hints.app)
    splits = [split for split in splits_of(survey.virtual_services) if split.virtual_service == name]
    for stable, canary in ((hints.app, f"{hints.app}-canary"), (f"{hints.app}-primary", hints.app)):
        wanted = {(full_host(host, survey.namespace), "") for host in (stable, canary)}
        if any({side for side, _ in split.sides} == wanted for split in splits):
            return replace(
                hints, virtual_services=(name,), stable_destination=stable, canary_destination=canary,
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
