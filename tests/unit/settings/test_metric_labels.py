"""`metric-labels`: more matchers for every query, exact or by a regular expression; none may hide what is judged."""

from __future__ import annotations

import pytest

from steps import prepare, set_weight
from steps.analyze import Settings
from steps.beside import arms_of, custom_metrics
from steps.errors import SettingsError
from steps.model.names import ReleaseNames
from steps.model.run import Destination, ObjectName
from steps.settings.prometheus import PrometheusSettings
from steps.wiring import reader_of
from steps.workload.workload import Workload
from tests.unit.settings.conftest import Load, Refusal

NAMES = ReleaseNames(
    "shop", "ns", "shop", "shop-canary", "shop-baseline", (ObjectName("ns", "shop"),), (), Destination("shop"),
    Destination("shop-canary"),
)  # fmt: skip
BOTH = {"cluster": "eu", "region": "~eu-.*"}


@pytest.mark.parametrize(
    "file",
    [
        "metric-labels: {cluster: eu, region: '~eu-.*'}",
        "metric-labels: [cluster=eu, 'region=~eu-.*']",
        "metric-labels: 'cluster=eu,region=~eu-.*'",
    ],
)
def test_a_file_may_write_it_in_three_ways(load_step: Load, file: str) -> None:
    """A mapping, a list, or the text that a flag takes."""
    assert BOTH == getattr(load_step("analyze", "--app=shop", file=file), "metric_labels", None)


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ("cluster=eu,region=~eu-.*", BOTH),
        ('["cluster=eu", "region=~eu-.*"]', BOTH),
        ('{"cluster": "eu", "region": "~eu-.*"}', BOTH),
        ("cluster=", {"cluster": ""}),
        ("query=a=b", {"query": "a=b"}),
        ('["region=~eu-(a|b){1,2}"]', {"region": "~eu-(a|b){1,2}"}),
    ],
)
def test_a_flag_takes_pairs_or_yaml(load_step: Load, flag: str, expected: dict[str, str]) -> None:
    """An empty value means that the label is not there."""
    assert expected == getattr(load_step("analyze", "--app=shop", "--metric-labels", flag), "metric_labels", None)


@pytest.mark.parametrize(
    ("flag", "part"),
    [
        ("cluster", "'cluster' is not a matcher; write label=value or label=~regex"),
        ("cluster!=eu", "'cluster!' is not the name of a label"),
        ("a-b=c", "'a-b' is not the name of a label"),
        ("=c", "'' is not the name of a label"),
        ("reporter=source", "'reporter' is set or read by canary-steps itself"),
        ("response_code=200", "'response_code' is set or read by canary-steps itself"),
        ("le=5", "'le' is set or read"),
        ("__name__=up", "'__name__' is set or read"),
        ("cluster=~(", "must be a regular expression: "),
        ("cluster=~(?!us).*", "must be a regular expression of RE2, which does not support (?!"),
        ("cluster=a,cluster=b", "'cluster' is given twice; write one regular expression, cluster=~a|b"),
        ("{cluster: [eu]}", "must be text"),
        ("{cluster", "is neither label=value pairs nor YAML"),
        (f"cluster={'a' * 501}", "has more than 500 characters"),
        ("[[a]]", "['a'] is not a matcher"),
    ],
)
def test_a_bad_matcher_is_refused(refusal: Refusal, flag: str, part: str) -> None:
    """Before any query; the error says what to write instead."""
    assert part in refusal("analyze", "--app=shop", "--metric-labels", flag)


def test_the_arms_own_label_is_refused(workload_of_nobody: Workload) -> None:
    """Two matchers of one label would match nothing, in metrics of the mesh or in a custom metric."""
    pair = {"bad": {"metric": "a"}, "all": {"metric": "b"}, "arm-label": "version"}
    for own in ({"arm_label": "rev", "metric_labels": {"rev": "1"}}, {"metric_labels": {"version": "1"}}):
        settings = Settings.model_validate({"app": "shop", "metrics": [{"name": "x", **pair}], **own})
        with pytest.raises(SettingsError, match=r"--metric-labels: (rev|version) tells the arms apart"):
            reader_of(settings, NAMES, workload_of_nobody)


def test_settings_reach_the_arms_and_the_metrics() -> None:
    """More labels, and the label of pods where a metric has none of its own."""
    pair = {"bad": {"metric": "a"}, "all": {"metric": "b"}}
    settings = Settings.model_validate(
        {
            "app": "shop",
            "metric_labels": BOTH,
            "pod_label": "exported_pod",
            "metrics": [{"name": "x", **pair}, {"name": "y", "arm-label": "version", **pair}],
        }
    )
    arms = arms_of(settings, NAMES)
    assert BOTH == arms.more
    assert ["exported_pod", ""] == [metric.pod_label for metric in custom_metrics(settings, NAMES)]
    assert [None, None] == [metric.namespace_label for metric in custom_metrics(settings, NAMES)]


@pytest.mark.parametrize("name", ["1x", "a-b", "a{b}", 'a"', "a b"])
@pytest.mark.parametrize("flag", ["requests-metric", "duration-metric", "response-bytes-metric", "pod-label"])
def test_names_are_checked(refusal: Refusal, flag: str, name: str) -> None:
    """A name must not change a query."""
    assert "must match" in refusal("prepare", "--app=shop", f"--{flag}={name}")


@pytest.mark.parametrize("kind", [prepare.Settings, Settings])
def test_without_the_mesh_a_custom_metric_is_required(
    kind: type[PrometheusSettings], workload_of_nobody: Workload
) -> None:
    """Otherwise there is nothing to judge by."""
    settings = kind.model_validate({"app": "shop", "without_mesh_metrics": True})
    with pytest.raises(SettingsError, match="--without-mesh-metrics: needs at least one custom metric"):
        reader_of(settings, NAMES, workload_of_nobody)


def test_a_split_cannot_be_observed_without_the_mesh() -> None:
    """Before any connection is made."""
    settings = set_weight.Settings.model_validate(
        {"app": "shop", "weight": 5, "wait_observed": True, "without_mesh_metrics": True}
    )
    with pytest.raises(SettingsError, match="--wait-observed needs the mesh's metrics"):
        set_weight.main(settings)


@pytest.fixture
def workload_of_nobody() -> Workload:
    """Return a workload that is never asked."""
    return object.__new__(Workload)
