"""Sample runs: a TaskRun of each Task, which users edit and create."""

from tools.tekton.catalog import CatalogEntry
from tools.tekton.parameters import Json
from tools.tekton.yaml_writer import to_yaml


def sample_run(entry: CatalogEntry) -> str:
    """Return a TaskRun as YAML."""
    params = [{"name": name, "value": value} for name, value in entry.sample_params.items()]
    document: Json = {
        "apiVersion": "tekton.dev/v1",
        "kind": "TaskRun",
        "metadata": {"generateName": f"canary-{entry.step}-"},
        "spec": {
            "serviceAccountName": f"canary-steps-{entry.account}",
            "taskRef": {"name": f"canary-{entry.step}"},
            **({"params": params} if params else {}),
        },
    }
    return f"# Runs only the Task canary-{entry.step}: kubectl create -f. Written by `make docs`.\n{to_yaml(document)}"
