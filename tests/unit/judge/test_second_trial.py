"""The policy of the second trial: what an alarm leads to, which rungs come again, and how often it errs."""

import random
from dataclasses import replace
from math import log

import pytest

from steps.judge import Rules, judge
from steps.judge.second_trial import (
    Mode,
    TrialPolicy,
    after_alarm,
    condemnation,
    excess_of,
    first_weight,
    rests_on_one_scrape,
    retreat_line,
    rungs_again,
    trial_rules,
)
from steps.judge.shared_cause import is_shared, stable_begins_to_fail
from steps.judge.statistics.e_process import run_e_process
from steps.model.evidence import Counts, Evidence, Health, MetricEvidence, MetricKind, Series, Stratum
from steps.model.judgement import Judgement, ReasonCode, TableRow, Verdict
from steps.model.trials import Trial

AUTO, NEVER, ALWAYS = (TrialPolicy(mode) for mode in (Mode.AUTO, Mode.NEVER, Mode.ALWAYS))
RULES = Rules()
LADDER = (5, 10, 25, 50)
Pair = tuple[int, int]


def evidence(*pairs: tuple[Pair, Pair], past_bad: int = 1) -> Evidence:
    """Make evidence of ((canary total, bad), (stable total, bad)) in scrapes of 15 s after ten even minutes."""
    past = [Stratum(15.0 * k, 15.0 * (k + 1), Counts(900, past_bad), Counts(0, 0)) for k in range(40)]
    begin = 600.0
    strata = [
        Stratum(begin + 15.0 * k, begin + 15.0 * (k + 1), Counts(*s), Counts(*c)) for k, (c, s) in enumerate(pairs)
    ]
    errors = MetricEvidence("errors", MetricKind.ERRORS, (Series((*past, *strata)),))
    return Evidence((errors,), begin, begin, strata[-1].end, 15.0, aligned=False, weight=10)


def judged(*pairs: tuple[Pair, Pair], rules: Rules = RULES, health: Health | None = None) -> Judgement:
    """Return the judgement of such evidence."""
    return judge(evidence(*pairs), health, rules, deadline_reached=False)


def failed(code: str = ReasonCode.WORSE) -> Judgement:
    """Return a fail with this code."""
    return replace(judged(((40, 40), (860, 1)), ((40, 40), (860, 1))), verdict=Verdict.FAIL, code=code)


def alarm(weight: int = 25, *, shared: bool = False, excess: int = 0, next_weight: int = 0) -> Trial:
    """Return a trial that ended with an alarm."""
    return Trial(1000.0, weight, "worse", "it failed", "errors", excess, next_weight, shared)


def test_the_first_alarm_leads_to_fresh_pods_unless_it_is_certain_that_the_version_is_to_blame() -> None:
    """Crashes and probes are certain; evidence never is, however large."""
    assert not after_alarm(failed(), 25, AUTO, ()).condemned
    assert not after_alarm(failed(ReasonCode.GUARD), 25, AUTO, ()).condemned
    assert after_alarm(failed(ReasonCode.UNHEALTHY), 25, AUTO, ()).condemned
    assert after_alarm(failed(ReasonCode.PROBE), 25, AUTO, ()).condemned
    assert not after_alarm(failed(ReasonCode.UNHEALTHY), 25, ALWAYS, ()).condemned
    assert after_alarm(failed(ReasonCode.GUARD), 25, NEVER, ()).condemned


@pytest.mark.parametrize(
    ("trials", "weight", "condemned"),
    [
        ((alarm(25),), 25, True),
        ((alarm(25),), 5, True),
        ((alarm(25),), 50, False),
        ((alarm(25, shared=True),), 25, False),
        ((alarm(25, shared=True), alarm(25, shared=True)), 5, True),
        ((alarm(5), alarm(25)), 50, True),
    ],
)
def test_an_alarm_condemns_if_it_confirms_an_earlier_one_or_is_the_third(
    trials: tuple[Trial, ...], weight: int, *, condemned: bool
) -> None:
    """Higher up than the first one it is a new one, since these pods had passed the rung of the first alarm."""
    assert condemned == after_alarm(failed(), weight, AUTO, trials).condemned


def test_further_trials_fail_no_more_requests_than_their_budget() -> None:
    """An alarm after it is spent condemns; and within a trial, more failures than are left are an alarm."""
    poor = replace(AUTO, failed_requests=60)
    spent = (alarm(5, shared=True, excess=10_000), alarm(25, shared=True, excess=61))
    assert trial_rules(RULES, poor, spent).failed_requests == 0
    assert trial_rules(RULES, poor, ()).failed_requests is None
    assert after_alarm(failed(), 50, replace(poor, failed_requests=70), (alarm(5),)).condemned
    few = replace(RULES, failed_requests=2, alarm_line=1e9, success_slo=None)
    assert "may fail at most 2 requests" in judged(((500, 3), (900, 1)), rules=few).reason
    assert Verdict.CONTINUE == judged(((500, 3), (900, 1)), rules=replace(few, failed_requests=3)).verdict


def test_fresh_pods_begin_at_the_lowest_rung_and_go_on_from_the_rung_below_the_alarm() -> None:
    """What these pods have passed does not come again, and the wanted rung is always the last one."""
    assert (25,) == rungs_again(LADDER, (), 10, 25)
    assert (5, 25, 50) == rungs_again(LADDER, (alarm(50),), 0, 50)
    assert (25, 50) == rungs_again(LADDER, (alarm(50),), 25, 50)
    assert (5,) == rungs_again(LADDER, (alarm(5),), 0, 5)
    assert (1, 5, 10, 25) == rungs_again(LADDER, (alarm(25, next_weight=1),), 0, 25)
    assert (40,) == rungs_again((), (alarm(40),), 0, 40)


def test_a_further_trial_of_a_busy_service_begins_with_a_few_requests_in_each_scrape() -> None:
    """1 % of 900 requests are nine; a quiet service begins at its lowest rung."""
    assert first_weight(failed(), 5) == 1
    assert first_weight(judged(((5, 5), (45, 0)), ((5, 5), (45, 0))), 5) == 5


def test_a_trial_goes_back_at_a_lower_line_and_after_one_scrape_that_fails_as_a_whole() -> None:
    """Where today's rules still wait for more: nothing is final yet. Without a second trial, nothing changes."""
    trial = trial_rules(RULES, AUTO, ())
    assert RULES == trial_rules(RULES, NEVER, ())
    assert pytest.approx(20.0) == trial.line == retreat_line(RULES.alpha)
    short = ((12, 4), (108, 0))
    assert Verdict.CONTINUE == judged(short).verdict
    assert Verdict.FAIL == judged(short, rules=trial).verdict
    blind = replace(trial, alarm_line=1e12)
    assert "fails as a whole" in judged(((7, 7), (60, 1)), rules=blind).reason
    assert Verdict.CONTINUE == judged(((5, 5), (60, 1)), rules=blind).verdict
    assert Verdict.CONTINUE == judged(((7, 7), (60, 30)), rules=blind).verdict


def test_the_excess_is_what_stable_s_rate_does_not_explain() -> None:
    """A canary that fails as stable does has none."""
    assert 90 == excess_of(judged(((100, 100), (900, 90))))
    assert 0 == excess_of(judged(((100, 9), (900, 90))))


@pytest.mark.parametrize(
    ("after", "answer"),
    [
        ([(900, 400), (900, 900)], True),
        ([(900, 1), (900, 600)], True),
        ([(900, 1), (900, 2)], False),
        ([(900, 30), (900, 30)], False),
        ([(900, 900)], None),
    ],
)
def test_two_scrapes_of_stable_tell_whether_the_cause_was_shared(after: list[Pair], *, answer: bool | None) -> None:
    """It is if stable fails half as much as the canary did, and more than its past explains."""
    seen = evidence(((90, 80), (900, 1)), *(((0, 0), stable) for stable in after))
    assert answer is is_shared(seen, "errors", 615.0)


def test_a_stable_that_always_fails_as_much_has_not_the_canary_s_trouble() -> None:
    """Its own past explains what it fails."""
    usual = [((90, 9), (900, 45))] * 6
    after = [((0, 0), (900, 46))] * 2
    assert not is_shared(evidence(*usual, *after, past_bad=45), "errors", 690.0)


def test_the_scrape_of_the_alarm_is_not_one_of_stable_s_next() -> None:
    """Its interval may go on after the users went back, and stable's outage begin within it."""
    quiet = [((10, 0), (300, 0))] * 2
    seen = [*quiet, ((42, 42), (170, 31)), ((18, 18), (185, 185))]
    assert is_shared(evidence(*seen), "errors", 645.0) is None
    assert is_shared(evidence(*seen, ((0, 0), (204, 204))), "errors", 645.0)
    assert not is_shared(evidence(*seen[:3], *[((0, 0), (204, 0))] * 2), "errors", 645.0)


def test_pods_and_probes_are_never_a_shared_cause() -> None:
    """They are about the canary's pods alone."""
    assert is_shared(evidence(((90, 80), (900, 900))), None, 600.0) is False


def reaches(rng: random.Random, line: float, scrapes: int = 30) -> bool:
    """Return whether the evidence against a good canary, 2 % failures in both arms, reaches the line at any time."""

    def counts(total: int) -> Counts:
        return Counts(total, sum(rng.random() < 0.02 for _ in range(total)))

    strata = [Stratum(k, k + 1.0, counts(40), counts(10)) for k in range(scrapes)]
    return max(run_e_process(strata, RULES, log(100.0), aligned=True).values) >= line


def test_good_pods_reach_the_line_seldom_and_two_sets_in_a_row_never() -> None:
    """Ville's inequality: at most one in 20 for one trial, and one in 400 for two; 120 trials stay far below."""
    rng = random.Random(7)
    line = retreat_line(RULES.alpha)
    alarms = [reaches(rng, line) for _ in range(120)]
    assert sum(alarms) <= 0.05 * len(alarms)
    assert not any(one and other for one, other in zip(alarms[::2], alarms[1::2], strict=True))


QUIET = ((40, 0), (860, 1))


def in_one_scrape(*pairs: tuple[Pair, Pair]) -> Judgement:
    """Return the judgement of arms that are counted in the same scrape."""
    return judge(replace(evidence(*pairs), aligned=True), None, RULES, deadline_reached=False)


def test_without_second_trial_only_an_alarm_of_one_scrape_is_looked_at_again() -> None:
    """What several scrapes show, stable would have shown as well."""
    at_once, slowly = in_one_scrape(QUIET, ((40, 40), (860, 1))), in_one_scrape(*[((40, 9), (860, 1))] * 6)

    assert (Verdict.FAIL, Verdict.FAIL) == (at_once.verdict, slowly.verdict)
    assert (True, False) == (rests_on_one_scrape(at_once), rests_on_one_scrape(slowly))
    assert (False, True) == tuple(after_alarm(one, 25, NEVER, ()).condemned for one in (at_once, slowly))


OUTAGE = [*[((8, 0), (106, 0))] * 4, ((4, 2), (106, 0)), ((8, 8), (114, 52))]
"""It was half a scrape ahead of stable at the canary."""


def begins_to_fail(scrapes: list[tuple[Pair, Pair]]) -> bool:
    """Return what the judge's table of an alarm says about stable."""
    rows = (TableRow(15.0 * end, *canary, *stable, 1.0) for end, (canary, stable) in enumerate(scrapes))
    return stable_begins_to_fail(replace(in_one_scrape(QUIET, ((40, 40), (860, 1))), table=tuple(rows)))


@pytest.mark.parametrize(
    "scrapes",
    [OUTAGE, OUTAGE[-2:], [((40, 0), (900, 2))] * 3 + [((40, 20), (900, 2))] * 2 + [((40, 20), (900, 60))]],
    ids=["half of the canary's", "from the first scrape on", "a seventh"],
)
def test_stable_begins_to_fail_if_its_newest_scrape_is_far_worse_than_before(scrapes: list[tuple[Pair, Pair]]) -> None:
    """At least a tenth of what the canary fails."""
    assert begins_to_fail(scrapes)


@pytest.mark.parametrize(
    "scrapes",
    [
        [((40, 0), (900, 20))] * 3 + [((40, 20), (900, 20))] * 3,
        [((40, 0), (900, 2))] * 3 + [((40, 20), (900, 2))] * 2 + [((40, 20), (900, 20))],
        [((8, 0), (106, 0))] * 3 + [((8, 8), (106, 0))] * 2 + [((8, 8), (106, 2))],
        [((8, 8), (106, 0))],
    ],
    ids=["as always", "little beside the canary's", "two failures", "no scrape before"],
)
def test_stable_does_not_begin_to_fail_by_what_it_always_does_nor_by_little(scrapes: list[tuple[Pair, Pair]]) -> None:
    """A version that fails is condemned at once."""
    assert not begins_to_fail(scrapes)


def test_without_second_trial_an_alarm_that_comes_as_stable_begins_to_fail_is_looked_at_again() -> None:
    """Stable's next scrapes show whether the outage has reached it."""
    outage = in_one_scrape(*OUTAGE)

    assert (Verdict.FAIL, False) == (outage.verdict, rests_on_one_scrape(outage))
    assert not after_alarm(outage, 25, NEVER, ()).condemned


def test_without_second_trial_stable_decides_about_an_alarm_of_one_scrape() -> None:
    """The fail keeps the alarm's reason, code and metric; fresh pods would be another answer."""
    found = condemnation(NEVER, (alarm(),))

    assert found is not None
    assert (Verdict.FAIL, "worse", "errors") == (found.verdict, found.code, found.metric)
    assert "it failed; stable's next 2 scrapes were not as bad" == found.reason
    assert [None] * 4 == [
        condemnation(NEVER, (alarm(shared=True),)),
        condemnation(NEVER, (replace(alarm(), shared=None),)),
        condemnation(NEVER, ()),
        condemnation(AUTO, (alarm(),)),
    ]


def test_the_third_alarm_of_one_scrape_condemns() -> None:
    """Outages that come with the canary each time are not the cluster's any more."""
    one = in_one_scrape(QUIET, ((40, 40), (860, 1)))

    assert not after_alarm(one, 25, NEVER, (alarm(shared=True),)).condemned
    assert after_alarm(one, 25, NEVER, (alarm(shared=True), alarm(shared=True))).condemned


def latency_after_an_alarm(stable_tail: int) -> Evidence:
    """Return evidence of a canary slow beyond both bounds; then stable is slow beyond the smaller one as well."""
    past = [Stratum(15.0 * k, 15.0 * (k + 1), Counts(900, 200), Counts(0, 0)) for k in range(40)]
    alarm_at, after = Stratum(600.0, 615.0, Counts(860, 200), Counts(40, 40)), (Counts(900, 600), Counts(900, 600))

    def series(label: str, usual: int, stable: tuple[Counts, ...]) -> Series:
        before = [replace(one, stable=Counts(one.stable.total, usual)) for one in (*past, alarm_at)]
        later = [Stratum(615.0 + 15.0 * k, 630.0 + 15.0 * k, one, Counts(0, 0)) for k, one in enumerate(stable)]
        return Series((*before, *later), 5.0, label)

    both = (series("p50", 200, after), series("tail", 0, (Counts(900, stable_tail),) * 2))
    metric = MetricEvidence("latency", MetricKind.LATENCY, both, "ms")
    return Evidence((metric,), 600.0, 600.0, 645.0, 15.0, aligned=True, weight=0)


@pytest.mark.parametrize(("stable_tail", "answer"), [(3, False), (700, True)])
def test_a_slow_canary_is_excused_only_by_a_stable_that_is_as_slow(stable_tail: int, *, answer: bool) -> None:
    """Stable became a little slower: that does not explain a canary whose requests take longer than any of stable's."""
    assert answer is is_shared(latency_after_an_alarm(stable_tail), "latency", 615.0)
