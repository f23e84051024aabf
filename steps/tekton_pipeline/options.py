"""The options of a rendered Pipeline, its tasks, and its time limits."""

import math
from dataclasses import dataclass

_HOUR_SECONDS = 3600
_POD_SECONDS = 60
"""Start time of a pod on busy nodes."""

RESOLVE_MINUTES = 15
SET_WEIGHT_MINUTES = 15
AWAIT_SECONDS = 240
"""Without a sign of set-weight: time enough for a node that has to come first, and three renewals of the claim."""
PREPARE_MINUTES = 60
PROMOTE_MINUTES = 60
FINISH_MINUTES = 30
FINISH_RETRIES = 2
APPROVAL_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class StepDurations:
    """Default limits of the steps, seconds.

    Args:
        busy: waiting for another run of the app. ready: waiting for pods. rung: judging one weight. drain: at the end.
        resolve: asking a registry.
    """

    resolve: float
    busy: float
    ready: float
    rung: float
    drain: float


@dataclass(frozen=True, slots=True)
class PipelineOptions:
    """The options of a rendered Pipeline.

    Args:
        weights: the ladder, percent, ascending.
        gate: wait for approval before the promote, and keep judging meanwhile.
        one_pod: one task climbs the whole ladder.
        resolve: a first task asks the registry for the image's digest.
        version: of the product, and tag of its image.
        defaults: default limits of the steps.
        title: name of the Pipeline; "" = by its options.
    """

    weights: tuple[int, ...]
    gate: bool
    one_pod: bool
    resolve: bool
    version: str
    defaults: StepDurations
    title: str = ""

    @property
    def name(self) -> str:
        """Name of the Pipeline."""
        shape = "-one-pod" if self.one_pod else "-gated" if self.gate else ""
        return self.title or f"canary-release{shape}" + ("-pushed" if self.resolve else "")

    @property
    def walk(self) -> tuple[str, ...]:
        """Names of the tasks between prepare and promote, in order."""
        rungs = tuple(f"{step}-{weight}" for weight in self.weights for step in ("set-weight", "analyze"))
        return (*rungs, "gate") if self.gate else rungs

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of all tasks in order, with the finally task at the end."""
        first = ("resolve",) if self.resolve else ()
        return (*first, *(("rollout",) if self.one_pod else ("prepare", *self.walk, "promote")), "finish")

    @property
    def ladder(self) -> str:
        """The ladder as the value of a flag."""
        return ",".join(map(str, self.weights))

    @property
    def tasks_hours(self) -> int:
        """Limit of all tasks but the finally task: twice the longest release with default settings."""
        longest = self.defaults.busy + self.defaults.ready  # prepare
        longest += self.defaults.resolve if self.resolve else 0
        # At its deadline `on-inconclusive: pause` keeps judging for the same time again.
        longest += len(self.weights) * (self.defaults.ready + 2 * self.defaults.rung)
        longest += APPROVAL_SECONDS if self.gate else 0
        longest += self.defaults.ready + self.defaults.drain  # promote
        longest += _POD_SECONDS * (len(self.tasks) - 1)
        return math.ceil(2 * longest / _HOUR_SECONDS)

    @property
    def finally_hours(self) -> int:
        """Limit of the finally task with its retries."""
        return math.ceil((1 + FINISH_RETRIES) * FINISH_MINUTES / 60)

    @property
    def pipeline_hours(self) -> int:
        """Limit of the whole run, an hour above the sum of the two."""
        return self.tasks_hours + self.finally_hours + 1

    def command(self, document: str) -> str:
        """Return the command that prints a document."""
        shape = "--one-pod" if self.one_pod else f"--ladder {self.ladder}" + (" --gate" if self.gate else "")
        shape += " --resolve" if self.resolve else ""
        shape += f" --pipeline-name {self.title}" if self.title else ""
        return f"canary-steps render tekton {shape}" + ("" if document == "pipeline" else f" --document {document}")
