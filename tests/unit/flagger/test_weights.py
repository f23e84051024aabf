"""The pace of a release: ladder, time on a weight, time for pods."""

from __future__ import annotations

from typing import Any

import pytest

from steps.flagger.durations import seconds_of
from tests.support.flagger_manifests import canary, fate, line, read


@pytest.mark.parametrize(
    ("analysis", "ladder"),
    [
        ({"stepWeight": 10, "maxWeight": 50}, (10, 20, 30, 40, 50)),
        ({"stepWeight": 20, "maxWeight": 50}, (20, 40, 50)),
        ({"stepWeight": 50, "maxWeight": 100}, (50, 100)),
        ({"stepWeight": 40}, (40, 80, 100)),
        ({"stepWeight": 60, "maxWeight": 50}, (50,)),
        ({"stepWeight": 10.0, "maxWeight": 20.0}, (10, 20)),
        ({"stepWeights": [1, 2, 10, 80], "maxWeight": 50}, (1, 2, 10, 80)),
        ({"stepWeights": [100]}, (100,)),
        ({"stepWeight": 25, "maxWeight": 50, "stepWeights": [1, 2]}, (25, 50)),
    ],
)
def test_steps_become_a_ladder(analysis: dict[str, Any], ladder: tuple[int, ...]) -> None:
    """The maximum is kept where steps would pass it, as Flagger does."""
    assert ladder == read(canary({"stepWeights": None, **analysis})).settings["ladder"]


@pytest.mark.parametrize(
    ("analysis", "path"),
    [
        ({"stepWeights": [10, 5]}, "spec.analysis.stepWeights"),
        ({"stepWeights": [5, 5]}, "spec.analysis.stepWeights"),
        ({"stepWeights": [0, 5]}, "spec.analysis.stepWeights"),
        ({"stepWeights": [5, 101]}, "spec.analysis.stepWeights"),
        ({"stepWeights": None}, "spec.analysis.stepWeight"),
        ({"stepWeights": None, "maxWeight": 50}, "spec.analysis.stepWeight"),
        ({"stepWeight": -1}, "spec.analysis.stepWeight"),
        ({"stepWeight": 101}, "spec.analysis.stepWeight"),
        ({"stepWeight": 10, "maxWeight": 101}, "spec.analysis.maxWeight"),
        ({"interval": "soon"}, "spec.analysis.interval"),
        ({"interval": "0s"}, "spec.analysis.interval"),
        ({"interval": "20h"}, "spec.analysis.interval"),
        ({"interval": ""}, "spec.analysis.interval"),
    ],
)
def test_steps_with_which_no_release_ends_are_refused(analysis: dict[str, Any], path: str) -> None:
    """Flagger accepts them, and stalls or jumps to 100."""
    assert "refused" == fate(read(canary(analysis)), path)


def test_what_flagger_would_do_beyond_the_maximum_is_said() -> None:
    """A team that expects 60 % sees why there is none."""
    said = line(read(canary({"stepWeights": None, "stepWeight": 20, "maxWeight": 50})), "spec.analysis.stepWeight").text
    assert "ladder 20,40,50; Flagger would go to 60, beyond maxWeight" == said


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("1m", 60), ("1m30s", 90), ("1h", 3600), ("500ms", 0.5), ("1.5m", 90), ("1 m", None), ("60", None),
     ("-5s", None), ("", None), ("9" * 50 + "s", None)],
)  # fmt: skip
def test_durations_are_read_as_go_reads_them(text: str, seconds: float | None) -> None:
    """All else is refused; Flagger would take its default instead."""
    assert seconds == seconds_of(text)


def test_defaults_of_flagger_are_taken_where_fields_are_absent() -> None:
    """A release after the move keeps its pace: 60 s a weight, 600 s for pods."""
    found = read(canary({"interval": None}))
    assert (60.0, 600.0) == (found.settings["min_seconds"], found.settings["ready_timeout_seconds"])
    assert "absent, so Flagger's default" in line(found, "spec.analysis.interval").text


def test_a_long_interval_moves_the_deadline_of_a_rung() -> None:
    """Otherwise every weight would end as inconclusive."""
    assert 2700.0 == read(canary({"interval": "15m"})).settings["timeout_seconds"]
    assert "timeout_seconds" not in read(canary({"interval": "1m"})).settings


@pytest.mark.parametrize("seconds", [0, -1, 7201])
def test_a_deadline_out_of_range_is_refused(seconds: int) -> None:
    """By its path in the manifest."""
    assert "refused" == fate(read(canary(progressDeadlineSeconds=seconds)), "spec.progressDeadlineSeconds")


def test_an_analysis_that_is_absent_is_refused() -> None:
    """Flagger would promote unseen."""
    manifest = canary()
    del manifest["spec"]["analysis"]
    assert "Flagger promotes unseen" in line(read(manifest), "spec.analysis").text


def test_the_newer_name_of_the_analysis_wins() -> None:
    """As in Flagger; the older one is named as dropped."""
    found = read(canary(canaryAnalysis={"interval": "5s", "stepWeight": 7}))
    assert (5, 50) == found.settings["ladder"]
    assert "dropped" == fate(found, "spec.canaryAnalysis")
