"""Build the optional parts of an analysis from the settings: custom metrics, probes, recording, progress."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from steps.actions.probe_preflight import ProbePreflight
from steps.errors import SettingsError
from steps.evidence.definitions.custom_metrics import CustomMetric, Selection
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.definitions.upstreams import Service, Upstreams
from steps.evidence.recording import Recorder
from steps.model.evidence import LatencyObjective
from steps.model.names import ReleaseNames
from steps.outputs.progress import Progress
from steps.probing.probe import Endpoint, Probe, Tls
from steps.probing.prober import ArmEndpoints, Prober
from steps.settings.base import StepSettings
from steps.settings.judge import JudgeSettings, LatencyObjectiveSettings
from steps.settings.mappings import parse_header
from steps.settings.metrics import MetricSpec, MetricsSettings, SeriesSpec
from steps.settings.objectives import latency_objective
from steps.settings.probes import ProbeSettings, ProbeSpec
from steps.settings.prometheus import PrometheusSettings
from steps.workload.workload import Workload


def tape_of(settings: PrometheusSettings, path: str, names: ReleaseNames) -> Recorder | None:
    """Start a recording if the settings ask for one.

    Raises:
        PermanentError: the file cannot be written.
    """
    if not path:
        return None
    known = arms_of(settings, names)
    arms = {name: value for name, value in asdict(known).items() if name != "metrics"}
    metrics = [asdict(metric) for metric in custom_metrics(settings, names)]
    rules = (
        {name: getattr(settings, name) for name in JudgeSettings.model_fields}
        if isinstance(settings, JudgeSettings)
        else {}
    )
    about = {"app": names.app, "namespace": names.namespace, "arms": arms, "metrics": metrics, "rules": rules}
    objective = objective_of(settings)
    heard = {
        "latency_objective": asdict(objective) if objective else None,
        "mesh": not settings.without_mesh_metrics,
        "ignored_answers": settings.ignore_answers,
    }
    return Recorder(Path(path), {**about, **heard})


def objective_of(settings: StepSettings) -> LatencyObjective | None:
    """Return the latency objective that the reader must count for, None if the settings have none."""
    return latency_objective(settings.latency_slo) if isinstance(settings, LatencyObjectiveSettings) else None


def progress_of(path: str) -> Progress | None:
    """Return the writer of the progress file, None without a path."""
    return Progress(path) if path else None


def custom_metrics(settings: PrometheusSettings, names: ReleaseNames) -> tuple[CustomMetric, ...]:
    """Return the custom metrics of the settings."""
    specs = settings.metrics if isinstance(settings, MetricsSettings) else ()
    return tuple(_custom(spec, names, settings.pod_label) for spec in specs)


def _custom(spec: MetricSpec, names: ReleaseNames, pod_label: str) -> CustomMetric:
    return CustomMetric(
        name=spec.name,
        stable=spec.stable_label_value or names.stable,
        canary=spec.canary_label_value or names.canary,
        bad=_selection(spec.bad),
        every=_selection(spec.every or spec.good),
        every_is_good=spec.every is None,
        histogram=_selection(spec.histogram),
        bound=spec.above if spec.above is not None else spec.below or 0.0,
        above=spec.above is not None,
        unit=spec.unit,
        label=spec.arm_label or "",
        namespace_label=spec.namespace_label,
        weight=spec.weight,
        floor=spec.tolerated_difference,
        required=spec.required,
        pod_label="" if spec.arm_label else pod_label,
        baseline=spec.baseline_label_value or ("" if spec.stable_label_value else names.baseline),
    )


def _selection(spec: SeriesSpec | None) -> Selection | None:
    return None if spec is None else Selection(spec.metric, spec.match, spec.match_regex)


def arms_of(settings: PrometheusSettings, names: ReleaseNames) -> ArmLabels:
    """Return the labels that tell the arms apart in the mesh's metrics."""
    stable, canary = settings.stable_label_value or names.stable, settings.canary_label_value or names.canary
    return ArmLabels(
        stable, canary, names.namespace, settings.arm_label, settings.metric_labels, upstreams=_upstreams(names)
    )


def _upstreams(names: ReleaseNames) -> Upstreams:
    """Return the Services behind the arms: short hosts get their VirtualService's namespace, as in Istio."""
    where = names.virtual_services[0].namespace if names.virtual_services else names.namespace
    stable, canary = (
        Service.of(destination.host, where, destination.subset)
        for destination in (names.stable_destination, names.canary_destination)
    )
    return Upstreams(stable, canary, names.app)


def control_of(settings: PrometheusSettings, baseline: str) -> str:
    """Return the label value of a baseline in the mesh's metrics; "" if there is no baseline.

    Raises:
        SettingsError: a label tells the arms apart, and the baseline's value is unknown.
    """
    if baseline and settings.arm_label != "destination_workload" and not settings.baseline_label_value:
        cause = f"--arm-label {settings.arm_label}: set the baseline's value with --baseline-label-value"
        raise SettingsError("reading the settings", cause)
    return baseline and (settings.baseline_label_value or baseline)


def check_baseline(settings: PrometheusSettings, names: ReleaseNames, baseline: str) -> None:
    """Refuse settings that do not work with a baseline ("" for none), before anything is written.

    Raises:
        SettingsError: its name is an arm's; its label value is unknown; or probes go through a gateway, where the
            header leads to the canary's destination and so to the baseline half of the time.
    """
    control_of(settings, baseline)
    if baseline and baseline in {names.stable, names.canary}:
        cause = f"--baseline: {baseline} would be its Deployment but is already an arm's; rename the arm"
        raise SettingsError("reading the settings", cause)
    if baseline and isinstance(settings, ProbeSettings) and settings.probes and settings.probe_gateway_url:
        cause = (
            "--probe-gateway-url does not work with --baseline: the header leads to the canary's destination, where"
            " the baseline answers half of the requests. Probe the pods, or release without a baseline"
        )
        raise SettingsError("reading the settings", cause)


def prober_of(settings: ProbeSettings, names: ReleaseNames, workload: Workload) -> Prober | None:
    """Return the sender of the probes, None if there are none; nothing is sent yet.

    Raises:
        SettingsError: a gateway without the headers that lead to the arms, or the other way round.
    """
    if not settings.probes:
        return None
    probes = [_probe(spec) for spec in settings.probes]
    canary, stable = _arms_of(settings, names, workload)
    return Prober(probes, lambda: ArmEndpoints(canary(), stable()), settings.probe_interval_seconds)


def probe_preflight_of(settings: ProbeSettings, names: ReleaseNames, workload: Workload) -> ProbePreflight | None:
    """Return the check that tries the probes on stable first, None if there are none.

    Raises:
        SettingsError: as `prober_of`.
    """
    if not settings.probes:
        return None
    _, stable = _arms_of(settings, names, workload)
    return ProbePreflight(tuple(_probe(spec) for spec in settings.probes), stable)


Ask = Callable[[], tuple[Endpoint, ...]]


def _arms_of(settings: ProbeSettings, names: ReleaseNames, workload: Workload) -> tuple[Ask, Ask]:
    """Return two functions that return the present endpoints of canary and stable."""
    given = [bool(settings.probe_gateway_url), bool(settings.probe_canary_header), bool(settings.probe_stable_header)]
    if any(given) and not all(given):
        cause = "--probe-gateway-url, --probe-canary-header and --probe-stable-header go together: set all or none"
        raise SettingsError("reading the settings", cause)
    if settings.probe_gateway_url:
        canary, stable = (
            Endpoint("gateway", base=settings.probe_gateway_url, headers=dict([parse_header(line, flag)]))
            for line, flag in (
                (settings.probe_canary_header, "--probe-canary-header"),
                (settings.probe_stable_header, "--probe-stable-header"),
            )
        )
        return lambda: (canary,), lambda: (stable,)
    return lambda: _pods(workload, names, names.canary), lambda: _pods(workload, names, names.stable)


def _pods(workload: Workload, names: ReleaseNames, deployment: str) -> tuple[Endpoint, ...]:
    found = workload.addresses(names.namespace, deployment)
    return tuple(Endpoint(name, address, port) for name, address, port in found)


def _probe(spec: ProbeSpec) -> Probe:
    wanted = spec.json_value
    return Probe(
        name=spec.name,
        path=spec.path,
        method=spec.method,
        headers=spec.headers,
        header_files=spec.headers_from_files,
        body=spec.body,
        statuses=spec.status,
        min_body_bytes=spec.min_body_bytes,
        contains=spec.contains,
        pointer=wanted.pointer if wanted else None,
        value=wanted.value if wanted else None,
        max_latency_ms=spec.max_latency_ms,
        timeout_seconds=spec.timeout_seconds,
        scheme=spec.scheme,
        port=spec.port,
        stable_may_fail=spec.stable_may_fail,
        tls=Tls(**spec.tls.model_dump()),
    )
