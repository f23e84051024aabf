"""The StepActions, each from the Task of its step: the same container, for a step inside somebody else's Task."""

from typing import Any

import yaml

from tools.tekton.yaml_writer import emit

_HEAD = """\
# Written by `make docs` from ../../task/{step}/{step}.yaml, and not to be edited; a test compares the two.
#
# - A StepAction has no volumes: canary.yaml is read from the file that `config` names, in a workspace for example.
# - Resources and time-outs belong to the step that refers to it.
"""
_CONFIG = {
    "name": "config",
    "type": "string",
    "default": "",
    "description": "Path of canary.yaml in the step's file system, in a workspace for example. Empty: there is none.",
}
_URL_FILE = {
    "name": "webhook-url-file",
    "type": "string",
    "description": "Path of the file that holds the webhook's URL, in a workspace bound to a Secret for example.",
}
_REGISTRY_CONFIG = {
    "name": "registry-config",
    "type": "string",
    "default": "",
    "description": "Path of a docker config.json, in a workspace bound to a Secret for example. Empty: anonymous.",
}
_OF_VOLUMES = {"config-map", "prometheus-secret", "webhook-secret", "registry-secret"}


def stepaction(task: str) -> str:
    """Return the StepAction of a Task, both as YAML."""
    document: dict[str, Any] = yaml.safe_load(task)
    spec = document["spec"]
    (step,) = spec["steps"]
    metadata = {**document["metadata"], "labels": dict(document["metadata"]["labels"])}
    del metadata["labels"]["sidecar.istio.io/inject"]  # labels of a StepAction reach no pod
    params = [one for one in spec["params"] if one["name"] not in _OF_VOLUMES]
    env = [{**one, "value": one["value"].replace("$(results.", "$(step.results.")} for one in step["env"]]
    if any(one["name"] == "webhook-secret" for one in spec["params"]):
        params.insert(0, _URL_FILE)
        env = [
            {**one, "value": "$(params.webhook-url-file)"} if one["name"] == "CANARY_WEBHOOK_URL_FILE" else one
            for one in env
        ]
    if any(one["name"] == "registry-secret" for one in spec["params"]):
        params.insert(-1, _REGISTRY_CONFIG)
        env = [
            {**one, "value": "$(params.registry-config)"} if one["name"] == "CANARY_REGISTRY_CONFIG" else one
            for one in env
        ]
    if any(one["name"] == "config-map" for one in spec["params"]):
        params.insert(-1, _CONFIG)
        env.insert(0, {"name": "CANARY_CONFIG", "value": "$(params.config)"})
    action = {
        "apiVersion": "tekton.dev/v1beta1",
        "kind": "StepAction",
        "metadata": metadata,
        "spec": {
            "description": spec["description"],
            "params": params,
            "results": spec["results"],
            "image": step["image"],
            "command": step["command"],
            "args": step["args"],
            "env": env,
            "securityContext": step["securityContext"],
        },
    }
    return _HEAD.format(step=step["name"]) + emit(action)
