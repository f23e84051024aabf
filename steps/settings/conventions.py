"""The names of a release's objects where the settings give none: everything is named after the app."""

from collections.abc import Sequence

import structlog

from steps.errors import SettingsError
from steps.model.names import ReleaseNames
from steps.model.run import Destination, ObjectName
from steps.model.workload import Topology
from steps.settings.kubernetes_names import baseline_name, canary_name
from steps.settings.release import ReleaseSettings

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def release_names(settings: ReleaseSettings, namespace: str) -> ReleaseNames:
    """Return the names of a release; guessed names are logged.

    Raises:
        SettingsError: both arms got the same name.
    """
    names = conventional_names(settings, namespace)
    log_guesses(settings, names)
    return names


def conventional_names(settings: ReleaseSettings, namespace: str) -> ReleaseNames:
    """Return the names of a release (pure).

    Raises:
        SettingsError: both arms got the same name.
    """
    topology = Topology(settings.topology or Topology.STABLE_NAMED)
    by_target = topology is Topology.TARGET_NAMED
    stable = settings.stable or (f"{settings.app}-primary" if by_target else settings.app)
    canary = settings.canary or (settings.app if by_target else canary_name(stable))
    names = ReleaseNames(
        app=settings.app,
        namespace=namespace,
        stable=stable,
        canary=canary,
        baseline=baseline_name(stable if topology is Topology.STABLE_NAMED else canary),
        virtual_services=tuple(
            sorted({_object(entry, namespace) for entry in settings.virtual_service or (settings.app,)})
        ),
        routes=tuple(entry for entry in settings.route if entry),
        stable_destination=_destination(settings.stable_destination or stable),
        canary_destination=_destination(settings.canary_destination or canary),
        topology=topology,
    )
    if stable == canary:
        raise SettingsError("naming the arms", f"--stable and --canary are both {stable!r}: name two Deployments")
    if names.stable_destination == names.canary_destination:
        cause = f"--stable-destination and --canary-destination are both {names.stable_destination}: name two, "
        raise SettingsError("naming the arms", f"{cause}as `host` or `host/subset`")
    return names


def _object(entry: str, namespace: str) -> ObjectName:
    where, _, name = entry.rpartition("/")
    return ObjectName(where or namespace, name)


def _destination(entry: str) -> Destination:
    host, _, subset = entry.partition("/")
    return Destination(host, subset)


def log_guesses(settings: ReleaseSettings, names: ReleaseNames, because: Sequence[str] = ()) -> None:
    """Log the names that no setting gave.

    Args:
        settings: as they were given.
        names: of the release.
        because: sentences that say what they rest on; () for the convention.
    """
    guessed = {
        "topology": str(names.topology),
        "stable": names.stable,
        "canary": names.canary,
        "virtual_service": ",".join(str(entry) for entry in names.virtual_services),
        "stable_destination": str(names.stable_destination),
        "canary_destination": str(names.canary_destination),
    }
    missing = {name: value for name, value in guessed.items() if not getattr(settings, name)}
    if missing:
        log.info("names.guessed", **missing, because=list(because) or ["the convention"])
