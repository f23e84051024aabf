"""Build the reader of metrics: access to Prometheus, the labels of the arms, custom metrics."""

from steps.errors import SettingsError
from steps.evidence.definitions.custom_metrics import CustomMetric, Selection
from steps.evidence.definitions.metric_names import ConfiguredNames
from steps.evidence.definitions.pod_owners import PodOwners
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.definitions.upstreams import Service, Upstreams
from steps.evidence.reader import EvidenceReader
from steps.evidence.recording import Recorder
from steps.model.evidence import LatencyObjective
from steps.model.names import ReleaseNames
from steps.settings.evidence import EvidenceSettings
from steps.settings.judge import ObjectiveSettings
from steps.settings.metrics import MetricSpec, SeriesSpec
from steps.settings.objectives import latency_objective
from steps.settings.prometheus import PrometheusSettings
from steps.wiring.prometheus import prometheus_of
from steps.workload.workload import Workload


def reader_of(
    settings: EvidenceSettings, names: ReleaseNames, workload: Workload, recorder: Recorder | None = None
) -> EvidenceReader:
    """Return the reader of both arms' metrics, custom ones included; nothing is queried yet.

    `workload` finds the owners of the pods in custom metrics. A recorder stores every response.

    Raises:
        SettingsError: of a pair of credentials or certificates only one is set, a label is used twice, or there is
            nothing to judge by.
    """
    custom, objective = custom_metrics(settings, names), objective_of(settings)
    return _reader(settings, names, workload, recorder, custom, objective)


def mesh_reader_of(settings: PrometheusSettings, names: ReleaseNames, workload: Workload) -> EvidenceReader:
    """Return the reader of the mesh's metrics alone, which show how the requests are split.

    Raises:
        SettingsError: as `reader_of`.
    """
    return _reader(settings, names, workload, None, (), None)


def _reader(
    settings: PrometheusSettings,
    names: ReleaseNames,
    workload: Workload,
    recorder: Recorder | None,
    custom: tuple[CustomMetric, ...],
    objective: LatencyObjective | None,
) -> EvidenceReader:
    prometheus = prometheus_of(settings, recorder.write_response if recorder else None)
    _check_sources(settings, custom)
    return EvidenceReader(
        prometheus,
        arms_of(settings, names),
        reporter=settings.reporter,
        custom=custom,
        names=ConfiguredNames(
            settings.requests_metric, settings.duration_metric, settings.duration_unit, settings.response_bytes_metric
        ),
        pods=PodOwners(lambda deployments: workload.pod_names(names.namespace, deployments)),
        mesh=not settings.without_mesh_metrics,
        ignored_answers=settings.ignore_answers,
        latency_objective=objective,
    )


def _check_sources(settings: PrometheusSettings, custom: tuple[CustomMetric, ...]) -> None:
    twice = {settings.arm_label, *(metric.label for metric in custom)} & set(settings.metric_labels)
    if twice:
        cause = f"--metric-labels: {min(twice)} tells the arms apart (arm-label); remove it"
        raise SettingsError("reading the settings", cause)
    if settings.without_mesh_metrics and not custom:
        cause = "--without-mesh-metrics: needs at least one custom metric to judge by; name it under `metrics:`"
        raise SettingsError("reading the settings", cause)


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


def custom_metrics(settings: EvidenceSettings, names: ReleaseNames) -> tuple[CustomMetric, ...]:
    """Return the custom metrics."""
    return tuple(_custom(spec, names, settings.pod_label) for spec in settings.metrics)


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


def objective_of(settings: ObjectiveSettings) -> LatencyObjective | None:
    """Return the latency objective that the reader must count for, None if the settings have none."""
    return latency_objective(settings.latency_slo)
