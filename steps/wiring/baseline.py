"""Check that the settings work with a baseline, and say what the evidence compares."""

from steps.errors import SettingsError
from steps.evidence.comparison import Comparison
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.model.names import ReleaseNames
from steps.model.run import RunState
from steps.settings.evidence import EvidenceSettings
from steps.settings.prometheus import PrometheusSettings


def control_of(settings: PrometheusSettings, baseline: str) -> str:
    """Return the label value of a baseline in the mesh's metrics; "" if there is no baseline.

    Raises:
        SettingsError: a label tells the arms apart, and the baseline's value is unknown.
    """
    if baseline and settings.arm_label != "destination_workload" and not settings.baseline_label_value:
        cause = f"--arm-label {settings.arm_label}: set the baseline's value with --baseline-label-value"
        raise SettingsError("reading the settings", cause)
    return baseline and (settings.baseline_label_value or baseline)


def check_baseline(settings: EvidenceSettings, names: ReleaseNames, baseline: str) -> None:
    """Refuse settings that do not work with a baseline ("" for none), before anything is written.

    Raises:
        SettingsError: its name is an arm's; its label value is unknown; or probes go through a gateway, where the
            header leads to the canary's destination and so to the baseline half of the time.
    """
    control_of(settings, baseline)
    if baseline and baseline in {names.stable, names.canary}:
        cause = f"--baseline: {baseline} would be its Deployment but is already an arm's; rename the arm"
        raise SettingsError("reading the settings", cause)
    if baseline and settings.probes and settings.probe_gateway_url:
        cause = (
            "--probe-gateway-url does not work with --baseline: the header leads to the canary's destination, where"
            " the baseline answers half of the requests. Probe the pods, or release without a baseline"
        )
        raise SettingsError("reading the settings", cause)


def comparison_of(settings: PrometheusSettings, state: RunState) -> Comparison:
    """Return what a run compares: the bounds that prepare chose, and the baseline if there is one.

    Raises:
        SettingsError: as `control_of`.
    """
    return Comparison(
        bounds=Bounds(state.latency_bounds, state.small_bound) if state.latency_bounds else None,
        control=control_of(settings, state.workloads.baseline) if state.workloads else "",
        is_alone=bool(state.hotfix),
    )
