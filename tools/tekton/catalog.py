"""The Tasks that are shipped: what each is for, who runs it, how it is shown in a catalog."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_RELEASE = {"app": "shop", "run": "by-hand-1"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One Task of one step.

    Args:
        step: the sub-command. title: its name in a catalog. more: what its user should know.
        codes: exit codes with their meaning. category: of the catalog. tags: of the catalog.
        account: reader, walker or sweeper. sample: parameters of its sample run.
    """

    step: str
    title: str
    more: str
    codes: str
    category: str = "Deployment"
    tags: str = "canary, istio"
    account: str = "walker"
    sample: Mapping[str, str] = field(default_factory=lambda: _RELEASE)


ENTRIES = (
    Entry(
        "prepare",
        "Prepare a canary",
        "No traffic moves here, and every refusal comes before the first write. Where stable runs the image's bits "
        "already the outcome is `noop`: let later tasks ask for `ready`.",
        "0 ready or noop, 3 in trouble, 4 refused with the reason, 7 another run holds the claim",
        sample={"app": "shop", "run": "by-hand-1", "image": "registry.example/shop:v2"},
    ),
    Entry(
        "set-weight",
        "Set a canary's weight",
        "It states what should be, so it may be repeated. Without `run` it sets the weight of VirtualServices that no "
        "run holds.",
        "0 done, 3 in trouble, 4 foreign write or pods not ready, 7 not the owner",
        sample={"app": "shop", "run": "by-hand-1", "weight": "10"},
    ),
    Entry(
        "analyze",
        "Judge a canary",
        "On fail this very pod gives all weight back to stable. With `weight` it sets that first: a rung in one pod. "
        "With `hold` it is a gate that watches. Without `run` it only reads, for pipelines that move traffic by other "
        "means; then the account canary-steps-reader is enough.",
        "0 pass, 5 fail, 6 inconclusive, 3 in trouble, 4 foreign write, 7 not the owner",
        category="Monitoring",
        tags="canary, istio, prometheus, analysis",
    ),
    Entry(
        "probe",
        "Probe a canary",
        "The probes stand in canary.yaml. Only what the canary fails and stable passes counts.",
        "0 pass, 5 fail, 6 inconclusive, 3 in trouble",
        category="Monitoring",
        account="reader",
        sample={"app": "shop"},
    ),
    Entry(
        "promote",
        "Promote a canary",
        "It needs a pass on the last rung, or a reason in `unjudged`. It compares image digests: what is promoted is "
        "what was judged.",
        "0 promoted, 3 in trouble, 4 no pass on the last rung, or not the judged canary, 7 not the owner",
    ),
    Entry(
        "rollback",
        "Roll a canary back",
        "It needs the Kubernetes API alone, decides from the cluster's state and may always be run; owning nothing it "
        "ends 0 with outcome not-owner. `any-run` is for people.",
        "0 done, 3 in trouble, 4 only the canary is ready: the weight is held",
    ),
    Entry(
        "rollout",
        "Roll out in one pod",
        "Prepare, every weight, promote or rollback in one process. Do not retry it: a second process would climb from "
        "the foot. What a dead one leaves, a rollback or sweep restores.",
        "0 promoted or noop, 5 fail, 6 inconclusive, 3, 4, 7 another run holds the claim",
        sample={"app": "shop", "image": "registry.example/shop:v2", "ladder": "5,25,50"},
    ),
    Entry(
        "resolve",
        "Resolve an image's tag",
        "For pipelines that a push starts: the digest that the registry has is released, not a name that moves. An "
        "image that is given by digest is answered without the registry.",
        "0 resolved, 3 the registry is in trouble, 4 no such tag or no permission",
        tags="image, registry, digest",
        account="reader",
        sample={"image": "registry.example/shop:v2"},
    ),
    Entry(
        "approve",
        "Approve a canary",
        "It opens the gate of a run that waits with `hold`, and every later gate of that run as well.",
        "0 approved, 3 in trouble, 7 not the owner",
    ),
    Entry(
        "report",
        "Report a release",
        "The report is in the log. Keep it outside of gates.",
        "0, 3 in trouble, 4 no release is known",
        category="Monitoring",
        account="reader",
        sample={"app": "shop"},
    ),
    Entry(
        "notify",
        "Tell a webhook of a release",
        "The URL is key `url` of a Secret, since whoever knows it may write to the channel.",
        "0 sent, 3 in trouble, 4 the webhook refuses",
        category="Messaging",
        account="reader",
        sample={"app": "shop"},
    ),
    Entry(
        "sweep",
        "Sweep dead releases",
        "Two at once are harmless. The CronJob canary-sweep runs it every two minutes, without Tekton.",
        "0 done or nothing to do, 3 in trouble, 4 a claim needs somebody",
        account="sweeper",
        sample={},
    ),
)

FINISH = Entry(
    "finish",
    "End a canary release",
    "For `finally`. Steps in order: rollback, report, then rollback once more. The first rollback and the report may "
    "fail, so that each comes to its turn; the last one decides how the task ends, and does nothing where the first "
    "did its work. It takes no results of other tasks, since Tekton skips a finally task whose result is not there.",
    "0 done, else as rollback",
)

RESULTS = {
    "run": "Id of the run.",
    "image": "The image by digest, as it is to be pulled.",
    "digest": "Its digest.",
    "canary-hash": "Fingerprint of the canary's template.",
    "stable-image": "Image that stable runs.",
    "canary-image": "Image that is released.",
    "outcome": "How it ended, one word.",
    "weight": "The canary's weight, percent.",
    "previous-weight": "Its weight before.",
    "observed": "Its share of the requests, percent; empty unless wait-observed.",
    "verdict": "pass, fail or inconclusive.",
    "reason": "One sentence.",
    "judgement": "The judgement in short, JSON.",
    "list": "What became of each claim, JSON list.",
}
"""Descriptions of results; all are strings without a trailing newline, at most 1 kB together."""
