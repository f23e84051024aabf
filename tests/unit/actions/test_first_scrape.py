"""A whole analysis reads the first scrape after a new weight when it is due, by the scrapes of stable before it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from steps.actions.watch import Watch, WatchedRung, WatchLimits
from steps.judge import Rules
from steps.model.evidence import Counts, Evidence, MetricEvidence, MetricKind, Series, Stratum
from steps.model.judgement import Verdict
from steps.traffic.traffic import Traffic
from tests.support.fixed_evidence import FixedEvidence

INTERVAL, SET = 15.0, 1000.0
LAST_SCRAPE = SET - 7.0
NEXT_SCRAPE = LAST_SCRAPE + INTERVAL


class Clock:
    """Seconds since 1970 as every part of the analysis sees them; only a wait moves them on."""

    def __init__(self) -> None:
        self.now = SET

    def wait(self, seconds: float) -> None:
        """Let the time pass."""
        self.now += seconds


class Scraped(FixedEvidence):
    """Ten minutes of a good stable; the canary fails all requests of the first scrape after its weight was set."""

    def __init__(self) -> None:
        super().__init__(1.0)
        self.moments: list[float] = []

    def read(self, started: float, now: float, **_: object) -> Evidence:
        """Return the scrapes until now."""
        self.moments.append(now)
        ends = [LAST_SCRAPE - INTERVAL * number for number in range(40)][::-1]
        strata = [Stratum(end - INTERVAL, end, Counts(900, 1), Counts(0, 0)) for end in ends]
        if now > NEXT_SCRAPE:
            strata.append(Stratum(LAST_SCRAPE, NEXT_SCRAPE, Counts(850, 1), Counts(50, 50)))
        newest = strata[-1].end
        metrics = (MetricEvidence("errors", MetricKind.ERRORS, (Series(tuple(strata)),)),)
        return Evidence(metrics, started, started, max(started, newest), INTERVAL, aligned=True, newest=newest)


def test_the_first_scrape_is_read_when_it_is_due_and_decides() -> None:
    """Counted from the weight it would be due 7 s later, and a look every 5 s would read it 2 s late."""
    clock, reader = Clock(), Scraped()
    traffic = cast("Traffic", SimpleNamespace(claims=SimpleNamespace(now=lambda: clock.now)))
    watch = Watch(reader, Rules(), traffic, WatchedRung(SET, SET), WatchLimits(600.0))

    assert watch.until_decided(clock.wait, lambda: clock.now).verdict is Verdict.FAIL
    assert [SET, SET + 5.0, pytest.approx(NEXT_SCRAPE + 0.15)] == reader.moments
