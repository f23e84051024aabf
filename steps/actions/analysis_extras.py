"""The optional parts of an analysis: recording, probes, progress."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from steps.actions.probe_preflight import ProbePreflight
from steps.evidence.recording import Recorder
from steps.model.looks import LastLook
from steps.probing.prober import Prober


@dataclass(frozen=True, slots=True)
class AnalysisExtras:
    """Optional parts of an analysis besides Prometheus.

    Args:
        recorder: records the polls for replay.
        prober: sends deep health checks between the polls.
        probe_preflight: tries the checks on stable before a run begins.
        progress: called with the progress of the rung, or of a gate's time (0-1).
        on_look: called with each look, summed up; it returns at once.
    """

    recorder: Recorder | None = None
    prober: Prober | None = None
    probe_preflight: ProbePreflight | None = None
    progress: Callable[[float], None] | None = None
    on_look: Callable[[LastLook], None] | None = None


NO_EXTRAS: Final = AnalysisExtras()
"""Prometheus alone."""
