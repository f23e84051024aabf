"""Find the names of a release: what is named, else what the claim, the convention or the manifests say, in this order.

Lists are made only where none of the first three knows the names; an account that may not list gets the convention.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

import structlog

from steps.claim.last_record import last_record
from steps.claim.lookup import claim_of_app
from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT, DESTINATION_RULE, VIRTUAL_SERVICE
from steps.errors import Forbidden
from steps.model.names import ReleaseNames
from steps.model.run import Claim, ObjectName
from steps.model.workload import Topology
from steps.settings.conventions import conventional_names, log_guesses, release_names
from steps.settings.release import ReleaseSettings
from steps.survey.choice import CONVENTION, ChosenNames, choose_names, names_of_claim
from steps.survey.inference import Hints
from steps.survey.named_objects import with_named_objects
from steps.survey.names import topology_of
from steps.survey.objects import Survey, look_around, name_of
from steps.traffic.destinations import ArmDestinations
from steps.traffic.routes import with_both_arms

_Settings = TypeVar("_Settings", bound=ReleaseSettings)
_ARMS = ("stable", "canary", "stable_destination", "canary_destination")

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def find_names(cluster: Cluster, settings: ReleaseSettings, namespace: str, *, starts: bool = False) -> ReleaseNames:
    """Return the names of a release, and log those that were not named.

    Args:
        cluster: the API server; it is only read.
        settings: what is named, and the run, if the step has one.
        namespace: of the app.
        starts: whether the step begins a release: then two arms that are not unique are refused. Other steps go on
            with the convention, so that an exit handler always ends.

    Raises:
        PermanentError: the arms are not unique; lists the candidates and the flags that choose (only with `starts`).
        SettingsError: both arms got the same name.
        TemporaryError: the API server is in trouble.
    """
    if settings.virtual_service and all(getattr(settings, name) for name in _ARMS):
        return _with_topology(cluster, settings, release_names(settings, namespace), starts=starts)
    hints = hints_of(settings, namespace)
    routed = _routed(cluster, hints, namespace)
    claim = claim_of_app(cluster, routed, settings.app, namespace, settings.run_id)
    if claim is not None and (starts or settings.run_id in {"", claim.run}):
        return _named(settings, names_of_claim(claim, hints, settings.topology), namespace, claim)
    names = _conventional(cluster, settings, namespace, routed, starts=starts)
    if names is not None:
        names = _with_others(cluster, settings, names, starts=starts)
        log_guesses(settings, names, (f"VirtualService {_listed(names)} has the conventional arms",))
        return _with_topology(cluster, settings, names, starts=starts)
    return _surveyed(cluster, settings, namespace, routed, starts=starts)


def hints_of(settings: ReleaseSettings, namespace: str) -> Hints:
    """Return what a person named."""
    parted = [entry.rpartition("/") for entry in settings.virtual_service]
    return Hints(
        app=settings.app,
        stable=settings.stable,
        canary=settings.canary,
        stable_destination=settings.stable_destination,
        canary_destination=settings.canary_destination,
        virtual_services=tuple(sorted(ObjectName(where or namespace, name) for where, _, name in parted)),
        routes=tuple(entry for entry in settings.route if entry),
    )


def with_chosen_names(settings: _Settings, chosen: ChosenNames) -> _Settings:
    """Return the settings with the chosen names where they have none, and with the chosen topology."""
    missing = {name: value for name, value in chosen.settings.items() if not getattr(settings, name)}
    return settings.model_copy(update={**missing, "topology": str(chosen.topology)})


def _named(settings: ReleaseSettings, chosen: ChosenNames, namespace: str, claim: Claim | None = None) -> ReleaseNames:
    names = conventional_names(with_chosen_names(settings, chosen), namespace)
    workloads = claim.state.workloads if claim is not None else None
    if workloads is not None and workloads.baseline:
        names = replace(names, baseline=workloads.baseline)
    log_guesses(settings, names, chosen.because)
    return names


def _routed(cluster: Cluster, hints: Hints, namespace: str) -> list[Object]:
    """Return the named VirtualServices, else the one named like the app; those that cannot be read are left out."""
    found = []
    for name in hints.virtual_services or (ObjectName(namespace, hints.app),):
        try:
            obj = cluster.find(VIRTUAL_SERVICE, name.namespace, name.name)
        except Forbidden:
            continue  # the step says so itself when it needs it
        if obj is not None:
            found.append(obj)
    return found


def _conventional(
    cluster: Cluster, settings: ReleaseSettings, namespace: str, routed: Sequence[Object], *, starts: bool
) -> ReleaseNames | None:
    """Return the names without a survey where the routes have exactly these arms.

    The stable Deployment must exist, too, but for the later steps of a run: these need the claim alone.
    """
    needs_deployments = starts or not settings.run_id
    given = [bool(getattr(settings, name)) for name in _ARMS]
    if settings.topology == "swap" or (any(given) and not all(given)):
        return None
    for topology in [settings.topology] if settings.topology else [Topology.STABLE_NAMED, Topology.TARGET_NAMED]:
        names = conventional_names(settings.model_copy(update={"topology": str(topology)}), namespace)
        if all(given) or not needs_deployments or _exists(cluster, names):
            having = {name_of(obj) for obj in routed if _has_arms(obj, names)}
            if having == set(names.virtual_services):
                return names
    return None


def _with_others(cluster: Cluster, settings: ReleaseSettings, names: ReleaseNames, *, starts: bool) -> ReleaseNames:
    """Add the VirtualServices of the namespace that have the same two arms, where a release begins without names.

    Without them, users who come through one (a gateway's, for example) would meet the new version all at once.
    """
    if settings.virtual_service or not starts:
        return names
    try:
        listed = cluster.list(VIRTUAL_SERVICE, names.namespace)
    except Forbidden:
        return names  # the survey's checks say what could not be listed
    having = {name_of(obj) for obj in listed if _has_arms(obj, names)}
    return replace(names, virtual_services=tuple(sorted({*names.virtual_services, *having})))


def _has_arms(obj: Object, names: ReleaseNames) -> bool:
    place = name_of(obj).namespace
    both = ArmDestinations(names.stable_destination, names.canary_destination, place)
    at_home = place == names.namespace or "." in names.stable_destination.host
    return at_home and bool(with_both_arms(obj, both, alone=True))


def _exists(cluster: Cluster, names: ReleaseNames) -> bool:
    """Return whether stable exists, as far as it may be read."""
    try:
        return cluster.find(DEPLOYMENT, names.namespace, names.stable) is not None
    except Forbidden:
        return True


def _with_topology(cluster: Cluster, settings: ReleaseSettings, names: ReleaseNames, *, starts: bool) -> ReleaseNames:
    """Return the names with the topology that the canary's Deployment shows, where a release begins without one."""
    if settings.topology or not starts:
        return names
    try:
        canary = cluster.find(DEPLOYMENT, names.namespace, names.canary)
    except Forbidden:
        return names
    topology, why = topology_of(names.stable, canary, names.stable_destination, names.canary_destination)
    if topology is not names.topology:
        log.info("names.guessed", topology=str(topology), because=[why])
    filled = settings.model_copy(update={"topology": str(topology), "stable": names.stable, "canary": names.canary})
    where = {"stable_destination": str(names.stable_destination), "canary_destination": str(names.canary_destination)}
    return conventional_names(filled.model_copy(update=where), names.namespace)


def _surveyed(
    cluster: Cluster, settings: ReleaseSettings, namespace: str, routed: Sequence[Object], *, starts: bool
) -> ReleaseNames:
    hints = hints_of(settings, namespace)
    survey = surveyed_with(cluster, with_named_objects(cluster, look_around(cluster, namespace), hints), routed)
    claim = claim_of_app(cluster, survey.virtual_services, settings.app, namespace, settings.run_id)
    missing = [str(one) for one in survey.unseen if one.scope == namespace]
    if claim is None and missing:
        log.warning("names.not_inferred", missing=missing, detail="this account may not list what names follow from")
        return release_names(settings, namespace)
    chosen = choose_names(survey, hints, claim, settings.topology)
    if chosen.refusal is not None and starts:
        raise chosen.refusal
    if chosen.refusal is not None:
        log.warning("names.not_inferred", detail=str(chosen.refusal))
    if chosen.refusal is not None or chosen.origin == CONVENTION:
        chosen = replace(chosen, settings=_where_recorded(survey, hints), topology=settings.topology)
    return _named(settings, chosen, namespace, claim)


def surveyed_with(cluster: Cluster, survey: Survey, routed: Iterable[Object]) -> Survey:
    """Add the named VirtualServices of other namespaces, and the subsets defined there, where no list had them."""
    known = {name_of(one) for one in survey.virtual_services}
    more = [one for one in routed if name_of(one) not in known]
    rules: list[Object] = []
    for namespace in sorted({name_of(one).namespace for one in more} - {survey.namespace}):
        try:
            rules += cluster.list(DESTINATION_RULE, namespace)
        except Forbidden:
            continue  # its subsets stay unknown, and the inference says which labels it misses
    known_rules = {name_of(one) for one in survey.destination_rules}
    return replace(
        survey,
        virtual_services=(*survey.virtual_services, *more),
        destination_rules=(*survey.destination_rules, *(one for one in rules if name_of(one) not in known_rules)),
    )


def _where_recorded(survey: Survey, hints: Hints) -> dict[str, tuple[str, ...]]:
    """Return the VirtualService that has the record of the app's last run, which reports are about."""
    own = [obj for obj in survey.virtual_services if name_of(obj).namespace == survey.namespace]
    records = [(record.ended, str(name_of(obj))) for obj in own if (record := last_record(obj, hints.app))]
    return {"virtual_service": (max(records)[1],)} if records else {}


def _listed(names: ReleaseNames) -> str:
    return ", ".join(map(str, names.virtual_services))
