"""The shipped Tasks: what each is for, which account runs it, how a catalog shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_RELEASE = {"app": "shop", "run": "by-hand-1"}


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One Task of one step.

    Args:
        step: the sub-command.
        title: the display name in a catalog.
        notes: what users of the Task should know.
        exit_codes: the exit codes with their meaning.
        category: the category in a catalog.
        tags: the tags in a catalog.
        account: reader, walker or sweeper.
        sample_params: parameters of the sample run.
    """

    step: str
    title: str
    notes: str
    exit_codes: str
    category: str = "Deployment"
    tags: str = "canary, istio"
    account: str = "walker"
    sample_params: Mapping[str, str] = field(default_factory=lambda: _RELEASE)


CATALOG = (
    CatalogEntry(
        "prepare",
        "Prepare a canary",
        "It moves no traffic, and every refusal comes before the first write. If stable already runs this image "
        "digest, the outcome is `noop`: let later tasks require `ready`.",
        "0 ready or noop, 3 temporary failure, 4 refused with the reason, 7 another run holds the claim",
        sample_params={"app": "shop", "run": "by-hand-1", "image": "registry.example/shop:v2"},
    ),
    CatalogEntry(
        "set-weight",
        "Set a canary's weight",
        "It is idempotent, so it may be repeated. Without `run` it sets the weight of VirtualServices that no "
        "run holds.",
        "0 done, 3 temporary failure, 4 somebody else wrote, or pods are not ready, 7 not the owner",
        sample_params={"app": "shop", "run": "by-hand-1", "weight": "10"},
    ),
    CatalogEntry(
        "analyze",
        "Judge a canary",
        "On fail this pod itself gives all weight back to stable. With `weight` it sets that weight first: one pod for "
        "the whole rung. With `await-weight` it starts beside set-weight and waits for that. With `hold` it is a gate "
        "that keeps judging. Without `run` it only reads, for pipelines that move traffic by other means; then the "
        "account canary-steps-reader is enough.",
        "0 pass, 5 fail, 6 inconclusive, 3 temporary failure, 4 somebody else wrote, 7 not the owner",
        category="Monitoring",
        tags="canary, istio, prometheus, analysis",
    ),
    CatalogEntry(
        "probe",
        "Probe a canary",
        "The probes are listed in canary.yaml. Only probes that the canary fails and stable passes count.",
        "0 pass, 5 fail, 6 inconclusive, 3 temporary failure",
        category="Monitoring",
        account="reader",
        sample_params={"app": "shop"},
    ),
    CatalogEntry(
        "promote",
        "Promote a canary",
        "It needs a pass on the last rung, or a reason in `unjudged`. It compares image digests, so it promotes "
        "exactly what was judged. With `bake-seconds` it goes on judging, and undoes the promotion on fail.",
        "0 promoted, 3 temporary failure, 4 no pass on the last rung, or not the judged canary, 5 failed in bake and "
        "undone, 7 not the owner",
    ),
    CatalogEntry(
        "rollback",
        "Roll a canary back",
        "It needs only the Kubernetes API, decides from the cluster's state and is always safe to run; if the run owns "
        "nothing, it ends with 0 and outcome not-owner. `any-run` is for people.",
        "0 done, 3 temporary failure, 4 only the canary is ready: the weight stays",
    ),
    CatalogEntry(
        "undo",
        "Undo a promotion",
        "After a promotion it returns users to the version before it, without a ladder. Without `run` it undoes the "
        "last promoted run; a run that is not promoted needs rollback.",
        "0 undone, 3 temporary failure, 4 nothing to undo, or the old version is gone, 7 another run holds the claim",
        sample_params={"app": "shop"},
    ),
    CatalogEntry(
        "rollout",
        "Roll out in one pod",
        "Prepare, every weight, then promote or rollback in one process. Do not retry it: a second process would start "
        "again at the lowest weight. If the process dies, a rollback or sweep restores stable.",
        "0 promoted or noop, 5 fail, 6 inconclusive, 3 temporary failure, 4 refused, 7 another run holds the claim",
        sample_params={"app": "shop", "image": "registry.example/shop:v2", "ladder": "5,25,50"},
    ),
    CatalogEntry(
        "resolve",
        "Resolve an image's tag",
        "For pipelines that a push starts: they release the registry's digest, not a tag that moves. An image that is "
        "given by digest needs no registry.",
        "0 resolved, 3 temporary failure of the registry, 4 no such tag or no permission",
        tags="image, registry, digest",
        account="reader",
        sample_params={"image": "registry.example/shop:v2"},
    ),
    CatalogEntry(
        "approve",
        "Approve a canary",
        "It opens the gate of a run that waits with `hold`, at its present weight: a later rung needs its own "
        "approval.",
        "0 approved, 3 temporary failure, 7 not the owner",
    ),
    CatalogEntry(
        "report",
        "Report a release",
        "The report is in the log. Do not use it as a gate.",
        "0 reported, 3 temporary failure, 4 no release is known",
        category="Monitoring",
        account="reader",
        sample_params={"app": "shop"},
    ),
    CatalogEntry(
        "notify",
        "Tell a webhook of a release",
        "The URL is key `url` of a Secret, since anyone who knows it can write to the channel. The message is about "
        "the release; the CloudEvents that Tekton itself sends (`default-cloud-events-sink`) are about its runs.",
        "0 sent or nothing to send, 3 temporary failure, 4 the webhook refuses",
        category="Messaging",
        account="reader",
        sample_params={"app": "shop"},
    ),
    CatalogEntry(
        "sweep",
        "Sweep dead releases",
        "Two sweeps at once are harmless. The CronJob canary-sweep runs it every two minutes, without Tekton.",
        "0 done or nothing to do, 3 temporary failure, 4 a claim needs a person",
        account="sweeper",
        sample_params={},
    ),
)

FINISH = CatalogEntry(
    "finish",
    "End a canary release",
    "For `finally`. It runs three steps: rollback, report, then rollback again. The first rollback and the report may "
    "fail without stopping the next step; the last rollback decides how the task ends, and does nothing if the first "
    "one succeeded. It takes no results of other tasks, since Tekton skips a finally task whose result is missing.",
    "0 done, otherwise as rollback",
)

RESULT_DESCRIPTIONS = {
    "run": "Id of the run.",
    "image": "The image by digest, ready to pull.",
    "digest": "The digest alone.",
    "canary-hash": "Fingerprint of the canary's template.",
    "stable-image": "Image that stable runs.",
    "canary-image": "Image that this run releases.",
    "outcome": "How the step ended, one word.",
    "weight": "The canary's weight, percent.",
    "previous-weight": "The canary's weight before this step, percent.",
    "observed": "The canary's observed share of the requests, percent; empty unless wait-observed is true.",
    "verdict": "pass, fail or inconclusive.",
    "reason": "Why, one sentence.",
    "judgement": "The judgement in short, JSON.",
    "list": "What the sweep did with each claim, JSON list.",
}
"""Descriptions of results; all results are strings without a trailing newline, at most 1 kB together."""
