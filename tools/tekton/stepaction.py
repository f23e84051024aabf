"""The StepActions, each made from the Task of its step: the same container, for a step in a Task of the user's own."""

from typing import Any

import yaml

from tools.tekton.yaml_writer import to_yaml

Json = dict[str, Any]

_HEAD = """\
# Written by `make docs` from ../../task/{step}/{step}.yaml. Do not edit it; a test compares the two.
#
# - A StepAction has no volumes: `config` names the file to read canary.yaml from, for example in a workspace.
# - Set resources and time-outs in the step that refers to it.
"""
_CONFIG: Json = {
    "name": "config",
    "type": "string",
    "default": "",
    "description": "Path of canary.yaml in the step's file system, for example in a workspace. Empty: there is none.",
}
_URL_FILE: Json = {
    "name": "webhook-url-file",
    "type": "string",
    "description": "Path of the file with the webhook's URL, for example in a workspace bound to a Secret. "
    "A file `token` beside it holds a bearer token.",
}
_REGISTRY_CONFIG: Json = {
    "name": "registry-config",
    "type": "string",
    "default": "",
    "description": "Path of a docker config.json, for example in a workspace bound to a Secret. Empty: anonymous.",
}
_VOLUME_PARAMS = {"config-map", "prometheus-secret", "webhook-secret", "registry-secret"}


def stepaction(task: str) -> str:
    """Return the StepAction of a Task; both are YAML."""
    document: Json = yaml.safe_load(task)
    spec = document["spec"]
    (step,) = spec["steps"]
    metadata = {**document["metadata"], "labels": dict(document["metadata"]["labels"])}
    del metadata["labels"]["sidecar.istio.io/inject"]  # labels of a StepAction do not reach the pod
    params, env = _without_volumes(spec["params"], step["env"])
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
    return _HEAD.format(step=step["name"]) + to_yaml(action)


def _without_volumes(params: list[Json], env: list[Json]) -> tuple[list[Json], list[Json]]:
    """Return parameters and environment with paths of files in place of the names of mounted objects."""
    names = {one["name"] for one in params}
    params = [one for one in params if one["name"] not in _VOLUME_PARAMS]
    env = [{**one, "value": one["value"].replace("$(results.", "$(step.results.")} for one in env]
    if "webhook-secret" in names:
        params.insert(0, _URL_FILE)
        env = _with_value(env, "CANARY_WEBHOOK_URL_FILE", "$(params.webhook-url-file)")
    if "registry-secret" in names:
        params.insert(-1, _REGISTRY_CONFIG)
        env = _with_value(env, "CANARY_REGISTRY_CONFIG", "$(params.registry-config)")
    if "config-map" in names:
        params.insert(-1, _CONFIG)
        env.insert(0, {"name": "CANARY_CONFIG", "value": "$(params.config)"})
    return params, env


def _with_value(env: list[Json], name: str, value: str) -> list[Json]:
    return [{**one, "value": value} if one["name"] == name else one for one in env]
