"""Sentences of a wait: what is still missing for a pass, although nothing speaks against the canary."""

from math import ceil, floor
from typing import Final

from steps.judge.rules import Rules
from steps.judge.wording.phrases import percent, points, scrapes, share, span
from steps.model.evidence import Counts

NOTHING_TO_JUDGE_BY: Final = (
    "at weight 100 stable gets no requests, and there is neither an objective nor an earlier rung to judge the canary"
    " by: set --success-slo, or begin with a rung below 100"
)


def unseen(arm: str, seconds: float) -> str:
    """Explain that an arm had no request at this weight."""
    return f"no {arm} request seen since the weight was set {span(seconds)} ago: there is nothing to compare"


def silent(stable_requests: int, expected: float | None, seconds: float) -> str:
    """Explain that the canary is silent."""
    hope = "" if expected is None else f" where about {expected:.0f} were expected"
    return (
        f"no canary traffic: no canary request in {span(seconds)}{hope}, while stable had {stable_requests};"
        f" check the routes, the canary's Service and pods, and that the metrics carry its workload"
    )


def too_few(requests: int, strata: int, needed: int, needed_strata: int, *, deadline_reached: bool) -> str:
    """Explain why there is too little data for a pass, and at the deadline what helps; names only what is missing."""
    missing = [f"{requests} of {needed} canary requests"] if requests < needed else []
    missing += [f"{strata} of {needed_strata} scrapes"] if strata < needed_strata else []
    cure = "a higher weight or a longer deadline" if requests < needed else "a longer deadline"
    remedy = f"; {cure} would help" if deadline_reached else ""
    return f"{' and '.join(missing)} seen at this weight{remedy}"


def too_early(seconds: float, needed_seconds: float, *, deadline_reached: bool) -> str:
    """Explain why it is too early for a pass although there is enough data, and at the deadline what helps."""
    remedy = "; the deadline of a rung must be longer than that" if deadline_reached else ""
    # Rounded in opposite directions: "10 s of at least 10 s" would explain nothing.
    return f"{span(floor(seconds))} of at least {span(ceil(needed_seconds))} at this weight have passed{remedy}"


def warming(seconds: float) -> str:
    """Explain that latency cannot be judged yet, since the pods were warming up."""
    return (
        f"latency is judged from {span(seconds)} after the canary's pods became ready (--warmup-seconds), and there"
        f" were too few scrapes since then"
    )


def blind(requests: int, strata: int) -> str:
    """Explain that there is no pass since no failure could have been caught."""
    return (
        f"with {requests} canary requests in {scrapes(strata)} not even a total failure would have been caught:"
        f" stable fails too often or in bursts, or there is too little traffic"
    )


def low_power(detectable: float | None, demanded: float, more: float | None, *, deadline_reached: bool) -> str:
    """Explain a power below `must_detect`: what would be caught, what was asked for, and what helps."""
    caught = "not even a total failure" if detectable is None else f"a rise to {percent(detectable)} failures"
    time = "" if more is None else f" (about {span(more)} more at this traffic)"
    helps = "a higher weight or a longer deadline would help" if deadline_reached else "a higher weight would be faster"
    return f"{caught} would have been caught by now, but --must-detect asks for {percent(demanded)}{time}; {helps}"


def not_ruled_out(counts: Counts, what: str, limit: float, flag: str, rules: Rules) -> str:
    """Explain that the last weight waits for more requests, since the canary may still be far above an objective."""
    return (
        f"canary {share(counts)} {what} at this weight: too few requests to rule out {percent(limit)},"
        f" {rules.ruled_out:g} times what {flag} allows; before the promotion this is waited for, at most"
        f" {span(rules.patience_seconds)}"
    )


def not_proven(name: str, worse: float, tolerated: float) -> str:
    """Explain what is still missing for "proven"."""
    return (
        f"not yet proven in {name}: the canary's share of bad requests may still be {points(worse)} above stable's,"
        f" {points(tolerated)} are tolerated; more requests or more time would settle it"
    )
