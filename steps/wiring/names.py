"""Find the names of a release: given, of the app's claim, by convention, or inferred from the app's manifests."""

from typing import Any, TypeVar

import structlog

from steps.claim.lookup import claims_on
from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT, VIRTUAL_SERVICE
from steps.errors import Forbidden, PermanentError, SettingsError
from steps.model.names import ReleaseNames
from steps.model.run import Claim, ObjectName
from steps.model.workload import Topology
from steps.settings.conventions import conventional_names, release_names
from steps.settings.release import ReleaseSettings
from steps.survey.choice import ChosenNames, choose_names, settings_of_claim
from steps.survey.inference import Hints
from steps.survey.named_objects import with_named_objects
from steps.survey.objects import Survey, look_around
from steps.traffic.destinations import ArmDestinations
from steps.traffic.routes import with_both_arms
from steps.workload.clone import is_clone

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_Settings = TypeVar("_Settings", bound=ReleaseSettings)
_NAMES = ("topology", "stable", "canary", "stable_destination", "canary_destination", "virtual_service")


def find_names(cluster: Cluster, settings: ReleaseSettings, namespace: str, *, starts: bool) -> ReleaseNames:
    """Return the names of a release.

    What is given counts; then the names in the app's claim; then those of the convention, if the routes have these two
    arms; then those that the manifests show. Only the last needs lists.

    Args:
        cluster: the API server; it is only read.
        settings: of the step.
        namespace: of the app.
        starts: whether the step begins a release: then names that are not unique are refused. Any other step falls
            back to the convention, since an exit handler has to end.

    Raises:
        PermanentError: the arms are not unique; lists the candidates and the flags that choose.
        SettingsError: both arms got the same name. TemporaryError: the API server is in trouble.
    """
    if all(getattr(settings, name) for name in _NAMES):
        return release_names(settings, namespace)
    routed = _named_virtual_service(cluster, settings, namespace)
    claim = _claim_on(cluster, routed, settings, namespace)
    if claim is not None:
        return release_names(_filled(settings, settings_of_claim(claim)), namespace, _of_run(claim))
    conventional = _conventional(cluster, routed, settings, namespace)
    if conventional is not None:
        return release_names(conventional, namespace)
    return _surveyed(cluster, settings, namespace, starts=starts)


def hints_of(settings: ReleaseSettings, namespace: str) -> Hints:
    """Return what a person named, for the inference."""
    return Hints(
        app=settings.app,
        stable=settings.stable,
        canary=settings.canary,
        stable_destination=settings.stable_destination,
        canary_destination=settings.canary_destination,
        virtual_services=_given_virtual_services(settings, namespace),
        routes=tuple(entry for entry in settings.route if entry),
    )


def with_chosen_names(settings: _Settings, chosen: ChosenNames) -> _Settings:
    """Return the settings with the chosen names where they name none."""
    return _filled(settings, {"topology": chosen.topology, **chosen.settings})


def claim_of_app(cluster: Cluster, survey: Survey, app: str) -> Claim | None:
    """Return the app's claim; an app of the same name in another namespace has its own."""
    found = (_claim_among(cluster, obj, app, survey.namespace) for obj in survey.virtual_services)
    return next((claim for claim in found if claim is not None), None)


def _surveyed(cluster: Cluster, settings: ReleaseSettings, namespace: str, *, starts: bool) -> ReleaseNames:
    hints = hints_of(settings, namespace)
    survey = with_named_objects(cluster, look_around(cluster, namespace), hints)
    missing = [str(one) for one in survey.unseen if one.scope == namespace]
    if missing:
        log.info("names.not_inferred", missing=missing, detail="without these lists the names are by convention")
        return release_names(settings, namespace)
    claim = claim_of_app(cluster, survey, settings.app)
    chosen = choose_names(survey, hints, claim, settings.topology)
    if chosen.refusal is not None and starts:
        raise chosen.refusal
    if chosen.refusal is not None:
        return release_names(settings, namespace)
    return release_names(with_chosen_names(settings, chosen), namespace, chosen.because)


def _named_virtual_service(cluster: Cluster, settings: ReleaseSettings, namespace: str) -> Object | None:
    given = _given_virtual_services(settings, namespace)
    name = given[0] if given else ObjectName(namespace, settings.app)
    try:
        return cluster.find(VIRTUAL_SERVICE, name.namespace, name.name)
    except Forbidden:
        return None  # the step's own read names the missing verb


def _claim_on(cluster: Cluster, routed: Object | None, settings: ReleaseSettings, namespace: str) -> Claim | None:
    return _claim_among(cluster, routed, settings.app, namespace) if routed is not None else None


def _claim_among(cluster: Cluster, obj: Object, app: str, namespace: str) -> Claim | None:
    try:
        claim = next((one for one in claims_on(cluster, obj) if one.app == app), None)
    except PermanentError:
        return None  # a claim that cannot be read: the step that needs it names it
    return claim if claim is not None and namespace in _namespaces(claim) else None


def _namespaces(claim: Claim) -> set[str]:
    workloads = claim.state.workloads
    return {workloads.namespace} if workloads else {one.virtual_service.namespace for one in claim.state.targets}


def _conventional(cluster: Cluster, routed: Object | None, settings: _Settings, namespace: str) -> _Settings | None:
    """Return the settings with the topology by whose convention the VirtualService has a route with both arms."""
    if routed is None or settings.topology == "swap":
        return None
    wanted = (settings.topology,) if settings.topology else (Topology.STABLE_NAMED, Topology.TARGET_NAMED)
    for topology in wanted:
        tried = settings.model_copy(update={"topology": str(topology)})
        try:
            names = conventional_names(tried, namespace)
        except SettingsError:
            continue
        if _has_arms(routed, names) and (settings.topology or _fits(cluster, names)):
            return tried
    return None


def _has_arms(routed: Object, names: ReleaseNames) -> bool:
    place = str(routed["metadata"]["namespace"])
    arms = ArmDestinations(names.stable_destination, names.canary_destination, place)
    return bool(with_both_arms(routed, arms, alone=False))


def _fits(cluster: Cluster, names: ReleaseNames) -> bool:
    """Return whether the Deployments are what the convention says: a canary that people deploy is not our clone."""
    if names.topology is Topology.TARGET_NAMED:
        return True
    try:
        canary = cluster.find(DEPLOYMENT, names.namespace, names.canary)
    except Forbidden:
        return True
    return canary is None or is_clone(canary)


def _given_virtual_services(settings: ReleaseSettings, namespace: str) -> tuple[ObjectName, ...]:
    parted = [entry.rpartition("/") for entry in settings.virtual_service]
    return tuple(sorted(ObjectName(where or namespace, name) for where, _, name in parted))


def _filled(settings: _Settings, found: dict[str, Any]) -> _Settings:
    missing = {name: value for name, value in found.items() if value and not getattr(settings, name)}
    return settings.model_copy(update=missing)


def _of_run(claim: Claim) -> tuple[str, ...]:
    return (f"run {claim.run} holds the claim with these names",)
