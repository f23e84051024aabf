"""The folder tekton: generated files are up to date, everything is listed, nothing is left over."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps.__main__ import main
from tests.support.documents import strings
from tests.support.tekton_files import FILES, ROOT, documents, of_kind
from tools.tekton.generate import generated_files

ARGO = ROOT.parent / "workflows" / "base"
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))


def test_generated_files_are_up_to_date() -> None:
    """Byte by byte: Tasks, READMEs, samples, StepActions from the Tasks, Pipelines and runs."""
    found = generated_files()
    assert 50 < len(found)
    assert {} == {
        path: "differs: make docs"
        for path, text in found.items()
        if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text
    }


def test_nothing_is_left_over_in_the_generated_folders() -> None:
    """If a step is removed, its Task goes too."""
    there = {
        str(path.relative_to(ROOT))
        for folder in ("task", "stepaction", "pipeline", "run")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.name != "artifacthub-repo.yml"  # by tools/artifact_hub
    }
    assert set(generated_files()) == there


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        (["--ladder", "5,25,50"], "canary-release"),
        (["--ladder", "5,25,50", "--gate"], "canary-release-gated"),
        (["--one-pod"], "canary-release-one-pod"),
        (["--ladder", "5,25,50", "--resolve"], "canary-release-pushed"),
        (["--one-pod", "--resolve"], "canary-release-one-pod-pushed"),
    ],
)
@pytest.mark.parametrize("document", ["pipeline", "run"])
def test_the_pipelines_are_the_output_of_the_command(
    flags: list[str], name: str, document: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`canary-steps render tekton --ladder 5,25,50`, as their first lines say."""
    whom = ["--app", "shop", "--image", "registry.example/shop:v2"] if document == "run" else []
    assert 0 == main(["render", "tekton", *flags, *(["--document", "run"] if whom else []), *whom])
    text = capsys.readouterr().out
    assert (ROOT / document / f"{name}.yaml").read_text(encoding="utf-8") == text
    assert f"canary-steps render tekton {' '.join(flags)}" in text


@every_file
def test_every_file_says_what_it_is_for(path: Path) -> None:
    """A comment first, then YAML that parses; at most 120 columns."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert documents(path)
    assert [] == [line for line in text.splitlines() if len(line) > 120]


@every_file
def test_only_the_product_is_executed(path: Path) -> None:
    """No script and no shell anywhere."""
    for one in documents(path):
        assert "script" not in keys(one)
        assert set() == set(strings(one)) & {"sh", "bash", "-c", "/bin/sh"}


def keys(value: object) -> set[str]:
    """Return all keys in a document."""
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("path", sorted(ROOT.rglob("kustomization.yaml")), ids=lambda path: path.parent.name)
def test_a_kustomization_names_every_file(path: Path) -> None:
    """Every resource exists; in folders of one level every YAML file is named."""
    (found,) = documents(path)
    assert all((path.parent / one).exists() for one in found["resources"])
    beside = {one.name for one in path.parent.glob("*.yaml")} - {path.name}
    assert set() == beside - set(found["resources"])


def test_every_task_and_stepaction_is_named_by_its_kustomization() -> None:
    """Nested one folder deep."""
    for folder in ("task", "stepaction"):
        (found,) = documents(ROOT / folder / "kustomization.yaml")
        assert [f"{one.name}/{one.name}.yaml" for one in sorted((ROOT / folder).iterdir()) if one.is_dir()] == sorted(
            found["resources"]
        )


def test_accounts_bindings_and_sweep_are_those_of_argo() -> None:
    """Both can be installed in one namespace; the roles are the same file."""
    for name in ("bindings.yaml", "sweep.yaml"):
        assert documents(ARGO / name) == documents(ROOT / "base" / name)
    accounts = [one for one in documents(ARGO / "accounts.yaml") if one["kind"] == "ServiceAccount"]
    assert accounts == list(documents(ROOT / "base" / "accounts.yaml"))
    (base,) = documents(ROOT / "base" / "kustomization.yaml")
    assert "../../workflows/base/roles" in base["resources"]


def test_catalog_metadata_is_complete() -> None:
    """As catlin and Artifact Hub want it."""
    for kind in ("Task", "StepAction", "Pipeline"):
        for one in of_kind(kind).values():
            metadata = one["metadata"]
            assert {"app.kubernetes.io/version", "app.kubernetes.io/part-of"} <= set(metadata["labels"])
            wanted = {f"tekton.dev/{name}" for name in ("categories", "tags", "displayName", "platforms")}
            assert wanted | {"tekton.dev/pipelines.minVersion"} <= set(metadata["annotations"])
            assert metadata["name"].startswith("canary-"), "a bare name would take the place of a foreign Task"
            assert one["spec"]["description"]
