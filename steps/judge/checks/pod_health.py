"""The health of the canary's pods, which says something even without a request."""

from steps.judge.rules import Rules
from steps.judge.wording import fails, phrases
from steps.model.evidence import Health


def failure(health: Health | None, rules: Rules) -> str | None:
    """Return the sentence for a canary whose pods have failed, or None."""
    if health is None:
        return None
    if health.restarts > rules.max_restarts:
        what = f"its containers restarted {health.restarts} times; at most {rules.max_restarts} restarts are tolerated"
        return fails.unhealthy(health, what)
    if health.disruption:
        return None  # the cluster took the pods away: see `disruptions`
    if health.desired and not health.ready and health.unready_seconds >= rules.down_fail_seconds:
        return fails.unhealthy(health, f"none has been ready for {phrases.span(health.unready_seconds)}")
    if health.ready < health.desired and health.unready_seconds >= rules.unready_fail_seconds:
        return fails.unhealthy(health, f"some have been unready for {phrases.span(health.unready_seconds)}")
    return None


def blocked(health: Health | None) -> str | None:
    """Return the sentence for pods that are not all ready, so that the canary may not pass now, or None."""
    if health is None or health.ready >= health.desired:
        return None
    return fails.unhealthy(health, "not all are ready")


def notes(health: Health | None) -> tuple[str, ...]:
    """Return notes that decide nothing: vanished pods lose their last counts."""
    if health is None or not health.vanished:
        return ()
    return (
        f"{health.vanished} canary pods vanished during the run: their requests after the last scrape are not counted",
    )
