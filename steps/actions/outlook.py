"""What the app's present traffic can show on each rung of a ladder, before a canary gets any of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from steps.evidence.reader import EvidenceReader
from steps.judge.power.detectable_effect import forecast
from steps.judge.rules import Rules
from steps.model.evidence import Evidence

_ALL = 100


@dataclass(frozen=True, slots=True)
class RungOutlook:
    """What one rung can show.

    Args:
        weight: of the rung, 1-100.
        seconds: time on the rung.
        requests: of the canary in that time.
        detectable: smallest share of failures (0-1) that would be caught nine times in ten; None: not even a total
            failure.
        sentence: the same in words.
    """

    weight: int
    seconds: float
    requests: int
    detectable: float | None
    sentence: str


def outlook(
    reader: EvidenceReader, rules: Rules, ladder: Sequence[int], seconds: float, now: float
) -> list[RungOutlook]:
    """Return what each rung can show in `seconds`, by stable's traffic of the last minutes; [] without traffic.

    Raises:
        PermanentError: Prometheus refuses the queries.
    """
    evidence = reader.read(now, now)
    if evidence.problem is not None and not evidence.metrics:
        return []
    return [found for weight in ladder if (found := _rung(evidence, rules, weight, seconds)) is not None]


def _rung(evidence: Evidence, rules: Rules, weight: int, seconds: float) -> RungOutlook | None:
    shown = forecast(replace(evidence, weight=weight), rules, seconds)
    if shown is None:
        return None
    if weight == _ALL:
        # Nothing is left to compare with: only absolute limits and the canary's own past judge there.
        sentence = "at weight 100 the canary is judged by objectives, pods and its own earlier rungs"
        return RungOutlook(weight, seconds, round(shown.requests), None, sentence)
    return RungOutlook(weight, seconds, round(shown.requests), shown.ratio, shown.sentence)
