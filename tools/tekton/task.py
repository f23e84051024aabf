"""The Tasks: one for each step, and `finish`, which runs rollback and report."""

from importlib.metadata import version

from pydantic.fields import FieldInfo

from steps.__main__ import STEPS, find
from steps.outputs import results
from steps.settings.cluster import ClusterSettings
from steps.settings.prometheus import PrometheusSettings
from steps.tekton_pipeline.yaml_text import comment_lines
from tools.tekton.catalog import FINISH, RESULT_DESCRIPTIONS, CatalogEntry
from tools.tekton.parameters import Json, environment_variable, parameter, parameter_settings
from tools.tekton.yaml_writer import to_yaml

_VERSION = version("canary-steps")
_WEBHOOK = "/var/run/canary-steps/webhook"
_CONFIG_MAP: Json = {
    "name": "config-map", "type": "string", "default": "canary-steps",
    "description": "ConfigMap with canary.yaml; optional.",
}  # fmt: skip
_PROMETHEUS: Json = {
    "name": "prometheus-secret", "type": "string", "default": "canary-steps-prometheus",
    "description": "Secret with credentials, mounted at /var/run/canary-steps/prometheus; optional.",
}  # fmt: skip
_WEBHOOK_SECRET: Json = {
    "name": "webhook-secret", "type": "string", "default": "canary-steps-webhook",
    "description": "Secret whose key `url` is the URL of the webhook; key `token`, a bearer token, is optional.",
}  # fmt: skip
_REGISTRY = "/var/run/canary-steps/registry"
_REGISTRY_SECRET: Json = {
    "name": "registry-secret", "type": "string", "default": "canary-steps-registry",
    "description": "Secret of type kubernetes.io/dockerconfigjson, mounted at /var/run/canary-steps/registry; "
    "optional.",
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
    "Values reach the step as environment variables, so nothing in them is executed. An empty one is not set.",
    "Every result is written even if the step fails, and is empty if there is no value: no reference can fail a run.",
    "The label keeps the pod out of the mesh, where a sidecar would race with the step.",
)


def task(entry: CatalogEntry) -> str:
    """Return the Task of a step as YAML."""
    step = find(entry.step)
    fields = parameter_settings(entry.step)
    mounts = _mounts(entry.step)
    spec: Json = {
        "params": _params(fields, mounts),
        "results": [
            {"name": name, "type": "string", "description": RESULT_DESCRIPTIONS[name]} for name in step.results
        ],
        "volumes": [{"name": "tmp", "emptyDir": {}}, *(volume for _, volume, _ in mounts)],
        "steps": [_step(entry.step, tuple(fields), {name: name for name in step.results}, mounts)],
    }
    return _document(entry, spec)


def finish_task() -> str:
    """Return the Task for `finally`."""
    fields = {name: one for name, one in parameter_settings("rollback").items() if name not in {"any_run", "dry_run"}}
    report_fields = tuple(name for name in fields if name in find("report").settings.model_fields)
    mounts = _mounts("rollback")
    descriptions = {
        "rollback": "What the rollback did: rolled-back, promoted (it only finished a promote), or not-owner.",
        "outcome": "How this run ended, promoted or rolled-back; empty if it never held the claim.",
        "reason": RESULT_DESCRIPTIONS["reason"],
    }
    rollback = {**_step("rollback", tuple(fields), {"outcome": "rollback"}, mounts), "onError": "continue"}
    report = {
        **_step("report", report_fields, {"outcome": "outcome", "reason": "reason"}, mounts),
        "onError": "continue",
    }
    again = {**_step("rollback", tuple(fields), {}, mounts), "name": "rollback-again"}
    spec: Json = {
        "params": _params(fields, mounts),
        "results": [{"name": name, "type": "string", "description": text} for name, text in descriptions.items()],
        "volumes": [{"name": "tmp", "emptyDir": {}}, *(volume for _, volume, _ in mounts)],
        "steps": [rollback, report, again],
    }
    return _document(FINISH, spec)


def summary(entry: CatalogEntry) -> str:
    """Return what a Task does in one sentence."""
    text = "restore stable unless the run was promoted, then report" if entry is FINISH else STEPS[entry.step]
    return f"{text[0].upper()}{text[1:]}."


def _document(entry: CatalogEntry, spec: Json) -> str:
    head = [
        "# Written by `make docs` from the settings of the step. Do not edit it; a test compares the two.",
        "#",
        *comment_lines((*_POINTS, f"Exit codes: {entry.exit_codes}.")),
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
        "spec": {"description": f"{summary(entry)}\n{entry.notes}", **spec},
    }
    return "\n".join([*head, to_yaml(document)])


def _params(fields: dict[str, FieldInfo], mounts: list[tuple[Json, Json, Json]]) -> list[Json]:
    settings = [parameter(name, field) for name, field in fields.items()]
    return [*settings, *(param for param, _, _ in mounts), _IMAGE]


def _step(name: str, fields: tuple[str, ...], written: dict[str, str], mounts: list[tuple[Json, Json, Json]]) -> Json:
    """Return one step.

    Args:
        name: the sub-command.
        fields: the settings to pass on.
        written: the result of the Task for each result of the step.
        mounts: what `_mounts` returns.
    """
    env = [environment_variable(one) for one in fields]
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
    """Return the parameter, the volume and the mount of each ConfigMap and Secret that the step may read."""
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
