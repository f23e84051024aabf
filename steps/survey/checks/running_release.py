"""Another run of the app: a release waits for its end, or cleans up what it left (pure)."""

from steps.model.run import Claim
from steps.survey.problem import Problem


def check_running_release(namespace: str, claim: Claim | None, *, is_alive: bool) -> list[Problem]:
    """Return a problem where a run holds the app's claim; one that expired only warns.

    Args:
        namespace: of the app.
        claim: the app's, None where it has none.
        is_alive: it did not expire.
    """
    if claim is None:
        return []
    about = f"VirtualService {claim.state.targets[0].virtual_service}"
    if is_alive:
        routed = ",".join(str(one.virtual_service) for one in claim.state.targets)
        flags = f"--app {claim.app} --namespace {namespace} --virtual-service {routed} --run {claim.run}"
        text = f"run {claim.run} is active ({claim.phase}, weight {claim.state.weight}): a release waits for its end."
        return [Problem("busy", about, text, (f"canary-steps rollback {flags}", "--on-busy supersede"))]
    text = f"the claim of run {claim.run} expired ({claim.phase}): the next prepare or sweep restores stable first."
    return [Problem("expired", about, text, (f"canary-steps sweep --namespace {namespace}",), "warns")]
