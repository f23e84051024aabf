"""The second trial: users go back on suspicion, a version is condemned on proof.

A trial is one set of canary pods on the ladder. It ends with an alarm (`trial_rules` says at which line), and
`after_alarm` says what follows:

- *Retreat*: all users go back to stable. Two more scrapes of stable tell whether the cause was shared
  (`shared_cause`). Then fresh pods begin at the lowest rung, or with the few requests that show a total failure
  (`first_weight`), and the ladder continues from the rung below the alarm (`rungs_again`).
- *Condemn*: the run fails. That is the answer to an alarm that confirms one of an earlier trial, to a third alarm, to
  an alarm after which the budget of failed requests is spent, and to one that no other pods or moment could answer.

What is certain without a second trial: containers that crash or never get ready (the cluster's own disruptions are
not counted there), and probes, which ask canary and stable in the same second for three rounds in a row. A hotfix has
no second trial either: its stable cannot take the users back. Evidence alone is never certain, however large: one
node, one pod or one client explains any number of failed requests while there is only one set of pods.

The error of the whole. Let the null hypothesis be that the version is at most `ratio` times as bad as stable.

1. One trial. Its fail statistic E is an e-process: its mean is at most 1 at any stopping time. Ville's inequality:
   the chance that E ever reaches the line L is at most 1/L.
2. Two trials. The second one counts only requests of pods that did not exist in the first one, and it starts at 1
   whatever happened before. So given the first trial its chance of an alarm is again at most 1/L, and E1 * E2 is an
   e-process too (Ramdas, Grünwald, Vovk and Shafer 2023, section 4.4, optional continuation). Condemning needs both
   alarms: at most 1/L^2.
3. The line is L = 2 / sqrt(alpha), 20 for an alpha of .01. Two alarms by chance come at most alpha / 4 of the time,
   three at most alpha^1.5 / 8. What is left of alpha is for the guard and for a scrape that fails as a whole, with g
   their chance in one trial: at most (1/L + g)^2 (1 + 1/L + g), which is below alpha for g <= 2 %. (g has a budget of
   guard_alpha = .1 % for each objective; ten failures of ten at a rate of 10 % are one in 10^10.)
4. Causes that are not the version's. Let q be the chance that a node, neighbour, client or outage makes a trial alarm,
   given the trials before: pods, node and moment are new. A trial alarms with at most r = q + 1/L, so the run fails by
   mistake with at most r^2 + r^3, where a judge with a single trial fails with q + alpha. For q = 5 % that is 1.1 % as
   a bound in place of 6 %. Chance alone stays far below its bound: in a simulation, 1 of 1500 good trials reached the
   line (2 % failures in both arms, 30 scrapes of 10 and 40 requests).
5. What does not go away: whatever meets every pod of the canary (a client that chooses its version, a route that only
   canary pods have) alarms in each trial. These are faults of the release as users meet it.

Without a second trial only the second step is left, for an alarm that an outage on its way to stable may explain
(`rests_on_one_scrape`, `stable_begins_to_fail`): the users go back at once, and if stable's next scrapes fail too, the
same pods climb again; else the run fails. An outage that reaches the canary one scrape early then costs nobody a
release, and users never meet a bad version for longer.

An alarm whose cause was shared is not counted as a first one, but as one of three. So is an alarm on a higher rung
than the one that the present pods were asked to repeat: by then they have passed the rung of the first alarm.

The price: by chance a good release goes back at most 1/L of the time, and once in 400 twice. A bad one meets users
twice, each time up to a line whose logarithm is .65 of ln(1/alpha), at the lowest weight the second time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil, sqrt
from typing import Final

from steps.judge.rules import Rules
from steps.judge.shared_cause import ALARM_SCRAPES, SCRAPES_OF_STABLE, stable_begins_to_fail
from steps.model.evidence import MetricKind
from steps.model.judgement import Judgement, ReasonCode, Verdict
from steps.model.trials import Trial

MOST_TRIALS: Final = 3
"""The alarm of the last one condemns, whatever the earlier ones were about."""

_CERTAIN: Final = frozenset({ReasonCode.UNHEALTHY, ReasonCode.PROBE})
_ALL: Final = 100
_ONE_SCRAPE: Final = 1.3
"""Largest part of ln(1/alpha) that one scrape may add beside a quiet stable: it may be an alarm alone, since only an
incident that comes again, to other pods, could condemn the version."""

_ENOUGH: Final = 8
"""Canary requests in a scrape that show a total failure: a further trial begins with the weight that gives so many."""

_UNSUSPICIOUS: Final = 20.0
"""Value of the fail statistic from which an alarm has more than one scrape to rest on."""


class Mode(StrEnum):
    """When there is a second trial.

    AUTO: unless it is certain that the version is to blame. NEVER: the first alarm condemns; one that rests on a single
    scrape, or comes as stable begins to fail, does so after stable's next scrapes, while the users are on stable.
    ALWAYS: even if it is certain.
    """

    AUTO = "auto"
    NEVER = "never"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class TrialPolicy:
    """Whether there are further trials, and what they may cost.

    Args:
        mode: see `Mode`.
        failed_requests: how many requests all trials after the first may fail beyond stable's rate (>= 0).
    """

    mode: Mode = Mode.NEVER
    failed_requests: int = 200


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows an alarm: the run is condemned, or there is another trial; and why, half a sentence."""

    condemned: bool
    why: str


def retreat_line(alpha: float) -> float:
    """Return the line of the fail statistic at which users go back: two alarms in a row have a chance of alpha / 4.

    Args:
        alpha: chance of a false alarm in a whole rollout (0-1).
    """
    return 2.0 / sqrt(alpha)


def trial_rules(rules: Rules, policy: TrialPolicy, trials: Sequence[Trial]) -> Rules:
    """Return the rules of the present trial.

    Args:
        rules: of the run.
        policy: of the run.
        trials: that ended with an alarm, oldest first.
    """
    if policy.mode is Mode.NEVER:
        return rules
    spent = sum(one.excess for one in trials[1:])
    left = max(0, policy.failed_requests - spent) if trials else None
    caps = {name: max(_ONE_SCRAPE, getattr(rules, name)) for name in ("cap_sound", "cap_confirmed", "cap_aligned")}
    return replace(rules, alarm_line=retreat_line(rules.alpha), whole_scrape=True, failed_requests=left, **caps)


def after_alarm(judgement: Judgement, weight: int, policy: TrialPolicy, trials: Sequence[Trial]) -> Decision:
    """Decide what follows a judgement that failed the canary.

    Args:
        judgement: the verdict is `fail`.
        weight: at which it came, percent; 0 where no user was exposed.
        policy: of the run.
        trials: that ended before the present one.
    """
    if not weight or (policy.mode is Mode.NEVER and not _may_be_shared(judgement)):
        return Decision(condemned=True, why="there is no second trial")
    if len(trials) + 1 >= MOST_TRIALS:
        return Decision(condemned=True, why=f"this is alarm number {len(trials) + 1}")
    if policy.mode is Mode.NEVER:
        return Decision(condemned=False, why="stable's next scrapes show whether the cause was shared")
    return _after_alarm_of_pods(judgement, weight, policy, trials)


def _after_alarm_of_pods(judgement: Judgement, weight: int, policy: TrialPolicy, trials: Sequence[Trial]) -> Decision:
    """Decide what follows where fresh pods can answer an alarm."""
    if policy.mode is Mode.AUTO and judgement.code in _CERTAIN:
        return Decision(condemned=True, why="no other cause than the version explains this")
    if (first := confirmed(weight, trials)) is not None:
        return Decision(condemned=True, why=f"fresh pods confirm the alarm at weight {first.weight}")
    if trials and sum(one.excess for one in trials[1:]) + excess_of(judgement) >= policy.failed_requests:
        return Decision(condemned=True, why=f"further trials may fail {policy.failed_requests} requests, no more")
    return Decision(condemned=False, why="fresh pods show whether the version is to blame")


def _may_be_shared(judgement: Judgement) -> bool:
    return rests_on_one_scrape(judgement) or stable_begins_to_fail(judgement)


def rests_on_one_scrape(judgement: Judgement) -> bool:
    """Return whether nothing was suspicious before the scrape of the alarm: an outage may reach the canary first."""
    rows = judgement.table
    index = next((i for i, row in enumerate(rows) if row.end == judgement.alarm_at), None)
    if index is None or judgement.code != ReasonCode.WORSE:
        return False
    return index == 0 or rows[index - 1].e_value < _UNSUSPICIOUS


def condemnation(policy: TrialPolicy, trials: Sequence[Trial]) -> Judgement | None:
    """Return the fail by an alarm that was looked at once more, and that stable did not share; None without one.

    Args:
        policy: of the run; only without a second trial does the look at stable alone decide.
        trials: that ended with an alarm, oldest first.
    """
    if policy.mode is not Mode.NEVER or not trials or trials[-1].shared is not False:
        return None
    last = trials[-1]
    reason = f"{last.reason}; stable's next {SCRAPES_OF_STABLE} scrapes were not as bad"
    return Judgement(
        verdict=Verdict.FAIL, reason=reason, code=last.code, metric=last.metric or None, e_value=1.0, e_max=1.0,
        e_limit=1.0, started=last.at, until=last.at, strata=0, aligned=False, reporter="", canary_requests=0,
    )  # fmt: skip


def confirmed(weight: int, trials: Sequence[Trial]) -> Trial | None:
    """Return the alarm that an alarm at this weight (percent) confirms, None if it is a first one."""
    return next((one for one in trials if not one.shared and weight <= one.weight), None)


def rungs_again(ladder: Sequence[int], trials: Sequence[Trial], present: int, wanted: int) -> tuple[int, ...]:
    """Return the rungs that the pods of a trial climb to `wanted`, ascending: it is the last one.

    A first trial has no other rung to climb. Later ones begin at their first weight and the lowest rung, and go on from
    the rung below the alarm, as far as these pods have not been there yet.

    Args:
        ladder: of the run, ascending, percent; () if it is not known.
        trials: that ended with an alarm.
        present: the weight now (0-100): rungs below it have been passed by these pods.
        wanted: the rung to reach, 1-100.
    """
    if not trials:
        return (wanted,)
    alarmed = trials[-1].weight
    below = [rung for rung in ladder if rung < alarmed]
    first = trials[-1].next_weight
    chosen = {first, *ladder[:1], *below[-1:], *(rung for rung in ladder if rung >= alarmed), wanted} - {0}
    return tuple(rung for rung in sorted(chosen) if present <= rung <= wanted)


def excess_of(judgement: Judgement) -> int:
    """Return the canary's failed requests beyond those that stable's rate explains, of all that were judged; >= 0."""
    errors = next((one for one in judgement.metrics if one.kind == MetricKind.ERRORS), None)
    if errors is None or not errors.series:
        return 0
    series = errors.series[0]
    return max(0, round(series.canary_bad - series.canary_total * series.stable_ratio))


def first_weight(judgement: Judgement, lowest: int) -> int:
    """Return the weight with which the next trial begins, percent: the lowest rung, or less for a busy service.

    A fault of the version comes back at once, so a few requests in each scrape are enough to begin with.

    Args:
        judgement: that failed the canary.
        lowest: rung of the ladder, or the weight of the alarm where no ladder is known (1-100).
    """
    rows = judgement.table[-ALARM_SCRAPES:]
    requests = sum(row.canary_total + row.stable_total for row in rows) / len(rows) if rows else 0.0
    return max(1, min(lowest, ceil(_ALL * _ENOUGH / requests))) if requests else lowest
