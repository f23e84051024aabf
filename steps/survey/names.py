"""The names of a release as a survey infers them; what cannot be inferred stays "" for the convention (pure)."""

from dataclasses import dataclass

from steps.cluster.api import Object
from steps.errors import PermanentError
from steps.model.run import Destination, ObjectName
from steps.model.workload import Topology
from steps.survey.inference import Hints, Inferred, InferredArm, infer
from steps.survey.objects import Survey
from steps.survey.roles import names_in, stable_by_name
from steps.workload.clone import is_clone

_PRIMARY = "-primary"


@dataclass(frozen=True, slots=True)
class InferredNames:
    """What a survey says about the names of a release.

    Args:
        topology: which of the two Deployments people deploy to.
        stable: Deployment that serves.
        canary: Deployment under test; "" where it is to be made.
        virtual_services: that are released, in sort order.
        stable_destination: where stable's requests go.
        canary_destination: where the canary's requests go; None where the routes lead to stable alone.
        canary_weight: the canary's present weight, 0-100.
        because: sentences that say what each conclusion rests on.
    """

    topology: Topology
    stable: str
    canary: str
    virtual_services: tuple[ObjectName, ...]
    stable_destination: Destination
    canary_destination: Destination | None
    canary_weight: int
    because: tuple[str, ...]


def infer_names(survey: Survey, hints: Hints) -> InferredNames | None:
    """Return the names that the app's manifests show; None where no VirtualService leads to the app.

    Raises:
        PermanentError: the pair or a Deployment of it is not unique; lists the candidates and the flags that choose.
    """
    found = infer(survey, hints)
    if found is None:
        return None
    stable = hints.stable or _serving(found.stable, hints)
    canary = hints.canary or _tested(found, stable, hints)
    where = found.stable.destination, found.canary.destination if found.canary else None
    topology, why = topology_of(stable, survey.deployment(canary) if canary else None, *where)
    return InferredNames(
        topology=topology,
        stable=stable,
        canary=canary,
        virtual_services=found.virtual_services,
        stable_destination=found.stable.destination,
        canary_destination=found.canary.destination if found.canary else None,
        canary_weight=found.canary.weight if found.canary else 0,
        because=(*found.because, why),
    )


def _serving(arm: InferredArm, hints: Hints) -> str:
    names = arm.behind.deployments
    if len(names) == 1:
        return names[0]
    doing = f"looking for the Deployment behind destination {arm.destination}, which serves {hints.app}"
    if not names:
        asked = ", ".join(f"{key}={value}" for key, value in arm.behind.requires) or "nothing"
        cause = (
            f"no Deployment's pods have the labels that it asks for ({asked}). Correct the labels, or name --stable."
        )
        raise PermanentError(doing, cause)
    raise PermanentError(doing, _shared(names, arm))


def _tested(found: Inferred, stable: str, hints: Hints) -> str:
    if found.canary is None:
        return ""
    others = [name for name in found.canary.behind.deployments if name != stable]
    if len(others) > 1:
        doing = f"looking for the Deployment behind destination {found.canary.destination}, the canary of {hints.app}"
        raise PermanentError(doing, _shared(tuple(others), found.canary))
    return others[0] if others else ""


def _shared(names: tuple[str, ...], arm: InferredArm) -> str:
    keys = ", ".join(f"{key}={value}" for key, value in arm.behind.requires)
    return (
        f"its requests go to the pods of {' and '.join(names)}, as all of them carry {keys}. An arm has one Deployment:"
        f" split the routes by subsets of Service {arm.behind.service}, one for each of the two versions, for example"
        f" `subset: {names[0].rpartition('-')[2]}`, or give Service {arm.behind.service} a selector for one of them."
    )


def topology_of(
    stable: str, canary: Object | None, stable_destination: Destination, canary_destination: Destination | None
) -> tuple[Topology, str]:
    """Return the topology that the two Deployments show, and a sentence that says why.

    Args:
        stable: Deployment that serves.
        canary: the Deployment under test, None where it does not exist.
        stable_destination: where stable's requests go.
        canary_destination: where the canary's requests go; None where the routes lead to stable alone.
    """
    if canary is None:
        return Topology.STABLE_NAMED, "the canary's Deployment does not exist, so it is made from stable's template"
    name = str(canary["metadata"]["name"])
    if stable == f"{name}{_PRIMARY}":
        return Topology.TARGET_NAMED, f"{stable} serves what people deploy to {name}"
    if is_clone(canary):
        return Topology.STABLE_NAMED, f"Deployment {name} was made by an earlier release"
    if states_roles(stable, name, stable_destination, canary_destination):
        why = f"people deploy {name} as well as {stable}, and their names state roles, so these stay: promote copies"
        return Topology.TARGET_NAMED, f"{why} the template of {name} to {stable}"
    return Topology.SWAP, f"people deploy both {stable} and {name}, so they take turns: after a promotion {name} serves"


def states_roles(
    stable: str, canary: str, stable_destination: Destination, canary_destination: Destination | None
) -> bool:
    """Return whether the names of two Deployments, or of their destinations, say which one serves."""
    pairs: list[tuple[tuple[str, ...], tuple[str, ...]]] = [((stable,), (canary,))]
    if canary_destination is not None:
        pairs.append((names_in(stable_destination), names_in(canary_destination)))
    return any(stable_by_name(*pair) is not None for pair in pairs)
