"""What a rendered Pipeline can be told."""

from steps.tekton_pipeline.options import APPROVAL_SECONDS, PipelineOptions
from steps.tekton_pipeline.yaml_text import description_lines


def parameters(plan: PipelineOptions) -> list[str]:
    """Return the `params` of the Pipeline; one left empty leaves the choice to canary.yaml."""
    offered = [
        (
            "app",
            None,
            "The application; VirtualService, Deployment and ConfigMap canary-steps-<app> are named after it.",
        ),
        ("image", None, "Image to release, by its tag.")
        if plan.resolve
        else ("image", "", "Image to release, best by digest. Empty: the template's own (GitOps)."),
        ("namespace", "", "Namespace of the app. Empty: the PipelineRun's."),
    ]
    if plan.resolve:
        offered += [
            ("announced-digest", "", "Digest that the push was announced with, to compare. Empty: none."),
            ("registry-secret", "canary-steps-registry", "Secret with the registry's credentials; it may be absent."),
        ]
    if plan.one_pod:
        offered.append(("ladder", plan.ladder, "Weights of the rollout, percent, ascending, separated by commas."))
    offered += [
        (
            "template-by",
            "",
            "Who gives stable its new template: canary or external (GitOps). Empty: canary.yaml, else canary.",
        ),
        (
            "baseline",
            "",
            "Compare the canary with fresh pods of stable's template: true or false. Empty: canary.yaml, else false.",
        ),
        ("on-busy", "", "While another run of the app goes on: wait, fail, supersede. Empty: canary.yaml, else wait."),
        (
            "on-inconclusive",
            "",
            "At a rung's deadline without a verdict: fail, pause, pass. Empty: canary.yaml, else fail.",
        ),
        ("timeout-seconds", "", "Deadline of a rung, seconds. Empty: canary.yaml, else 600."),
        ("prometheus-url", "", "Empty: canary.yaml, else http://prometheus.istio-system:9090."),
    ]
    if plan.gate:
        offered.append(("approval-seconds", str(APPROVAL_SECONDS), "How long a person may take to approve, seconds."))
    offered.append(
        ("steps-image", f"ghcr.io/canary-steps/canary-steps:{plan.version}", "Image of the steps; pin it by digest.")
    )
    lines: list[str] = []
    for name, default, description in offered:
        lines += [f"  - name: {name}", "    type: string"]
        lines += [] if default is None else [f'    default: "{default}"']
        lines += description_lines(description, 4)
    return lines
