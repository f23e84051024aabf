"""Log lines: one JSON object a line for machines, one short line for people."""

import json

import pytest
import structlog

from steps.outputs import logs


def test_a_json_line_carries_step_level_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    """Log stores index them."""
    logs.configure("json", "analyze")
    structlog.get_logger().info("weight.set", weight=5)
    line = json.loads(capsys.readouterr().err)
    assert ("analyze", "info", "weight.set", 5) == (line["step"], line["level"], line["event"], line["weight"])
    assert "Z" == line["timestamp"][-1]


def test_a_line_for_people_has_the_sentence_and_no_context(capsys: pytest.CaptureFixture[str]) -> None:
    """People at a terminal know which run it is."""
    logs.configure("console", "analyze")
    structlog.contextvars.bind_contextvars(run="r1", app="shop")
    structlog.get_logger().info("judge.looked", reason="16 of 50 canary requests seen", weight=5, evidence=0.969)
    line = capsys.readouterr().err
    assert line.rstrip().endswith("judge.looked         16 of 50 canary requests seen  weight=5 evidence=0.969")


def test_no_log_line_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """It is kept for reports."""
    logs.configure("auto", "report")
    structlog.get_logger().warning("permission.missing")
    assert "" == capsys.readouterr().out
