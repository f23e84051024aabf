"""Flags that name the arms of a release, for lines to copy (pure)."""

from steps.survey.arms import STABLE_NAMED, SurveyedArms
from steps.survey.roles import stable_by_name


def release_flags(arms: SurveyedArms, topology: str = "", stable: str = "", canary: str = "") -> str:
    """Return the flags that name a release in full.

    Args:
        arms: of the release.
        topology: in place of the arms' own.
        stable: Deployment in place of the arms' own; its destination stays.
        canary: likewise.
    """
    named = {"stable": stable or arms.stable.deployment, "canary": canary or arms.canary.deployment}
    where = {"stable": str(arms.stable.destination), "canary": str(arms.canary.destination)}
    parts = [f"--topology {topology or arms.topology}"]
    parts += [f"--{role} {name}" for role, name in named.items()]
    parts += [f"--{role}-destination {text}" for role, text in where.items() if text != named[role]]
    return " ".join([*parts, virtual_service_flag(arms)])


def topology_of_two(stable: str, canary: str) -> str:
    """Return the topology of two Deployments that people deploy, by their names."""
    return "swap" if stable_by_name((stable,), (canary,)) is None else "target-named"


def virtual_service_flag(arms: SurveyedArms, *more: str) -> str:
    """Return the flag that names the VirtualServices of a release, and `more` ones."""
    own = arms.names.virtual_services
    names = [one.name if one.namespace == arms.names.namespace else str(one) for one in own]
    return f"--virtual-service {','.join([*names, *more])}"


def init_command(arms: SurveyedArms) -> str:
    """Return the command that makes what the release needs, with its names unless the app's name implies them."""
    names, app = arms.names, arms.names.app
    flags = "" if _is_conventional(arms) else f" {release_flags(arms)}"
    return f"canary-steps init --app {app} --namespace {names.namespace}{flags} | kubectl apply -f -"


def _is_conventional(arms: SurveyedArms) -> bool:
    names, app = arms.names, arms.names.app
    return (
        arms.topology == STABLE_NAMED
        and (names.stable, names.canary) == (app, f"{app}-canary")
        and (str(names.stable_destination), str(names.canary_destination)) == (app, f"{app}-canary")
        and [str(one) for one in names.virtual_services] == [f"{names.namespace}/{app}"]
    )
