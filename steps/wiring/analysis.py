"""Build what an analysis may have besides Prometheus: the recording and the progress file."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from steps.evidence.recording import Recorder
from steps.model.names import ReleaseNames
from steps.outputs.progress import Progress
from steps.settings.evidence import EvidenceSettings
from steps.wiring.evidence import arms_of, custom_metrics, objective_of


def recorder_of(
    settings: EvidenceSettings, path: str, names: ReleaseNames, rules: Mapping[str, object]
) -> Recorder | None:
    """Start a recording if there is a path for it.

    Raises:
        PermanentError: the file cannot be written.
    """
    if not path:
        return None
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
    return Recorder(Path(path), {**about, **heard})


def progress_of(path: str) -> Progress | None:
    """Return the writer of the progress file, None without a path."""
    return Progress(path) if path else None
