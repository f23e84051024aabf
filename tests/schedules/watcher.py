"""What must hold after every write of every process.

The watcher compares the objects before and after each write and knows who wrote which token first. It looks at the
objects alone, never at what the code under test believes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.schedules.marks import OURS, STRANGER, Owner, annotations_of, expiry, is_anchor, marks, owners, weights
from tests.schedules.topologies import ScheduledCluster
from tests.schedules.virtual_time import CLOCK
from tests.support.kubernetes_api.kinds import Json
from tests.support.shop_release import NAMESPACE

Objects = Mapping[tuple[str, str, str], Json]
Side = tuple[str, str]
"""A VirtualService and the Deployment that it gives weight."""
PERSON, TIME = "a person", "time"
ROLLING_BACK = "rolling-back"


class Watcher:
    """Checks every change of the cluster.

    Attributes:
        authors: who wrote which token first.
        broken: the promises that were broken, each a sentence.

    Args:
        world: the cluster.
    """

    def __init__(self, world: ScheduledCluster) -> None:
        self._world = world
        self.authors: dict[Owner, str] = {}
        self.broken: list[str] = []
        self._event = 0
        self._looked: dict[tuple[str, str, str], int] = {}
        self._by_person: dict[tuple[str, str], int] = {}
        self._failing: set[Side] = set()
        self.excused: set[Side] = set()

    def keep(self) -> Any:  # noqa: ANN401 - only for `put_back`
        """Return what it knows, for `put_back`."""
        return dict(self.authors)

    def put_back(self, kept: Any) -> None:  # noqa: ANN401 - see `keep`
        """Go back to what it knew."""
        self.authors = dict(kept)

    def objects(self) -> Objects:
        """Return all objects as they are now; none of them is ever changed in place."""
        return dict(self._world.store._objects)  # noqa: SLF001 - the stand-in is ours, and a copy would be slow

    def looked(self, who: str, plural: str, name: str, *, in_vain: bool = False) -> None:
        """Take note that a process read an object, or (without a name) all of a kind.

        A look in vain, whose answer was lost, leaves it without knowledge: a 404 before it may have been a false one.
        """
        if in_vain:
            self._looked.pop((who, plural, name), None)
        else:
            self._looked[who, plural, name] = self._event

    def wrote(self, who: str, before: Objects, *, is_sweep: bool = False) -> None:
        """Check what a process changed since `before`."""
        for (plural, namespace, name), old, new in _changes(before, self.objects()):
            if plural == "virtualservices":
                self._check_routes(who, name, old, new)
            elif plural == "deployments":
                self._check_deployment(who, f"{namespace}/{name}", old, new, is_sweep=is_sweep)
        self._check_users(who)

    def passed(self) -> None:
        """Check the users after controllers acted."""
        self._check_users(TIME)

    def touched(self, before: Objects) -> None:
        """Take note of what a person changed since `before`; users who suffer from it are not our fault."""
        self._event += 1
        for (plural, _, name), _, _ in _changes(before, self.objects()):
            self._by_person[plural, name] = self._event
        self._check_users(PERSON)

    def is_by_person(self, plural: str, name: str) -> bool:
        """Return whether a person ever wrote an object."""
        return (plural, name) in self._by_person

    def _say(self, sentence: str) -> None:
        self.broken.append(sentence)

    def _check_routes(self, who: str, name: str, old: Json | None, new: Json | None) -> None:
        if old is None or new is None:
            self._say(f"{who} created or deleted VirtualService {name}")
            return
        if _foreign_part(old) != _foreign_part(new):
            self._say(f"{who} changed more of VirtualService {name} than weights and our marks")
        self._note_authors(who, f"VirtualService {name}", old, new)
        before, after = weights(old), weights(new)
        for side in after:
            if self._takes_turns(side[1]) and after[side] > before.get(side, 0):
                self._check_moved(who, name, side, old, new)
            if side[1].endswith("-canary") and after[side] > before.get(side, 0):
                self._check_raise(who, name, side, old)
            if side[1].endswith("-canary") and after[side] < before.get(side, 0):
                self._check_lowered(who, name, side, old, new)

    def _check_raise(self, who: str, name: str, side: tuple[str, str], old: Json) -> None:
        if not self._is_of(who, owners(old)):
            self._say(f"{who} raised the weight of {side[1]} on VirtualService {name}, which carries {_shown(old)}")

    def _takes_turns(self, host: str) -> bool:
        return any(app.other and host in {app.stable, app.other} for app in self._world.apps)

    def _check_moved(self, who: str, name: str, side: tuple[str, str], old: Json, new: Json) -> None:
        """Either side of a swap gets users from the owner, or back from them by the patch of a takeover."""
        if not self._is_of(who, owners(old) | _going_back(new)) and not _is_returned(old, new):
            self._say(f"{who} raised the weight of {side[1]} on VirtualService {name}, which carries {_shown(old)}")

    def _check_lowered(self, who: str, name: str, side: tuple[str, str], old: Json, new: Json) -> None:
        if not self._is_of(who, owners(old) | owners(new)) and not _is_returned(old, new):
            self._say(f"{who} lowered the weight of {side[1]} on VirtualService {name}, which carries {_shown(old)}")

    def _is_of(self, who: str, any_of: set[Owner]) -> bool:
        """Return whether a process wrote the first token of any of these owners."""
        return any(self.authors.get(owner) == who for owner in any_of)

    def _note_authors(self, who: str, what: str, old: Json | None, new: Json) -> None:
        for owner in owners(new) - owners(old):
            if self.authors.setdefault(owner, who) != who:
                self._say(f"{who} wrote the token of {self.authors[owner]} on {what}: {owner[0]}:{owner[1]}")

    def _check_deployment(self, who: str, name: str, old: Json | None, new: Json | None, *, is_sweep: bool) -> None:
        if new is None:
            self._say(f"{who} deleted Deployment {name}")
            return
        if name.rpartition("/")[2] not in self._arms(who, is_sweep=is_sweep):
            self._say(f"{who} wrote Deployment {name}, which is not part of its release")
        self._note_authors(who, f"Deployment {name}", old, new)
        if old is None:
            return
        for mark in marks(old):
            holder = self.authors.get(mark.owner, "")
            if holder not in {"", who} and self._is_alive(mark.owner):
                self._say(f"{who} wrote Deployment {name}, which {holder} holds by {mark.text}, alive")
        if old["spec"] != new["spec"] and not self._is_of(who, owners(old)):
            what = "the pod template" if old["spec"]["template"] != new["spec"]["template"] else "the replicas"
            self._say(f"{who} wrote {what} of Deployment {name}, which carries {_shown(old)}")

    def _arms(self, who: str, *, is_sweep: bool) -> set[str]:
        apps = self._world.apps
        return {name for app in apps for name in (app.stable, app.canary)} if is_sweep else self._world.arms_of(who)

    def _is_alive(self, owner: Owner) -> bool:
        """Return whether an anchor carries this owner's token and it has not expired."""
        for (plural, _, _), item in self._world.store._objects.items():  # noqa: SLF001 - see `objects`
            if plural == "virtualservices":
                for mark in marks(item):
                    is_it = mark.owner == owner and is_anchor(item, mark.app)
                    if is_it and expiry(item, mark.app) >= CLOCK.time():
                        return True
        return False

    def _check_users(self, who: str) -> None:
        failing = self._sides_without_pods()
        for side in sorted(failing - self._failing):
            if who == PERSON or self._is_excused(who, side):
                self.excused.add(side)
            else:
                routed, name = side
                self._say(f"users of VirtualService {routed} were sent to {name}, which cannot serve; last: {who}")
        self.excused &= failing
        self._failing = failing
        self._event += 1

    def _is_excused(self, who: str, side: Side) -> bool:
        """Return whether a person broke this after the process last looked, or nobody could serve before either."""
        routed = self.objects().get(("virtualservices", NAMESPACE, side[0]))
        if any(mark.app == STRANGER for mark in marks(routed)):
            return True  # a stranger's claim was followed: who may write it may write the weights as well
        for plural, name in (("virtualservices", side[0]), ("deployments", side[1])):
            looked = max(self._looked.get((who, plural, name), -1), self._looked.get((who, plural, ""), -1))
            if self._by_person.get((plural, name), -2) > looked:
                return True
        others = {one for one in self._failing if one[0] == side[0]}
        return bool(others & self.excused)

    def _sides_without_pods(self) -> set[Side]:
        items = self.objects()
        failing: set[Side] = set()
        for (plural, namespace, name), item in items.items():
            if plural == "virtualservices":
                for (_, host), weight in weights(item).items():
                    if weight and not ready_pods(items, namespace, host):
                        failing.add((name, host))
        return failing


def ready_pods(items: Objects, namespace: str, name: str) -> int:
    """Return how many pods of a Deployment can serve; none if it is scaled to 0, however long its pods take to go."""
    found = items.get(("deployments", namespace, name))
    if found is None or not found["spec"]["replicas"]:
        return 0
    pods = (item for (plural, _, _), item in items.items() if plural == "pods")
    return sum(_is_ready(pod) for pod in pods if pod["metadata"]["labels"].get("app") == name)


def _is_ready(pod: Json) -> bool:
    if "deletionTimestamp" in pod["metadata"]:
        return False
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _going_back(item: Json) -> set[Owner]:
    """Return the owners whose tokens are in the last phase of a way back."""
    return {mark.owner for mark in marks(item) if mark.text.endswith(f":{ROLLING_BACK}")}


def _is_returned(old: Json, new: Json) -> bool:
    """Return whether a way back that could not write the run's first VirtualService returned the users of another one.

    It leaves the run's token there, in the last phase, so that the run itself can only return users, too.
    """
    return bool(_going_back(new) & owners(old)) and sorted(weights(new).values()) == [0, 100]


def _changes(before: Objects, after: Objects) -> list[tuple[tuple[str, str, str], Json | None, Json | None]]:
    keys = {*before, *after}
    return [(key, before.get(key), after.get(key)) for key in sorted(keys) if before.get(key) is not after.get(key)]


def _foreign_part(item: Json) -> Json:
    """Return what of a VirtualService is not ours to change."""
    mine = {"resourceVersion", "generation", "managedFields", "annotations", "labels"}
    kept = {key: value for key, value in item["metadata"].items() if key not in mine}
    for part in ("annotations", "labels"):
        kept[part] = {key: value for key, value in (item["metadata"].get(part) or {}).items() if OURS not in key}
    routes = [
        {
            **route,
            "route": [{key: value for key, value in entry.items() if key != "weight"} for entry in route["route"]],
        }
        for route in item["spec"]["http"]
    ]
    return {"metadata": kept, "spec": {**item["spec"], "http": routes}}


def _shown(item: Json) -> str:
    return ", ".join(f"{mark.app} {mark.text}"[:60] for mark in marks(item)) or "no token"


def our_marks(item: Json) -> list[str]:
    """Return the annotations and labels of a claim on an object; a record may stay."""
    labels = [key for key in item["metadata"].get("labels") or {} if key.startswith(OURS)]
    return [
        key for key in annotations_of(item) if key.startswith(OURS) and ".last." not in key and "/last." not in key
    ] + labels
