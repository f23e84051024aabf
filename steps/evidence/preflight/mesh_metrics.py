"""What must hold in Prometheus before a canary gets requests: every fault is named with what is there instead."""

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
    """What a mesh's metrics are checked against.

    Attributes:
        reporter: "auto", or the reporter that was set.
        names: of the metrics, as they were set.
        objective: an absolute bound of latency, None for none.
    """

    reporter: str
    names: ConfiguredNames
    objective: LatencyObjective | None = None


@dataclass(frozen=True, slots=True)
class MeshFindings:
    """What was found: the reporter, the durations, and full sentences about what may be right."""

    reporter: Reporter
    durations: DurationHistogram
    warnings: tuple[str, ...] = ()


def check_mesh_metrics(prometheus: Prometheus, arms: ArmLabels, wanted: MeshRequirements, doubt: str) -> MeshFindings:
    """Check the mesh's metrics of stable; four queries where all is well, five where a histogram's name was set.

    Args:
        prometheus: the client.
        arms: as the mesh's metrics tell them, narrowed.
        wanted: what they are checked against.
        doubt: why the arms cannot be told from others, "" if they can.

    Raises:
        EvidenceError: Prometheus did not answer, or its metrics cannot be judged by; the sentence names all faults.
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
    warnings = [told for told in (cluster_labels.selected_sentence(places, arms.more), note) if told]
    return MeshFindings(reporter, durations, (*warnings, *(() if durations.bounds else (_no_durations(wanted.names),))))


def _objective(wanted: MeshRequirements, durations: DurationHistogram) -> tuple[str, str]:
    """Give why no bucket can hold the objective, and a note where one at another limit does."""
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
        f" unless a custom histogram does it; another name is set with --duration-metric"
    )


def _refused(sentence: str) -> EvidenceError:
    return EvidenceError(Problem(ProblemKind.NO_SERIES, sentence))
