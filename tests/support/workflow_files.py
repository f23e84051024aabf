"""The shipped Argo YAML for tests: documents, leaf templates (one per step), references."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from steps.__main__ import STEPS, find
from steps.settings.flags import default_text
from tests.support.documents import yaml_objects

ROOT = Path(__file__).parents[2] / "workflows"
FILES = sorted(ROOT.rglob("*.yaml"))
Json = dict[str, Any]

EXTRAS = {"config-map", "prometheus-secret", "webhook-secret", "deadline-seconds"}
"""Inputs for Argo, not for the step."""
ACCOUNTS = {"report": "reader", "probe": "reader", "notify": "reader", "gate": "reader", "sweep": "sweeper"}
"""Accounts of the leaf templates; all others run as the walker."""
CONSTANT = {"CANARY_WEBHOOK_URL_FILE", "CANARY_PROGRESS_FILE", "CANARY_HTML"}
"""Variables that are not inputs: where a Secret is mounted, where Argo's executor looks."""


@cache
def documents(path: Path) -> tuple[Json, ...]:
    """Return the documents of a file."""
    return tuple(yaml_objects(path.read_text(encoding="utf-8")))


def of_kind(*kinds: str) -> list[Json]:
    """Return all shipped objects of some kinds."""
    return [one for path in FILES for one in documents(path) if one.get("kind") in kinds]


@dataclass(frozen=True)
class Leaf:
    """One leaf template of WorkflowTemplate canary-steps."""

    body: Json

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.body["name"])

    @property
    def container(self) -> Json:
        """Its container."""
        return dict(self.body["container"])

    @property
    def step(self) -> str:
        """The sub-command that it runs."""
        return str(self.container["args"][0])

    @property
    def inputs(self) -> dict[str, Json]:
        """Its input parameters by name."""
        return {one["name"]: one for one in self.body["inputs"]["parameters"]}

    @property
    def settings(self) -> dict[str, Json]:
        """Its inputs that are settings of the step, by field name."""
        return {name.replace("-", "_"): one for name, one in self.inputs.items() if name not in EXTRAS}

    @property
    def env(self) -> dict[str, str]:
        """Its environment."""
        return {one["name"]: one["value"] for one in self.container["env"]}

    @property
    def outputs(self) -> dict[str, Json]:
        """Its output parameters by name."""
        return {one["name"]: one for one in self.body["outputs"]["parameters"]}


def leaves() -> list[Leaf]:
    """Return all leaf templates."""
    (found,) = documents(ROOT / "base" / "canary-steps.yaml")
    return [Leaf(body) for body in found["spec"]["templates"]]


def choices(field: FieldInfo) -> list[str] | None:
    """Return the enum of a setting's input, None if any value is allowed; "" means not set."""
    if field.annotation is bool:
        return ["", "false", "true"]
    if get_origin(field.annotation) is not Literal:
        return None
    return list(dict.fromkeys(["", *map(str, get_args(field.annotation))]))


def defaults(parameter: str) -> set[str]:
    """Return the defaults that a setting has in the steps, as a parameter would have them."""
    fields = [find(step).settings.model_fields.get(parameter.replace("-", "_")) for step in STEPS]
    return {default_text(field.default) for field in fields if field is not None}


def workflow_specs() -> Iterator[tuple[str, Json]]:
    """Yield the specs of everything that Argo runs, by kind and name."""
    for one in of_kind("Workflow", "WorkflowTemplate"):
        yield f"{one['kind']} {one['metadata'].get('name') or one['metadata']['generateName']}", one["spec"]
    for one in of_kind("CronWorkflow"):
        yield f"CronWorkflow {one['metadata']['name']}", one["spec"]["workflowSpec"]


def calls(spec: Json) -> Iterator[tuple[Json, Json]]:
    """Yield every step of every `steps` template, with its template."""
    for template in spec.get("templates", []):
        for group in template.get("steps", []):
            for step in group:
                yield template, step


def called(step: Json) -> Json | None:
    """Return the template that a step refers to."""
    wanted = step.get("templateRef")
    if wanted is None:
        return None
    (found,) = [one for one in of_kind("WorkflowTemplate") if one["metadata"]["name"] == wanted["name"]]
    templates: list[Json] = found["spec"]["templates"]
    return next(one for one in templates if one["name"] == wanted["template"])
