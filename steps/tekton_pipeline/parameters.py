"""The parameters of a rendered Pipeline."""

from steps.tekton_pipeline.options import APPROVAL_SECONDS, PipelineOptions
from steps.tekton_pipeline.yaml_text import description_lines


def parameters(options: PipelineOptions) -> list[str]:
    """Return the `params` of the Pipeline; canary.yaml decides where one is empty."""
    offered = [
        (
            "app",
            None,
            "The application; VirtualService, Deployment and ConfigMap canary-steps-<app> are named after it.",
        ),
        ("image", None, "Image to release, by its tag.")
        if options.resolve
        else ("image", "", "Image to release, best by digest. Empty: the template's own (GitOps)."),
        ("namespace", "", "Namespace of the app. Empty: the PipelineRun's."),
    ]
    if options.resolve:
        offered += [
            ("announced-digest", "", "Digest in the push's message, to compare. Empty: none."),
            ("registry-secret", "canary-steps-registry", "Optional Secret with the registry's credentials."),
        ]
    if options.one_pod:
        offered.append(("ladder", options.ladder, "Weights of the rollout, percent, ascending, separated by commas."))
    if options.one_pod and not options.resolve:  # a push is not a hotfix by itself
        offered += [
            ("hotfix", "", "Stable is the broken one: release without a comparison with it: true. Empty: false."),
            ("reason", "", "Why the release is a hotfix, one sentence. Needed with hotfix."),
            ("force", "", "Release the hotfix although nothing says that stable is broken: true. Empty: false."),
        ]
    offered += [
        (
            "template-by",
            "",
            "Where stable's new template comes from: canary or external (GitOps). Empty: canary.yaml, else canary.",
        ),
        (
            "baseline",
            "",
            "Compare the canary with fresh pods of stable's template: true or false. Empty: canary.yaml, else false.",
        ),
        (
            "at-rest",
            "",
            "A canary that has weight before the run: refuse, reset, adopt. Empty: canary.yaml, else refuse.",
        ),
        (
            "on-busy",
            "",
            "While another run of the app is active: wait, fail, supersede. Empty: canary.yaml, else wait.",
        ),
        (
            "on-inconclusive",
            "",
            "At a rung's deadline without a verdict: fail, pause, pass. Empty: canary.yaml, else fail.",
        ),
        ("timeout-seconds", "", "Deadline of a rung, seconds. Empty: canary.yaml, else 600."),
        ("prometheus-url", "", "Empty: canary.yaml, else http://prometheus.istio-system:9090."),
    ]
    if options.gate:
        offered.append(("approval-seconds", str(APPROVAL_SECONDS), "How long to wait for approval, seconds."))
    offered.append(
        ("steps-image", f"ghcr.io/canary-steps/canary-steps:{options.version}", "Image of the steps; pin it by digest.")
    )
    lines: list[str] = []
    for name, default, description in offered:
        lines += [f"  - name: {name}", "    type: string"]
        lines += [] if default is None else [f'    default: "{default}"']
        lines += description_lines(description, 4)
    return lines
