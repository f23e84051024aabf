"""What a person reads: comments that can be copied, warnings once, and nothing while a release is running."""

from __future__ import annotations

import json

import pytest
import yaml

from steps.__main__ import main
from steps.errors import StepError
from steps.manifests.comments import comment
from tests.support.field_objects import deployment, route, service, to, virtual_service
from tests.unit.init.conftest import Made

LONG = "word " * 19


@pytest.mark.parametrize(
    "kept",
    [
        "--virtual-service namespace-5/shop-entry-with-a-long-name",
        "`kubectl rollout status deployment/shop-primary -n shop`",
        "front-end-canary.field.svc.cluster.local",
    ],
)
def test_a_comment_never_breaks_what_a_person_copies(kept: str) -> None:
    """Flags with values, commands and names stay in one line."""
    for length in range(60, 105):
        lines = comment(f"{LONG[:length]} {kept} and more.").splitlines()
        assert any(kept in line for line in lines)
        assert all(line.startswith("#") for line in lines)


def test_a_line_to_copy_stays_one_line() -> None:
    """It is indented."""
    line = f"  canary-steps init --app shop {LONG * 3}| kubectl apply -f -"
    assert [f"# {line}"] == comment(f"Do this:\n{line}").splitlines()[1:]


def test_a_rehearsal_writes_no_lines_about_writes(cluster_of: Made, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written, so nothing is said about it."""
    cluster = cluster_of(service("shop"), deployment("shop"))
    before = cluster.world.store.revision
    cluster.init("shop")
    assert "dry_run" not in capsys.readouterr().out
    assert before == cluster.world.store.revision


def test_what_a_release_would_still_refuse_is_said(cluster_of: Made, capsys: pytest.CaptureFixture[str]) -> None:
    """Only a person can change the app's own Deployment."""
    shop = deployment("shop")
    shop["spec"]["revisionHistoryLimit"] = 0
    cluster_of(service("shop"), shop).init("shop")
    said = capsys.readouterr().out
    assert "init.not_enough" in said
    assert "revisionHistoryLimit" in said


def test_routes_that_a_run_owns_are_left_alone(cluster_of: Made) -> None:
    """Its weights are not weights at rest."""
    routes = virtual_service("shop", route(to("shop", weight=100), to("shop-canary", weight=0)))
    cluster = cluster_of(service("shop"), service("shop-canary"), deployment("shop"), routes)
    cluster.claim("shop", weight=40)
    text = cluster.init("shop")

    assert [] == [one for one in yaml.safe_load_all(text) if one and one["kind"] == "VirtualService"]
    assert "VirtualService field/shop is left as it is" in text


def test_what_may_not_be_listed_is_read_by_name(cluster_of: Made) -> None:
    """An account of a release may get the objects of its app."""
    routes = virtual_service("shop", route(to("shop")))
    cluster = cluster_of(service("shop"), deployment("shop"), routes)
    cluster.refuse(403, "list")
    assert {"Service shop-canary", "VirtualService shop"} <= set(cluster.printed("shop"))


def test_a_failing_api_server_ends_init_without_output(cluster_of: Made) -> None:
    """Half of the objects would be worse than none."""
    cluster = cluster_of(service("shop"), deployment("shop"))
    cluster.refuse(500)
    with pytest.raises(StepError, match="listing virtualservices"):
        cluster.init("shop")


def test_an_error_in_the_settings_is_logged_in_the_wanted_format(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By flag or environment; else as JSON for machines."""
    wrong = ["init", "--app", "Not A Name"]
    assert 2 == main(wrong)
    assert "step.failed" == json.loads(capsys.readouterr().err)["event"]
    assert 2 == main([*wrong, "--log-format", "console"])
    assert not capsys.readouterr().err.startswith("{")
    monkeypatch.setenv("CANARY_LOG_FORMAT", "console")
    assert 2 == main(wrong)
    assert not capsys.readouterr().err.startswith("{")
