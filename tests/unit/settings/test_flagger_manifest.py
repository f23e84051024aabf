"""Flagger's Canary where a canary.yaml is expected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from steps import analyze, prepare, rollout
from steps.outputs import logs
from tests.support.flagger_manifests import FOLDER, canary, template
from tests.unit.settings.conftest import Load, Refusal

BASIC = (FOLDER / "istio-basic.yaml").read_text(encoding="utf-8")
GATED = (FOLDER / "webhooks.yaml").read_text(encoding="utf-8")


def lines(printed: str) -> list[dict[str, str]]:
    """Return log lines about fields."""
    found = [json.loads(one) for one in printed.splitlines()]
    return [one for one in found if one["event"].startswith("flagger.")]


def test_a_manifest_gives_the_settings_of_a_release(load_step: Load) -> None:
    """With the same `--config`, in every step."""
    settings = load_step("rollout", file=BASIC)
    assert isinstance(settings, rollout.Settings)
    assert ("checkout", "shop", "target-named") == (settings.app, settings.namespace, settings.topology)
    assert ("checkout-primary", "checkout-canary") == (settings.stable_destination, settings.canary_destination)
    assert ((10, 20, 30, 40, 50), 60.0, 120.0) == (
        settings.ladder, settings.min_seconds, settings.ready_timeout_seconds
    )  # fmt: skip
    assert (0.99, "p99=500ms") == (settings.success_slo, settings.latency_slo)


@pytest.mark.parametrize("step", ["prepare", "set-weight", "analyze", "promote", "rollback", "report", "list", "sweep",
                                  "init", "doctor", "probe", "undo", "approve"])  # fmt: skip
def test_every_step_takes_a_manifest(load_step: Load, step: str) -> None:
    """What a step has no setting for is another step's."""
    flags = {"set-weight": ("--weight", "5"), "undo": (), "analyze": ("--weight", "5")}.get(step, ())
    assert "checkout" == getattr(load_step(step, *flags, file=BASIC), "app", "checkout")


def test_flags_and_variables_win(load_step: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """As over canary.yaml."""
    monkeypatch.setenv("CANARY_MIN_SECONDS", "7")
    settings = load_step("rollout", "--ladder", "3,9", file=BASIC)
    assert isinstance(settings, rollout.Settings)
    assert ((3, 9), 7.0) == (settings.ladder, settings.min_seconds)


def test_the_account_is_logged_where_a_release_begins(load_step: Load, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a field, once; the other steps of the release are quiet."""
    logs.configure("json", "prepare")
    load_step("prepare", file=BASIC)
    found = lines(capsys.readouterr().err)
    assert {"field": "spec.analysis.threshold", "value": "5", "level": "warning"}.items() <= next(
        one for one in found if one["event"] == "flagger.dropped"
    ).items()
    assert len(found) == BASIC.partition("\n---")[0].count("\n# ") - 1
    load_step("analyze", "--weight", "5", file=BASIC)
    assert [] == lines(capsys.readouterr().err)


def test_a_refused_manifest_is_an_error_of_settings(refusal: Refusal, capsys: pytest.CaptureFixture[str]) -> None:
    """With all refused fields at once; the account is in the log."""
    logs.configure("json", "prepare")
    said = refusal("prepare", file=yaml.safe_dump(canary({"mirror": True}, provider="nginx")))
    assert 'spec.provider = "nginx": only Istio\'s' in said
    assert "spec.analysis.mirror = true: no traffic is mirrored" in said
    events = {(one["event"], one["field"]) for one in lines(capsys.readouterr().err)}
    assert ("flagger.refused", "spec.provider") in events


def test_a_value_that_a_setting_refuses_is_named_by_its_field(refusal: Refusal) -> None:
    """The reader knows the manifest, not our names."""
    assert "spec.metricsServer = 'prometheus'" in refusal(
        "prepare", file=yaml.safe_dump(canary(metricsServer="prometheus"))
    )
    named = canary(targetRef={"apiVersion": "apps/v1", "kind": "Deployment", "name": "Shop_1"})
    assert "spec.targetRef.name = 'Shop_1': must be a Kubernetes name" in refusal("prepare", file=yaml.safe_dump(named))


def test_several_documents_are_read(load_step: Load) -> None:
    """Templates stand beside the Canary, others are left alone."""
    query = 'sum(rate(istio_requests_total{destination_workload="shop",response_code=~"5.*"}[1m])) / sum(rate('
    asked = template(query + 'istio_requests_total{destination_workload="shop"}[1m])) * 100')
    metric = {"name": "errors", "templateRef": {"name": "asked"}, "thresholdRange": {"max": 5}}
    settings = load_step("prepare", file=yaml.safe_dump_all([asked, canary({"metrics": [metric]})]))
    assert isinstance(settings, prepare.Settings)
    assert "http://prom:9090" == settings.prometheus_url


def test_of_several_canaries_the_app_chooses(load_step: Load, refusal: Refusal) -> None:
    """By a flag."""
    second = canary(targetRef={"apiVersion": "apps/v1", "kind": "Deployment", "name": "till"})
    file = yaml.safe_dump_all([canary(), second])
    settings = load_step("prepare", "--app", "till", file=file)
    assert isinstance(settings, prepare.Settings)
    assert ("till", "till-primary") == (settings.app, settings.stable)
    assert "choose one with --app" in refusal("prepare", file=file)


@pytest.mark.parametrize(
    ("kind", "weight", "held"),
    [
        ("confirm-promotion", "5", "go"),
        ("confirm-promotion", "50", "hold"),
        ("confirm-traffic-increase", "5", "hold"),
        ("post-rollout", "50", "go"),
    ],
)
def test_a_gate_holds_an_analysis(load_step: Load, kind: str, weight: str, held: str) -> None:
    """On the last weight, or on all of them: no person's approval is skipped."""
    hook = {"name": "yes", "url": "http://x", "type": kind}
    settings = load_step(
        "analyze", "--run", "one", "--weight", weight, file=yaml.safe_dump(canary({"webhooks": [hook]}))
    )
    assert isinstance(settings, analyze.Settings)
    assert held == ("hold" if settings.hold else "go")


def test_a_rollout_that_cannot_ask_refuses_a_gate(refusal: Refusal) -> None:
    """It would promote what a person has to confirm."""
    said = refusal("rollout", file=GATED)
    assert "type confirm-traffic-increase lets a person decide" in said
    assert "analyze --hold" in said


def test_canary_yaml_wins_over_the_manifest_of_init(load_step: Load, tmp_path: Path) -> None:
    """Both may be given to init, by either name of the flag."""
    path = tmp_path / "flagger.yaml"
    path.write_text(BASIC, encoding="utf-8")
    for flag in ("--from", "--from-flagger"):
        settings = load_step("init", flag, str(path), file="stable: other")
        assert ("checkout", "other") == (getattr(settings, "app", ""), getattr(settings, "stable", ""))


@pytest.mark.parametrize(
    "file", ["a: 1\n---\nb: 2", "{" * 5000, "- " * 5000, "!!python/object:os.system x", "a: &a [*a]"]
)
def test_a_file_that_is_neither_is_refused(refusal: Refusal, file: str) -> None:
    """Several documents, nested too deep, tags, loops."""
    assert refusal("prepare", "--app", "shop", file=file)
