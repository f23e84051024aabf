"""Sample runs: a TaskRun of each Task, to be edited and created."""

from tools.tekton.catalog import Entry
from tools.tekton.parameters import Json
from tools.tekton.yaml_writer import emit


def sample(entry: Entry) -> str:
    """Return a TaskRun as YAML."""
    params = [{"name": name, "value": value} for name, value in entry.sample.items()]
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
    return f"# The Task canary-{entry.step} alone: kubectl create -f. Written by `make docs`.\n{emit(document)}"
