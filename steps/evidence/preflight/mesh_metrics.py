"""The mesh's metrics, checked before a canary gets requests; each fault names what Prometheus has instead."""

from dataclasses import dataclass

from steps.evidence.definitions.latency_objective import ObjectiveOutOfRangeError
from steps.evidence.definitions.metric_names import ConfiguredNames
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.discovery import cluster_labels
from steps.evidence.discovery.duration_histogram import DurationHistogram, find_duration_histogram, objective_at
from steps.evidence.discovery.reporter import AUTO, Reporter, choose_reporter
from steps.evidence.preflight import missing_histograms, missing_requests
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.model.evidence import LatencyObjective, Problem, ProblemKind


@dataclass(frozen=True, slots=True)
class MeshRequirements:
    """What the mesh's metrics must have.

    Attributes:
        reporter: "auto", or the configured reporter.
        names: of the metrics, as configured.
        objective: an absolute limit of latency, None for none.
    """

    reporter: str
    names: ConfiguredNames
    objective: LatencyObjective | None = None


@dataclass(frozen=True, slots=True)
class MeshFindings:
    """What was found: the reporter, the durations, and warnings in full sentences."""

    reporter: Reporter
    durations: DurationHistogram
    warnings: tuple[str, ...] = ()


def check_mesh_metrics(prometheus: Prometheus, arms: ArmLabels, wanted: MeshRequirements, doubt: str) -> MeshFindings:
    """Check the mesh's metrics of stable. Four queries if all is well, five if a histogram's name is configured.

    Args:
        prometheus: the client.
        arms: labels of the arms, narrowed.
        wanted: what the metrics must have.
        doubt: why the arms cannot be told from other apps, "" if they can.

    Raises:
        EvidenceError: Prometheus did not answer, or its metrics cannot be used; the sentence names all faults.
    """
    reporter = choose_reporter(prometheus, arms, wanted.reporter)
    if reporter is None:
        reported = "" if wanted.reporter == AUTO else wanted.reporter
        raise _refused(missing_requests.explain_no_requests(prometheus, arms, reported))
    places = cluster_labels.find_cluster_labels(prometheus, arms.metrics.requests, arms)
    several = cluster_labels.unselected(places, arms.more)
    durations = find_duration_histogram(prometheus, arms, wanted.names)
    fault, note = _objective(wanted, durations)
    missing = "" if durations.fault else missing_histograms.missing_histograms(prometheus, arms, wanted.names)
    faults = [doubt, cluster_labels.unselected_sentence(several) if several else "", durations.fault, missing, fault]
    if any(faults):
        raise _refused("; ".join(fault for fault in faults if fault))
    warnings = [text for text in (cluster_labels.selected_sentence(places, arms.more), note) if text]
    return MeshFindings(reporter, durations, (*warnings, *(() if durations.bounds else (_no_durations(wanted.names),))))


def _objective(wanted: MeshRequirements, durations: DurationHistogram) -> tuple[str, str]:
    """Return why no bucket reaches the objective, and a note if one at another limit is used."""
    if durations.fault:
        return "", ""
    try:
        found = objective_at(wanted.objective, durations)
    except ObjectiveOutOfRangeError as fault:
        return str(fault), ""
    return "", found.note if found else ""


def _no_durations(names: ConfiguredNames) -> str:
    return (
        f"Prometheus has no histogram of stable's durations ({' or '.join(names.durations)}): latency is not judged"
        f" except by custom histograms. Set --duration-metric if it has another name"
    )


def _refused(sentence: str) -> EvidenceError:
    return EvidenceError(Problem(ProblemKind.NO_SERIES, sentence))
