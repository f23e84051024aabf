"""`latency-slo` as people write it."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.beside import objective_of
from steps.model.evidence import LatencyObjective
from steps.settings.judge import JudgeSettings
from steps.settings.objectives import latency_objective
from steps.wiring import rules_of
from tests.unit.settings.conftest import Load, Refusal

REPLAY = ("replay", "--recording=run.jsonl")


@pytest.mark.parametrize(
    ("text", "quantile", "limit"),
    [
        ("p99=500ms", 0.99, 500.0),
        ("0.99=500ms", 0.99, 500.0),
        (".5=20ms", 0.5, 20.0),
        ("p95=1.5s", 0.95, 1500.0),
        ("p99.9 = 2 s", 0.999, 2000.0),
        ("p50=0.5ms", 0.5, 0.5),
    ],
)
def test_a_quantile_and_a_limit_make_an_objective(text: str, quantile: float, limit: float) -> None:
    """In percent or as a share, in milliseconds or seconds, with or without blanks."""
    assert LatencyObjective(quantile, limit) == latency_objective(text)


@pytest.mark.parametrize(
    "text",
    [
        "p99", "500ms", "p99=500", "p100=500ms", "p0=500ms", "1=500ms", "0=500ms", "99=500ms", "p99=0ms", "p99=-5ms",
        "p99=nanms", "p99=1e9ms", "p99=2h", "p99=5000s", "p99 500ms", "p99=500ms,p50=10ms", "P99=500MS", "99%=500ms",
    ],
)  # fmt: skip
def test_what_is_not_an_objective_is_refused_with_the_way_to_write_one(
    text: str, refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By flag and by environment; the message repeats the value."""
    by_flag = refusal(*REPLAY, f"--latency-slo={text}")
    monkeypatch.setenv("CANARY_LATENCY_SLO", text)

    assert by_flag.startswith(f"--latency-slo = {text!r}: write a quantile and a limit with its unit")
    assert refusal(*REPLAY).startswith(f"CANARY_LATENCY_SLO = {text!r}: write a quantile and a limit with its unit")


@pytest.mark.parametrize("value", ["500", "true", "{p99: 500ms}", "[p99=500ms]"])
def test_another_type_in_yaml_is_refused_the_same_way(value: str, refusal: Refusal) -> None:
    """A number, a switch, a mapping, a list."""
    said = refusal(*REPLAY, file=f"latency-slo: {value}\n")

    assert "latency-slo = " in said
    assert "write a quantile and a limit with its unit" in said


def test_yaml_reaches_the_rules_and_the_reader(load_step: Load) -> None:
    """The text of canary.yaml becomes a share for the judge, and an objective for the reader."""
    settings = cast("JudgeSettings", load_step(*REPLAY, file="latency-slo: p99.9=250ms\nmust-detect: 0.05\n"))
    rules = rules_of(settings)

    assert pytest.approx(0.001) == rules.latency_slo
    assert (250.0, 0.05) == (rules.latency_limit_ms, rules.must_detect)
    assert LatencyObjective(0.999, 250.0) == objective_of(settings)


@pytest.mark.parametrize("flags", [(), ("--latency-slo=",)])
def test_without_the_setting_no_objective_exists(flags: tuple[str, ...], load_step: Load) -> None:
    """The same for an empty parameter of a workflow."""
    settings = cast("JudgeSettings", load_step(*REPLAY, *flags))

    assert objective_of(settings) is None
    assert (None, None, 1.0) == (
        rules_of(settings).latency_slo, rules_of(settings).latency_limit_ms, rules_of(settings).must_detect,
    )  # fmt: skip


@pytest.mark.parametrize("value", ["0", "1.5", "-0.1", "much", "nan"])
def test_must_detect_is_a_share(value: str, refusal: Refusal) -> None:
    """0 would forbid every pass."""
    said = refusal(*REPLAY, f"--must-detect={value}")

    assert "--must-detect = " in said
    assert "must be a number more than 0 and at most 1" in said


@given(st.text(max_size=20))
def test_any_text_is_an_objective_or_a_value_error(text: str) -> None:
    """Nothing else is raised, and the parsed values are within their bounds."""
    try:
        found = latency_objective(text)
    except ValueError:
        return
    assert found is None or (0.0 < found.quantile < 1.0 and 0.0 < found.limit_ms <= 3_600_000.0)
