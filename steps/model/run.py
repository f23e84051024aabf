"""A release as it is remembered: who runs it, how far it is, which objects it controls."""

from dataclasses import dataclass, field
from enum import StrEnum

from steps.model.looks import LastLook
from steps.model.rungs import RungVerdict
from steps.model.trials import Trial

OUR_ANNOTATIONS = "canary-steps.io/"
CLAIM_PREFIX = "canary-steps.io/claim."
STATE_PREFIX = "canary-steps.io/run."
RECORD_PREFIX = "canary-steps.io/last."
APPROVAL_PREFIX = "canary-steps.io/approve."
CLAIMED_LABEL = "canary-steps.io/claimed"
HOLDER_KEY = "canary-steps.io/held-by"


class Phase(StrEnum):
    """How far a run is. Phases only advance: prepared → walking → promoting → done, or → rolling-back → done."""

    PREPARED = "prepared"
    WALKING = "walking"
    PROMOTING = "promoting"
    ROLLING_BACK = "rolling-back"
    DONE = "done"


@dataclass(frozen=True, slots=True, order=True)
class ObjectName:
    """A namespaced object, written `namespace/name`."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a route sends requests: a service host, and a DestinationRule's subset of it ("" for none)."""

    host: str
    subset: str = ""

    def __str__(self) -> str:
        return f"{self.host}/{self.subset}" if self.subset else self.host


@dataclass(frozen=True, slots=True)
class RouteTarget:
    """One VirtualService of a run and the routes in it that the run controls.

    Args:
        virtual_service: the object.
        routes: names of its HTTP routes, in order; an unnamed route is "#<index>" as it was found.
    """

    virtual_service: ObjectName
    routes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pin:
    """The exact version that is being released.

    Args:
        replica_set: name of the canary's ReplicaSet.
        template_hash: fingerprint of the canary's pod template without the labels that tell the arms apart.
        digests: image digests that the canary's pods run, container name → "sha256:…" (or the runtime's image id).
    """

    replica_set: str
    template_hash: str
    digests: dict[str, str]


@dataclass(frozen=True, slots=True)
class WorkloadState:
    """The Deployments of a run and the facts needed to undo it.

    Args:
        namespace: of the Deployments.
        stable: Deployment that serves.
        canary: Deployment under test.
        stable_replicas: its replicas when the run started (>= 0).
        stable_replica_set: its ReplicaSet when the run started, to undo an unfinished promote.
        stable_template_hash: fingerprint of its pod template when the run started.
        created_canary: whether prepare made the canary Deployment.
        template_by_external: whether stable's template comes from elsewhere (GitOps): it is never written or undone.
        baseline: Deployment of stable's template that is compared with the canary instead of stable, "" for none.
        topology: of the release; "" in a claim of an older image, which knows no swap.
        canary_replica_set: the canary's ReplicaSet when the run started, where people deploy the canary; "" for none.
        canary_template_hash: fingerprint of its pod template then.
        canary_replicas: its replicas then (>= 0).
        kept: Deployments that are never scaled to 0 → why, half a sentence, such as the other routes that lead there.
        promoting_since: API server's time at which the promotion of a swap began (unix seconds), 0 before.
        promoted_template_hash: fingerprint of the promoted template as stable has it, without stable's own labels; kept
            in the record for an undo. "" in a swap, and where somebody else had changed the template by then.
    """

    namespace: str
    stable: str
    canary: str
    stable_replicas: int = 1
    stable_replica_set: str = ""
    stable_template_hash: str = ""
    created_canary: bool = False
    template_by_external: bool = False
    baseline: str = ""
    topology: str = ""
    canary_replica_set: str = ""
    canary_template_hash: str = ""
    canary_replicas: int = 0
    kept: dict[str, str] = field(default_factory=dict)
    promoting_since: float = 0.0
    promoted_template_hash: str = ""

    @property
    def is_swap(self) -> bool:
        """Whether the two Deployments take turns: promote moves the users and writes no template."""
        return self.topology == "swap"

    @property
    def deployments(self) -> tuple[str, ...]:
        """All Deployments that carry the token."""
        return self.stable, *self.clones

    @property
    def clones(self) -> tuple[str, ...]:
        """Deployments behind the canary's destination, scaled down at the end: the canary, and its baseline if any."""
        return (self.canary, self.baseline) if self.baseline else (self.canary,)


@dataclass(frozen=True, slots=True)
class RunState:
    """What every pod of a run needs to know; JSON in the annotation `canary-steps.io/run.<app>`.

    Args:
        started: API server's time at the claim (unix seconds).
        expires: when others may take over (unix seconds).
        targets: the VirtualServices in sort order; the first holds this state.
        stable: destination of the serving arm.
        canary: destination of the arm under test.
        weights: (time, weight) as this run wrote them, oldest first; the routes should have the last one.
        workloads: the Deployments; None for a run of traffic steps only.
        pin: the version that is released, known once the canary is ready.
        latency_bounds: (label, bound in the histogram's unit) that slow requests exceed, fixed before the run.
        small_bound: maximum bytes of a small body, fixed before the run; None if unknown.
        reason: why a rollback began, one sentence.
        by: who started the run (service account, user or host name).
        expiry_seconds: how far a renewal moves `expires` (> 0).
        asked: fingerprint of the request, by which a second run for the same release is recognized; "" unless the
            image is given by digest.
        paused_weight: weight (percent) that is set again once the canary's pods are back from a disruption; meanwhile
            the weight is 0. 0 where nothing is paused.
        disruptions: (began, ended, what happened) for every disruption of the canary's pods, oldest first, in unix
            seconds; ended is 0 while it lasts.
        ladder: weights that the run will climb, percent, ascending; () if the settings give none.
        verdicts: of the rungs, the newest of each weight, in the order they were given; a weight that is set again has
            none. A claim of an older image has neither ladder nor verdicts.
        unjudged: why a person promoted without a pass on the last rung; "" if nobody did.
        bake_since: since when the promoted version has been baking (unix seconds); 0 before, and without a bake.
        adopted: weight (percent) that the canary had at rest and that this run took over; rungs below it are skipped.
            0 where it had none.
        undoes: id of the promoted run that this one reverts; "" for any run but an undo.
        look: what the judge last saw, at most a minute old while it looks; None before, and in claims of older images.
        rescued: id of the run that died, whose claim was taken over when it had expired; "" for any other run.
        hotfix: why the run is a hotfix, one sentence: it is judged without stable. "" for any other run.
        trials: that ended with an alarm after which fresh pods were tried, oldest first; () for most runs.
    """

    started: float
    expires: float
    targets: tuple[RouteTarget, ...]
    stable: Destination
    canary: Destination
    weights: tuple[tuple[float, int], ...] = ()
    workloads: WorkloadState | None = None
    pin: Pin | None = None
    latency_bounds: tuple[tuple[str, float], ...] = ()
    small_bound: float | None = None
    reason: str = ""
    by: str = ""
    expiry_seconds: float = 600.0
    asked: str = ""
    paused_weight: int = 0
    disruptions: tuple[tuple[float, float, str], ...] = ()
    ladder: tuple[int, ...] = ()
    verdicts: tuple[RungVerdict, ...] = ()
    unjudged: str = ""
    bake_since: float = 0.0
    adopted: int = 0
    undoes: str = ""
    look: LastLook | None = None
    rescued: str = ""
    hotfix: str = ""
    trials: tuple[Trial, ...] = ()

    @property
    def weight(self) -> int:
        """The canary's weight as last written, 0-100."""
        return self.weights[-1][1] if self.weights else 0

    @property
    def is_at_last_weight(self) -> bool:
        """Whether the weight is the last of the ladder, so that a promote may follow."""
        return bool(self.ladder) and self.weight >= self.ladder[-1]

    @property
    def exposed_since(self) -> float | None:
        """When the pods of the present trial got their first users (unix seconds); None before."""
        since = self.trials[-1].at if self.trials else 0.0
        return next((at for at, weight in self.weights if weight > 0 and at >= since), None)

    @property
    def is_between_trials(self) -> bool:
        """Whether the users went back after an alarm, and the next trial has not begun: fresh pods must come first."""
        return bool(self.trials) and not self.weight and not self.paused_weight and self.exposed_since is None


@dataclass(frozen=True, slots=True)
class Claim:
    """A run's ownership of the objects that it changes.

    Args:
        app: the application.
        run: id of the run, a Kubernetes name.
        epoch: rises by one with every claim or takeover (>= 1), so that late writes of an older owner are rejected.
        phase: how far the run is.
        state: what the run knows.
    """

    app: str
    run: str
    epoch: int
    phase: Phase
    state: RunState

    @property
    def token(self) -> str:
        """The value of the claim annotation: it changes only with owner or phase."""
        return f"{self.run}:{self.epoch}:{self.phase}"


@dataclass(frozen=True, slots=True)
class Promotion:
    """The promotion that users got last, so that `undo` can revert it.

    Args:
        run: id of the promoted run.
        ended: unix seconds.
        state: of that run at its end, without what only the walk needed.
    """

    run: str
    ended: float
    state: RunState


@dataclass(frozen=True, slots=True)
class Record:
    """The record that stays after a run, in `canary-steps.io/last.<app>` (JSON, at most 4 kB).

    Args:
        run: id of the run.
        epoch: its epoch; the next run gets the one after it.
        outcome: `promoted`, `rolled-back`, `undone`, `noop`.
        verdict: of the last weight that users got, "" where it was not judged; `unjudged` where a person promoted
            without a pass.
        reason: one sentence.
        started: unix seconds. ended: unix seconds.
        weights: (time, weight) pairs, oldest first.
        images: container → image of the canary.
        by: who started the run.
        bake: how the bake after the promotion ended: `pass`, `fail`, `inconclusive` or `stopped`; "" without one.
        undoes: id of the promoted run that this one reverted; "" for any run but an undo.
        promotion: what an undo would revert: of this run or, if that was not promoted, of an earlier one; None if
            nothing was promoted, if it was undone, or if an older image wrote the record.
        rescued: id of the run that died and was ended by sweep or the next prepare; "" where the run ended itself.
        hotfix: why the run was a hotfix, one sentence; "" for any other run.
        trials: that ended with an alarm after which fresh pods were tried, oldest first; () for most runs.
    """

    run: str
    epoch: int
    outcome: str
    reason: str
    started: float
    ended: float
    verdict: str = ""
    weights: tuple[tuple[float, int], ...] = ()
    images: dict[str, str] = field(default_factory=dict)
    by: str = ""
    bake: str = ""
    undoes: str = ""
    promotion: Promotion | None = None
    rescued: str = ""
    hotfix: str = ""
    trials: tuple[Trial, ...] = ()
