"""Metrics of steps as users run them: what they write and push, and that nothing waits for a Pushgateway."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.integration.conftest import Deploy
from tests.integration.lab_app import LabApp
from tests.support.pushgateway import PushgatewayStandIn

pytestmark = pytest.mark.integration
GROUP = "/metrics/job/canary-steps/app/{}/namespace/demo"


def walked(app: LabApp) -> None:
    """Let a run be at weight 25."""
    app.prepared()
    assert 0 == app.run("set-weight", "--run", "one", "--weight", "25").exit_code


def lost(lines: list[dict[str, object]]) -> list[str]:
    """Return the warnings about metrics."""
    return [str(line["detail"]) for line in lines if line["event"] == "metrics.lost"]


def test_a_rollback_ends_with_the_outcome_at_the_pushgateway_and_in_the_file(deploy: Deploy, tmp_path: Path) -> None:
    """The group shows no running release any more; report prints the same."""
    app = deploy("pushed")
    walked(app)
    file = tmp_path / "pushed.prom"
    with PushgatewayStandIn() as gateway:
        flags = ("--run", "one", "--pushgateway-url", gateway.url, "--metrics-file", str(file))
        ended = app.run("rollback", *flags)
    assert (0, "rolled-back", []) == (ended.exit_code, ended.results["outcome"], lost(ended.lines))
    text = gateway.groups[GROUP.format("pushed")]
    assert text == file.read_text()
    assert 'canary_steps_phase{app="pushed",namespace="demo",phase="idle"} 1.0' in text
    assert (
        'canary_steps_last_release_end_timestamp_seconds{app="pushed",namespace="demo",outcome="rolled-back"}' in text
    )
    printed = app.run("report", "--format", "openmetrics").out
    assert printed.endswith("# EOF\n")
    families = {family.name: family for family in text_string_to_metric_families(printed)}
    assert {0.0} == {sample.value for sample in families["canary_steps_weight_ratio"].samples}


@pytest.mark.parametrize("case", ["hangs", "refuses", "absent"])
def test_a_pushgateway_in_trouble_is_one_warning(deploy: Deploy, tmp_path: Path, case: str) -> None:
    """Users are back on stable before the step waits for it; exit code and outcome are the same, and so is the file."""
    app = deploy(f"unpushed-{case}")
    walked(app)
    gateway = PushgatewayStandIn(hangs=case == "hangs", status=500)
    file = tmp_path / "file.prom"
    flags = ("--metrics-timeout-seconds", "1", "--metrics-file", str(file))
    with gateway:
        url = "http://127.0.0.1:9" if case == "absent" else gateway.url
        started = time.monotonic()
        ended = app.run("rollback", "--run", "one", "--pushgateway-url", url, *flags)
        seconds = time.monotonic() - started
    assert (0, "rolled-back") == (ended.exit_code, ended.results["outcome"])
    assert lost(ended.lines)
    assert seconds < 6
    assert (100, 0) == app.weights()
    assert 'outcome="rolled-back"' in file.read_text() or case == "hangs"


def test_a_dry_run_exports_nothing(deploy: Deploy, tmp_path: Path) -> None:
    """It changed nothing."""
    app = deploy("planned")
    walked(app)
    file = tmp_path / "planned.prom"
    assert 0 == app.run("rollback", "--run", "one", "--dry-run", "--metrics-file", str(file)).exit_code
    assert not file.exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--pushgateway-username", "me"), "--pushgateway-username and --pushgateway-password-file go together"),
        (("--pushgateway-cert-file", "crt"), "--pushgateway-cert-file and --pushgateway-key-file go together"),
        (("--pushgateway-header", "X-Scope"), "--pushgateway-header: write `Name: value`"),
        (("--pushgateway-url", "gateway:9091"), "--pushgateway-url"),
        (("--metrics-timeout-seconds", "0"), "--metrics-timeout-seconds"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_written(deploy: Deploy, flags: tuple[str, str], said: str) -> None:
    """Exit 2, with the flag; a typing error must not look like a Pushgateway that is down."""
    app = deploy("refused")
    app.mark()
    ended = app.run("rollback", "--run", "one", "--pushgateway-url", "http://gateway:9091", *flags)
    assert 2 == ended.exit_code
    assert said in ended.error
    assert [] == app.writes()
