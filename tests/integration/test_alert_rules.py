"""The alert rules in Prometheus' own tester: each fires in its case, and none during and after a healthy release."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from steps.outputs.metrics import series
from tests.lab.embedded.mesh.envoy import binary
from tests.support.processes import ROOT

RULES = ROOT / "dashboards" / "alerts.yaml"
Json = dict[str, Any]

LABELS = 'namespace="demo",app="shop"'
MINUTES = 60
START = 0
"""The tester's clock begins at 0, so times are seconds since its begin."""

NAMES = {
    rule["alert"]: rule
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
}


def sample(name: str, values: str, labels: str = LABELS) -> Json:
    """Return the input of one series."""
    return {"series": f"{name}{{{labels}}}", "values": values}


def after(minutes: int, before: str, then: str) -> str:
    """Return values that change once: `before` for so many minutes, then `then` until the end."""
    return " ".join([before] * minutes + [then] * (MINUTES * 2 - minutes))


HEALTHY = [
    # A release from minute 5 to 25, whose claim is renewed each minute, with a gate of ten minutes.
    sample(series.CLAIM_EXPIRY.name, "_x4 900+60x20 _x95"),
    sample(series.WAITING.name, "0x10 1x9 0x100"),
    sample(series.WAITING_SINCE.name, "_x10 660x9 _x100"),
    sample(series.LAST_END.name, after(25, "_", "1500"), f'{LABELS},outcome="promoted"'),
    sample(series.LAST_RESCUED.name, after(25, "_", "0")),
    sample(series.UNREADABLE.name, "0x120"),
    sample(series.TRIAL.name, "_x4 1x20 _x95"),
    sample(series.HOTFIX.name, "0x120"),
    sample(series.BOARD_UP.name, "1x120", ""),
]
"""What a healthy release writes in two hours."""

ROLLED_BACK = sample(series.LAST_END.name, after(20, "_", "1200"), f'{LABELS},outcome="rolled-back"')
PROMOTED_LATER = sample(series.LAST_END.name, after(30, "_", "1800"), f'{LABELS},outcome="promoted"')
RESCUED = [sample(series.LAST_RESCUED.name, after(20, "0", "1")), ROLLED_BACK]
WAITING = [
    sample(series.WAITING.name, after(10, "0", "1")),
    sample(series.WAITING_SINCE.name, after(10, "_", "600")),
]
EXPIRED = [sample(series.CLAIM_EXPIRY.name, "600x120")]

# Alert, input, minute at which it fires, minute at which it does not; the board is up unless the case is about it.
CASES = [
    ("CanaryReleaseFailed", [ROLLED_BACK], 22, 82),
    ("CanaryReleaseFailed", [ROLLED_BACK, PROMOTED_LATER], 22, 40),
    (
        "CanaryReleaseFailed",
        [sample(series.LAST_END.name, after(20, "_", "1200"), f'{LABELS},outcome="undone"')],
        22,
        19,
    ),
    ("CanaryRunRescued", RESCUED, 22, 82),
    ("CanaryWaitsForApproval", WAITING, 42, 39),
    ("CanaryHotfixRuns", [sample(series.HOTFIX.name, after(10, "0", "1"))], 12, 9),
    ("CanaryTriedAgain", [sample(series.TRIAL.name, after(10, "1", "2"))], 12, 9),
    ("CanaryClaimExpired", EXPIRED, 18, 14),
    ("CanaryStateUnreadable", [sample(series.UNREADABLE.name, after(10, "0", "1"))], 16, 13),
    ("CanaryBoardCannotRead", [sample(series.BOARD_UP.name, after(10, "1", "0"), "")], 16, 13),
    ("CanaryBoardAbsent", [sample(series.BOARD_UP.name, "1x10 _x109", "")], 30, 9),
]


@pytest.mark.parametrize(("alert", "given", "fires", "rests"), CASES)
def test_an_alert_fires_in_its_case(alert: str, given: list[Json], fires: int, rests: int, tmp_path: Path) -> None:
    """And not before it or after it."""
    run_rules(tmp_path, given, [(alert, fires, True), (alert, rests, False)])


def test_every_alert_has_a_case() -> None:
    """A new rule needs one."""
    assert set(NAMES) == {alert for alert, *_ in CASES}


def test_a_healthy_release_fires_nothing(tmp_path: Path) -> None:
    """At no minute of two hours: before it, in it, and after it."""
    run_rules(tmp_path, HEALTHY, [(alert, minute, False) for alert in NAMES for minute in range(2, 118)])


def test_two_exporters_of_one_app_are_one_alert(tmp_path: Path) -> None:
    """A board with two pods, or the board and a Pushgateway."""
    twice = [
        {**ROLLED_BACK, "series": ROLLED_BACK["series"].replace("{", f'{{instance="{name}",')} for name in ("a", "b")
    ]
    run_rules(tmp_path, twice, [("CanaryReleaseFailed", 22, True)])


def test_rules_name_only_series_that_exist() -> None:
    """A renamed series must not silence an alert."""
    known = {one.name for one in series.ALL}
    words = {word for rule in NAMES.values() for word in rule["expr"].replace("{", " ").replace(")", " ").split()}
    used = {word.lstrip("(") for word in words if word.lstrip("(").startswith("canary_steps_")}
    used |= {word.rpartition("(")[2] for word in words if "(canary_steps_" in word}
    assert used
    assert set() == {name for name in used if name.startswith("canary_steps_")} - known


def run_rules(folder: Path, given: list[Json], expected: list[tuple[str, int, bool]]) -> None:
    """Run the rules against samples of one a minute; (alert, minute, whether it fires)."""
    promtool = binary("promtool")
    tests = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": given,
                "alert_rule_test": [
                    {"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": [firing(alert)] if fires else []}
                    for alert, minute, fires in expected
                ],
            }
        ],
    }
    file = folder / "rules-test.yaml"
    file.write_text(yaml.safe_dump(tests))
    ended = subprocess.run([promtool, "test", "rules", str(file)], check=False, capture_output=True, text=True)
    assert 0 == ended.returncode, ended.stdout + ended.stderr


def firing(alert: str) -> Json:
    """Return an alert as the tester expects it, with its texts filled in."""
    rule = NAMES[alert]
    about = {} if "Board" in alert else {"namespace": "demo", "app": "shop"}

    def text(name: str) -> str:
        filled = str(rule["annotations"][name])
        for label, value in about.items():
            filled = filled.replace(f"{{{{ $labels.{label} }}}}", value)
        return filled

    return {
        "exp_labels": {**about, "severity": rule["labels"]["severity"]},
        "exp_annotations": {name: text(name) for name in rule["annotations"]},
    }
