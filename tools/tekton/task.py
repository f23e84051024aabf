"""The Tasks: one of each step, and `finish`, which is two of them."""

from importlib.metadata import version

from steps.__main__ import STEPS, find
from steps.outputs import results
from steps.settings.groups import ClusterSettings, PrometheusSettings
from steps.tekton_pipeline.yaml_text import comment_lines
from tools.tekton.catalog import FINISH, RESULTS, Entry
from tools.tekton.parameters import Json, offered, param, variable
from tools.tekton.yaml_writer import emit

_VERSION = version("canary-steps")
_WEBHOOK = "/var/run/canary-steps/webhook"
_CONFIG_MAP: Json = {
    "name": "config-map", "type": "string", "default": "canary-steps",
    "description": "ConfigMap with canary.yaml; it may be absent.",
}  # fmt: skip
_PROMETHEUS: Json = {
    "name": "prometheus-secret", "type": "string", "default": "canary-steps-prometheus",
    "description": "Secret with credentials, mounted at /var/run/canary-steps/prometheus; it may be absent.",
}  # fmt: skip
_WEBHOOK_SECRET: Json = {
    "name": "webhook-secret", "type": "string", "default": "canary-steps-webhook",
    "description": "Secret whose key `url` is the webhook.",
}  # fmt: skip
_REGISTRY = "/var/run/canary-steps/registry"
_REGISTRY_SECRET: Json = {
    "name": "registry-secret", "type": "string", "default": "canary-steps-registry",
    "description": "Secret of type kubernetes.io/dockerconfigjson, mounted at /var/run/canary-steps/registry; it may "
    "be absent.",
}  # fmt: skip
_IMAGE: Json = {
    "name": "steps-image", "type": "string", "default": f"ghcr.io/canary-steps/canary-steps:{_VERSION}",
    "description": "Image of the steps; pin it by digest.",
}  # fmt: skip
_SECURITY: Json = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "runAsGroup": 65532,
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
_TMP: Json = {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108 - an emptyDir of the pod
_RESOURCES: Json = {"requests": {"cpu": "50m", "memory": "96Mi"}, "limits": {"memory": "256Mi"}}
_POINTS = (
    "Values reach the step by environment variables: nothing in them is executed, and an empty one is not set.",
    "Every result is written on every path, empty where the step has no value, so that a reference never fails a run.",
    "The label keeps the pod out of the mesh, where a sidecar would race with the step.",
)


def task(entry: Entry) -> str:
    """Return the Task of a step as YAML."""
    step = find(entry.step)
    fields = offered(entry.step)
    mounts = _mounts(entry.step)
    spec: Json = {
        "params": [*(param(name, field) for name, field in fields.items()), *(extra for extra, _, _ in mounts), _IMAGE],
        "results": [{"name": name, "type": "string", "description": RESULTS[name]} for name in step.results],
        "volumes": [{"name": "tmp", "emptyDir": {}}, *(volume for _, volume, _ in mounts)],
        "steps": [_step(entry.step, tuple(fields), {name: name for name in step.results}, mounts)],
    }
    return _document(entry, spec)


def finish() -> str:
    """Return the Task for `finally`."""
    fields = {name: one for name, one in offered("rollback").items() if name not in {"any_run", "dry_run"}}
    told = tuple(name for name in fields if name in find("report").settings.model_fields)
    mounts = _mounts("rollback")
    described = {
        "rollback": "What the rollback did: rolled-back, promoted (a promote was complete but for its end), not-owner.",
        "outcome": "How this run ended, promoted or rolled-back; empty where it never held the claim.",
        "reason": RESULTS["reason"],
    }
    rollback = {**_step("rollback", tuple(fields), {"outcome": "rollback"}, mounts), "onError": "continue"}
    report = {**_step("report", told, {"outcome": "outcome", "reason": "reason"}, mounts), "onError": "continue"}
    again = {**_step("rollback", tuple(fields), {}, mounts), "name": "rollback-again"}
    spec: Json = {
        "params": [*(param(name, field) for name, field in fields.items()), *(extra for extra, _, _ in mounts), _IMAGE],
        "results": [{"name": name, "type": "string", "description": text} for name, text in described.items()],
        "volumes": [{"name": "tmp", "emptyDir": {}}, *(volume for _, volume, _ in mounts)],
        "steps": [rollback, report, again],
    }
    return _document(FINISH, spec)


def summary(entry: Entry) -> str:
    """Return what a Task does in one sentence."""
    said = "restore stable unless the run was promoted, then report" if entry is FINISH else STEPS[entry.step]
    return f"{said[0].upper()}{said[1:]}."


def _document(entry: Entry, spec: Json) -> str:
    head = [
        "# Written by `make docs` from the settings of the step, and not to be edited; a test compares the two.",
        "#",
        *comment_lines((*_POINTS, f"Exit codes: {entry.codes}.")),
    ]
    labels = {"app.kubernetes.io/part-of": "canary-steps", "app.kubernetes.io/version": _VERSION}
    metadata: Json = {
        "name": f"canary-{entry.step}",
        "labels": {**labels, "sidecar.istio.io/inject": "false"},
        "annotations": {
            "tekton.dev/pipelines.minVersion": "1.0.0",
            "tekton.dev/categories": entry.category,
            "tekton.dev/tags": entry.tags,
            "tekton.dev/displayName": entry.title,
            "tekton.dev/platforms": "linux/amd64,linux/arm64",
            "artifacthub.io/category": "integration-delivery",
            "artifacthub.io/license": "Apache-2.0",
        },
    }
    document: Json = {
        "apiVersion": "tekton.dev/v1",
        "kind": "Task",
        "metadata": metadata,
        "spec": {"description": f"{summary(entry)}\n{entry.more}", **spec},
    }
    return "\n".join([*head, emit(document)])


def _step(name: str, fields: tuple[str, ...], written: dict[str, str], mounts: list[tuple[Json, Json, Json]]) -> Json:
    """Return one step.

    Args:
        name: of the sub-command.
        fields: settings that are passed on.
        written: result of the step → result of the Task.
        mounts: as `_mounts` gives them.
    """
    env = [variable(one) for one in fields]
    if name == "notify":
        env.append({"name": "CANARY_WEBHOOK_URL_FILE", "value": f"{_WEBHOOK}/url"})
    if name == "resolve":
        env.append({"name": "CANARY_REGISTRY_CONFIG", "value": _REGISTRY})
    env += [{"name": results.variable_name(one), "value": f"$(results.{to}.path)"} for one, to in written.items()]
    return {
        "name": name,
        "image": "$(params.steps-image)",
        "imagePullPolicy": "IfNotPresent",
        "command": ["canary-steps"],
        "args": [name],
        "env": env,
        "computeResources": _RESOURCES,
        "securityContext": _SECURITY,
        "volumeMounts": [_TMP, *(mount for _, _, mount in mounts)],
    }


def _mounts(name: str) -> list[tuple[Json, Json, Json]]:
    """Return parameter, volume and mount of what a step may read."""
    settings = find(name).settings
    found: list[tuple[Json, Json, Json]] = []
    if (issubclass(settings, ClusterSettings) and name != "sweep") or name == "resolve":
        volume: Json = {"name": "config", "configMap": {"name": "$(params.config-map)", "optional": True}}
        found.append((_CONFIG_MAP, volume, {"name": "config", "mountPath": "/etc/canary-steps", "readOnly": True}))
    if issubclass(settings, PrometheusSettings):
        volume = {"name": "prometheus", "secret": {"secretName": "$(params.prometheus-secret)", "optional": True}}
        place = "/var/run/canary-steps/prometheus"
        found.append((_PROMETHEUS, volume, {"name": "prometheus", "mountPath": place, "readOnly": True}))
    if name == "notify":
        volume = {"name": "webhook", "secret": {"secretName": "$(params.webhook-secret)", "optional": True}}
        found.append((_WEBHOOK_SECRET, volume, {"name": "webhook", "mountPath": _WEBHOOK, "readOnly": True}))
    if name == "resolve":
        volume = {"name": "registry", "secret": {"secretName": "$(params.registry-secret)", "optional": True}}
        found.append((_REGISTRY_SECRET, volume, {"name": "registry", "mountPath": _REGISTRY, "readOnly": True}))
    return found
