"""What is guessed where nothing is said: everything is named after the app."""

from dataclasses import dataclass

import structlog

from steps.errors import SettingsError
from steps.model.run import Destination, ObjectName, Target
from steps.settings.groups import Named
from steps.settings.names import canary_name

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Names:
    """The objects of a release, guessed or given.

    Args:
        app: the application.
        namespace: of the Deployments, and of VirtualServices named without one.
        stable: Deployment that serves.
        canary: Deployment under test.
        virtual_services: in sort order, at least one.
        routes: names of HTTP routes, () for all that lead to exactly the two arms.
        stable_destination: where stable's requests go.
        canary_destination: where the canary's requests go.
    """

    app: str
    namespace: str
    stable: str
    canary: str
    virtual_services: tuple[ObjectName, ...]
    routes: tuple[str, ...]
    stable_destination: Destination
    canary_destination: Destination

    @property
    def wanted(self) -> tuple[Target, ...]:
        """The VirtualServices with the routes that were named; () lets traffic find them by the arms."""
        return tuple(Target(entry, self.routes) for entry in self.virtual_services)


def names_of(settings: Named, namespace: str) -> Names:
    """Return the names of a release; what was guessed is logged.

    Raises:
        SettingsError: both arms got the same name.
    """
    by_stable = settings.topology == "stable-named"
    stable = settings.stable or (settings.app if by_stable else f"{settings.app}-primary")
    canary = settings.canary or (canary_name(stable) if by_stable else settings.app)
    names = Names(
        app=settings.app,
        namespace=namespace,
        stable=stable,
        canary=canary,
        virtual_services=tuple(
            sorted({_object(entry, namespace) for entry in settings.virtual_service or (settings.app,)})
        ),
        routes=tuple(entry for entry in settings.route if entry),
        stable_destination=_destination(settings.stable_destination or stable),
        canary_destination=_destination(settings.canary_destination or canary),
    )
    if stable == canary:
        raise SettingsError("naming the arms", f"--stable and --canary are both {stable!r}: name two Deployments")
    if names.stable_destination == names.canary_destination:
        cause = f"--stable-destination and --canary-destination are both {names.stable_destination}: name two, "
        raise SettingsError("naming the arms", f"{cause}as `host` or `host/subset`")
    _say_guesses(settings, names)
    return names


def _object(entry: str, namespace: str) -> ObjectName:
    where, _, name = entry.rpartition("/")
    return ObjectName(where or namespace, name)


def _destination(entry: str) -> Destination:
    host, _, subset = entry.partition("/")
    return Destination(host, subset)


def _say_guesses(settings: Named, names: Names) -> None:
    guessed = {
        "stable": names.stable,
        "canary": names.canary,
        "virtual_service": ",".join(str(entry) for entry in names.virtual_services),
        "stable_destination": str(names.stable_destination),
        "canary_destination": str(names.canary_destination),
    }
    missing = {name: value for name, value in guessed.items() if not getattr(settings, name)}
    if missing:
        log.info("names.guessed", **missing)
