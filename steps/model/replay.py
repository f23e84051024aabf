"""The result of judging a recording again."""

from dataclasses import dataclass, field

from steps.model.judgement import Judgement, Verdict
from steps.model.trials import Trial


@dataclass(frozen=True, slots=True)
class JudgedPoll:
    """A poll that brought new data: its time (unix seconds) and the judgement."""

    at: float
    judgement: Judgement


@dataclass(slots=True)
class ReplayedRung:
    """One rung of the recording, judged on its own.

    Attributes:
        weight: percent, None where it is unknown.
        started: when the weight was set, unix seconds.
        polls: polls that brought a new scrape or another answer, in order of time.
        first_polls: for each verdict the first poll at which it would have been reached.
        recorded: verdict and code of the last poll as they were recorded.
        recorded_at: its time, unix seconds.
        trials: that had ended with an alarm before, as they were recorded.
        is_only_trial: whether no other trial could follow an alarm of it, since the pods could not be replaced.
        is_reached: whether the release comes to this rung under the rules of the replay.
    """

    weight: int | None
    started: float
    polls: list[JudgedPoll] = field(default_factory=list)
    first_polls: dict[Verdict, JudgedPoll] = field(default_factory=dict)
    recorded: tuple[str, str] = ("", "")
    recorded_at: float = 0.0
    trials: tuple[Trial, ...] = ()
    is_only_trial: bool = False
    is_reached: bool = False

    @property
    def first_verdict(self) -> JudgedPoll | None:
        """The first verdict: where the step would have stopped."""
        return min(self.first_polls.values(), key=lambda one: one.at, default=None)
