"""Sentences of a doubt: something speaks against the canary, or against both arms, so it does not pass."""

from typing import Final

from steps.judge.wording.phrases import percent, share
from steps.model.evidence import Counts
from steps.model.judgement import GuardJudgement

_MAX_SHOWN: Final = 1e6
"""Evidence above this is not written out."""


def shared(guard: GuardJudgement, what: str, flag: str) -> str:
    """Explain why nothing is decided while both arms are above an objective."""
    return (
        f"both arms are out of bounds: canary {percent(guard.canary_ratio)} {what}, stable"
        f" {percent(guard.stable_ratio)}, allowed {percent(guard.allowed_ratio)}; the canary alone is not to blame:"
        f" fix the shared cause, or allow more with {flag} if this is normal"
    )


def missed_by_both(counts: str, allowed: float, flag: str) -> str:
    """Explain why a canary that fails a lot does not pass, while stable fails a lot as well, maybe more."""
    return (
        f"both arms are out of bounds: {counts}, allowed {percent(allowed)}; the canary alone is not to blame, but it"
        f" is not healthy: fix what still fails, or allow more with {flag} if this is normal"
    )


def above_objective(counts: str, allowed: float, flag: str, *, compared: bool) -> str:
    """Explain why a canary above its objective does not pass; `compared`: stable had requests, and meets it."""
    others = ", which stable meets" if compared else ""
    return f"{counts}: above the objective (at most {percent(allowed)}, {flag}){others}; not passing"


def suspicious(counts: str, value: float, line: float) -> str:
    """Explain why nothing passes while there is considerable evidence against the canary."""
    shown = f"over {_MAX_SHOWN:.0f}" if value > _MAX_SHOWN else f"{value:.0f}"
    small = "; an alarm needs more bad requests, or a larger difference" if value >= line else ""
    return f"{counts}: suspicious (evidence {shown}, alarm at {line:.0f}), not passing yet{small}"


def large_difference(counts: str, cause: str) -> str:
    """Explain why a large difference without an alarm does not pass."""
    return f"{counts}: the difference is large, {cause}; not passing yet"


def unexplained(counts: Counts, what: str) -> str:
    """Explain why a canary with mostly one class of answers does not pass if stable has no answer to compare with."""
    return (
        f"canary {share(counts)} {what}, while stable fails, so there is no answer of stable to compare with;"
        f" not passing"
    )


def worse_than_before(now: Counts, what: str, past: Counts, where: str, allowed: float) -> str:
    """Explain why a canary that looks worse than its reference does not pass at weight 100."""
    return (
        f"at weight 100 canary {share(now)} {what} v. {share(past)} {where}: more than the tolerated"
        f" {percent(allowed)}; not passing yet"
    )
