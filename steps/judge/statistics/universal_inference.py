"""Any-time evidence that the canary's bad share exceeds stable's by less than the tolerated margin.

Universal inference (Wasserman, Ramdas and Balakrishnan 2020): the likelihood of "both arms have the same share",
averaged over that share, divided by the largest likelihood under "the canary's share is higher by the margin or more".
Under the latter its mean is at most 1 at any stopping time. Which shares are likely is learnt from stable's history
alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log
from typing import Final

from steps.model.evidence import Counts

Margin = Callable[[float], float]
"""The tolerated difference at a bad share of stable (both 0-1); must not fall as the share grows."""

_SHARES: Final = tuple(0.5**power for power in range(1, 18))
"""0.5 to 0.000008, all equally likely while nothing is known."""

_AROUND: Final = ((0.75, 0.2), (1.0, 0.6), (1.33, 0.2))
_KNOWN: Final = 0.9
"""Weight of the history's share and its neighbours; the rest stays with _SHARES, in case the service has changed."""

_PIECES, _STEPS, _HALVINGS = 32, 40, 12
_MIN_SHARE: Final = 1e-12


@dataclass(frozen=True, slots=True)
class DifferenceTest:
    """The counts of both arms, and of stable before.

    Attributes:
        canary, stable: requests and bad ones of the same time.
        past: stable's before the canary's first request.
        phi: overdispersion, >= 1; the evidence is divided by it.
    """

    canary: Counts
    stable: Counts
    past: Counts
    phi: float = 1.0

    def log_evidence(self, margin: Margin) -> float:
        """Return ln(e-value) against "the canary is worse by `margin` or more"; 0 if it looks so."""
        if not self.canary.total or not self.stable.total:
            return 0.0
        usual = self.stable.bad / self.stable.total
        if self.canary.bad / self.canary.total >= usual + margin(usual):
            return 0.0
        return (self._same() - self._worse(usual, margin)) / self.phi

    def excluded(self, margin: Margin, beta: float) -> float:
        """Return the smallest multiple of `margin` that is ruled out at `beta`, as a difference (0-1)."""
        usual = self.stable.bad / self.stable.total if self.stable.total else 0.0
        unit, line = margin(usual), log(1.0 / beta)
        low, high = 0.0, 1.0 / unit
        for _ in range(_HALVINGS):
            middle = (low * high) ** 0.5 if low else high / 2.0
            # mypy cannot infer the type of a lambda with a default.
            ruled_out = self.log_evidence(lambda share, times=middle: times * margin(share)) >= line  # type: ignore[misc]
            low, high = (low, middle) if ruled_out else (middle, high)
        return min(1.0, high * unit)

    def _same(self) -> float:
        shares = [(share, 1.0 / len(_SHARES)) for share in _SHARES]
        if self.past.total:
            usual = max(self.past.bad, 0.5) / self.past.total
            known = [(min(usual * factor, 0.9), _KNOWN * weight) for factor, weight in _AROUND]
            shares = [(share, (1.0 - _KNOWN) * weight) for share, weight in shares] + known
        logs = [log(weight) + self._log_likelihood(share, share) for share, weight in shares]
        top = max(logs)
        return top + log(sum(exp(value - top) for value in logs))

    def _worse(self, usual: float, margin: Margin) -> float:
        """Return the largest log-likelihood of the null: it lies on its edge, where stable's share is below `usual`."""

        def edge(share: float) -> float:
            return self._log_likelihood(share + margin(share), share)

        # A coarse search for the best piece, then a ternary search within its neighbours.
        points = [usual * piece / _PIECES for piece in range(_PIECES + 1)]
        best = max(range(_PIECES + 1), key=lambda i: edge(points[i]))
        low, high = points[max(0, best - 1)], points[min(_PIECES, best + 1)]
        for _ in range(_STEPS):
            third = (high - low) / 3.0
            low, high = (low + third, high) if edge(low + third) < edge(high - third) else (low, high - third)
        return max(edge(points[best]), edge((low + high) / 2.0))

    def _log_likelihood(self, canary: float, stable: float) -> float:
        return _log_binomial(self.canary, canary) + _log_binomial(self.stable, stable)


def _log_binomial(counts: Counts, share: float) -> float:
    inside = min(max(share, _MIN_SHARE), 1.0 - _MIN_SHARE)
    return counts.bad * log(inside) + (counts.total - counts.bad) * log(1.0 - inside)
