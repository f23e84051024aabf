"""Notes beside a verdict: facts that decide nothing, but that people should know."""

from typing import Final

from steps.judge.wording.phrases import percent, span
from steps.model.evidence import Counts

INCOMPARABLE: Final = (
    "while stable fails this much, latency is not compared, since failures and successful requests take different"
    " times, and answers are compared among the requests that did not fail"
)
"""Where latency was left out of the comparison."""


def idle_pods(bound: float, unit: str, canary: float, stable: float) -> str:
    """Note that an idle canary's latency is not compared up to a bound; loads in requests per second and pod."""
    return (
        f"latency bounds up to {bound:g} {unit} are not compared while a canary pod gets {canary:.2g} requests a second"
        f" and a stable pod {stable:.2g}: an idle pod answers a few ms slower, whatever its version"
    )


def strays(stable: Counts) -> str:
    """Note the requests that stable got at weight 100."""
    return (
        f"stable still got {stable.total} requests at weight 100, {stable.bad} of them failed: they bypass the"
        f" weighted routes and are not compared"
    )


def sample_ratio_mismatch(canary: int, requests: int, weight: int) -> str:
    """Note that the canary got a smaller part of the requests than its weight says."""
    return (
        f"the canary got {canary} of {requests} requests ({percent(canary / requests)}) since the weight was set to"
        f" {weight} %: some requests bypass the weighted routes and reach stable, or sessions stick to it"
    )


def forecast(per_second: float, requests: float, seconds: float, detectable: float | None) -> str:
    """Return a note on what this much traffic will be able to show by the deadline."""
    rate = f"at {per_second:.2g} canary requests a second, about {requests:.0f} in {span(seconds)},"
    if detectable is None:
        return f"{rate} even a total failure could go unnoticed: raise the weight, wait longer, or add probes"
    return f"{rate} a rise to {percent(detectable)} failures or more will be caught, nine times out of ten"
