"""The names of a release as a survey infers them; what cannot be inferred stays "" for the convention (pure)."""

from dataclasses import dataclass

from steps.cluster.api import Object
from steps.errors import PermanentError
from steps.model.run import Destination, ObjectName
from steps.survey.inference import Hints, Inferred, InferredArm, infer
from steps.survey.objects import Survey
from steps.survey.role_names import state_roles
from steps.workload.clone import is_clone

_PRIMARY = "-primary"


@dataclass(frozen=True, slots=True)
class InferredNames:
    """What a survey says about the names of a release.

    Args:
        topology: "stable-named", "target-named" or "swap".
        stable: Deployment that serves.
        canary: Deployment under test; "" where it is to be made.
        virtual_services: that are released, in sort order.
        stable_destination: where stable's requests go.
        canary_destination: where the canary's requests go; None where the routes lead to stable alone.
        canary_weight: the canary's present weight, 0-100.
        because: sentences that say what each conclusion rests on.
    """

    topology: str
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
    topology, why = _topology(stable, survey.deployment(canary) if canary else None)
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


def _topology(stable: str, canary: Object | None) -> tuple[str, str]:
    if canary is None:
        return "stable-named", "the canary's Deployment does not exist, so it is made from stable's template"
    name = str(canary["metadata"]["name"])
    if stable == f"{name}{_PRIMARY}":
        return "target-named", f"{stable} serves what people deploy to {name}"
    if is_clone(canary):
        return "stable-named", f"Deployment {name} was made by an earlier release"
    if state_roles(stable, name):
        why = f"the names {stable} and {name} state roles, so {stable} goes on serving: promote copies the template"
        return "target-named", why
    return "swap", f"people deploy {name} as well as {stable}, so the two take turns"
