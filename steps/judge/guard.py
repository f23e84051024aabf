"""The absolute guard: the canary breaks a promise in plain numbers while stable keeps it.

It sees what a comparison cannot put into ratios, and speaks the user's language. It alarms only when a one-sided
e-process against "the canary's bad share is at most what is allowed" crosses its own line, so a service that lives
close to its objective is not rolled back by noise; when stable is out as well it holds ("shared") and never alarms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Final

from steps.judge.clumps import Burst
from steps.judge.past import Past
from steps.judge.process import exposure, pasts, start_prior
from steps.judge.rules import Rules
from steps.model.evidence import Counts, Stratum
from steps.model.judgement import GuardJudgement

_FACTORS: Final = (1.5, 2.0, 3.0, 5.0, 10.0, 25.0, 60.0)
_LAST: Final = 3
_NEARLY_ALL: Final = 0.999
_MOST: Final = 0.5


@dataclass(slots=True)
class _OneArm:
    """E-process against "bad share <= allowed" of the canary's own counts, mixed over factor and start."""

    allowed: float
    cap: float

    def run(self, strata: Sequence[Stratum], known: Sequence[Past]) -> float:
        """Give the e-value of strata from the first exposure on, `known` being stable's past before each."""
        shares = [min(factor * self.allowed, _NEARLY_ALL) for factor in _FACTORS if factor * self.allowed < 1.0]
        pairs = [
            (log(share / self.allowed), log((1.0 - share) / (1.0 - self.allowed))) for share in [*shares, _NEARLY_ALL]
        ]
        sums, rest, index, burst = [0.0] * len(pairs), 1.0, 0, Burst(len(pairs))
        for exposed, (stratum, past) in enumerate(zip(strata, known, strict=False), 1):
            counts = stratum.canary
            if not counts.total:
                continue
            prior = start_prior(index)
            index, rest, good = index + 1, rest - prior, counts.total - counts.bad
            logs = [min((counts.bad * bad + good * fine) / past.phi, self.cap) for bad, fine in pairs]
            logs = burst.limit(logs, stratum, past, exposed)
            sums = [min((old + prior) * exp(value), 1e60) for old, value in zip(sums, logs, strict=True)]
        return max(0.0, rest) + sum(sums) / len(pairs)


def guard(
    metric: str, strata: tuple[Stratum, ...], allowed: float, rules: Rules, *, aligned: bool, alone: bool = False,
    known: Sequence[Past] = (),
) -> GuardJudgement:  # fmt: skip
    """Judge one metric's strata against the allowed bad share (0-1).

    The state is "alarm" when the last three strata of the canary are out of bounds, the e-process against the promise
    has crossed 1 / guard_alpha (or most requests failed in each of the three), and stable keeps the promise over these
    strata and over the run; "shared" when both arms are out over the last strata; else "ok". With `alone` the canary
    has all the traffic (weight 100), so that a silent stable excuses nothing. `known` is stable's past before each
    stratum from the first exposure on, for callers that have it.
    """
    exposed = [stratum for stratum in strata if stratum.canary.total]
    last = exposed[-_LAST:]
    canary, stable = _sum([s.canary for s in last]), _sum([s.stable for s in last])
    enough = canary.total >= rules.guard_requests and canary.bad >= rules.guard_bad
    out = len(last) == _LAST and all(s.canary.bad > allowed * s.canary.total for s in last)
    value, state = 1.0, "ok"
    if canary.bad >= rules.guard_bad and canary.bad > allowed * canary.total and _proves(stable, allowed, rules):
        state = "shared"  # stable has the requests that the canary may lack
    elif enough and canary.bad > allowed * canary.total:
        whole = _sum([s.stable for s in exposed])
        shared = stable.bad > allowed * stable.total or whole.bad > allowed * whole.total
        line = log(1.0 / rules.guard_alpha)
        cap = line * (rules.cap_aligned if aligned else rules.cap) / 2.0
        value = _OneArm(allowed, cap).run(strata[exposure(strata) :], known or pasts(strata))
        # Where most requests fail in three scrapes in a row, no past noise of stable excuses it.
        plain = all(s.canary.bad >= _MOST * s.canary.total for s in last)
        crossed = out and (plain or value >= 1.0 / rules.guard_alpha) and (bool(stable.total) or alone)
        state = "shared" if shared else "alarm" if crossed else "ok"
    return GuardJudgement(metric, state, allowed, _share(canary), _share(stable), value)


def _proves(counts: Counts, allowed: float, rules: Rules) -> bool:
    """Tell whether an arm alone has enough requests and bad ones to be called out of bounds."""
    enough = counts.total >= rules.guard_requests and counts.bad >= rules.guard_bad
    return enough and counts.bad > allowed * counts.total


def _sum(counts: list[Counts]) -> Counts:
    return Counts(sum(c.total for c in counts), sum(c.bad for c in counts))


def _share(counts: Counts) -> float:
    return counts.bad / counts.total if counts.total else 0.0
