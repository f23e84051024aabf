"""Sentences of a bake: they say that the judge's canary is the promoted version here."""

from typing import Final

from steps.model.judgement import Judgement, ReasonCode

_COUNTED: Final = frozenset({ReasonCode.GUARD, ReasonCode.WORSE, ReasonCode.PROBE})
_AS_CANARY: Final = "with the promoted version as canary"


def after_promotion(judgement: Judgement, seconds: float) -> str:
    """Explain a fail; `seconds` after the start of the bake."""
    outage = "; without another version, an outage of what it calls looks the same" if _is_counted(judgement) else ""
    return f"failed in bake {seconds:.0f} s after its promotion, {_AS_CANARY}: {judgement.reason}{outage}"


def survived(judgement: Judgement, seconds: float) -> str:
    """Explain a pass at the end of a bake of so many seconds."""
    return f"baked for {seconds:g} s, {_AS_CANARY}: {judgement.reason}"


def saw_too_little(seconds: float, why: str) -> str:
    """Explain the end of a bake that saw too little for a verdict."""
    return f"bake saw too little in {seconds:g} s ({why}), so the promotion stands by the verdicts of its rungs"


def lost_arm(seconds: float, why: str) -> str:
    """Explain why the users return to the old arm of a swap, so many seconds after the start of the bake."""
    return f"the promoted arm had no ready pod {seconds:.0f} s after its promotion, so the old arm serves: {why}"


def stopped(seconds: float, why: str) -> str:
    """Explain the end of a bake in which somebody else took over, so many seconds after its start."""
    return f"bake ended after {seconds:.0f} s without a verdict, the promotion stands: {why}"


def _is_counted(judgement: Judgement) -> bool:
    return judgement.code in _COUNTED
