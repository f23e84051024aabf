"""The Tekton Pipeline of a release, as YAML with the reasons beside what it sets."""

from steps.tekton_pipeline.options import (
    FINISH_MINUTES,
    FINISH_RETRIES,
    PREPARE_MINUTES,
    PROMOTE_MINUTES,
    RESOLVE_MINUTES,
    SET_WEIGHT_MINUTES,
    PipelineOptions,
)
from steps.tekton_pipeline.parameters import parameters
from steps.tekton_pipeline.yaml_text import WIDTH, comment_lines

_BY_STEPS = """\
prepare, then set-weight and analyze for each weight, then promote. A task that fails ends the walk: no further weight
is set. analyze gives all weight back to stable itself, seconds before any other task could."""
_BY_ONE_POD = """\
One task walks the whole ladder in one pod, which saves a pod's start for each step; the steps show in its log. What a
dead pod leaves, `finish` restores."""
_POINTS = (
    """\
`finish` restores stable unless the release was promoted, whatever the end was. It takes params and the run's id, never
results: Tekton skips a finally task whose result was not produced. It reads the cluster, so its `when` would be a risk
without a use.""",
    """\
Nothing is retried but `finish`: the steps repeat what is temporary themselves, by deadline, and a verdict is never
asked for twice. The claim on the VirtualService keeps two runs of an app apart, since Tekton has no lock.""",
    """\
Start it by a PipelineRun with accounts and timeouts as in ../run: without them Tekton ends everything after 60
minutes, `finish` included. `tkn pipelinerun cancel` without --grace=CancelledRunFinally, deletion and timeouts.pipeline
run no `finish`: then the CronJob canary-sweep restores. docs/tekton.md has the table.""",
)
_NOOP = """\
Where stable runs the image's bits already, prepare ends with outcome `noop`. Every task asks for it, since a task that
`when` skips does not skip those that only run after it; the run ends green with reason Completed."""
_PUSHED = """\
`resolve` asks the registry what the image's tag means now; that digest is released and recorded, so that a tag that
moves meanwhile moves nothing. Credentials: the Secret that registry-secret names, of type
kubernetes.io/dockerconfigjson."""
_GATE = """\
`gate` judges on at the last weight until somebody approves: canary-steps approve --app … --run …, a TaskRun of
canary-approve, or the annotation canary-steps.io/approve.<app> with the run's id. Nobody in time: rolled back."""


def pipeline(plan: PipelineOptions) -> str:
    """Return the Pipeline."""
    return "\n".join([*_head(plan), *_spec(plan), ""])


def _head(plan: PipelineOptions) -> list[str]:
    what = "in one pod" if plan.one_pod else f"up the ladder {plan.ladder}" + (" with a gate" if plan.gate else "")
    written = f"# A canary release by Tekton {what}. Written by `{plan.command('pipeline')}`"
    lines = [written] if len(written) <= WIDTH else written.replace(" Written", "\n# Written").split("\n")
    pushed = (_PUSHED,) if plan.resolve else ()
    if plan.one_pod:
        lines.append("# and not to be edited.")
        points = (_BY_ONE_POD, *pushed, *_POINTS)
    else:
        lines.append("# and not to be edited: Tekton has no loop that waits, so another ladder is another Pipeline.")
        points = (_BY_STEPS, *pushed, _NOOP, *((_GATE,) if plan.gate else ()), *_POINTS)
    shown = "one pod" if plan.one_pod else ", ".join(map(str, plan.weights)) + (", gate" if plan.gate else "")
    shown += ", from a tag" if plan.resolve else ""
    return [
        *lines,
        "#",
        *comment_lines(points),
        "apiVersion: tekton.dev/v1",
        "kind: Pipeline",
        "metadata:",
        f"  name: {plan.name}",
        "  labels:",
        "    app.kubernetes.io/part-of: canary-steps",
        f'    app.kubernetes.io/version: "{plan.version}"',
        "  annotations:",
        '    tekton.dev/pipelines.minVersion: "1.0.0"',
        "    tekton.dev/categories: Deployment",
        "    tekton.dev/tags: canary, progressive-delivery, istio, prometheus",
        f'    tekton.dev/displayName: "Canary release ({shown})"',
        '    tekton.dev/platforms: "linux/amd64,linux/arm64"',
    ]


def _spec(plan: PipelineOptions) -> list[str]:
    return [
        "spec:",
        "  description: >-",
        "    Releases an image up a ladder of weights, each judged from Prometheus; a harmful canary is taken back.",
        "  params:",
        *parameters(plan),
        "  results:",
        *_results(plan),
        "  tasks:",
        *(_resolve() if plan.resolve else []),
        *(_one_pod(plan) if plan.one_pod else _by_steps(plan)),
        "  finally:",
        *_finish(),
    ]


def _results(plan: PipelineOptions) -> list[str]:
    first = "rollout" if plan.one_pod else "prepare"
    digest = '  - {name: image, description: "What was released, by digest.", value: "$(tasks.resolve.results.image)"}'
    said = "promoted, noop or rolled-back" if plan.one_pod else "ready or noop"
    return [
        *([digest] if plan.resolve else []),
        f'  - {{name: {first}, description: "{said}", value: "$(tasks.{first}.results.outcome)"}}',
        "  - name: outcome",
        '    description: "How this run ended, promoted or rolled-back; empty where it never held the claim."',
        '    value: "$(finally.finish.results.outcome)"',
        '  - {name: reason, description: "One sentence.", value: "$(finally.finish.results.reason)"}',
    ]


_OWN = {"app": "$(params.app)", "namespace": "$(params.namespace)", "run": "$(context.pipelineRun.uid)"}
_LAST = {"config-map": "canary-steps-$(params.app)", "steps-image": "$(params.steps-image)"}


def _task(name: str, step: str, after: str, own: dict[str, str], limit: str = "") -> list[str]:
    lines = [f"  - name: {name}", f"    taskRef: {{name: canary-{step}}}"]
    if after:
        lines += [
            f"    runAfter: [{after}]",
            '    when: [{input: "$(tasks.prepare.results.outcome)", operator: in, values: [ready]}]',
        ]
    return [*lines, *([limit] if limit else []), "    params:", *_given({**_OWN, **own, **_LAST})]


def _given(values: dict[str, str]) -> list[str]:
    return [f'    - {{name: {name}, value: "{value}"}}' for name, value in values.items()]


def _of_params(*names: str) -> dict[str, str]:
    return {name: f"$(params.{name})" for name in names}


def _resolve() -> list[str]:
    return [
        "  - name: resolve",
        "    taskRef: {name: canary-resolve}",
        f"    timeout: {_minutes(RESOLVE_MINUTES)} # a registry in trouble is asked for a minute",
        "    params:",
        *_given({**_of_params("image", "announced-digest", "registry-secret"), **_LAST}),
    ]


def _image(plan: PipelineOptions) -> dict[str, str]:
    return {"image": "$(tasks.resolve.results.image)"} if plan.resolve else _of_params("image")


def _by_steps(plan: PipelineOptions) -> list[str]:
    by = {"by": "$(context.pipelineRun.name)"}
    limit = (
        f"    timeout: {_minutes(PREPARE_MINUTES)} # it waits up to 30 min for another run, then for the canary's pods"
    )
    ladder = {"ladder": plan.ladder}  # what the claim knows of it: promote needs a pass on its last weight
    given = {**by, **_image(plan), **ladder, **_of_params("template-by", "baseline", "on-busy", "prometheus-url")}
    lines = _task("prepare", "prepare", "", given, limit)
    before = "prepare"
    for name in plan.walk:
        lines += _rung(name, before)
        before = name
    limit = f"    timeout: {_minutes(PROMOTE_MINUTES)} # two roll-outs of pods, or a merge that GitOps waits for"
    return [*lines, *_task("promote", "promote", before, _of_params("template-by"), limit)]


def _rung(name: str, before: str) -> list[str]:
    step, _, weight = name.rpartition("-")
    if step == "set-weight":
        limit = f"    timeout: {_minutes(SET_WEIGHT_MINUTES)} # the canary's pods have 5 min to become ready"
        return _task(name, step, before, {"weight": weight, **_of_params("prometheus-url")}, limit)
    # No timeout: the step has its own deadline, which a parameter sets, and retreats from what it cannot judge.
    if step == "analyze":
        given = _of_params("on-inconclusive", "timeout-seconds", "prometheus-url")
    else:
        given = {"hold": "true", "timeout-seconds": "$(params.approval-seconds)", **_of_params("prometheus-url")}
    return _task(name, "analyze", before, given)


def _one_pod(plan: PipelineOptions) -> list[str]:
    names = ("ladder", "template-by", "baseline", "on-busy", "on-inconclusive", "timeout-seconds", "prometheus-url")
    by = {"by": "$(context.pipelineRun.name)"}
    return _task("rollout", "rollout", "", {**by, **_image(plan), **_of_params(*names)})


def _finish() -> list[str]:
    reason = {"reason": "the pipeline ended before its promote: $(tasks.status)"}
    return [
        "  - name: finish",
        "    taskRef: {name: canary-finish}",
        f"    retries: {FINISH_RETRIES} # the one task that may be repeated whatever happened",
        f"    timeout: {_minutes(FINISH_MINUTES)} # an attempt; stable's pods have 5 min to become ready, twice",
        "    params:",
        *_given({**_OWN, **reason, **_LAST}),
    ]


def _minutes(minutes: int) -> str:
    return f"{minutes // 60}h{minutes % 60}m0s"
