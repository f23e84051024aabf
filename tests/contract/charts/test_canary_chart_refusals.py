"""What the chart `canary` refuses, with the path of the value and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.charts.canary_chart import Json, chart_with_two, refused


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"ladder": "5,25"}, "/ladder"),
        ({"ladder": [0]}, "/ladder/0"),
        ({"ladder": []}, "/ladder"),
        ({"ladder": [5, 5]}, "/ladder"),
        ({"interval": "soon"}, "/interval"),
        ({"interval": 0}, "/interval"),
        ({"interval": True}, "/interval"),
        ({"thresholds": {"success-rate": 100}}, "/thresholds/success-rate"),
        ({"thresholds": {"success-rate": "99"}}, "/thresholds/success-rate"),
        ({"thresholds": {"request-duration": "500"}}, "/thresholds/request-duration"),
        ({"thresholds": {"sucess-rate": 99}}, "/thresholds"),
        ({"release": "job"}, "/release"),
        ({"shape": "swap"}, "/shape"),
        ({"port": 0}, "/port"),
        ({"hosts": "shop.example"}, "/hosts"),
        ({"settings": {"alpha": 2}}, "/settings/alpha"),
        ({"settings": {"drain-seconds": -1}}, "/settings/drain-seconds"),
        ({"settings": {"metrics": [{"name": "UPPER"}]}}, "/settings/metrics/0"),
        ({"settings": {"no-such": 1}}, "/settings"),
        ({"settings": {"topology": "swap"}}, "/settings"),
        ({"route": {"route": []}}, "/route"),
        ({"apps": {"cart": {"ladder": ["x"]}}}, "/apps/cart/ladder/0"),
        ({"laddr": [5]}, "'laddr'"),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_with_its_path(program: str, values: Json, path: str, tmp_path: Path) -> None:
    """Of the wrong type, out of its range, misspelt, or of another value's business."""
    assert path in refused(program, {"app": "shop", **values}, tmp_path)


def test_a_ladder_must_ascend(program: str, tmp_path: Path) -> None:
    """A schema cannot say that."""
    assert "ladder [50 5] must ascend" in refused(program, {"app": "shop", "ladder": [50, 5]}, tmp_path)


def test_a_timeout_that_is_shorter_than_the_ladder_is_refused_beforehand(program: str, tmp_path: Path) -> None:
    """With both numbers, and what to pass to Helm."""
    values = {"app": "shop", "ladder": [5, 10, 50], "interval": "2m", "timeout": "5m"}
    said = refused(program, values, tmp_path)
    assert "needs 425 s or more" in said
    assert "Helm waits only 300 s" in said
    assert "Pass --timeout 8m to helm and set timeout: 8m" in said


@pytest.mark.parametrize("release", ["workflow", "pipelinerun", "none"])
def test_a_release_that_helm_does_not_wait_for_may_take_longer(program: str, release: str, tmp_path: Path) -> None:
    """Only the hook is bound to Helm's timeout."""
    with pytest.raises(AssertionError, match="kind: ConfigMap"):
        refused(program, {"app": "shop", "interval": "1h", "release": release}, tmp_path)


def test_two_uses_for_one_app_are_refused(program: str, tmp_path: Path) -> None:
    """Under two aliases, and by `app` beside `apps`."""
    chart = chart_with_two(tmp_path, "front", "back")
    said = refused(program, {"front": {"app": "shop"}, "back": {"apps": {"shop": {}}}}, tmp_path, chart)
    assert "app shop is released twice in this chart, by parent/charts/" in said
    assert {"parent/charts/front", "parent/charts/back"} <= set(said.replace(":", " ").split())
    assert "given by canary.app and by canary.apps.shop" in refused(
        program, {"app": "shop", "apps": {"shop": {}}}, tmp_path
    )


def test_an_app_must_be_named(program: str, tmp_path: Path) -> None:
    """The chart has no default for it."""
    assert "canary.app is not set: name the app" in refused(program, {}, tmp_path)
