"""A promote without a bake needs nothing of Prometheus and the judge, not even settings that are right."""

from __future__ import annotations

import subprocess
import sys

import pytest

from steps.errors import SettingsError
from tests.unit.settings.conftest import Load

WRONG = "prometheus-url: nonsense\nalpha: 7\nmetrics: [{name: x}]\n"


@pytest.mark.parametrize("given", ["", "bake-seconds: 0\n", "bake-seconds: 0.0\n"])
def test_without_a_bake_a_wrong_setting_of_the_judge_stops_no_promote(load_step: Load, given: str) -> None:
    """A canary.yaml serves all steps; what only others read must not keep a judged version from users."""
    assert {"bake_seconds": 0.0} == load_step("promote", file=f"app: shop\n{given}{WRONG}").model_dump(
        include={"bake_seconds"}
    )


def test_with_a_bake_they_are_refused_before_anything_moves(load_step: Load) -> None:
    """All of them at once."""
    with pytest.raises(SettingsError, match=r"prometheus-url.*alpha|alpha.*prometheus-url"):
        load_step("promote", file=f"app: shop\nbake-seconds: 60\n{WRONG}")


@pytest.mark.parametrize("value", ["-1", "86401", "soon"])
def test_a_bake_has_a_length_in_its_range(load_step: Load, value: str) -> None:
    """0 to a day."""
    with pytest.raises(SettingsError, match="bake-seconds"):
        load_step("promote", "--app", "shop", "--bake-seconds", value)


def test_promote_loads_neither_judge_nor_evidence_without_a_bake() -> None:
    """It starts as fast as before."""
    code = (
        "import sys, steps.promote;"
        "print([one for one in sys.modules if one.startswith(('steps.judge', 'steps.evidence', 'steps.probing'))])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == found.stdout.strip()
