"""What strangers wrote does not command a terminal: in lists, reports, log lines, results and Events."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from steps.model.listing import ListedApp
from steps.model.printable import printable
from steps.model.run import Claim, Destination, ObjectName, Phase, Record, RouteTarget, RunState
from steps.outputs import logs, results
from steps.outputs.listing import as_json, table
from steps.outputs.report import report_of_claim, report_of_record
from steps.outputs.screen import printable_lines, show

ATTACK = "\033]0;owned\007\033[2J\x9b31m\u202etxt\u2066x\u200b\r\b\x00\x7f\u2028\ud800end"
DANGEROUS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
CLAIM = Claim(
    "shop", ATTACK, 1, Phase.WALKING,
    RunState(1.0, 2.0, (RouteTarget(ObjectName("shop", "shop"), ()),), Destination("a"), Destination("b"),
             by=ATTACK, reason=ATTACK, undoes=ATTACK),
)  # fmt: skip
RECORD = Record(ATTACK, 1, ATTACK, ATTACK, 1.0, 2.0, ATTACK, images={ATTACK: ATTACK}, by=ATTACK, bake=ATTACK)


def test_a_list_commands_nothing() -> None:
    """Not by names, persons, outcomes or troubles; its JSON has all of it, escaped."""
    row = ListedApp(ObjectName("shop", ATTACK), ATTACK, CLAIM, record=RECORD, unreadable=(ATTACK,))
    shown = table([row])
    assert DANGEROUS.search(shown) is None
    assert "owned" in shown
    text = as_json([row])
    assert DANGEROUS.search(text) is None
    assert ATTACK == json.loads(text)[0]["by"]


def test_a_report_commands_nothing() -> None:
    """Neither of a running release nor of one that ended; also where it is written to a file."""
    judgement = {"verdict": ATTACK, "reason": ATTACK, "e_limit": 20.0, "metrics": []}
    for made in (report_of_claim(CLAIM, ATTACK, ATTACK), report_of_record(RECORD, ATTACK, ATTACK)):
        for whole in (made, made.with_judgements([judgement]), replace(made, baked=judgement)):
            assert DANGEROUS.search(whole.as_text()) is None
            assert DANGEROUS.search(whole.as_json()) is None


def test_a_log_line_for_people_commands_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever field it is in, a traceback and the last sentence too; JSON has all of it, escaped."""
    logs.configure("console", "sweep")
    structlog.contextvars.bind_contextvars(app=ATTACK)
    log = structlog.get_logger()
    log.warning("claim.unreadable", error=ATTACK, reason=ATTACK, detail=ATTACK, effect=ATTACK, cause=ATTACK, app=ATTACK)
    log.error("step.crashed", exc_info=RuntimeError(ATTACK))
    logs.say_last(ATTACK)
    assert DANGEROUS.search(capsys.readouterr().err) is None
    logs.configure("json", "sweep")
    structlog.get_logger().warning("claim.unreadable", cause=ATTACK)
    line = capsys.readouterr().err
    assert DANGEROUS.search(line) is None
    assert ATTACK == json.loads(line)["cause"]


def test_a_result_commands_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines show it to people."""
    monkeypatch.setenv("RESULT_REASON", str(tmp_path / "reason"))
    results.write(("reason",), {"reason": results.truncate(ATTACK)})
    assert DANGEROUS.search((tmp_path / "reason").read_text()) is None


def test_lines_stay_lines_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    """Text of ours is as it was; only what is not printed goes."""
    ours = "NAME  SINCE\n\n  größe → 5 % ·\n"
    assert ours == printable_lines(ours)
    show(f"{ours}{ATTACK}\n")
    assert DANGEROUS.search(capsys.readouterr().out) is None
    assert "a b" == printable("a\nb")


def test_steps_write_to_the_terminal_by_this_way_alone() -> None:
    """A new report must not forget it; help, versions and shells' scripts are our own words."""
    writers = [
        str(path.relative_to(Path(__file__).parents[3]))
        for path in (Path(__file__).parents[3] / "steps").rglob("*.py")
        if re.search(r"sys\.std(out|err)\.write|\bprint\(", path.read_text())
    ]
    assert ["steps/outputs/streams.py"] == writers
