"""The names that a release will have once what `init` prints is applied: given, of a claim, surveyed, or planned."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from steps.manifests.candidates import serving_service, sole_deployment, with_versions
from steps.model.names import ReleaseNames
from steps.model.run import Claim
from steps.model.workload import Topology
from steps.settings.conventions import conventional_names, log_guesses
from steps.settings.kubernetes_names import canary_name
from steps.settings.release import ReleaseSettings
from steps.survey.choice import choose_names
from steps.survey.inference import Hints
from steps.survey.objects import Survey
from steps.wiring.names import with_chosen_names

_ROLES = ("stable", "canary", "stable_destination", "canary_destination")


def planned_names(settings: ReleaseSettings, survey: Survey, hints: Hints, claim: Claim | None) -> ReleaseNames:
    """Return the names of a release whose objects may still be missing.

    Raises:
        PermanentError: the arms are not unique; lists the candidates and the flags that choose.
    """
    chosen = choose_names(survey, hints, claim, settings.topology)
    if chosen.refusal is not None:
        raise with_versions(chosen.refusal, survey, settings.app)
    found = dict(chosen.settings)
    if settings.topology == "target-named" and "canary" not in found:
        found = _for_primary(settings, found)
    elif chosen.topology == Topology.STABLE_NAMED and "stable_destination" not in found:
        found = _for_service(settings, survey, found)
    named = with_chosen_names(settings, replace(chosen, settings=found))
    names = conventional_names(named, survey.namespace)
    log_guesses(settings, names, chosen.because)
    return names


def _for_primary(settings: ReleaseSettings, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return names where a primary has yet to serve: what serves now is what people deploy, hence the canary."""
    deployed = settings.canary or str(found.get("stable") or settings.app).removesuffix("-primary")
    kept = {name: value for name, value in found.items() if name not in _ROLES}
    stable = f"{deployed}-primary"
    hosts = {"stable_destination": stable, "canary_destination": canary_name(deployed)}
    return {**kept, "canary": deployed, "stable": stable, **hosts}


def _for_service(settings: ReleaseSettings, survey: Survey, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return names where no route leads to the app: the Service that clients call, and the Deployment behind it."""
    stable = settings.stable or (settings.app if survey.deployment(settings.app) else "")
    stable = stable or sole_deployment(survey, settings.app)
    if not stable:
        return dict(found)
    named = {**found, "stable": stable}
    service = serving_service(survey, settings.app, stable)
    return {**named, "stable_destination": service} if service else named


def as_settings(settings: ReleaseSettings, names: ReleaseNames) -> dict[str, str]:
    """Return the names that the app's name alone does not imply, as lines of canary.yaml.

    The arms of a swap take turns, so their roles are not written: the routes show them.
    """
    bare = {"topology": str(names.topology), "virtual_service": (), "route": (), **dict.fromkeys(_ROLES, "")}
    implied = _texts(conventional_names(settings.model_copy(update=bare), names.namespace))
    wanted = _texts(names)
    where = {name: text for name, text in wanted.items() if name == "virtual-service" and text != implied[name]}
    if names.topology is Topology.SWAP:
        return where
    roles = {name.replace("_", "-") for name in _ROLES}
    # One name decides the default of another, so either all four are written or none.
    changed = any(wanted[name] != implied[name] for name in roles)
    topology = {} if names.topology is Topology.STABLE_NAMED else {"topology": wanted["topology"]}
    return {**topology, **({name: wanted[name] for name in sorted(roles)} if changed else {}), **where}


def _texts(names: ReleaseNames) -> dict[str, str]:
    where = [one.name if one.namespace == names.namespace else str(one) for one in names.virtual_services]
    return {
        "topology": str(names.topology),
        "stable": names.stable,
        "canary": names.canary,
        "virtual-service": ",".join(where),
        "stable-destination": str(names.stable_destination),
        "canary-destination": str(names.canary_destination),
    }
