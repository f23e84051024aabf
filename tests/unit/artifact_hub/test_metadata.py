"""What Artifact Hub reads has the fields without which it refuses a package."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.artifact_hub.generate import REPOSITORIES, ROOT, generated_files

Json = dict[str, Any]
CATEGORIES = {
    "ai-machine-learning", "database", "integration-delivery", "monitoring-logging", "networking", "security",
    "storage", "streaming-messaging",
}  # fmt: skip
SEMVER = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
IMAGE = re.compile(r"[a-z0-9.-]+/[a-z0-9/-]+:\d+\.\d+\.\d+")
TEKTON = [path for kind in ("task", "stepaction") for path in (ROOT / "tekton" / kind).iterdir() if path.is_dir()]
CHARTS = sorted((ROOT / "charts").glob("*/Chart.yaml"))


def test_generated_files_are_up_to_date() -> None:
    """Byte by byte."""
    assert {} == {
        path: "differs: make docs"
        for path, text in generated_files().items()
        if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text
    }


def test_every_repository_has_its_metadata_file() -> None:
    """Beside its packages, where Artifact Hub looks for it."""
    for folder in REPOSITORIES:
        assert isinstance(_load(ROOT / folder / "artifacthub-repo.yml"), dict)
        assert [one for one in (ROOT / folder).iterdir() if one.is_dir()]


def test_the_package_of_the_argo_templates_is_complete() -> None:
    """The required fields, an image that can be scanned, and the manifests beside it."""
    folder = ROOT / "artifacthub" / "argo" / "canary-steps"
    package = _load(folder / "artifacthub-pkg.yml")
    assert all(package[name] for name in ("version", "name", "displayName", "createdAt", "description"))
    assert SEMVER.fullmatch(package["version"])
    assert re.fullmatch(r"[A-Za-z0-9-]+", package["name"])
    assert datetime.fromisoformat(package["createdAt"]).tzinfo is not None
    assert package["category"] in CATEGORIES
    assert all(IMAGE.fullmatch(one["image"]) for one in package["containersImages"])
    assert all(isinstance(one, str) for one in package["annotations"].values())
    assert (folder / "README.md").exists()


def test_the_manifests_are_those_of_the_base() -> None:
    """All objects that the kustomization names, once each."""
    text = (ROOT / "artifacthub" / "argo" / "canary-steps" / "manifests.yaml").read_text(encoding="utf-8")
    found = [(one["kind"], one["metadata"]["name"]) for one in yaml.load_all(text, yaml.CSafeLoader)]
    assert len(found) == len(set(found))
    templates = {"canary-steps", "canary-finish", "canary-release", "canary-release-lean", "canary-hotfix"}
    assert templates == {name for kind, name in found if kind == "WorkflowTemplate"}
    assert {"ServiceAccount", "Role", "RoleBinding", "CronJob"} < {kind for kind, _ in found}


@pytest.mark.parametrize("folder", TEKTON, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_task_or_stepaction_is_a_package(folder: Path) -> None:
    """File and folder have one name; version, description, category, licence and display name are there."""
    found = _load(folder / f"{folder.name}.yaml")
    metadata, annotations = found["metadata"], found["metadata"]["annotations"]
    assert metadata["name"]
    assert SEMVER.fullmatch(metadata["labels"]["app.kubernetes.io/version"])
    assert found["spec"]["description"]
    assert annotations["artifacthub.io/category"] in CATEGORIES
    assert "Apache-2.0" == annotations["artifacthub.io/license"]
    assert annotations["tekton.dev/displayName"]
    assert {"linux/amd64", "linux/arm64"} == set(annotations["tekton.dev/platforms"].split(","))
    samples = (ROOT / "tekton" / "task" / folder.name / "samples").glob("*.yaml")
    assert list(samples)


@pytest.mark.parametrize("path", CHARTS, ids=lambda path: path.parent.name)
def test_a_chart_says_what_artifact_hub_shows(path: Path) -> None:
    """Version, licence, category, and the image to scan; annotations are texts."""
    chart = _load(path)
    assert all(SEMVER.fullmatch(chart[name]) for name in ("version", "appVersion"))
    assert chart["description"]
    assert chart["keywords"]
    annotations = chart["annotations"]
    assert all(isinstance(one, str) for one in annotations.values())
    assert annotations["artifacthub.io/category"] in CATEGORIES
    assert "Apache-2.0" == annotations["artifacthub.io/license"]
    assert [f"ghcr.io/canary-steps/canary-steps:{chart['appVersion']}"] == [
        one["image"] for one in json.loads(annotations["artifacthub.io/images"])
    ]
    assert (path.parent / "README.md").exists()


def _load(path: Path) -> Json:
    found: Json = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return found
