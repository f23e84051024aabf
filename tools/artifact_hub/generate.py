"""Generates the package of the Argo templates, and the metadata file of each repository that Artifact Hub reads.

Artifact Hub reads the Tasks from tekton/task and the StepActions from tekton/stepaction as they are (folder and file
have the package's name, a version is a git tag), and charts by the annotations in their Chart.yaml. Only Argo templates
need a package file.
"""

from pathlib import Path

from tools.charts.settings import SHIPPED_IMAGE, VERSION
from tools.charts.sources import sources
from tools.tekton.yaml_writer import to_yaml

ROOT = Path(__file__).parents[2]
REPOSITORIES = ("charts", "tekton/task", "tekton/stepaction", "artifacthub/argo")
"""Folders that are added to Artifact Hub as repositories: Helm charts, Tekton tasks and stepactions, Argo templates."""
_PACKAGE = "artifacthub/argo/canary-steps"
_CREATED = "2026-11-27T00:00:00Z"
"""When this version was made; a release sets it with the version."""
_REPOSITORY = """\
# Written by `make docs`. Artifact Hub reads this file beside the packages of a repository. Who publishes them adds
# `repositoryID`, which Artifact Hub shows after the repository was added: that makes them a verified publisher.
ignore: []
"""
_HEAD = """\
# Written by `make docs` from workflows/base: all that releases in one namespace need. `kubectl apply -n NAMESPACE -f`.
"""
_README = """\
# canary-steps for Argo Workflows

Canary releases on Istio without an operator: small steps move the weights of a VirtualService, judge
the canary from Prometheus, and promote it or roll it back.

```
kubectl apply -n shop -f manifests.yaml
canary-steps init --app shop --namespace shop | kubectl apply -f -
argo submit -n shop --from workflowtemplate/canary-release -p app=shop -p image=registry.example/shop:v2 --watch
```

| WorkflowTemplate | for |
|---|---|
{templates}

It contains the service accounts, their roles and the CronJob that rolls back dead runs. The chart
`canary-steps` installs the same with options.

Written by `make docs`.
"""


def generated_files() -> dict[str, str]:
    """Return the text of each file by its path from the root of the repository."""
    return {
        **{f"{folder}/artifacthub-repo.yml": _REPOSITORY for folder in REPOSITORIES},
        f"{_PACKAGE}/artifacthub-pkg.yml": "# Written by `make docs`.\n" + to_yaml(_package()),
        f"{_PACKAGE}/manifests.yaml": _manifests(),
        f"{_PACKAGE}/README.md": _README.format(templates="\n".join(_templates())),
    }


def _package() -> dict[str, object]:
    return {
        "version": VERSION,
        "name": "canary-steps",
        "displayName": "Canary releases for Istio",
        "createdAt": _CREATED,
        "description": "Steps that move Istio weights, judge the canary from Prometheus, and promote or roll back",
        "category": "integration-delivery",
        "license": "Apache-2.0",
        "appVersion": VERSION,
        "prerelease": VERSION.startswith("0."),
        "containersImages": [
            {"name": "canary-steps", "image": SHIPPED_IMAGE, "platforms": ["linux/amd64", "linux/arm64"]}
        ],
        "keywords": ["argo", "canary", "istio", "progressive-delivery", "prometheus"],
        "annotations": {"argo/version": ">= 3.7.0"},
    }


def _manifests() -> str:
    texts = [one.path.read_text(encoding="utf-8").strip() for one in sources(ROOT / "workflows" / "base")]
    return _HEAD + "\n---\n".join([*texts]) + "\n"


def _templates() -> list[str]:
    found = [one for file in sources(ROOT / "workflows" / "base") for one in file.documents]
    return [
        f"| {one['metadata']['name']} | {one['metadata']['annotations']['workflows.argoproj.io/description'].strip()} |"
        for one in found
        if one["kind"] == "WorkflowTemplate"
    ]
