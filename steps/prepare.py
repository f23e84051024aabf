"""prepare: check everything, claim the app, create the canary, wait until it is ready, pin what it runs.

Before: nothing; no traffic moves here, and every refusal comes before the first write.
Writes: the claim on VirtualServices and Deployments, the canary. Leftovers of an expired run are rolled back.
Exit codes: 0 ready or noop · 2 · 3 Prometheus or cluster failing · 4 refused, not ready · 7 another run holds it.
"""

import secrets
import socket
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import structlog
from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from steps.actions.acquire import BusyPolicy, acquire, wait_until_free
from steps.actions.heartbeat import ClaimHeartbeat
from steps.actions.permissions import check_permissions
from steps.actions.teardown import TeardownPolicy
from steps.actions.watch import NO_EXTRAS, AnalysisExtras
from steps.claim.acquire import ClaimRequest
from steps.claim.errors import ClaimExpired, ClaimHeld
from steps.claim.record import record_of
from steps.cluster.api import Cluster
from steps.evidence.reader import EvidenceReader
from steps.model.names import ReleaseNames
from steps.model.run import Claim
from steps.model.workload import Noop, Release, ReleasePlan, Topology
from steps.outputs import results
from steps.settings.cluster import DryRunSettings
from steps.settings.evidence import EvidenceSettings
from steps.settings.ladder import OptionalLadderSettings
from steps.settings.mappings import as_mapping
from steps.settings.release import ClaimSettings
from steps.settings.workload import BaselineSettings, DrainSettings
from steps.step import Step, StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring.baseline import check_baseline
from steps.wiring.cluster import parts_of, teardown_policy_of, with_dry_run_summary
from steps.wiring.evidence import reader_of
from steps.wiring.probing import probe_preflight_of
from steps.workload.duplicate import request_fingerprint
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RESULTS = ("run", "canary-hash", "stable-image", "canary-image", "outcome")
_SAME_BITS = "the image has the digest that stable already runs"
_TURNS = 10
"""How often to try again if another run takes the claim first; each time, that run is waited for."""


class Preparation(
    ClaimSettings, DryRunSettings, DrainSettings, EvidenceSettings, BaselineSettings, OptionalLadderSettings
):
    """What prepare needs; rollout has it too."""

    subject: ClassVar[str] = "Preparation"

    image: str = Field("", pattern=r"^\S*$", max_length=512, description="Image to release. Empty: the template's own.")
    env: Annotated[dict[str, str], NoDecode, BeforeValidator(as_mapping)] = Field(
        {}, description="Environment variables for the canary's container, NAME=value, separated by commas."
    )
    template_patch: Annotated[dict[str, Any], NoDecode, BeforeValidator(as_mapping)] = Field(
        {}, description="Patch that is merged into the canary's pod template; YAML or JSON."
    )
    on_busy: Literal["wait", "fail", "supersede"] = Field(
        "wait",
        description="While another run of the app is active: wait, fail with 7, or supersede (roll it back). If that "
        "run releases the same digest, or stable still runs it, there is nothing to do: noop.",
    )
    busy_timeout_seconds: float = Field(
        1800.0, ge=0, le=86400, description="How long to wait for another run of the app, seconds."
    )
    template_by: Literal["canary", "external"] = Field(
        "canary", description="Who updates stable's template at the end: canary (promote copies it) or external."
    )
    allow_managed: bool = Field(
        default=False,
        description="Continue although Argo CD, Flux or Helm manages a Deployment that promote will write.",
    )
    allow_policies: bool = Field(
        default=False,
        description="Continue although a NetworkPolicy or AuthorizationPolicy treats the arms differently.",
    )
    by: str = Field("", max_length=120, description="Who releases, for the record. Empty: this host's name.")


_Preparing = TypeVar("_Preparing", bound=Preparation)


class Settings(Preparation):
    """Check everything, claim the app, create the canary and wait until it is ready."""


def run(
    settings: Preparation,
    names: ReleaseNames,
    cluster: Cluster,
    traffic: Traffic,
    workload: Workload,
    reader: EvidenceReader,
    ending: TeardownPolicy,
    extras: AnalysisExtras = NO_EXTRAS,
) -> StepEnd:
    """Prepare one release; see the module's docstring."""
    settings = with_run(settings, names)
    control = names.baseline if settings.baseline else ""
    check_baseline(settings, names, control)
    check_permissions(cluster, names, baseline=settings.baseline)
    release = _release(settings, names, traffic)
    request = _request(settings, names, release, traffic)
    release = replace(release, routes=traffic.ports(request.targets, request.stable, request.canary))
    # Before Prometheus is queried: for a misspelt name it would only report that it has no series.
    workload.require_stable(names.namespace, names.stable, Topology(settings.topology))
    _warn((*reader.check(), *reader.check_custom()))
    begun = _begin(request, release, settings, ending, cluster, traffic, workload, extras)
    if isinstance(begun, StepEnd):
        return begun
    claim, plan = begun
    bounds = reader.choose_bounds()
    claim = traffic.claims.update_state(claim, latency_bounds=bounds.latency, small_bound=bounds.small)
    claim = _make_canary(claim, release, plan, settings, traffic, workload)
    if plan.noop is Noop.LOOK and _is_same(claim, workload):
        _end_as_noop(claim, traffic, workload)
        return StepEnd({**_images(plan), "run": claim.run, "outcome": "noop"}, summary={"detail": _SAME_BITS})
    canary_hash = claim.state.pin.template_hash if claim.state.pin else ""
    return StepEnd({**_images(plan), "run": claim.run, "canary-hash": canary_hash, "outcome": "ready"})


def _begin(
    request: ClaimRequest,
    release: Release,
    settings: Preparation,
    ending: TeardownPolicy,
    cluster: Cluster,
    traffic: Traffic,
    workload: Workload,
    extras: AnalysisExtras,
) -> tuple[Claim, ReleasePlan] | StepEnd:
    """Take the claim once no other run is in the way, or end where there is nothing to do."""

    def same(claim: Claim) -> bool:
        return claim.app == request.app and workload.is_duplicate(release, claim)

    policy = BusyPolicy(settings.on_busy, settings.busy_timeout_seconds)
    turns = 0
    while True:
        turns += 1
        holder = wait_until_free(request, policy, ending, traffic, workload, same)
        if holder is not None:
            reason = f"run {holder.run} is active and leaves nothing to do for {release.image}: nothing was changed"
            log.info("prepare.noop", detail=reason, holder=holder.run)
            return StepEnd({"run": "", "canary-image": release.image, "outcome": "noop"}, summary={"detail": reason})
        plan = workload.preflight(release)
        _warn(plan.warnings)
        if plan.noop is Noop.YES:
            reason = f"stable already runs {plan.canary_image}: nothing was changed"
            log.info("prepare.noop", detail=reason)
            return StepEnd({**_images(plan), "run": "", "outcome": "noop"}, summary={"detail": reason})
        if extras.probe_preflight is not None and turns == 1:
            _warn(extras.probe_preflight.check(rehearsal=cluster.is_dry_run))
        try:
            return acquire(request, plan.state, traffic), plan
        except (ClaimHeld, ClaimExpired):
            # Two runs found the app free in the same second, and the other one was faster.
            if turns == _TURNS:
                raise


def _warn(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        log.warning("prepare.warning", detail=sentence)


def with_run(settings: _Preparing, names: ReleaseNames) -> _Preparing:
    """Return the settings with the id of the run, which is chosen here if none is given, and announce it at once."""
    run = settings.run or f"{names.app[:50].rstrip('-')}-{secrets.token_hex(4)}"
    structlog.contextvars.bind_contextvars(run=run)
    results.announce("run", run)
    return settings.model_copy(update={"run": run})


def _request(settings: Preparation, names: ReleaseNames, release: Release, traffic: Traffic) -> ClaimRequest:
    return ClaimRequest(
        app=names.app,
        run=settings.run,
        targets=traffic.resolve(names.targets, names.stable_destination, names.canary_destination),
        stable=names.stable_destination,
        canary=names.canary_destination,
        expiry_seconds=settings.expiry_seconds,
        by=settings.by or socket.gethostname()[:120],
        asked=request_fingerprint(release),
        ladder=settings.ladder,
    )


def _release(settings: Preparation, names: ReleaseNames, traffic: Traffic) -> Release:
    return Release(
        namespace=names.namespace,
        stable=names.stable,
        canary=names.canary,
        stable_destination=names.stable_destination,
        canary_destination=names.canary_destination,
        topology=Topology(settings.topology),
        baseline=names.baseline if settings.baseline else "",
        stable_subset=traffic.subset_labels(names.virtual_services[0].namespace, names.stable_destination),
        canary_subset=traffic.subset_labels(names.virtual_services[0].namespace, names.canary_destination),
        image=settings.image,
        container=settings.container,
        env=settings.env,
        template_patch=settings.template_patch,
        template_by_external=settings.template_by == "external",
        allow_managed=settings.allow_managed,
        allow_policies=settings.allow_policies,
    )


def _make_canary(
    claim: Claim, release: Release, plan: ReleasePlan, settings: Preparation, traffic: Traffic, workload: Workload
) -> Claim:
    """Create or update the canary and its baseline, wait until they are ready, and remember what the canary runs."""
    memory = claim.state.workloads or plan.state
    workload.create_canary(release, plan, claim.token)
    traffic.claims.mark_deployments(claim)
    keeper = ClaimHeartbeat(claim, traffic)
    keeper.renew()  # a takeover after the claim could not write its token to a canary that did not exist yet
    workload.ensure_capacity(memory, claim.token, 1, settings.ready_timeout_seconds, keeper.renew)
    limit = settings.ready_timeout_seconds
    workload.require_endpoints(memory, release.canary_destination, release.routes, limit, keeper.renew)
    claim = keeper.claim
    pin = workload.pin(memory)
    log.info("canary.ready", replica_set=pin.replica_set, digests=pin.digests)
    return traffic.claims.update_state(claim, pin=pin)


def _is_same(claim: Claim, workload: Workload) -> bool:
    memory = claim.state
    return (
        memory.workloads is not None
        and memory.pin is not None
        and workload.runs_same_bits(memory.workloads, memory.pin)
    )


def _end_as_noop(claim: Claim, traffic: Traffic, workload: Workload) -> None:
    """End a release whose tag, pulled again, has the digest that stable runs: scale the canary down again."""
    if claim.state.workloads is not None:
        workload.scale_down(claim.state.workloads, claim.token)
    traffic.claims.release(claim, record_of(claim, "noop", _SAME_BITS, traffic.claims.now()))
    log.info("prepare.noop", detail=_SAME_BITS)


def _images(plan: ReleasePlan) -> dict[str, str]:
    return {"stable-image": plan.stable_image, "canary-image": plan.canary_image}


def main(settings: Settings) -> StepEnd:
    """Wire the real collaborators."""
    parts = parts_of(settings)
    reader = reader_of(settings, parts.names, parts.workload)
    ending = teardown_policy_of(settings, parts.cluster)
    extras = AnalysisExtras(probe_preflight=probe_preflight_of(settings, parts.names, parts.workload))
    end = run(settings, parts.names, parts.cluster, parts.traffic, parts.workload, reader, ending, extras)
    return with_dry_run_summary(end, parts.cluster)


STEP = Step(Settings, RESULTS, main)
