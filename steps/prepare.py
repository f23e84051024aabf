"""prepare: check everything, claim the app, create the canary, wait until it is ready, pin what it runs.

Before: nothing; no traffic moves here, and every refusal comes before the first write.
Writes: the claim on VirtualServices and Deployments, the canary. Leftovers of an expired run are rolled back.
Exit codes: 0 ready or noop · 2 · 3 Prometheus or cluster failing · 4 refused, not ready · 7 another run holds it.
"""

from collections.abc import Iterable
from functools import partial

import structlog

from steps.actions.acquire import BusyPolicy, acquire
from steps.actions.analysis_extras import NO_EXTRAS, AnalysisExtras
from steps.actions.at_rest import drain_reset, note_users
from steps.actions.bootstrap import bootstrap
from steps.actions.find_work import find_work
from steps.actions.hotfix import announce, check_hotfix
from steps.actions.launch_canary import end_as_noop, launch_canary, runs_stable_digests
from steps.actions.permissions import check_permissions
from steps.actions.teardown import TeardownPolicy
from steps.claim.acquire import ClaimRequest
from steps.claim.errors import ClaimExpired, ClaimHeld, DeploymentHeld
from steps.cluster.api import Cluster
from steps.evidence.reader import EvidenceReader
from steps.model.names import ReleaseNames
from steps.model.run import Claim
from steps.model.workload import Noop
from steps.settings.preparation import PreparationSettings
from steps.step import Step, StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring.baseline import check_baseline
from steps.wiring.cluster import parts_of, teardown_policy_of, with_dry_run_summary
from steps.wiring.evidence import reader_of
from steps.wiring.hotfix import hotfix_policy_of, with_hotfix_settings
from steps.wiring.kept_arms import kept_arms_of
from steps.wiring.probing import probe_preflight_of
from steps.wiring.release import release_and_claim, with_run_id
from steps.wiring.surroundings import Surroundings
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RESULTS = ("run", "canary-hash", "stable-image", "canary-image", "outcome")
_SAME_DIGEST = "the image has the digest that stable already runs"
_ATTEMPTS = 10
"""How often to try for the claim if other runs are faster; each time, the faster run is waited for."""


class Settings(PreparationSettings):
    """Check everything, claim the app, create the canary and wait until it is ready."""


def run(
    settings: PreparationSettings,
    names: ReleaseNames,
    cluster: Cluster,
    traffic: Traffic,
    workload: Workload,
    reader: EvidenceReader,
    teardown: TeardownPolicy,
    extras: AnalysisExtras = NO_EXTRAS,
) -> StepEnd:
    """Prepare one release; see the module's docstring."""
    settings = with_hotfix_settings(with_run_id(settings, names))
    check_baseline(settings, names, names.baseline if settings.baseline else "")
    check_permissions(cluster, names, baseline=settings.baseline)
    surroundings = Surroundings(cluster, settings, names)
    with surroundings.all_at_once():
        release, request = release_and_claim(settings, names, traffic)
        if settings.bootstrap:
            begun = bootstrap(release, request, settings.ready_timeout_seconds, traffic, workload)
            if begun is not None:
                return StepEnd({**begun.images, "run": "", "outcome": "noop"}, summary={"detail": begun.noop})
        # Before Prometheus is queried: for a misspelt name it would only report that it has no series.
        workload.require_stable(names.namespace, names.stable, release.topology)
    request = note_users(request, traffic)
    find_kept = partial(kept_arms_of, cluster, names)
    with surroundings.all_at_once():
        request = _check_evidence(settings, request, names, traffic, workload, reader)

    policy = BusyPolicy(settings.on_busy, settings.busy_timeout_seconds, is_hotfix=settings.hotfix)
    attempt = 0
    while True:
        attempt += 1
        with surroundings.all_at_once():
            work = find_work(
                request, release, policy, teardown, traffic, workload, find_kept, settings.stable_timeout_seconds
            )
        plan = work.plan
        if plan is None:
            return StepEnd({**work.images, "run": "", "outcome": "noop"}, summary={"detail": work.noop})
        surroundings.check(plan.warnings)
        if extras.probe_preflight is not None and attempt == 1 and not settings.hotfix:
            _warn(extras.probe_preflight.check(dry_run=cluster.is_dry_run))
        try:
            claim = acquire(request, plan.state, traffic, settings.at_rest)
            break
        except (ClaimHeld, ClaimExpired, DeploymentHeld):
            # Two runs found the app free in the same second, and the other one was faster.
            if attempt == _ATTEMPTS:
                raise

    claim = _begin(claim, traffic, reader)
    drain_reset(claim, teardown, traffic)
    claim = launch_canary(claim, release, plan, settings.ready_timeout_seconds, traffic, workload)
    if plan.noop is Noop.LOOK and runs_stable_digests(claim, workload):
        end_as_noop(claim, _SAME_DIGEST, teardown, traffic, workload)
        return StepEnd({**work.images, "run": claim.run, "outcome": "noop"}, summary={"detail": _SAME_DIGEST})
    canary_hash = claim.state.pin.template_hash if claim.state.pin else ""
    return StepEnd({**work.images, "run": claim.run, "canary-hash": canary_hash, "outcome": "ready"})


def _check_evidence(
    settings: PreparationSettings,
    request: ClaimRequest,
    names: ReleaseNames,
    traffic: Traffic,
    workload: Workload,
    reader: EvidenceReader,
) -> ClaimRequest:
    """Check that the release can be judged, or may be a hotfix; return the request with the weights of a hotfix."""
    if settings.hotfix:
        return check_hotfix(request, hotfix_policy_of(settings), names, traffic, workload, reader)
    _warn((*reader.check(), *reader.check_custom()))
    return request


def _begin(claim: Claim, traffic: Traffic, reader: EvidenceReader) -> Claim:
    """Keep in the claim what slow and small mean; a hotfix, which is not compared with stable, is announced instead."""
    if claim.state.hotfix:
        announce(claim, traffic)
        return claim
    bounds = reader.choose_bounds()
    return traffic.claims.update_state(claim, latency_bounds=bounds.latency, small_bound=bounds.small)


def _warn(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        log.warning("prepare.warning", detail=sentence)


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step."""
    parts = parts_of(settings, starts=True)
    reader = reader_of(settings, parts.names, parts.workload)
    teardown = teardown_policy_of(settings, parts.cluster, parts.names)
    extras = AnalysisExtras(probe_preflight=probe_preflight_of(settings, parts.names, parts.workload))
    end = run(settings, parts.names, parts.cluster, parts.traffic, parts.workload, reader, teardown, extras)
    return with_dry_run_summary(end, parts.cluster)


STEP = Step(Settings, RESULTS, main)
