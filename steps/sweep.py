"""sweep: roll back every run whose claim expired, in one namespace or in all.

Before: nothing. It needs only the API server; a CronJob runs it, so that a dead run never strands users.
Writes: as rollback, for each expired claim: all weights first, then the slow parts, by four threads, namespaces in
turns. Live claims are left alone, and two sweeps at once are harmless: only one of them takes each claim over. If a
sweep dies or fails, the next one follows after two minutes.
Exit codes: 0 done, or nothing to do · 2 · 3 a claim met a temporary fault · 4 a claim needs a person. One bad claim
never stops the others.
"""

import json
import secrets
from collections.abc import Callable, Sequence

import structlog

from steps.actions.recovery import clean_up
from steps.actions.sweep_hands import LONG_RETRY_SECONDS, SHORT_RETRY_SECONDS, SweepHands
from steps.actions.sweep_run import ExpiredRun, isolated, return_users
from steps.actions.teardown import TeardownPolicy
from steps.claim.claims import Claims
from steps.claim.keys import claim_key
from steps.cluster.api import Cluster
from steps.cluster.deadline import Deadline
from steps.errors import PermanentError, StepError, TemporaryError
from steps.settings.arrivals import ArrivalSettings
from steps.settings.cluster import DryRunSettings, NamespacesSettings
from steps.settings.export import ExportSettings
from steps.settings.workload import DrainSettings
from steps.step import EXIT_DONE, Step, StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring.cluster import cluster_of, teardown_policy_of
from steps.wiring.export import exported_list
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RESULTS = ("list",)
_LIST_BYTES = 900
_RUN_SECONDS = 1200.0
"""No slow part begins later: the CronJob ends a sweep after 1800 s, and starts the next one two minutes later."""
_SPARE_SECONDS = 300.0
"""For the requests of one claim's slow parts, beside what these wait for."""


class Settings(NamespacesSettings, DryRunSettings, DrainSettings, ArrivalSettings, ExportSettings):
    """Roll back every run whose claim expired, in one namespace or in all."""


def run(
    namespace: str | None,
    traffic: Traffic,
    workload_of: Callable[[str], Workload],
    teardown: TeardownPolicy,
    cluster: Cluster | None = None,
) -> StepEnd:
    """Sweep a namespace, or all (None), with the Deployments of each app; see the module's docstring.

    Args:
        namespace: where to look.
        traffic: the VirtualServices.
        workload_of: the Deployments of an app.
        teardown: time limits for the end of a run.
        cluster: to work on several claims at once; see `SweepHands`.
    """
    unread: list[Exception] = []
    found = [ExpiredRun(claim, workload_of(claim.app)) for claim in traffic.claims.expired(namespace, unread)]
    hands = SweepHands(traffic, workload_of, cluster)
    _return_all_users(found, hands)
    _clean_all_up(found, teardown, hands)
    return _ended(found, unread)


def _return_all_users(found: list[ExpiredRun], hands: SweepHands) -> None:
    """Return the users of every run; objects that others keep writing get a second, longer attempt after all others."""
    owner = f"sweep-{secrets.token_hex(4)}"

    def attempt(one: ExpiredRun, retry_seconds: float) -> None:
        one.error, one.outcome = None, ""
        with isolated(one):
            return_users(one, owner, hands.of(one, retry_seconds=retry_seconds))

    hands.each(found, lambda one: attempt(one, SHORT_RETRY_SECONDS))
    restless = [one for one in found if isinstance(one.error, TemporaryError)]
    hands.each(restless, lambda one: attempt(one, LONG_RETRY_SECONDS))


def _clean_all_up(found: list[ExpiredRun], teardown: TeardownPolicy, hands: SweepHands) -> None:
    """Do the slow parts; those that would begin too late are left to the next sweep."""
    drain = max(teardown.drain_seconds, teardown.drain_limit_seconds)
    seconds = 2 * teardown.ready_timeout_seconds + drain + _SPARE_SECONDS
    run = Deadline(_RUN_SECONDS)

    def clean(one: ExpiredRun) -> None:
        with isolated(one):
            if one.takeover is not None and one.error is None:
                run.left(f"sweeping {one.name}")
                one.outcome = clean_up(one.takeover, teardown, hands.of(one, seconds), one.workload)
        log.info("sweep.claim", claim=one.name, run=one.claim.run, phase=str(one.claim.phase), outcome=one.outcome)

    hands.each(found, clean)


def _ended(found: Sequence[ExpiredRun], unread: Sequence[Exception]) -> StepEnd:
    """Return the end: raise a defect of ours, else a claim that needs a person decides, else one to retry."""
    errors = [*unread, *(one.error for one in found if one.error is not None)]
    defect = next((error for error in errors if not isinstance(error, StepError)), None)
    if defect is not None:
        raise defect
    temporary = [isinstance(error, TemporaryError) for error in errors]
    code = TemporaryError.exit_code if all(temporary) else PermanentError.exit_code
    summary = {"swept": len(found), **({"error": "; ".join(map(str, errors))} if errors else {})}
    return StepEnd({"list": _list(found)}, code if errors else EXIT_DONE, summary)


def _list(found: Sequence[ExpiredRun]) -> str:
    """Return the claims as JSON, failed ones first; a last entry counts those that do not fit in a result."""
    rows: list[dict[str, object]] = [
        {"app": one.name, "outcome": one.outcome} for one in sorted(found, key=lambda one: one.outcome != "failed")
    ]
    for kept in range(len(rows), 0, -1):
        more = [{"more": len(rows) - kept}] if kept < len(rows) else []
        text = json.dumps([*rows[:kept], *more], separators=(",", ":"))
        if len(text) <= _LIST_BYTES:
            return text
    return "[]"


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step."""
    cluster, namespace = cluster_of(settings)
    where = None if settings.all_namespaces else namespace

    def workload_of(app: str) -> Workload:
        return Workload(cluster, claim_key(app))

    with exported_list(settings, cluster, where):
        traffic, teardown = Traffic(cluster, Claims(cluster)), teardown_policy_of(settings, cluster)
        return run(where, traffic, workload_of, teardown, cluster)


STEP = Step(Settings, RESULTS, main, ends_release=True)
