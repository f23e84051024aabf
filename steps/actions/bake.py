"""Bake: judge a promoted version for a while, alone, by what users saw before its promotion."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from steps.actions.bake_end import STOPPED, BakeEnd
from steps.actions.bake_pods import BakePods, rules_for_pods
from steps.actions.bake_sentences import after_promotion, lost_arm, saw_too_little, stopped, survived
from steps.actions.heartbeat import ClaimHeartbeat
from steps.actions.polling import SLOWEST_SECONDS, next_poll_seconds
from steps.actions.retreat import ready_arms_if_known
from steps.actions.serving import check_serving, health_of_serving, serving_arm
from steps.claim.claims import Claims
from steps.errors import ForeignWrite, NotFound, PermanentError, TemporaryError
from steps.errors import Interrupted as Stop
from steps.evidence.comparison import Comparison
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.reader import EvidenceReader
from steps.judge.checks.promotion import Promotion, as_promoted
from steps.judge.rules import Rules
from steps.judge.verdict import judge
from steps.model.evidence import Arm
from steps.model.judgement import Judgement, Verdict
from steps.model.run import Claim, RunState
from steps.probing.prober import Prober
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_COLD_SECONDS = 60.0
"""All pods that serve are new after a promotion, and new pods are slow at first: their latency counts after this."""


@dataclass(frozen=True, slots=True)
class BakePolicy:
    """How long a promoted version is watched, and by what.

    Args:
        seconds: length of the bake, > 0.
        rules: of the judge.
        reader: makes a reader of both arms' metrics that has read nothing yet.
        prober: makes the sender of probes to the arm that serves; returns None if there are no probes.
        progress: called with the part of the bake that is over (0-1); None for nobody.
        pause: waits so many seconds.
    """

    seconds: float
    rules: Rules
    reader: Callable[[], EvidenceReader]
    prober: Callable[[Arm], Prober | None] = lambda _: None
    progress: Callable[[float], None] | None = None
    pause: Callable[[float], None] = time.sleep


class Bake:
    """Watches a promoted version.

    Args:
        policy: how long, and by what.
        traffic: renews the claim.
        workload: the Deployments.
    """

    def __init__(self, policy: BakePolicy, traffic: Traffic, workload: Workload) -> None:
        self._policy, self._traffic, self._workload = policy, traffic, workload

    def watch(self, claim: Claim) -> BakeEnd:
        """Watch until the time is over, the version fails, or somebody else takes over; see `Baker`."""
        claims, seconds = self._traffic.claims, self._policy.seconds
        if not claim.state.bake_since:
            claim = claims.update_state(claim, bake_since=round(claims.now(), 1))
        log.info("bake.started", seconds=seconds, left=round(max(0.0, _left(claim, seconds, claims))))
        look = _Look(self._policy, claim, self._traffic, self._workload)
        end = self._until_over(look, claim)
        since = round(claims.now() - claim.state.bake_since)
        write = log.info if end.verdict == Verdict.PASS else log.warning
        write("bake.ended", verdict=end.verdict, after_seconds=since, reason=end.reason)
        return end

    def _until_over(self, look: "_Look", claim: Claim) -> BakeEnd:
        claims, policy = self._traffic.claims, self._policy
        judgement: Judgement | None = None
        while True:
            left = _left(claim, policy.seconds, claims)
            soon, trouble = SLOWEST_SECONDS, ""
            try:
                judgement, soon = look.judge(late=left <= 0)
            except Stop:
                raise
            except (ForeignWrite, NotFound) as error:
                after = claims.now() - claim.state.bake_since
                if look.has_lost_arm():
                    return BakeEnd(
                        look.claim, str(Verdict.FAIL), lost_arm(after, str(error)), _FAILED, judgement, is_arm_lost=True
                    )
                return BakeEnd(look.claim, STOPPED, stopped(after, str(error)), error.exit_code, judgement)
            except (TemporaryError, PermanentError) as error:
                # Nobody took over: the API server refuses. So the run ends by its own way when the time is over.
                trouble = str(error)
                log.warning("bake.waiting", error=trouble)
            if policy.progress is not None:
                policy.progress(min(1.0, 1.0 - max(0.0, left) / policy.seconds))
            if (end := self._end(look.claim, judgement, trouble, late=left <= 0)) is not None:
                return end
            policy.pause(min(soon, max(left, 0.0)))

    def _end(self, claim: Claim, judgement: Judgement | None, trouble: str, *, late: bool) -> BakeEnd | None:
        """Return the end of the bake if it is over."""
        seconds, after = self._policy.seconds, self._traffic.claims.now() - claim.state.bake_since
        if judgement is not None and not trouble and judgement.verdict is Verdict.FAIL:
            reason = after_promotion(judgement, after)
            return BakeEnd(claim, str(Verdict.FAIL), reason, _FAILED, judgement)
        if not late:
            return None
        if judgement is not None and not trouble and judgement.verdict is Verdict.PASS:
            return BakeEnd(claim, str(Verdict.PASS), survived(judgement, seconds), 0, judgement)
        why = trouble or (judgement.reason if judgement is not None else "nothing was judged")
        return BakeEnd(claim, str(Verdict.INCONCLUSIVE), saw_too_little(seconds, why), 0, judgement)


_FAILED = 5


class _Look:
    """One look after the other: the claim first, then what serves, then the evidence."""

    def __init__(self, policy: BakePolicy, claim: Claim, traffic: Traffic, workload: Workload) -> None:
        state = claim.state
        arm = serving_arm(state)
        self._claims: Claims = traffic.claims
        self._state, self._workload = state, workload
        self._rules = _rules(policy)
        self._reader, self._prober = policy.reader(), policy.prober(arm)
        self._heartbeat = ClaimHeartbeat(claim, traffic)
        self._promotion = Promotion(arm, _judged_until(state), state.bake_since)
        self._started = state.exposed_since or state.started
        self._pods = BakePods(health_of_serving(state, workload).look, self._claims.now)
        self._last = ""

    @property
    def claim(self) -> Claim:
        """The claim as it was last renewed."""
        return self._heartbeat.claim

    def judge(self, *, late: bool) -> tuple[Judgement, float]:
        """Judge what was seen so far; return the judgement and the seconds until the next look.

        Raises:
            NotOwnerError: the claim was lost. ForeignWrite: somebody else changed a weight or the template that serves.
            TemporaryError, PermanentError: the API server or Prometheus refuses.
        """
        self._heartbeat.renew()
        check_serving(self._state, self._workload)
        health = self._pods.look()
        bounds = Bounds(self._state.latency_bounds, self._state.small_bound) if self._state.latency_bounds else None
        seen = self._reader.read(self._started, self._claims.now(), comparison=Comparison(bounds=bounds))
        evidence = as_promoted(seen, self._promotion)
        outcomes = self._prober.look() if self._prober is not None else None
        rules = rules_for_pods(self._rules, health)
        judgement = judge(evidence, health, rules, deadline_reached=late, outcomes=outcomes)
        self._log_news(judgement)
        return judgement, next_poll_seconds(seen, self._claims.now())

    def has_lost_arm(self) -> bool:
        """Return whether the arm that serves has no pods any more, while the old arm of a swap stands by."""
        state = self._state
        if state.workloads is None or not state.workloads.is_swap:
            return False
        return ready_arms_if_known(state.workloads, self._workload) == (True, False)

    def _log_news(self, judgement: Judgement) -> None:
        news = f"{judgement.verdict} {judgement.code}"
        if news != self._last:
            self._last = news
            log.info(
                "bake.looked", verdict=str(judgement.verdict), code=judgement.code, reason=judgement.reason,
            )  # fmt: skip


def _left(claim: Claim, seconds: float, claims: Claims) -> float:
    """Return how much of the bake is left, seconds; a process that goes on for another counts from its start."""
    return claim.state.bake_since + seconds - claims.now()


def _judged_until(state: RunState) -> float:
    """Return until when the arms were what they were judged as: the last verdict came before the promotion."""
    exposed = [at for at, weight in state.weights if weight > 0]
    return max((one.at for one in state.verdicts), default=exposed[0] if exposed else state.started)


def _rules(policy: BakePolicy) -> Rules:
    """Return the rules of a bake: its length is its own minimum, and all pods are new at its start."""
    cold = min(_COLD_SECONDS, policy.seconds / 2.0)
    return replace(policy.rules, min_seconds=0.0, warmup_seconds=max(policy.rules.warmup_seconds, cold))
