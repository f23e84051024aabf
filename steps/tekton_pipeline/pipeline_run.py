"""The PipelineRun that starts a rendered Pipeline: accounts, timeouts, parameters."""

from steps.tekton_pipeline.options import PipelineOptions
from steps.tekton_pipeline.yaml_text import comment_lines

_POINTS = (
    """\
Accounts: tasks that are not listed below may only read. A task that should be listed fails with 403, which is safe.""",
    """\
timeouts: `tasks` is twice the longest release with default settings, since it would cut off a release that ends by
itself; raise it with timeout-seconds. `finally` has room for every attempt of finish. `pipeline` is above their sum,
since Tekton ends even finish when it is over. Before Tekton 1.13 no finish runs after timeouts.tasks either: then sweep
restores stable.""",
    """\
The pod's security context also applies to the containers that Tekton adds; namespaces with the Pod Security Standard
`restricted` need Tekton's feature flag set-security-context too.""",
)


def pipeline_run(options: PipelineOptions, app: str, image: str) -> str:
    """Return the PipelineRun; its name is made by the API server."""
    walking = [name for name in options.tasks if name != "resolve"]
    walkers = [f"  - {{pipelineTaskName: {name}, serviceAccountName: canary-steps-walker}}" for name in walking]
    lines = [
        "# Starts one release: kubectl create -f. Written by",
        f"#   {options.command('run')} --app {app} --image {image}",
        "#",
        *comment_lines(_POINTS),
        "apiVersion: tekton.dev/v1",
        "kind: PipelineRun",
        "metadata:",
        f"  generateName: {options.name}-{app}-",
        "  labels:",
        "    app.kubernetes.io/part-of: canary-steps",
        f"    canary-steps.io/app: {app}",
        "spec:",
        f"  pipelineRef: {{name: {options.name}}}",
        "  params:",
        f"  - {{name: app, value: {app}}}",
        f'  - {{name: image, value: "{image}"}}',
        *([f'  - {{name: ladder, value: "{options.ladder}"}}'] if options.one_pod else []),
        "  timeouts:",
        f"    pipeline: {options.pipeline_hours}h0m0s",
        f"    tasks: {options.tasks_hours}h0m0s",
        f"    finally: {options.finally_hours}h0m0s",
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
