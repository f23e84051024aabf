"""Build what an analysis may have besides Prometheus: the recording and the progress file."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import structlog

from steps.errors import PermanentError
from steps.evidence.recording import Recorder
from steps.model.names import ReleaseNames
from steps.outputs.progress import Progress
from steps.settings.evidence import EvidenceSettings
from steps.wiring.evidence import arms_of, custom_metrics, objective_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def recorder_of(
    settings: EvidenceSettings, path: str, run: str, names: ReleaseNames, rules: Mapping[str, object]
) -> Recorder | None:
    """Start a recording if there is a path for it.

    A run that has a name may have moved users already, before its process was killed: it goes on without a recording.

    Args:
        settings: what is judged.
        path: of the file, "" for no recording.
        run: the run that was named, "" if it is about to begin, or for an analysis without one.
        names: of the release.
        rules: of the judge.

    Raises:
        PermanentError: the file cannot be written, and no run was named.
    """
    if not path:
        return None
    try:
        return Recorder(Path(path), _header(settings, names, rules))
    except PermanentError as error:
        if not run:
            raise
        log.error("recording.lost", error=str(error))
        return None


def _header(settings: EvidenceSettings, names: ReleaseNames, rules: Mapping[str, object]) -> dict[str, object]:
    """Return what is needed to read the recorded responses again."""
    known = arms_of(settings, names)
    arms = {name: value for name, value in asdict(known).items() if name != "metrics"}
    metrics = [asdict(metric) for metric in custom_metrics(settings, names)]
    about = {"app": names.app, "namespace": names.namespace, "arms": arms, "metrics": metrics, "rules": dict(rules)}
    objective = objective_of(settings)
    heard = {
        "latency_objective": asdict(objective) if objective else None,
        "mesh": not settings.without_mesh_metrics,
        "ignored_answers": settings.ignore_answers,
        "stable_pods": True,
    }
    return {**about, **heard}


def progress_of(path: str) -> Progress | None:
    """Return the writer of the progress file, None without a path."""
    return Progress(path) if path else None
