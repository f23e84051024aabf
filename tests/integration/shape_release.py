"""The release of one shape in the lab, as its users and its team see it: init, apply, rollout with two words."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from tests.integration.shape_users import UserKind, name_of, user_kinds
from tests.lab.embedded.lab import EmbeddedLab
from tests.lab.embedded.load import Load, View
from tests.support.kubernetes_api.kinds import DEPLOYMENT, KINDS, VIRTUAL_SERVICE
from tests.support.step_run import RunningStep, StepFiles, StepResult

Json = dict[str, Any]

NEW = "new"
"""The version that is released, as users see it in the header x-version."""
_KIND_OF = {kind.kind: kind for kind in KINDS}
_INIT_RUNS = 2
"""init says where it has to run once more: a new Deployment must be ready before routes lead to it."""


@dataclass(frozen=True)
class SeenBy:
    """What the users of one kind saw.

    Args:
        kind: of the users.
        is_released: their route has both arms.
        to_canary: their route leads to the canary alone.
        view: their requests.
    """

    kind: UserKind
    is_released: bool
    to_canary: bool
    view: View


class ShapeRelease:
    """A shape in a namespace of its own.

    Args:
        lab: with that namespace.
        shape: the file.
        namespace: its namespace in the lab.
        folder: for the logs of steps.
    """

    def __init__(self, lab: EmbeddedLab, shape: Path, namespace: str, folder: Path) -> None:
        self.lab, self.namespace, self._folder = lab, namespace, folder
        text = shape.read_text(encoding="utf-8")
        self.app, self.shape = _head(text, "app"), shape.stem
        self._numbers = count(1)
        self.documents: list[Json] = [one for one in yaml.safe_load_all(_moved(text, namespace)) if one]
        self.users: list[tuple[UserKind, Load]] = []
        self.applied: list[str] = []
        self.rollout: StepResult | None = None

    def deploy(self) -> None:
        """Create the objects; each Deployment runs a version named like it."""
        self.lab.registry.push(self.image, version=NEW)
        for item in self.documents:
            if item["kind"] == "Deployment":
                name = item["metadata"]["name"]
                self.lab.registry.push(f"demo/{self.namespace}:{name}")
                item["spec"]["template"]["spec"]["containers"][0]["image"] = f"demo/{self.namespace}:{name}"
                item["spec"]["replicas"] = min(1, item["spec"].get("replicas", 1))
            self._apply(item)

    @property
    def image(self) -> str:
        """The image that is released."""
        return f"demo/{self.namespace}:{NEW}"

    def wait_until_served(self) -> None:
        """Wait until all Deployments are rolled out."""
        for item in self.lab.api.store.list(DEPLOYMENT, self.namespace):
            name = item["metadata"]["name"]

            def is_ready(name: str = name, wanted: int = item["spec"]["replicas"]) -> bool:
                status = self.lab.api.store.get(DEPLOYMENT, self.namespace, name).get("status", {})
                return int(status.get("availableReplicas", 0)) >= wanted

            self.lab.wait_for(is_ready, what=f"{self.namespace}/{name}")

    def start_users(self, released: float = 20.0, others: float = 3.0) -> None:
        """Start users of every host and route; those of routes without another match send most requests."""
        for kind in user_kinds(self._virtual_services()):
            rate = others if kind.headers or kind.path != "/" else released
            load = self.lab.load(rate, kind.host, paths=(kind.path,), headers=kind.headers, seconds=300)
            self.users.append((kind, load))

    def init(self) -> None:
        """Run init and apply what it prints, twice."""
        for _ in range(_INIT_RUNS):
            ended = self.start("init", "--no-rbac").wait()
            assert 0 == ended.exit_code, ended.lines
            for item in filter(None, yaml.safe_load_all(ended.out)):
                self.applied.append(f"{item['kind']}/{item['metadata']['name']}")
                self._apply(item)
            self.wait_until_served()

    def start(self, step: str, *flags: str) -> RunningStep:
        """Start a step for the app."""
        env = {
            "CANARY_APP": self.app,
            "CANARY_NAMESPACE": self.namespace,
            "CANARY_KUBECONFIG": str(self.lab.kubeconfig),
            "CANARY_PROMETHEUS_URL": self.lab.prometheus_url,
            "CANARY_LOG_FORMAT": "json",
        }
        return RunningStep(step, flags, env, StepFiles(step, self._folder / f"{self.namespace}-{next(self._numbers)}"))

    def stop_users(self, canary: str) -> list[SeenBy]:
        """Stop all users and return what they saw; `canary` is the destination of the release."""
        rules = {name_of(one): one["spec"].get("http") or [] for one in self._virtual_services()}
        found = []
        for kind, load in self.users:
            routes = rules[kind.virtual_service][kind.route].get("route") or []
            alone = len(routes) == 1 and _written(routes[0]["destination"]) == canary
            found.append(SeenBy(kind, len(routes) > 1, alone, load.stop()))
        return found

    def _virtual_services(self) -> list[Json]:
        own = self.lab.api.store.list(VIRTUAL_SERVICE, self.namespace)
        gateways = [
            one
            for one in self.lab.api.store.list(VIRTUAL_SERVICE, "istio-system")
            if self.namespace in str(one["spec"])
        ]
        return [*own, *gateways]

    def _apply(self, item: Json) -> None:
        """Create an object, or replace what it says of an existing one, as `kubectl apply` does."""
        kind = _KIND_OF.get(item["kind"])
        if kind is None:
            return
        namespace, name = item["metadata"].get("namespace", self.namespace), item["metadata"]["name"]
        if self.lab.api.store.find(kind, namespace, name) is None:
            self.lab.api.store.create(kind, namespace, item, manager="kubectl")
            return

        def changed(present: Json) -> Json:
            said = {key: value for key, value in item.items() if key not in {"metadata", "status"}}
            metadata = {**present["metadata"], **{k: item["metadata"][k] for k in ("labels",) if k in item["metadata"]}}
            return {**present, **said, "metadata": metadata}

        self.lab.api.store.change(kind, namespace, name, changed, manager="kubectl")


def _moved(text: str, namespace: str) -> str:
    """Return the manifests with their names made unique, bound to the lab's gateway."""
    for old, new in (
        ("ingress/public", "istio-system/public"),
        ("namespace: ingress", "namespace: istio-system"),
        ("namespace: field", f"namespace: {namespace}"),
        (".field.svc", f".{namespace}.svc"),
        ("example.org", f"{namespace}.example.org"),
    ):
        text = text.replace(old, new)
    return text


def _head(text: str, field: str) -> str:
    start = f"# {field}: "
    return next((line.removeprefix(start) for line in text.splitlines() if line.startswith(start)), "")


def _written(destination: Json) -> str:
    return "/".join(filter(None, (destination["host"], destination.get("subset", ""))))
