"""Apps in every state that the board knows, as annotations of VirtualServices on the stand-in API."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from steps.board_server.rows import row_of
from steps.board_server.snapshot import EVERYWHERE, Entry, NamespaceReads, Snapshot
from steps.claim.keys import claim_key, record_key, state_key
from steps.claim.listing import apps_of
from steps.claim.record import dump_record
from steps.claim.state import dump_state, load_state
from steps.cluster.api import Cluster
from steps.model.listing import ListedApp
from steps.model.looks import Counts, LastLook
from steps.model.run import Claim, Destination, ObjectName, Phase, Record, RouteTarget, RunState
from steps.model.rungs import RungVerdict
from steps.model.trials import Trial
from tests.support.kubernetes_api import StandInApi
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE

KINDS = ("waiting", "expired", "unreadable", "running", "failed", "inconclusive", "promoted")
UID = "0f3c5a9e-1c2d-4e5f-8a9b-{:012x}"
FAILED = (
    "canary 16/16 = 100 % failed v. stable 0/284 = 0 %; at least 17.8 times the failure rate (99 % confidence); first "
    "alarm 23:22:00 UTC after 3 s; 2 scrapes"
)
QUIET = "inconclusive: 12 canary requests in 600 s; at least 340 are needed to show that a rise to 2 % would be seen"


def annotations_for(app: str, kind: str, now: float, number: int = 1, namespace: str = "shop") -> dict[str, str]:
    """Return the annotations of an app in a state.

    Args:
        app: the application, on a VirtualService of its name.
        kind: one of `KINDS`.
        now: the API server's time.
        number: makes ids and times differ.
        namespace: of the app.
    """
    if kind in {"failed", "inconclusive", "promoted"}:
        return {record_key(app): dump_record(_record(kind, now - 400.0 * number, number))}
    if kind == "unreadable":
        return {claim_key(app): "r1:1:walking", state_key(app): "{"}
    state = _state(app, namespace, kind, now, number)
    claim = Claim(app, UID.format(number), number, Phase.WALKING, state)
    earlier = dump_record(_record("failed" if number % 2 else "promoted", now - 90_000, number))
    return {claim_key(app): claim.token, state_key(app): dump_state(app, state), record_key(app): earlier}


def _state(app: str, namespace: str, kind: str, now: float, number: int) -> RunState:
    began = now - 120.0 - number
    counts = (Counts("errors", 4512, 3, 40_031, 21),)
    return RunState(
        started=began,
        expires=now - 60 if kind == "expired" else now + 550,
        targets=(RouteTarget(ObjectName(namespace, app), ("main",)),),
        stable=Destination(app),
        canary=Destination(f"{app}-canary"),
        weights=((began, 5), (began + 40, 25)),
        by=f"release-{app}-x7k2p",
        ladder=(5, 25, 50),
        verdicts=(RungVerdict(5, "pass", began + 39),),
        look=LastLook(now - 5, 0.12, counts, 900, began + 60 if kind == "waiting" else 0.0),
    )


def _record(kind: str, ended: float, number: int) -> Record:
    outcome, verdict, reason = {
        "failed": ("rolled-back", "fail", FAILED),
        "inconclusive": ("rolled-back", "inconclusive", QUIET),
        "promoted": ("promoted", "pass", "healthy: errors canary 0/743 v. stable 0/2157"),
    }[kind]
    started = ended - 300.0
    return Record(
        run=UID.format(number),
        epoch=number,
        outcome=outcome,
        reason=reason,
        started=started,
        ended=ended,
        verdict=verdict,
        weights=((started + 20, 5), (started + 90, 25), (ended - 5, 0)),
        images={"app": f"sha256:{number:064x}"},
        by="system:serviceaccount:ci:robot",
    )


def with_trial(given: dict[str, str], app: str, now: float, weights: Sequence[tuple[float, int]]) -> dict[str, str]:
    """Return the annotations of a running app whose first trial ended with an alarm at weight 25.

    Args:
        given: its annotations.
        app: the application.
        now: the API server's time.
        weights: seconds before now, percent; since the alarm, which was 30 s before now.
    """
    _, state = load_state(given[state_key(app)])
    trial = Trial(now - 30, 25, "worse", FAILED, "errors", 16, 1, shared=False)
    later = tuple((now - before, weight) for before, weight in weights)
    state = replace(state, trials=(trial,), weights=(*state.weights, *later), verdicts=())
    return {**given, state_key(app): dump_state(app, state)}


def store(api: StandInApi, namespace: str, app: str, **given: str) -> None:
    """Store a VirtualService with annotations."""
    body = {"metadata": {"name": app, "annotations": given}, "spec": {"hosts": [app], "http": []}}
    api.store.create(VIRTUAL_SERVICE, namespace, body)


def fill(api: StandInApi, count: int, namespaces: Iterable[str]) -> None:
    """Store apps, most of them promoted, some in each other state, over all namespaces."""
    places = list(namespaces)
    now = time.time() + api.store.clock_offset_seconds
    rare = {0: "waiting", 1: "expired", 2: "unreadable", 3: "running", 4: "failed", 5: "inconclusive", 6: "running"}
    for number in range(count):
        app, namespace = f"app-{number:03d}", places[number % len(places)]
        kind = rare.get(number % 50, "promoted")
        store(api, namespace, app, **annotations_for(app, kind, now, number + 1, namespace))


class FixedClock(Cluster):
    """A cluster that knows the time and nothing else."""

    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        """Return the time."""
        return self._now


def listed(now: float, *apps: tuple[str, str, dict[str, str]]) -> list[ListedApp]:
    """Return apps as a list of VirtualServices has them.

    Args:
        now: the API server's time.
        apps: namespace, name of the VirtualService, annotations.
    """
    objects = [
        {"metadata": {"namespace": namespace, "name": name, "annotations": given}} for namespace, name, given in apps
    ]
    return apps_of(FixedClock(now), objects)


def snapshot_of(apps: Iterable[ListedApp], now: float, clock: float = 0.0, namespace: str = EVERYWHERE) -> Snapshot:
    """Return a snapshot that was read successfully at a moment of the monotonic clock."""
    entries = tuple(Entry(app, row_of(app)) for app in apps)
    return Snapshot(entries, {namespace: NamespaceReads(succeeded=clock)}, (now, clock))
