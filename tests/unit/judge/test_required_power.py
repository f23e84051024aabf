"""The minimum power of a pass."""

from __future__ import annotations

import re
from dataclasses import replace

from steps.judge import Rules, judge
from steps.judge.power.required_power import insufficient_power
from steps.model.judgement import ReasonCode, Verdict
from tests.support.evidence_rows import Row, evenly, evidence, strata

PAST = evenly(450, 4, 120)
ROW: Row = ((50, 0), (450, 0))
STRICT = Rules(must_detect=0.01)


def test_a_pass_waits_until_the_required_rise_would_have_been_caught() -> None:
    """Six scrapes pass by default; 1 % takes more, and then it passes with a number that meets the requirement."""
    short, long = evidence(strata(PAST, [ROW] * 6)), evidence(strata(PAST, [ROW] * 240))
    verdicts = [judge(short, None, rules, deadline_reached=False).verdict for rules in (Rules(), STRICT)]
    passed = judge(long, None, STRICT, deadline_reached=False)

    assert [Verdict.PASS, Verdict.CONTINUE] == verdicts
    assert (Verdict.PASS, ReasonCode.HEALTHY) == (passed.verdict, passed.code), passed.reason
    assert passed.detectable_ratio is not None
    assert passed.detectable_ratio <= 0.01


def test_at_the_deadline_the_sentence_says_what_is_shown_what_was_asked_and_what_helps() -> None:
    """With the time it would take at this traffic."""
    seen = evidence(strata(PAST, [ROW] * 6))
    judgement = judge(seen, None, STRICT, deadline_reached=True)

    assert (Verdict.INCONCLUSIVE, ReasonCode.TOO_FEW) == (judgement.verdict, judgement.code)
    assert re.fullmatch(
        r"a rise to [\d.]+ % failures would have been caught by now, but --must-detect asks for 1.0 %"
        r" \(about \d+ (s|min) more at this traffic\); a higher weight or a longer deadline would help",
        judgement.reason,
    ), judgement.reason


def test_the_forecast_time_suffices() -> None:
    """Within a factor of two, after which it passes."""
    seen = evidence(strata(PAST, [ROW] * 6))
    said = re.search(r"about (\d+) (s|min) more", judge(seen, None, STRICT, deadline_reached=True).reason)
    assert said is not None
    seconds = int(said[1]) * (60 if said[2] == "min" else 1)
    later = evidence(strata(PAST, [ROW] * (6 + round(2 * seconds / 5))))

    assert Verdict.PASS is judge(later, None, STRICT, deadline_reached=False).verdict


def test_no_time_is_named_if_there_is_no_forecast() -> None:
    """No weight, so no forecast; or a share that this traffic never reaches."""
    seen = evidence(strata([], [ROW] * 6))
    unknown = insufficient_power(replace(seen, weight=None), 0.1, STRICT, 30.0, deadline_reached=False)
    blind = insufficient_power(seen, None, STRICT, 30.0, deadline_reached=True)

    assert unknown == (
        "a rise to 10.0 % failures would have been caught by now, but --must-detect asks for 1.0 %;"
        " a higher weight would be faster"
    )
    assert blind is not None
    assert blind.startswith("not even a total failure would have been caught by now, but --must-detect asks for 1.0 %;")


def test_by_default_nothing_is_required() -> None:
    """1 allows any pass."""
    assert insufficient_power(evidence(strata([], [ROW] * 6)), 1.0, Rules(), 30.0, deadline_reached=True) is None
