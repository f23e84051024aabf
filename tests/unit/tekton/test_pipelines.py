"""The Pipelines are safe by construction: they restore at the end, skip everything after a noop, misspell nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from steps import analyze, prepare, promote, resolve
from steps.render import Settings, run
from tests.support.tekton_files import FILES, ROOT, documents, given, named, of_kind, references, seconds
from tests.support.workflow_files import defaults

Json = dict[str, Any]
PIPELINES = of_kind("Pipeline")
RUNS = {path.stem: documents(path)[0] for path in FILES if path.parent == ROOT / "run"}
TASKS = {one["metadata"]["name"]: one for one in of_kind("Task").values()}
every_pipeline = pytest.mark.parametrize("name", sorted(PIPELINES))
BY_STEPS = sorted(name for name in PIPELINES if "one-pod" not in name)


def tasks(name: str) -> list[Json]:
    """Return all tasks of a Pipeline, the final one last."""
    spec = PIPELINES[name]["spec"]
    return [*spec["tasks"], *spec["finally"]]


def walk(name: str) -> list[Json]:
    """Return the tasks between the image's digest and the end."""
    return [one for one in PIPELINES[name]["spec"]["tasks"] if one["name"] != "resolve"]


def default(settings: type[Any], field: str) -> float:
    """Return the default of a setting in seconds."""
    return float(settings.model_fields[field].default)


def test_every_pipeline_has_its_run() -> None:
    """Of the same name."""
    assert {"canary-release", "canary-release-gated", "canary-release-one-pod"} <= set(PIPELINES)
    assert set(PIPELINES) == set(RUNS)
    assert {name: name for name in RUNS} == {name: one["spec"]["pipelineRef"]["name"] for name, one in RUNS.items()}
    assert {name: name for name in PIPELINES} == {name: one["metadata"]["name"] for name, one in PIPELINES.items()}


@every_pipeline
def test_every_task_passes_parameters_that_exist_and_all_that_are_required(name: str) -> None:
    """Tekton would only notice when the run starts."""
    for one in tasks(name):
        params = named(TASKS[one["taskRef"]["name"]]["spec"]["params"])
        passed = set(given(one["params"]))
        required = {key for key, param in params.items() if "default" not in param}
        assert (set(), set()) == (passed - set(params), required - passed), one["name"]


@every_pipeline
def test_every_release_has_a_parameter_for_the_baseline(name: str) -> None:
    """Off by default; only the first step gets the parameter, and stores it in the claim for the later steps."""
    assert "" == named(PIPELINES[name]["spec"]["params"])["baseline"]["default"]
    receivers = [one["name"] for one in tasks(name) if given(one["params"]).get("baseline") == "$(params.baseline)"]
    assert [walk(name)[0]["name"]] == receivers


@every_pipeline
def test_the_first_step_gets_the_whole_ladder(name: str) -> None:
    """So that the claim knows which rung is the last one, and a bad ladder ends the run before anything moves."""
    first = walk(name)[0]
    weights = [given(one["params"])["weight"] for one in tasks(name) if one["taskRef"]["name"] == "canary-set-weight"]
    walked = ",".join(weights) if weights else "$(params.ladder)"
    assert walked == given(first["params"])["ladder"]


@every_pipeline
def test_every_reference_is_declared_and_every_parameter_used(name: str) -> None:
    """Parameters, results of tasks that come before, contexts that Tekton knows."""
    spec = PIPELINES[name]["spec"]
    used = references([spec["tasks"], spec["finally"]])
    assert {f"params.{one}" for one in named(spec["params"])} == {one for one in used if one.startswith("params.")}
    first = walk(name)[0]["name"]
    rest = {one for one in used if not one.startswith("params.")}
    known = {"context.pipelineRun.uid", "context.pipelineRun.name", "tasks.status"}
    digest = {"tasks.resolve.results.image"} if name.endswith("-pushed") else set()
    assert digest <= rest <= known | digest | {f"tasks.{first}.results.outcome"}
    final = TASKS["canary-finish"]["spec"]["results"]
    known_results = (
        {f"finally.finish.results.{one}" for one in named(final)} | {f"tasks.{first}.results.outcome"} | digest
    )
    assert references(spec["results"]) <= known_results


@every_pipeline
def test_the_end_restores_whatever_happened(name: str) -> None:
    """One final task without a condition; if it needed a result of another task, Tekton would skip it."""
    (finish,) = PIPELINES[name]["spec"]["finally"]
    assert "canary-finish" == finish["taskRef"]["name"]
    assert "when" not in finish
    assert not [one for one in references(finish) if "results" in one]
    assert "$(context.pipelineRun.uid)" == given(finish["params"])["run"]


@every_pipeline
def test_all_tasks_belong_to_one_run_of_one_app(name: str) -> None:
    """The uid, since a name may be used again."""
    for one in (*walk(name), *PIPELINES[name]["spec"]["finally"]):
        passed = given(one["params"])
        shared = ("app", "namespace", "run", "config-map", "steps-image")
        assert [
            "$(params.app)", "$(params.namespace)", "$(context.pipelineRun.uid)", "canary-steps-$(params.app)",
            "$(params.steps-image)",
        ] == [passed[key] for key in shared], one["name"]  # fmt: skip


@every_pipeline
def test_only_the_end_is_retried(name: str) -> None:
    """No verdict is asked for twice, and no failure is ignored."""
    assert {"finish"} == {one["name"] for one in tasks(name) if "retries" in one}
    assert not [one["name"] for one in tasks(name) if "onError" in one or "matrix" in one]


@pytest.mark.parametrize("name", BY_STEPS)
def test_a_noop_skips_every_task_and_a_failure_all_that_follow(name: str) -> None:
    """A chain of runAfter, each task with its own `when`: a skip does not cascade."""
    first, *rest = walk(name)
    assert "prepare" == first["name"]
    ready = [{"input": "$(tasks.prepare.results.outcome)", "operator": "in", "values": ["ready"]}]
    assert all(one["when"] == ready for one in rest)
    rungs, tasks = {one["name"]: one["runAfter"] for one in rest}, {"prepare"}
    while rungs:
        stage = {name for name, after in rungs.items() if tasks == set(after)}
        assert stage, f"none of {rungs} follows {tasks}"
        tasks, rungs = stage, {name: after for name, after in rungs.items() if name not in stage}
    assert {"promote"} == tasks


def test_the_ladder_is_walked_one_weight_after_the_other() -> None:
    """set-weight beside the analyze that waits for it, the next two after both, … promote."""
    tasks = {one["name"]: one for one in PIPELINES["canary-release"]["spec"]["tasks"]}
    before = ["prepare"]
    for weight in ("5", "25", "50"):
        setter, judge = tasks.pop(f"set-weight-{weight}"), tasks.pop(f"analyze-{weight}")
        assert (before, before) == (setter["runAfter"], judge["runAfter"])
        assert (weight, weight) == (given(setter["params"])["weight"], given(judge["params"])["await-weight"])
        before = [setter["name"], judge["name"]]
    assert ({"prepare", "promote"}, before) == (set(tasks), tasks["promote"]["runAfter"])


def test_the_gate_watches_while_it_waits() -> None:
    """Between the last rung and the promote; its deadline is the time a person has to answer."""
    *_, last, gate, end = PIPELINES["canary-release-gated"]["spec"]["tasks"]
    assert ("analyze-50", "gate", "promote") == (last["name"], gate["name"], end["name"])
    params = given(gate["params"])
    assert ("canary-analyze", "true") == (gate["taskRef"]["name"], params["hold"])
    assert "$(params.approval-seconds)" == params["timeout-seconds"]


@every_pipeline
def test_the_run_names_every_task_by_its_account(name: str) -> None:
    """Tekton refuses a run whose taskRunSpecs name an unknown task; a task that is not listed may only read."""
    spec = RUNS[name]["spec"]
    assert "canary-steps-reader" == spec["taskRunTemplate"]["serviceAccountName"]
    accounts = {one["pipelineTaskName"]: one["serviceAccountName"] for one in spec["taskRunSpecs"]}
    writing = [one["name"] for one in tasks(name) if one["name"] != "resolve"]
    assert dict.fromkeys(writing, "canary-steps-walker") == accounts


@every_pipeline
def test_the_run_passes_parameters_that_exist_and_all_that_are_required(name: str) -> None:
    """And hardens the pod, so that Tekton's own containers do not run as root either."""
    spec = RUNS[name]["spec"]
    params = named(PIPELINES[name]["spec"]["params"])
    passed = set(given(spec["params"]))
    required = {key for key, param in params.items() if "default" not in param}
    assert (set(), set()) == (passed - set(params), required - passed)
    security = spec["taskRunTemplate"]["podTemplate"]["securityContext"]
    assert (True, 65532) == (security["runAsNonRoot"], security["runAsUser"])


@every_pipeline
def test_time_outs_leave_room_for_the_end(name: str) -> None:
    """`pipeline` exceeds the sum; `finally` fits all attempts of finish, `tasks` twice the longest release."""
    timeouts = {key: seconds(value) for key, value in RUNS[name]["spec"]["timeouts"].items()}
    assert timeouts["tasks"] + timeouts["finally"] < timeouts["pipeline"]
    (finish,) = PIPELINES[name]["spec"]["finally"]
    assert (1 + finish["retries"]) * seconds(finish["timeout"]) <= timeouts["finally"]
    ready, rungs = default(promote.Settings, "ready_timeout_seconds"), 3
    longest = default(prepare.Settings, "busy_timeout_seconds") + ready
    longest += rungs * (ready + 2 * default(analyze.Settings, "timeout_seconds"))
    longest += ready + default(promote.Settings, "drain_limit_seconds")
    longest += float(named(PIPELINES[name]["spec"]["params"]).get("approval-seconds", {}).get("default", 0))
    assert 2 * longest <= timeouts["tasks"]


@pytest.mark.parametrize("name", BY_STEPS)
def test_no_task_is_cut_off_before_its_step_gives_up(name: str) -> None:
    """The limit of a task is above the step's own; analyze has only the limit that its parameter sets."""
    ready = default(promote.Settings, "ready_timeout_seconds")
    minimum = {
        "canary-prepare": default(prepare.Settings, "busy_timeout_seconds") + 2 * ready,
        "canary-set-weight": 2 * ready,
        "canary-promote": 2 * ready,
        "canary-finish": 3 * ready,
        "canary-resolve": default(resolve.Settings, "registry_deadline_seconds") + 60,
    }
    limits = {one["taskRef"]["name"]: one.get("timeout", "") for one in tasks(name)}
    assert "" == limits.pop("canary-analyze")
    assert set(limits) <= set(minimum)
    assert [] == [one for one, limit in limits.items() if seconds(limit) < minimum[one]]


@every_pipeline
def test_a_pipeline_names_the_defaults_of_the_settings(name: str) -> None:
    """The default if a parameter is empty; these sentences are written by hand."""
    params = PIPELINES[name]["spec"]["params"]
    named = [
        (one["name"], value)
        for one in params
        for value in re.findall(r"Empty: canary\.yaml, else (\S+)\.$", one.get("description", ""))
    ]
    assert len(named) >= 5
    assert [] == [(param, value) for param, value in named if value not in defaults(param)]


def test_every_limit_says_why() -> None:
    """In a comment on its line."""
    for path in (ROOT / "pipeline").glob("canary-*.yaml"):
        lines = [
            line for line in path.read_text(encoding="utf-8").splitlines() if re.match(r" *(timeout|retries):", line)
        ]
        assert lines
        assert [] == [line for line in lines if " # " not in line]


@pytest.mark.parametrize("weights", [(1,), (50, 100), tuple(range(1, 41))])
def test_any_ladder_can_be_rendered(weights: tuple[int, ...]) -> None:
    """Names are unique, the run fits the Pipeline, the limits grow with the ladder."""
    settings = Settings.model_validate({"engine": "tekton", "ladder": weights, "pipeline_name": "slow"})
    pipeline = parsed(run(settings))
    assert "slow" == pipeline["metadata"]["name"]
    names = [one["name"] for one in pipeline["spec"]["tasks"]]
    assert len(names) == len(set(names)) == 2 + 2 * len(weights)
    one = parsed(run(settings.model_copy(update={"document": "run", "app": "till"})))
    assert [*names, "finish"] == [entry["pipelineTaskName"] for entry in one["spec"]["taskRunSpecs"]]
    assert seconds(one["spec"]["timeouts"]["tasks"]) >= len(weights) * 2 * 1500
    assert "slow" == one["spec"]["pipelineRef"]["name"]
    assert "till" == one["metadata"]["labels"]["canary-steps.io/app"]


def parsed(text: str) -> Json:
    """Return one YAML document."""
    found: Json = yaml.safe_load(text)
    return found
