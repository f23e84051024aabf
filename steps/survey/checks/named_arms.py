"""Names that this survey inferred and a release would not: a release infers none, so flags have to name them (pure)."""

from steps.model.names import ReleaseNames
from steps.survey.arms import STABLE_NAMED, SurveyedArms
from steps.survey.flags import release_flags
from steps.survey.problem import Problem


def check_named_arms(arms: SurveyedArms, without: ReleaseNames | None, topology: str) -> list[Problem]:
    """Return a problem if a release with the present settings alone would not be about these arms.

    Args:
        arms: as the survey found them.
        without: the names that a release takes from the present settings; None where these are refused.
        topology: that it takes.
    """
    if without == arms.names and topology == arms.topology:
        return []
    text = f"{_what(arms)} A release does not infer that: {_instead(without, topology)}. {_how(arms)}"
    return [Problem("name-the-arms", f"App {arms.names.app}", text, (release_flags(arms),))]


def _what(arms: SurveyedArms) -> str:
    names = arms.names
    if arms.topology == STABLE_NAMED:
        return f"the routes show {names.stable} as stable and {names.canary} as the canary."
    return f"people deploy {names.canary}, the canary, and {names.stable} serves as stable."


def _instead(names: ReleaseNames | None, topology: str) -> str:
    if names is None:
        return "the present settings name both arms alike"
    hosts = f"{names.stable} ({names.stable_destination}) and {names.canary} ({names.canary_destination})"
    where = ", ".join(map(str, names.virtual_services))
    return f"the present settings mean {hosts}, topology {topology}, on VirtualService {where}"


def _how(arms: SurveyedArms) -> str:
    stable, canary = arms.names.stable, arms.names.canary
    if arms.topology == STABLE_NAMED:
        return f"With these flags, or these names in canary.yaml, {canary} is made from the template of {stable}."
    return (
        f"With these flags, or these names in canary.yaml, it releases the template of {canary}. At the end promote"
        f" copies that to {stable} and scales {canary} to 0; a rollback scales {canary} to 0 too, and leaves its"
        f" template as it is."
    )
