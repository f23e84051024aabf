"""All shipped YAML as its validators see it: the API server with Argo's full CRDs, and `argo lint`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.kubectl import kubectl, kustomize
from tests.e2e.setup import compose
from tests.lab.cluster import argo
from tests.lab.cluster.lab import ClusterLab
from tests.support.processes import ROOT

pytestmark = pytest.mark.e2e

Json = dict[str, Any]
WORKFLOWS = ROOT / "workflows"
COMPONENTS = sorted(path.parent.name for path in (WORKFLOWS / "components").glob("*/kustomization.yaml"))
APPLIED_BY_ITSELF = "namespace-per-team"
LAST = "cluster-workflow-template"
CHOSEN = [one for one in COMPONENTS if one not in {APPLIED_BY_ITSELF, LAST}]
EXAMPLES = sorted((WORKFLOWS / "examples").glob("*.yaml"))


@pytest.fixture
def place() -> Any:  # noqa: ANN401 - a generator of labs
    """Return an empty namespace."""
    with ClusterLab("e2e-manifests") as lab:
        yield lab


def test_everything_is_accepted_by_the_full_crds(place: ClusterLab, tmp_path: Path) -> None:
    """The base, all components, and every example; unknown fields are errors."""
    assert _is_full(place), "the server would take any field"
    for components in ([], [*CHOSEN, LAST]):
        _accepts(place, kustomize(compose(tmp_path, *components)))
    _accepts(place, kustomize(WORKFLOWS / "components" / APPLIED_BY_ITSELF))
    given = yaml.safe_dump_all(_examples())
    kubectl(place, "create", "--dry-run=server", "--validate=strict", "-f", "-", given=given)


@pytest.mark.parametrize("components", [[], *([one] for one in [*CHOSEN, LAST]), [*CHOSEN, LAST]], ids="+".join)
def test_argo_lints_every_combination(tmp_path: Path, components: list[str]) -> None:
    """References included: the base alone, with each component, with all of them; and the examples beside it."""
    manifests = kustomize(compose(tmp_path, *components))
    items = [*_documents(manifests), *_examples(is_cluster_wide=LAST in components)]
    names = []
    for number, item in enumerate(one for one in items if one["apiVersion"].startswith("argoproj.io/")):
        path = tmp_path / f"{number}.yaml"  # one document per file; otherwise Argo's linter misses the second
        path.write_text(yaml.safe_dump(item), encoding="utf-8")
        names.append(str(path))
    done = argo.command("lint", "--offline", "--no-color", *names)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_misspelt_field_is_refused(place: ClusterLab) -> None:
    """Which shows that the test above can fail."""
    text = (WORKFLOWS / "base" / "canary-release.yaml").read_text(encoding="utf-8")
    assert "onExit: finish" in text
    with pytest.raises(AssertionError, match="onExitt"):
        _accepts(place, text.replace("onExit: finish", "onExitt: finish"))


def _is_full(lab: ClusterLab) -> bool:
    name = "workflowtemplates.argoproj.io"
    found = lab.api.get("apiextensions.k8s.io/v1", "CustomResourceDefinition", name)
    spec = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return "templates" in spec.get("properties", {})


def _accepts(lab: ClusterLab, manifests: str) -> None:
    kubectl(lab, "apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-", given=manifests)


def _documents(text: str) -> list[Json]:
    return [one for one in yaml.safe_load_all(text) if one]


def _examples(*, is_cluster_wide: bool = False) -> list[Json]:
    """Return the examples' Workflows; of an Argo Events Sensor, whose CRDs are not here, the one that it submits."""
    found = [one for path in EXAMPLES for one in _documents(path.read_text(encoding="utf-8"))]
    submitted = [
        trigger["template"]["argoWorkflow"]["source"]["resource"]
        for one in found
        if one["kind"] == "Sensor"
        for trigger in one["spec"]["triggers"]
    ]
    workflows = [*(one for one in found if one["kind"] == "Workflow"), *submitted]
    assert len(workflows) == len(EXAMPLES)
    # Those that refer to the steps directly look for them in their namespace.
    return [one for one in workflows if "workflowTemplateRef" in one["spec"]] if is_cluster_wide else workflows
