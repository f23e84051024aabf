"""What must hold in Prometheus before a canary gets requests: every fault is named with what is there instead."""

from dataclasses import dataclass

from steps.evidence import absence, named, worlds
from steps.evidence.durations import Durations, find, objective_at
from steps.evidence.failures import EvidenceError
from steps.evidence.naming import WantedNames
from steps.evidence.objective import BeyondError
from steps.evidence.prometheus import Prometheus
from steps.evidence.reporter import AUTO, Reporter, choose
from steps.evidence.selectors import Arms
from steps.model.evidence import LatencyObjective, Problem, ProblemKind


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a mesh's metrics are checked against.

    Attributes:
        reporter: "auto", or the reporter that was set.
        names: of the metrics, as they were set.
        objective: an absolute bound of latency, None for none.
    """

    reporter: str
    names: WantedNames
    objective: LatencyObjective | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: the reporter, the durations, and full sentences about what may be right."""

    reporter: Reporter
    durations: Durations
    warnings: tuple[str, ...] = ()


def check(prometheus: Prometheus, arms: Arms, wanted: Requirements, doubt: str) -> Checked:
    """Check the mesh's metrics of stable; four queries where all is well, five where a histogram's name was set.

    Args:
        prometheus: the client.
        arms: as the mesh's metrics tell them, narrowed.
        wanted: what they are checked against.
        doubt: why the arms cannot be told from others, "" if they can.

    Raises:
        EvidenceError: Prometheus did not answer, or its metrics cannot be judged by; the sentence names all faults.
    """
    reporter = choose(prometheus, arms, wanted.reporter)
    if reporter is None:
        reported = "" if wanted.reporter == AUTO else wanted.reporter
        raise _refused(absence.explained(prometheus, arms, reported))
    places = worlds.worlds(prometheus, arms.metrics.requests, arms)
    several = worlds.undecided(places, arms.more)
    durations = find(prometheus, arms, wanted.names)
    fault, note = _objective(wanted, durations)
    missing = "" if durations.fault else named.absent(prometheus, arms, wanted.names)
    faults = [doubt, worlds.sentence(several) if several else "", durations.fault, missing, fault]
    if any(faults):
        raise _refused("; ".join(fault for fault in faults if fault))
    warnings = [told for told in (worlds.listed(places, arms.more), note) if told]
    return Checked(reporter, durations, (*warnings, *(() if durations.bounds else (_no_durations(wanted.names),))))


def _objective(wanted: Requirements, durations: Durations) -> tuple[str, str]:
    """Give why no bucket can hold the objective, and a note where one at another limit does."""
    if durations.fault:
        return "", ""
    try:
        found = objective_at(wanted.objective, durations)
    except BeyondError as fault:
        return str(fault), ""
    return "", found.note if found else ""


def _no_durations(names: WantedNames) -> str:
    return (
        f"Prometheus has no histogram of stable's durations ({' or '.join(names.durations)}): latency is not judged"
        f" unless a custom histogram does it; another name is set with --duration-metric"
    )


def _refused(sentence: str) -> EvidenceError:
    return EvidenceError(Problem(ProblemKind.NO_SERIES, sentence))
