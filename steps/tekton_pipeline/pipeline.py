"""The Tekton Pipeline of a release, as YAML with comments that give the reasons."""

from steps.tekton_pipeline.options import (
    AWAIT_SECONDS,
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
prepare, then set-weight beside analyze for each weight, then promote. analyze waits until the weight is set: started
after it, its pod would leave users unjudged for seconds. After a failed task no further weight is set. analyze itself
gives all weight back to stable, seconds before any other task could."""
_BY_ONE_POD = """\
One task climbs the whole ladder in one pod, which saves the start of a pod for each step; its log shows the steps. If
the pod dies, `finish` restores stable."""
_POINTS = (
    """\
`finish` restores stable unless the release was promoted, however the run ended. It uses params and the run's id, never
results: Tekton skips a finally task whose result was not produced. It reads the cluster itself, so it needs no `when`,
which could only skip it by mistake.""",
    """\
Only `finish` is retried: the steps retry temporary faults themselves, until a deadline, and a verdict is never asked
for twice. The claim on the VirtualService prevents two runs of an app at once, since Tekton has no lock.""",
    """\
Start it with a PipelineRun that has the accounts and timeouts of ../run: without them Tekton ends everything after 60
minutes, `finish` included. After `tkn pipelinerun cancel` without --grace=CancelledRunFinally, after deletion and after
timeouts.pipeline no `finish` runs: then the CronJob canary-sweep restores stable. docs/tekton.md has the table.""",
)
_NOOP = """\
If stable already runs this image, prepare ends with outcome `noop`. Every task has a `when` on it, since a task that
`when` skips does not skip the tasks after it; the run ends green with reason Completed."""
_PUSHED = """\
`resolve` asks the registry for the digest behind the image's tag; that digest is released and recorded, even if the tag
moves meanwhile. Credentials: the Secret that registry-secret names, of type kubernetes.io/dockerconfigjson."""
_GATE = """\
`gate` keeps judging at the last weight until somebody approves: canary-steps approve --app … --run …, a TaskRun of
canary-approve, or the annotation canary-steps.io/approve.<app> with the run's id. Without approval in time: rolled
back."""


def pipeline(options: PipelineOptions) -> str:
    """Return the Pipeline."""
    return "\n".join([*_head(options), *_spec(options), ""])


def _head(options: PipelineOptions) -> list[str]:
    what = (
        "in one pod"
        if options.one_pod
        else f"up the ladder {options.ladder}" + (" with a gate" if options.gate else "")
    )
    written = f"# A canary release with Tekton {what}. Written by `{options.command('pipeline')}`."
    lines = [written] if len(written) <= WIDTH else written.replace(" Written", "\n# Written").split("\n")
    pushed = (_PUSHED,) if options.resolve else ()
    if options.one_pod:
        lines.append("# Do not edit it.")
        points = (_BY_ONE_POD, *pushed, *_POINTS)
    else:
        lines.append("# Do not edit it. Tekton has no loop that waits, so each ladder needs its own Pipeline.")
        points = (_BY_STEPS, *pushed, _NOOP, *((_GATE,) if options.gate else ()), *_POINTS)
    shown = "one pod" if options.one_pod else ", ".join(map(str, options.weights)) + (", gate" if options.gate else "")
    shown += ", from a tag" if options.resolve else ""
    return [
        *lines,
        "#",
        *comment_lines(points),
        "apiVersion: tekton.dev/v1",
        "kind: Pipeline",
        "metadata:",
        f"  name: {options.name}",
        "  labels:",
        "    app.kubernetes.io/part-of: canary-steps",
        f'    app.kubernetes.io/version: "{options.version}"',
        "  annotations:",
        '    tekton.dev/pipelines.minVersion: "1.0.0"',
        "    tekton.dev/categories: Deployment",
        "    tekton.dev/tags: canary, progressive-delivery, istio, prometheus",
        f'    tekton.dev/displayName: "Canary release ({shown})"',
        '    tekton.dev/platforms: "linux/amd64,linux/arm64"',
    ]


def _spec(options: PipelineOptions) -> list[str]:
    return [
        "spec:",
        "  description: >-",
        "    Releases an image up a ladder of weights, each judged from Prometheus; a harmful canary is rolled back.",
        "  params:",
        *parameters(options),
        "  results:",
        *_results(options),
        "  tasks:",
        *(_resolve() if options.resolve else []),
        *(_one_pod(options) if options.one_pod else _by_steps(options)),
        "  finally:",
        *_finish(),
    ]


def _results(options: PipelineOptions) -> list[str]:
    first = "rollout" if options.one_pod else "prepare"
    digest = '  - {name: image, description: "The released image, by digest.", value: "$(tasks.resolve.results.image)"}'
    said = "promoted, noop or rolled-back" if options.one_pod else "ready or noop"
    return [
        *([digest] if options.resolve else []),
        f'  - {{name: {first}, description: "{said}", value: "$(tasks.{first}.results.outcome)"}}',
        "  - name: outcome",
        '    description: "How this run ended, promoted or rolled-back; empty if it never held the claim."',
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
        f"    timeout: {_minutes(RESOLVE_MINUTES)} # a failing registry is retried for a minute",
        "    params:",
        *_given({**_of_params("image", "announced-digest", "registry-secret"), **_LAST}),
    ]


def _image(options: PipelineOptions) -> dict[str, str]:
    return {"image": "$(tasks.resolve.results.image)"} if options.resolve else _of_params("image")


def _by_steps(options: PipelineOptions) -> list[str]:
    by = {"by": "$(context.pipelineRun.name)"}
    limit = (
        f"    timeout: {_minutes(PREPARE_MINUTES)} # it waits up to 30 min for another run, then for the canary's pods"
    )
    ladder = {"ladder": options.ladder}  # stored in the claim: promote needs a pass on its last weight
    given = {
        **by,
        **_image(options),
        **ladder,
        **_of_params("template-by", "baseline", "at-rest", "on-busy", "prometheus-url"),
    }
    lines = _task("prepare", "prepare", "", given, limit)
    before = "prepare"
    for weight in map(str, options.weights):
        lines += _rung(weight, before)
        before = f"set-weight-{weight}, analyze-{weight}"
    if options.gate:
        held = {"hold": "true", "timeout-seconds": "$(params.approval-seconds)", **_of_params("prometheus-url")}
        lines += _task("gate", "analyze", before, held)
        before = "gate"
    limit = f"    timeout: {_minutes(PROMOTE_MINUTES)} # two rollouts of pods, or the merge that GitOps waits for"
    return [*lines, *_task("promote", "promote", before, _of_params("template-by", "prometheus-url"), limit)]


def _rung(weight: str, before: str) -> list[str]:
    limit = f"    timeout: {_minutes(SET_WEIGHT_MINUTES)} # the canary's pods have 5 min to become ready"
    given = {"weight": weight, **_of_params("prometheus-url")}
    # No timeout: analyze has its own deadline, which a parameter sets, and retreats if it cannot judge.
    # Nor does it wait for a set-weight whose pod died: this pipeline does not start it again.
    awaited = {"await-weight": weight, "await-seconds": str(AWAIT_SECONDS)}
    judged = {**awaited, **_of_params("on-inconclusive", "timeout-seconds", "prometheus-url")}
    return [
        *_task(f"set-weight-{weight}", "set-weight", before, given, limit),
        *_task(f"analyze-{weight}", "analyze", before, judged),
    ]


def _one_pod(options: PipelineOptions) -> list[str]:
    names = (
        "ladder",
        "template-by",
        "baseline",
        "at-rest",
        "on-busy",
        "on-inconclusive",
        "timeout-seconds",
        "prometheus-url",
    )
    by = {"by": "$(context.pipelineRun.name)"}
    hotfix = () if options.resolve else ("hotfix", "reason", "force")  # a push is not a hotfix by itself
    return _task("rollout", "rollout", "", {**by, **_image(options), **_of_params(*names, *hotfix)})


def _finish() -> list[str]:
    reason = {"reason": "the pipeline ended before its promote: $(tasks.status)"}
    return [
        "  - name: finish",
        "    taskRef: {name: canary-finish}",
        f"    retries: {FINISH_RETRIES} # the only task that may always be repeated",
        f"    timeout: {_minutes(FINISH_MINUTES)} # per attempt; stable's pods have 5 min to become ready, twice",
        "    params:",
        *_given({**_OWN, **reason, **_of_params("prometheus-url"), **_LAST}),
    ]


def _minutes(minutes: int) -> str:
    return f"{minutes // 60}h{minutes % 60}m0s"
