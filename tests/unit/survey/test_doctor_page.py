"""docs/doctor.md shows what doctor says today: the sentences and remedies of its example, and every code."""

from __future__ import annotations

import re
from pathlib import Path

from steps.survey.checks.all_checks import all_problems
from tests.support.cart_survey import arms_of_versions, route, versions, virtual_service

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")


def test_the_example_is_what_doctor_says() -> None:
    """An app with two versions, a tenth of its users on the second one, and a route by cookie."""
    beta = route(("cart/v2", 100), name="beta", match=[{"headers": {"cookie": {"regex": ".*group=b.*"}}}])
    main = route(("cart/v1", 90), ("cart/v2", 10), name="main")
    survey = versions(virtual_services=(virtual_service("cart", beta, main),))
    shown = " ".join(PAGE.split())
    problems = all_problems(survey, arms_of_versions(survey, "swap"))
    assert ["weight-at-rest", "other-route"] == [one.code for one in problems]
    for problem in problems:
        assert f"{problem.gravity} [{problem.code}] {problem.about}: {problem.text}" in shown, problem.text
        for remedy in problem.remedies:
            assert remedy in shown, remedy


def test_the_table_has_every_code_of_the_checks() -> None:
    """So that people find a word that doctor prints."""
    files = sorted((ROOT / "steps" / "survey" / "checks").glob("*.py"))
    codes = {code for file in files for code in re.findall(r'Problem\(\s*"([a-z-]+)"', file.read_text("utf-8"))}
    assert len(codes) > 15
    table = {
        code for row in re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE) for code in re.findall(r"`([a-z-]+)`", row)
    }
    assert set() == codes - table
