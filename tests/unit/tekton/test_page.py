"""docs/tekton.md is correct: its commands parse, its YAML fits the shipped files."""

from __future__ import annotations

import re
import shlex

import yaml

from steps.__main__ import STEPS, find
from tests.support.tekton_files import ROOT, given, named, of_kind

PAGE = (ROOT.parent / "docs" / "tekton.md").read_text(encoding="utf-8")


def test_every_command_on_the_page_names_settings_that_exist() -> None:
    """Up to the pipe; values are the reader's. `helm install canary-steps` names a release of Helm."""
    commands = [
        shlex.split(one) for one in re.findall(r"(?<!install )(?<!/)canary-steps ((?:[a-z-]+)(?: [^|`\n]*)?)", PAGE)
    ]
    assert len(commands) >= 4
    for step, *words in commands:
        assert step in STEPS, step
        flags = {word.removeprefix("--").replace("-", "_") for word in words if word.startswith("--")}
        assert flags <= set(find(step).settings.model_fields), words


def test_the_example_passes_the_parameters_of_its_stepactions() -> None:
    """All required ones, and nothing else."""
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    actions = {one["metadata"]["name"]: one for one in of_kind("StepAction").values()}
    for step in yaml.safe_load(text)["spec"]["steps"]:
        params = named(actions[step["ref"]["name"]]["spec"]["params"])
        passed = set(given(step["params"]))
        required = {name for name, one in params.items() if "default" not in one}
        assert (set(), set()) == (passed - set(params), required - passed)


def test_every_link_leads_somewhere() -> None:
    """To files of this repository."""
    links = [one for one in re.findall(r"\]\(([^)]+)\)", PAGE) if "://" not in one]
    assert links
    assert [] == [one for one in links if not (ROOT.parent / "docs" / one).exists()]


def test_the_pods_of_each_pipeline_are_counted() -> None:
    """One per task."""
    rows = dict(re.findall(r"^\| \[(canary-[a-z-]+)\].*\| (\d+) \|$", PAGE, re.MULTILINE))
    pipelines = of_kind("Pipeline")
    assert {"canary-release", "canary-release-gated", "canary-release-one-pod"} == set(rows)
    for name, pods in rows.items():
        spec = pipelines[name]["spec"]
        assert len(spec["tasks"]) + len(spec["finally"]) == int(pods), name
