"""What a run must know about Prometheus before it reads series: prepare checks it, and each step finds it again."""

from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Final

import structlog

from steps.errors import PermanentError
from steps.evidence.catalog_options import USUAL_NAMES
from steps.evidence.comparison import Comparison
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.definitions.custom_arms import PODS_BY_NAME, CustomMetricContext
from steps.evidence.definitions.custom_metrics import CustomMetric, custom_metrics
from steps.evidence.definitions.latency_objective import ObjectiveBound, ObjectiveOutOfRangeError
from steps.evidence.definitions.metric_names import ConfiguredNames
from steps.evidence.definitions.pod_owners import PodOwners
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.definitions.standard_metrics import MetricDefinition, standard_metrics
from steps.evidence.discovery import discovered_names
from steps.evidence.discovery.bounds_from_history import choose_bounds
from steps.evidence.discovery.duration_histogram import DurationHistogram, histogram_bounds, objective_at
from steps.evidence.discovery.pod_labels import with_pod_labels
from steps.evidence.discovery.reporter import AUTO, NO_MESH, Reporter, choose_reporter
from steps.evidence.preflight import missing_requests
from steps.evidence.preflight.custom_metrics import check_custom_metrics
from steps.evidence.preflight.mesh_metrics import MeshRequirements, check_mesh_metrics
from steps.evidence.prometheus_api.client import Prometheus, step_error
from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.model.evidence import LatencyObjective, Problem, ProblemKind

log: structlog.stdlib.BoundLogger = structlog.get_logger()

WITHOUT_MESH: Final = (
    "judged by the app's own metrics alone (--without-mesh-metrics): this does not see failed connections, answers of"
    " proxies in the app's place (503), the share of the traffic, and latency without a custom histogram"
)


class MetricCatalog:
    """Knows names, reporter, bounds and labels of a run; asks Prometheus once for what it does not know.

    Args:
        prometheus: the client.
        arms: what tells the arms apart.
        reporter: "auto", "source", "destination" or "waypoint".
        bounds: chosen earlier in the run; None: chosen from stable's past hour when first needed.
        custom: custom metrics.
        names: of the mesh's metrics, as far as configured.
        pods: knows which Deployment a pod belongs to, for custom metrics.
        mesh: whether the mesh's metrics are read; False = the release is judged by custom metrics alone.
        ignored_answers: classes of answers that are expected to rise, by label.
        latency_objective: an absolute limit of latency whose strata are read as well.

    Attributes:
        bounds: as given, adopted or chosen; None until then.
        control: label value of the baseline that is compared in place of stable, "" for none; adopted by a read.
        found: names and labels that Prometheus was asked for, None until then.
        reporter: the chosen one, None until then.
        is_checked: whether `check` succeeded.
    """

    def __init__(
        self,
        prometheus: Prometheus,
        arms: ArmLabels,
        *,
        reporter: str = AUTO,
        bounds: Bounds | None = None,
        custom: tuple[CustomMetric, ...] = (),
        names: ConfiguredNames = USUAL_NAMES,
        pods: PodOwners = PODS_BY_NAME,
        mesh: bool = True,
        ignored_answers: Collection[str] = (),
        latency_objective: LatencyObjective | None = None,
    ) -> None:
        self.prometheus, self._given = prometheus, replace(arms, metrics=names.names())
        self._requirements = MeshRequirements(reporter, names, latency_objective)
        self.bounds, self._custom, self._ignored = bounds, custom, ignored_answers
        self.pods, self.mesh = pods, mesh
        self.found: discovered_names.DiscoveredNames | None = None
        self.reporter: Reporter | None = None if mesh else NO_MESH
        self.objective_bound: ObjectiveBound | None = None
        self.control, self.is_checked = "", False
        self._is_alone = self._asks_canary = False

    def adopt(self, comparison: Comparison) -> None:
        """Use what was decided before in place of asking Prometheus."""
        self.bounds, self.control = comparison.bounds or self.bounds, comparison.control
        self.reporter, self.found = comparison.reporter or self.reporter, comparison.found or self.found
        self._is_alone = comparison.is_alone

    def check(self) -> tuple[str, ...]:
        """Make sure that Prometheus answers and has usable metrics of stable; log what was found.

        Returns:
            Warnings in full sentences.

        Raises:
            TemporaryError: it is down, slow or busy.
            PermanentError: it refuses us, is not a Prometheus, or its metrics cannot be used; the sentence says what it
                has, and names the remedy.
        """
        if not self.mesh:
            self._require_no_objective()
            return (WITHOUT_MESH,)
        try:
            known = self._discovered()
            checked = check_mesh_metrics(self.prometheus, self.arms, self._requirements, known.doubt)
        except EvidenceError as fault:
            raise step_error(fault, "asking Prometheus for stable's requests") from fault
        self.reporter, self.is_checked = checked.reporter, True
        self.found = replace(known, metrics=checked.durations.metrics)
        names = {name: value for name, value in asdict(self.found.metrics).items() if name != "unit"}
        log.info(
            "prometheus.found",
            reporter=checked.reporter.name,
            reason=checked.reporter.reason,
            **names,
            duration_unit=self.found.metrics.unit,
            labels={**self._given.more, **self.found.narrowed},
            pod_labels={name: list(labels) for name, labels in self.found.labels.items()},
        )
        return checked.warnings

    def check_custom(self) -> tuple[str, ...]:
        """Make sure that stable has the series of the custom metrics; return warnings in full sentences.

        Raises:
            TemporaryError: Prometheus is down, slow or busy.
            PermanentError: it refuses us, or stable lacks a required metric; the sentence names all that are missing.
        """
        action = "asking Prometheus for stable's custom metrics"
        self.pods.look_again()
        try:
            findings = check_custom_metrics(
                self.prometheus, self._custom_metrics(), self._custom_context(), alone=not self.mesh
            )
        except EvidenceError as fault:
            raise step_error(fault, action) from fault
        if findings.faults:
            raise PermanentError(action, "; ".join(findings.faults))
        return findings.warnings

    def choose_bounds(self) -> Bounds:
        """Choose what slow and small mean from stable's past hour (or all its past), and keep it. At least two queries.

        Raises:
            TemporaryError: Prometheus is down, slow or busy.
            PermanentError: it refuses us, or is not a Prometheus.
        """
        try:
            return self._choose_bounds()
        except EvidenceError as fault:
            raise step_error(fault, "choosing bounds from stable's past") from fault

    def _choose_bounds(self) -> Bounds:
        reporter = self._reporter()
        if not self.mesh:
            self.bounds = Bounds()
            return self.bounds
        chosen = choose_bounds(
            self.prometheus, self._asked, reporter.name if reporter else "", self._requirements.names
        )
        self.bounds, self.found = chosen.bounds, replace(self._discovered(), metrics=chosen.metrics)
        return self.bounds

    def _require_no_objective(self) -> None:
        if self._requirements.objective is not None:
            cause = (
                "a latency objective is read from the mesh's durations, which --without-mesh-metrics leaves out: remove"
                " one of the two, or make the objective a custom histogram"
            )
            raise PermanentError("checking the latency objective", cause)

    def _discovered(self) -> discovered_names.DiscoveredNames:
        """Return names and labels; the first call asks Prometheus."""
        if self.found is None:
            names, given = self._requirements.names, self._given
            self.found = discovered_names.discover_names(
                self.prometheus, given, names, self._custom, self.bounds, mesh=self.mesh
            )
        return self.found

    @property
    def arms(self) -> ArmLabels:
        """Labels of the arms in the mesh's metrics, as far as they were found."""
        return self.found.arms(self._given) if self.found else self._given

    def _custom_metrics(self) -> tuple[CustomMetric, ...]:
        labels = self._discovered().labels
        return tuple(with_pod_labels(metric, labels) for metric in self._custom)

    def _custom_context(self) -> CustomMetricContext:
        return CustomMetricContext(
            self._given.namespace, self._given.more, self.pods, against_baseline=bool(self.control)
        )

    def definitions(self) -> tuple[tuple[MetricDefinition, ...], ArmLabels, Reporter]:
        """Return the metrics to read, the labels of the arms in the mesh's metrics, and the reporter.

        Raises:
            EvidenceError: Prometheus did not answer, has no series of stable, or no bucket for the latency objective.
        """
        reporter = self._reporter()
        if reporter is None:
            raise EvidenceError(self.no_series())
        custom = custom_metrics(self._custom_metrics(), self._custom_context())
        if not self.mesh:
            return custom, self.arms, reporter
        bounds = self.bounds or self._choose_bounds()
        self.objective_bound = self.objective_bound or self._objective_at()
        arms = replace(self.arms, control=self.control)
        mesh = standard_metrics(arms, reporter.name, bounds, objective=self.objective_bound, ignored=self._ignored)
        return (*mesh, *custom), arms, reporter

    def _objective_at(self) -> ObjectiveBound | None:
        """Find the bucket bound of the latency objective. One query if there is one."""
        objective, metrics = self._requirements.objective, self.arms.metrics
        if objective is None:
            return None
        try:
            return objective_at(
                objective, DurationHistogram(metrics, histogram_bounds(self.prometheus, self._asked, metrics.duration))
            )
        except ObjectiveOutOfRangeError as fault:
            raise EvidenceError(Problem(ProblemKind.BOUNDS_DIFFER, str(fault))) from fault

    def _reporter(self) -> Reporter | None:
        self._discovered()
        if self.reporter is None:
            self.reporter = choose_reporter(self.prometheus, self.arms, self._requirements.reporter)
        if self.reporter is None and self._is_alone:
            self._asks_canary = True
            self.reporter = choose_reporter(self.prometheus, self._asked, self._requirements.reporter)
        return self.reporter

    @property
    def _asked(self) -> ArmLabels:
        """Labels by which stable's past is asked for; a hotfix of a stable without series asks for the canary's."""
        return replace(self.arms, stable=self.arms.canary) if self._asks_canary else self.arms

    def no_series(self) -> Problem:
        """Return the problem that Prometheus has no series to judge by."""
        where, wanted = self.prometheus.access.endpoint, self._requirements.reporter
        if not self.mesh:
            return Problem(ProblemKind.NO_SERIES, f"Prometheus at {where} has no series of the custom metrics yet")
        return Problem(
            ProblemKind.NO_SERIES, missing_requests.no_requests(self.arms, where, "" if wanted == AUTO else wanted)
        )
