"""All files of the folder tekton that are written and not edited, with their content."""

from pathlib import Path

from steps.render import Settings, run
from tools.tekton.catalog import ENTRIES, FINISH
from tools.tekton.readme import readme
from tools.tekton.sample_run import sample
from tools.tekton.stepaction import stepaction
from tools.tekton.task import finish, task

ROOT = Path(__file__).parents[2] / "tekton"
_APP = {"app": "shop", "image": "registry.example/shop:v2"}
_KUSTOMIZATION = """\
# Written by `make docs`.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
{resources}
"""


def files() -> dict[str, str]:
    """Return the text of each file by its path under tekton/."""
    found: dict[str, str] = {}
    for entry in (*ENTRIES, FINISH):
        name = entry.step
        text = finish() if entry is FINISH else task(entry)
        found[f"task/{name}/{name}.yaml"] = text
        found[f"task/{name}/README.md"] = readme(entry, text)
        found[f"task/{name}/samples/{name}.yaml"] = sample(entry)
        if entry is not FINISH:
            found[f"stepaction/{name}/{name}.yaml"] = stepaction(text)
    for shape in ({}, {"gate": True}, {"one_pod": True}, {"resolve": True}, {"one_pod": True, "resolve": True}):
        settings = Settings.model_validate({"engine": "tekton", **shape})
        endings = {"gate": "-gated", "one_pod": "-one-pod", "resolve": "-pushed"}
        name = "canary-release" + "".join(endings[one] for one in shape)
        found[f"pipeline/{name}.yaml"] = run(settings)
        found[f"run/{name}.yaml"] = run(settings.model_copy(update={"document": "run", **_APP}))
    for folder in ("task", "stepaction", "pipeline"):
        paths = sorted(path.removeprefix(f"{folder}/") for path in found if path.startswith(f"{folder}/"))
        listed = [f"- {path}" for path in paths if path.endswith(".yaml") and "/samples/" not in path]
        found[f"{folder}/kustomization.yaml"] = _KUSTOMIZATION.format(resources="\n".join(listed))
    return found


def write() -> list[str]:
    """Write them all, and return the paths of those that changed."""
    changed = []
    for path, text in files().items():
        file = ROOT / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed
