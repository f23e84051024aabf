"""Scrapes are aligned in windows: each scrape of one proxy, or a common grid for several."""

import pytest

from steps.evidence.counters.scrape_alignment import closed_windows, scrape_interval
from steps.evidence.prometheus_api.samples import ScrapeTarget

A: ScrapeTarget = (("instance", "a"),)
B: ScrapeTarget = (("instance", "b"),)


def test_one_target_closes_at_each_scrape() -> None:
    """The newest scrape is judged at once."""
    found = closed_windows({A: [10.0, 11.0, 12.5]}, now=12.5)
    assert [(cell.start, cell.end) for cell in found] == [(10.0, 11.0), (11.0, 12.5)]


def test_without_an_interval_there_are_no_windows() -> None:
    """One scrape alone has no interval."""
    assert closed_windows({A: [10.0]}, now=30.0) == []
    assert scrape_interval({}) == 0.0


def test_two_targets_share_windows_whatever_their_phases() -> None:
    """Each target falls once into each cell."""
    scrapes = {A: [100.1 + i for i in range(6)], B: [100.9 + i for i in range(6)]}
    found = closed_windows(scrapes, now=106.0)
    assert all(sorted(target for target, _ in cell.scrapes) == [A, B] for cell in found[:-1])


def test_a_window_waits_for_an_expected_target_then_closes_an_interval_later() -> None:
    """A window waits for a target that lags, but not for ever."""
    scrapes = {A: [100.2 + i for i in range(8)], B: [100.4 + i for i in range(6)]}
    early = closed_windows(scrapes, now=107.3)
    late = closed_windows(scrapes, now=110.0)
    assert len(early) < len(late)
    assert late[-1].scrapes == ((A, 107.2),)


@pytest.mark.parametrize("phase", [0.0, 0.33, 0.5, 0.97])
def test_jitter_never_moves_a_scrape_into_the_next_window(phase: float) -> None:
    """The grid is cut where no target is scraped."""
    jitter = [0.01, -0.02, 0.0, 0.03, -0.01, 0.02]
    scrapes = {A: [500 + phase + i + j for i, j in enumerate(jitter)], B: [500.45 + phase + i for i in range(6)]}
    found = closed_windows(scrapes, now=520.0)
    assert all(len(cell.scrapes) == 2 for cell in found[:-1])
