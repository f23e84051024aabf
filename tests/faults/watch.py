"""What must hold at every instant: checked at each change of an object, by anybody, and when time passes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steps.claim.keys import claim_key, state_key
from tests.faults.clock import CLOCK
from tests.faults.edits import Edits
from tests.faults.views import Place, canary_side, is_ready, ours_removed, places_with_weight, selector_of, serves
from tests.support.kubernetes_api.kinds import DEPLOYMENT, POD, VIRTUAL_SERVICE, Json, Kind
from tests.support.shop_release import APP, NAMESPACE

if TYPE_CHECKING:
    from tests.faults.lab import Lab
    from tests.faults.wire import Wire

PROXY_SECONDS = 2.0
"""How long a proxy may still send requests to where the routes led before: istiod needs a moment."""
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
        edits: what persons changed.
        claimed: Deployments that carried a token of the app at any time.
        kept: Deployments that a run kept up, as its claim says, because other routes led there when it began.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.writer: Wire | None = None
        self.violations: list[Violation] = []
        self.edits = Edits()
        self.claimed: set[str] = set()
        self.kept: set[str] = set()
        self._before: dict[tuple[str, str], Json] = {}
        self._used: dict[Place, float] = {}
        self._ready: set[Place] = set()
        self._weighted: set[Place] = set()
        lab.world.store.subscribe(self._see)

    def keep(self) -> Any:  # noqa: ANN401 - only for `put_back`
        """Return what it knows of the past, for `put_back`."""
        return set(self.claimed), set(self.kept), set(self.edits.stopped), dict(self._used), set(self._ready)

    def put_back(self, kept: Any) -> None:  # noqa: ANN401 - see `keep`
        """Go back to what it knew, in the lab as it was then; violations are forgotten."""
        self.violations, self.edits = [], Edits()
        self.claimed, self.kept, self.edits.stopped = (set(one) for one in kept[:3])
        self._used, self._ready = dict(kept[3]), set(kept[4])
        self._before = {(kind.plural, one["metadata"]["name"]): one for kind, one in self._watched()}
        self._weighted = self._places()

    def begin(self) -> None:
        """Take all as it is now: as it should be."""
        ready = {place for place in self._places() if self._count(place)}
        self.put_back((set(), set(), set(), dict.fromkeys(self._places(), CLOCK.seconds), ready))

    def by_person(self) -> AbstractContextManager[None]:
        """Take note that what is changed in this block is changed by a person."""
        return self.edits.by_person()

    def look(self) -> None:
        """Check that all whom the proxies send requests to can answer."""
        now = CLOCK.seconds
        weighted = self._places()
        self._used |= dict.fromkeys(weighted, now)
        for place, at in list(self._used.items()):
            if now - at > PROXY_SECONDS:
                del self._used[place]
                self._ready.discard(place)
            elif self._count(place) > 0:
                self._ready.add(place)
                self.edits.stopped.discard(place)
            elif place in self._ready or (place in weighted - self._weighted and self._is_blindly_raised()):
                self._ready.discard(place)
                if not self.edits.is_writing and place not in self.edits.stopped:
                    since = "" if place in weighted else f", which had weight {now - at:.1f} s ago"
                    self._say("users served", f"{place.host} has no ready pod{since}")
        self._weighted = weighted

    def _is_blindly_raised(self) -> bool:
        """Return whether a step gives weight to what it could know to have no pods, while another side could serve."""
        if self.writer is None or self.edits.came_between(DEPLOYMENT):
            return False
        return any(self._count(place) for place in self._lab.hosts)

    def _see(self, kind: Kind, namespace: str, name: str) -> None:
        if namespace != NAMESPACE or kind not in {DEPLOYMENT, POD, VIRTUAL_SERVICE}:
            return
        if kind is not POD:
            key = kind.plural, name
            old, new = self._before.get(key, {}), self._stored(kind, name)
            self._before[key] = new
            if self.edits.is_writing:
                self.edits.note(kind)
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
        self._note_claim(kind, name, new)
        if kind is DEPLOYMENT and old["spec"]["replicas"] and not new["spec"]["replicas"]:
            self._check_stopped(name, new)

    def _note_claim(self, kind: Kind, name: str, new: Json) -> None:
        annotations = new["metadata"].get("annotations") or {}
        if kind is DEPLOYMENT and claim_key(APP) in annotations:
            self.claimed.add(name)
        if kind is VIRTUAL_SERVICE and self.writer is not None and claim_key(APP) in annotations:
            self.writer.owns.add(annotations[claim_key(APP)].split(":")[0])
        if kind is VIRTUAL_SERVICE and state_key(APP) in annotations:
            self.kept |= (json.loads(annotations[state_key(APP)]).get("workloads") or {}).get("kept", {}).keys()

    def _check_stopped(self, name: str, new: Json) -> None:
        labels = new["spec"]["template"]["metadata"]["labels"]
        for place in self._places():
            chosen = selector_of(self._lab.world.store, place)
            if not chosen or any(labels.get(key) != value for key, value in chosen.items()):
                continue
            if self.edits.came_between(VIRTUAL_SERVICE):
                self.edits.stopped.add(place)
            else:
                self._say("no weight on what goes", f"Deployment {name} was scaled to 0 while {place.host} has weight")

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
