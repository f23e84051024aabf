"""The PipelineRun that starts a rendered Pipeline: accounts, timeouts, parameters."""

from steps.tekton_pipeline.options import PipelineOptions
from steps.tekton_pipeline.yaml_text import comment_lines

_POINTS = (
    """\
Accounts: what is not named below may only read. A task that is missing there fails with 403, which is safe.""",
    """\
timeouts: `tasks` is twice the longest release whose settings are the defaults, since what is cut off there is a release
that would have ended by itself; raise it with timeout-seconds. `finally` has room for every attempt of finish.
`pipeline` is above their sum, for when it is over Tekton ends even finish. Before Tekton 1.13 no finish runs after
timeouts.tasks either: sweep restores then.""",
    """\
The pod's security context reaches the containers that Tekton adds, too; namespaces of the standard `restricted` need
Tekton's feature flag set-security-context as well.""",
)


def pipeline_run(plan: PipelineOptions, app: str, image: str) -> str:
    """Return the PipelineRun; its name is made by the API server."""
    walking = [name for name in plan.tasks if name != "resolve"]
    walkers = [f"  - {{pipelineTaskName: {name}, serviceAccountName: canary-steps-walker}}" for name in walking]
    lines = [
        "# Starts one release: kubectl create -f. Written by",
        f"#   {plan.command('run')} --app {app} --image {image}",
        "#",
        *comment_lines(_POINTS),
        "apiVersion: tekton.dev/v1",
        "kind: PipelineRun",
        "metadata:",
        f"  generateName: {plan.name}-{app}-",
        "  labels:",
        "    app.kubernetes.io/part-of: canary-steps",
        f"    canary-steps.io/app: {app}",
        "spec:",
        f"  pipelineRef: {{name: {plan.name}}}",
        "  params:",
        f"  - {{name: app, value: {app}}}",
        f'  - {{name: image, value: "{image}"}}',
        *([f'  - {{name: ladder, value: "{plan.ladder}"}}'] if plan.one_pod else []),
        "  timeouts:",
        f"    pipeline: {plan.pipeline_hours}h0m0s",
        f"    tasks: {plan.tasks_hours}h0m0s",
        f"    finally: {plan.finally_hours}h0m0s",
        "  taskRunTemplate:",
        "    serviceAccountName: canary-steps-reader",
        "    podTemplate:",
        "      securityContext:",
        "        runAsNonRoot: true",
        "        runAsUser: 65532",
        "        runAsGroup: 65532",
        "        fsGroup: 65532",
        "        seccompProfile: {type: RuntimeDefault}",
        "  taskRunSpecs:",
        *walkers,
    ]
    return "\n".join([*lines, ""])
