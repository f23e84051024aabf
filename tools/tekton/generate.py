"""Generates all files under tekton/ that nobody edits by hand."""

from pathlib import Path

from steps.render import Settings, run
from tools.tekton.catalog import CATALOG, FINISH
from tools.tekton.readme import task_readme
from tools.tekton.sample_run import sample_run
from tools.tekton.stepaction import stepaction
from tools.tekton.task import finish_task, task

ROOT = Path(__file__).parents[2] / "tekton"
_SAMPLE_APP = {"app": "shop", "image": "registry.example/shop:v2"}
_PIPELINES: dict[str, dict[str, bool]] = {
    "canary-release": {},
    "canary-release-gated": {"gate": True},
    "canary-release-one-pod": {"one_pod": True},
    "canary-release-pushed": {"resolve": True},
    "canary-release-one-pod-pushed": {"one_pod": True, "resolve": True},
}
"""Settings of `render` for each Pipeline, by its name."""
_KUSTOMIZATION = """\
# Written by `make docs`.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
{resources}
"""


def generated_files() -> dict[str, str]:
    """Return the text of each file by its path under tekton/."""
    files = {**_tasks(), **_pipelines()}
    for folder in ("task", "stepaction", "pipeline"):
        paths = sorted(path.removeprefix(f"{folder}/") for path in files if path.startswith(f"{folder}/"))
        resources = [f"- {path}" for path in paths if path.endswith(".yaml") and "/samples/" not in path]
        files[f"{folder}/kustomization.yaml"] = _KUSTOMIZATION.format(resources="\n".join(resources))
    return files


def _tasks() -> dict[str, str]:
    files: dict[str, str] = {}
    for entry in (*CATALOG, FINISH):
        name = entry.step
        text = finish_task() if entry is FINISH else task(entry)
        files[f"task/{name}/{name}.yaml"] = text
        files[f"task/{name}/README.md"] = task_readme(entry, text)
        files[f"task/{name}/samples/{name}.yaml"] = sample_run(entry)
        if entry is not FINISH:
            files[f"stepaction/{name}/{name}.yaml"] = stepaction(text)
    return files


def _pipelines() -> dict[str, str]:
    files: dict[str, str] = {}
    for name, options in _PIPELINES.items():
        settings = Settings.model_validate({"engine": "tekton", **options})
        files[f"pipeline/{name}.yaml"] = run(settings)
        files[f"run/{name}.yaml"] = run(settings.model_copy(update={"document": "run", **_SAMPLE_APP}))
    return files


def write_files() -> list[str]:
    """Write all files, and return the paths of those that changed."""
    changed = []
    for path, text in generated_files().items():
        file = ROOT / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed
