"""What must hold at every instant: checked at each change of an object, by anybody, and when time passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.faults.clock import CLOCK
from tests.faults.views import Place, canary_side, is_ready, ours_removed, places_with_weight, selector_of, serves
from tests.support.kubernetes_api.kinds import DEPLOYMENT, POD, VIRTUAL_SERVICE, Json, Kind
from tests.support.shop_release import NAMESPACE

if TYPE_CHECKING:
    from tests.faults.lab import Lab
    from tests.faults.wire import Wire

PROXY_SECONDS = 2.0
"""How long a proxy may still send requests to where the routes led before: istiod needs a moment."""
_UNDER_WAY_SECONDS = 0.07
"""A read and the write that follows from it."""
BYSTANDER = "till"


@dataclass(frozen=True)
class Violation:
    """A promise that did not hold.

    Args:
        promise: its short name.
        text: what was seen.
    """

    promise: str
    text: str


class Watch:
    """Looks at each change in a lab.

    Attributes:
        writer: the process whose request is being answered; None while controllers or persons write.
        violations: what was seen since the last `begin`.
        edited_at: when a person last changed something.
        has_raced: a side was stopped by a write that was under way when a person led a route there, or deleted the
            other side: no writer of two objects can exclude that, so nothing that follows from it is held against the
            step.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.writer: Wire | None = None
        self.violations: list[Violation] = []
        self.edited_at, self.has_raced = 0.0, False
        self._before: dict[tuple[str, str], Json] = {}
        self._used: dict[Place, float] = {}
        self._ready: set[Place] = set()
        self._weighted: set[Place] = set()
        lab.world.store.subscribe(self._see)

    def begin(self) -> None:
        """Forget all; what is there now is as it should be."""
        self.violations, self.edited_at, self.has_raced = [], 0.0, False
        self._before = {(kind.plural, one["metadata"]["name"]): one for kind, one in self._watched()}
        self._weighted = self._places()
        self._used = dict.fromkeys(self._weighted, CLOCK.seconds)
        self._ready = {place for place in self._used if self._count(place)}

    def excuse(self) -> None:
        """Take it as it is that some places have no pods: a person did that."""
        self._ready = {place for place in self._ready if self._count(place)}
        self.violations = [one for one in self.violations if one.promise != "users served"]

    def look(self) -> None:
        """Check that all whom the proxies send requests to can answer."""
        now = CLOCK.seconds
        weighted = self._places()
        self._used |= dict.fromkeys(weighted, now)
        for place, at in list(self._used.items()):
            if now - at > PROXY_SECONDS:
                del self._used[place]
                self._ready.discard(place)
                continue
            has_pods = self._count(place) > 0
            raised = place in weighted - self._weighted and self.writer is not None and not self._is_under_way()
            if not has_pods and (place in self._ready or raised):
                since = "" if place in weighted else f", which had weight {now - at:.1f} s ago"
                self._say("users served", f"{place.host} has no ready pod{since}")
                self._ready.discard(place)
            if has_pods:
                self._ready.add(place)
        self._weighted = weighted

    def _see(self, kind: Kind, namespace: str, name: str) -> None:
        if namespace != NAMESPACE or kind not in {DEPLOYMENT, POD, VIRTUAL_SERVICE}:
            return
        if kind is not POD:
            key = kind.plural, name
            old, new = self._before.get(key, {}), self._stored(kind, name)
            self._before[key] = new
            if self.writer is not None and new and old:
                self._check_write(kind, name, old, new)
        if kind is not DEPLOYMENT:
            self.look()

    def _check_write(self, kind: Kind, name: str, old: Json, new: Json) -> None:
        if self.writer is not None and self.writer.is_superseded and not _is_only_marked(kind, old, new):
            self._say("fenced", f"a process whose claim was taken over wrote {kind.kind} {name}")
        if name == BYSTANDER:
            self._say("nobody else touched", f"{kind.kind} {name} of another app was written")
        if kind is VIRTUAL_SERVICE and ours_removed(old, self._lab.hosts) != ours_removed(new, self._lab.hosts):
            self._say("only weights", f"VirtualService {name} changed otherwise: {_difference(old, new)}")
        if kind is DEPLOYMENT and name == self._lab.stable:
            image = new["spec"]["template"]["spec"]["containers"][0]["image"]
            if image not in self._lab.images:
                self._say("one version", f"stable got the image {image}")
        if kind is DEPLOYMENT and old["spec"]["replicas"] and not new["spec"]["replicas"]:
            self._check_stopped(name, new)

    def _check_stopped(self, name: str, new: Json) -> None:
        if name == self._lab.stable and self._is_under_way() and not self._stored(DEPLOYMENT, self._lab.canary):
            self.has_raced = True
        labels = new["spec"]["template"]["metadata"]["labels"]
        for place in self._places():
            chosen = selector_of(self._lab.world.store, place)
            if not chosen or any(labels.get(key) != value for key, value in chosen.items()):
                continue
            if self._is_under_way():
                self.has_raced = True
            else:
                self._say("no weight on what goes", f"Deployment {name} was scaled to 0 while {place.host} has weight")

    def _is_under_way(self) -> bool:
        """Return whether the write that is seen was decided before a person's last change of another object."""
        return CLOCK.seconds - self.edited_at < _UNDER_WAY_SECONDS

    def _places(self) -> set[Place]:
        return {place for one in self._objects(VIRTUAL_SERVICE) for place in places_with_weight(one)}

    def _count(self, place: Place) -> int:
        chosen = selector_of(self._lab.world.store, place)
        return sum(serves(pod, chosen) and is_ready(pod) for pod in self._objects(POD))

    def _watched(self) -> Iterator[tuple[Kind, Json]]:
        for kind in (DEPLOYMENT, VIRTUAL_SERVICE):
            for one in self._objects(kind):
                yield kind, one

    def _objects(self, kind: Kind) -> Iterator[Json]:
        objects: dict[tuple[str, str, str], Json] = self._lab.world.store._objects  # noqa: SLF001 - read without copies
        for (plural, namespace, _), item in objects.items():
            if plural == kind.plural and namespace == NAMESPACE:
                yield item

    def _stored(self, kind: Kind, name: str) -> Json:
        return self._lab.world.store._objects.get((kind.plural, NAMESPACE, name), {})  # noqa: SLF001 - as above

    def _say(self, promise: str, text: str) -> None:
        by = ""
        if self.writer is not None and self.writer.sent:
            call = self.writer.sent[-1]
            by = f" (request {len(self.writer.sent)}: {call.verb} {call.resource} {call.name})"
        self.violations.append(Violation(promise, f"{text}{by}"))

    def weight_of_canary(self) -> int:
        """Return the largest weight of the canary on any route of the run's VirtualServices."""
        return max((canary_side(one, self._lab.hosts[1]) for one in self._objects(VIRTUAL_SERVICE)), default=0)


def _is_only_marked(kind: Kind, old: Json, new: Json) -> bool:
    """Return whether only annotations of a Deployment changed: a late token does nothing, and must go again."""
    return kind is DEPLOYMENT and old["spec"] == new["spec"]


def _difference(old: Any, new: Any, path: str = "") -> str:  # noqa: ANN401 - any part of JSON
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in {*old, *new} if old.get(key) != new.get(key) and key != "managedFields"]
        return "; ".join(_difference(old.get(key), new.get(key), f"{path}/{key}") for key in sorted(keys))[:300]
    return f"{path}: {str(old)[:80]} -> {str(new)[:80]}"
