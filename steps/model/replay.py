"""What a recording says when it is judged again."""

from dataclasses import dataclass, field

from steps.model.judgement import Judgement, Verdict


@dataclass(frozen=True, slots=True)
class JudgedPoll:
    """One look that saw something new: its moment (unix seconds) and the judgement."""

    at: float
    judgement: Judgement


@dataclass(slots=True)
class ReplayedRung:
    """One rung of the recording, judged on its own.

    Attributes:
        weight: percent, None where it was not known.
        started: when the weight was set, unix seconds.
        seen: looks that brought a new scrape or another answer, in order of time.
        fell: for each verdict the first look at which it would have fallen.
        recorded: verdict and code of the last look as they were recorded.
        recorded_at: its moment, unix seconds.
    """

    weight: int | None
    started: float
    seen: list[JudgedPoll] = field(default_factory=list)
    fell: dict[Verdict, JudgedPoll] = field(default_factory=dict)
    recorded: tuple[str, str] = ("", "")
    recorded_at: float = 0.0

    @property
    def decided(self) -> JudgedPoll | None:
        """The first verdict: where the step would have stopped."""
        return min(self.fell.values(), key=lambda one: one.at, default=None)
