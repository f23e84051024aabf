"""set-weight: scale the canary up, set its weight, and on request wait until the traffic follows.

Before: the run holds the claim (`--run`); or, without `--run`, no live claim is on the VirtualServices.
Writes: replicas of the canary unless an autoscaler owns them, the weights of the run's routes, the claim's state; if it
cannot set the weight for good, the reason, for the `analyze --await-weight` that runs beside it.
Exit codes: 0 done · 2 · 3 · 4 missing object, foreign write, pods not ready · 7 not the owner.
"""

from pydantic import Field

from steps.actions.awaited_weight import failure_reported
from steps.actions.ladder import is_below_start, skip_reason
from steps.actions.observed_weight import await_observed_weight
from steps.actions.phases import CLIMBING, require_phase
from steps.actions.shift import shift
from steps.errors import SettingsError
from steps.evidence.reader import EvidenceReader
from steps.model.names import ReleaseNames
from steps.settings.cluster import DryRunSettings
from steps.settings.prometheus import PrometheusSettings
from steps.settings.release import ClaimSettings
from steps.settings.workload import ReadinessSettings
from steps.step import Step, StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring.cluster import parts_of, with_dry_run_summary
from steps.wiring.evidence import mesh_reader_of
from steps.workload.workload import Workload

RESULTS = ("weight", "previous-weight", "observed")


class Settings(ClaimSettings, DryRunSettings, ReadinessSettings, PrometheusSettings):
    """Scale the canary up and set its weight."""

    weight: int = Field(ge=0, le=100, description="Percent of the requests that go to the canary, 0-100.")
    wait_observed: bool = Field(
        default=False, description="Wait until Prometheus shows a split within 5 points of the weight."
    )
    observed_timeout_seconds: float = Field(
        60.0, gt=0, le=3600, description="Time limit for the observed split to follow, seconds."
    )


def run(
    settings: Settings, names: ReleaseNames, traffic: Traffic, workload: Workload, reader: EvidenceReader | None
) -> StepEnd:
    """Set one weight; see the module's docstring."""
    halved = False
    if settings.run:
        claim = require_phase(names, settings.run, traffic.claims, CLIMBING)
        if is_below_start(claim, settings.weight):
            present = str(claim.state.weight)
            skipped = {"detail": skip_reason(claim, settings.weight)}
            return StepEnd({"weight": present, "previous-weight": present}, summary=skipped)
        with failure_reported(claim, settings.weight, traffic.claims):
            _, previous = shift(claim, settings.weight, traffic, workload, settings.ready_timeout_seconds)
        halved = claim.state.workloads is not None and bool(claim.state.workloads.baseline)
    else:
        arms = names.stable_destination, names.canary_destination
        targets = traffic.resolve(names.targets, *arms)
        previous = traffic.set_weight_unclaimed(targets, *arms, settings.weight)
    results = {"weight": str(settings.weight), "previous-weight": str(previous)}
    if reader is not None:
        limit = settings.observed_timeout_seconds
        observed = await_observed_weight(reader, settings.weight, traffic.claims.now, limit, halved=halved)
        results["observed"] = f"{observed:.1f}"
    return StepEnd(results)


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step.

    Raises:
        SettingsError: the split cannot be observed without the mesh's metrics.
    """
    if settings.wait_observed and settings.without_mesh_metrics:
        cause = "--wait-observed needs the mesh's metrics, which --without-mesh-metrics excludes; drop one of them"
        raise SettingsError("reading the settings", cause)
    parts = parts_of(settings)
    observes = settings.wait_observed and not settings.dry_run
    reader = mesh_reader_of(settings, parts.names, parts.workload) if observes else None
    return with_dry_run_summary(run(settings, parts.names, parts.traffic, parts.workload, reader), parts.cluster)


STEP = Step(Settings, RESULTS, main)
