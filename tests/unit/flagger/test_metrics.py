"""Metrics and their queries: the mesh's own become objectives, others are refused with what would do it."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.flagger.conversion import Converted
from steps.settings.metrics import MetricSpec
from steps.settings.objectives import latency_objective
from tests.support.flagger_manifests import Json, canary, fate, line, read, template

ERRORS = (
    'sum(rate(istio_requests_total{{reporter="destination",destination_workload_namespace="{{{{ namespace }}}}",'
    'destination_workload=~"{{{{ target }}}}",{code}}}[{{{{ interval }}}}]))'
)
ALL = (
    'sum(rate(istio_requests_total{reporter="destination",destination_workload_namespace="{{ namespace }}",'
    'destination_workload=~"{{ target }}"}[{{ interval }}]))'
)
GOOD, BAD = ERRORS.format(code='response_code!~"5.*"'), ERRORS.format(code='response_code=~"5.*"')
BUCKETS = 'istio_request_duration_milliseconds_bucket{destination_workload=~"{{ target }}",reporter="destination"}'


def asked(query: str, **bounds: float) -> Converted:
    """Return the conversion of a Canary with one metric that asks by a template."""
    metric = {"name": "asked", "templateRef": {"name": "asked"}, "thresholdRange": bounds, "interval": "1m"}
    return read(canary({"metrics": [metric]}), template(query))


@pytest.mark.parametrize(
    ("metric", "slo"),
    [
        ({"name": "request-success-rate", "thresholdRange": {"min": 99}}, 0.99),
        ({"name": "request-success-rate", "thresholdRange": {"min": 99.5, "max": 100}}, 0.995),
        ({"name": "request-success-rate", "thresholdRange": {"min": 100}}, 0.9999),
        ({"name": "request-success-rate", "thresholdRange": {"min": 0}}, 0.0),
        ({"name": "request-success-rate", "threshold": 95}, 0.95),
        ({"name": "request-success-rate", "threshold": 95, "thresholdRange": {"min": 99}}, 0.99),
        ({"name": "request-success-rate"}, None),
        ({"name": "istio_requests_total", "threshold": 98}, 0.98),
    ],
)
def test_the_success_rate_becomes_success_slo(metric: Json, slo: float | None) -> None:
    """Percent as Flagger has it; the deprecated threshold is a minimum."""
    assert slo == read(canary({"metrics": [metric]})).settings.get("success_slo")


@pytest.mark.parametrize(
    ("metric", "slo"),
    [
        ({"name": "request-duration", "thresholdRange": {"max": 500}}, "p99=500ms"),
        ({"name": "request-duration", "thresholdRange": {"max": 0.5}}, "p99=0.5ms"),
        ({"name": "request-duration", "threshold": 750}, "p99=750ms"),
        ({"name": "request-duration"}, None),
        ({"name": "istio_request_duration_seconds_bucket", "threshold": 500}, "p99=500ms"),
        ({"name": "istio_request_duration_milliseconds_bucket", "threshold": 500}, "p99=500ms"),
    ],
)
def test_the_duration_becomes_latency_slo(metric: Json, slo: str | None) -> None:
    """Milliseconds, whatever the name says; older versions of Flagger did the same."""
    assert slo == read(canary({"metrics": [metric]})).settings.get("latency_slo")


@pytest.mark.parametrize(
    ("query", "bounds", "slo"),
    [
        (f"{GOOD} / {ALL} * 100", {"min": 99}, 0.99),
        (f"100 * ({GOOD} / {ALL})", {"min": 99}, 0.99),
        (f"100 * {GOOD} / {ALL}", {"min": 99}, 0.99),
        (f"({GOOD}) / ({ALL})", {"min": 0.97}, 0.97),
        (f"100 - {GOOD} / {ALL} * 100", {"max": 1}, 0.99),
        (f"1 - {GOOD} / {ALL}", {"max": 0.02}, 0.98),
        (f"{BAD} / {ALL} * 100", {"max": 3}, 0.97),
        (f"({BAD} or vector(0)) / {ALL}", {"max": 0.05}, 0.95),
        (f"({BAD} or on() vector(0)) / ({ALL})", {"max": 0.05}, 0.95),
        (f"1 - {BAD} / {ALL}", {"min": 0.9}, 0.9),
        (f"{BAD} / {ALL}".replace("5.*", "5.."), {"max": 0.05}, 0.95),
        (f"{BAD} / {ALL}".replace("5.*", "^5[0-9]{2}$"), {"max": 0.05}, 0.95),
        (f"{BAD} / {ALL}".replace("rate", "irate"), {"max": 0.05}, 0.95),
        (f"{BAD} / {ALL}".replace("rate", "increase"), {"max": 0.05}, 0.95),
        (f"{BAD} / {ALL}".replace("{{ target }}", "shop"), {"max": 0.05}, 0.95),
        (f"{BAD} / {ALL}".replace("{{ namespace }}", "production"), {"max": 0.05}, 0.95),
        (f"{BAD} / {ALL}".replace('_workload=~"{{ target }}"', '_service=~"{{ service }}-canary.*"'),
         {"max": 0.05}, 0.95),
    ],
)  # fmt: skip
def test_the_share_of_server_errors_is_recognised_however_it_is_written(query: str, bounds: Json, slo: float) -> None:
    """White space, order of labels, variables, the sides of the ratio and its scale make no difference."""
    found = asked(query, **bounds)
    assert slo == found.settings.get("success_slo"), found.refused
    assert "http://prom:9090" == found.settings["prometheus_url"]


@pytest.mark.parametrize(
    ("query", "limit", "slo"),
    [
        (f"histogram_quantile(0.99, sum(rate({BUCKETS}[1m])) by (le))", 500, "p99=500ms"),
        (f"histogram_quantile(0.95,sum by(le)(irate({BUCKETS}[{{{{interval}}}}])))", 250, "p95=250ms"),
        (f"histogram_quantile(0.999, sum(rate({BUCKETS}[1m])) by (le)) / 1000", 1.5, "p99.9=1500ms"),
        (f"histogram_quantile(0.5, sum(rate({BUCKETS}[1m])) by (le))".replace("milliseconds", "seconds"), 0.2,
         "p50=200ms"),
        (f"1000 * histogram_quantile(0.9, sum(rate({BUCKETS}[1m])) by (le))".replace("milliseconds", "seconds"), 200,
         "p90=200ms"),
    ],
)  # fmt: skip
def test_a_quantile_of_the_durations_is_recognised_however_it_is_written(query: str, limit: float, slo: str) -> None:
    """In its unit and scale."""
    found = asked(query, max=limit)
    assert slo == found.settings.get("latency_slo"), found.refused
    assert latency_objective(slo) is not None


@settings(max_examples=60, deadline=None)
@given(st.randoms(), st.sampled_from([GOOD, BAD]))
def test_labels_in_any_order_and_white_space_anywhere_mean_the_same(random: Random, part: str) -> None:
    """Each team has its own format."""

    def shaken(query: str) -> str:
        before, labels, after = query.partition("{")[0], query[query.index("{") + 1 : query.rindex("}[")], "}[1m]))"
        parts = labels.split(",")
        random.shuffle(parts)
        gap = random.choice(["", " ", "\n  "])
        return f"{before}{{{gap}{f'{gap},{gap}'.join(parts)}{gap}{after}"

    is_bad = part == BAD
    found = asked(f"{shaken(part)}\n/\n{shaken(ALL)}", **{"max" if is_bad else "min": 0.03 if is_bad else 0.97})
    assert 0.97 == found.settings.get("success_slo"), found.refused


def share(*more: str) -> str:
    """Return a ratio of an app's own counter, its part with further matchers."""
    pods = 'namespace="{{ namespace }}",pod=~"{{ target }}-[0-9a-z]+-[0-9a-z]+"'
    part, whole = ",".join((pods, *more)), pods
    return f"sum(rate(orders_total{{{part}}}[1m])) / sum(rate(orders_total{{{whole}}}[1m]))"


MISSING_PAGES = f"{BAD} / {ALL}".replace('response_code=~"5.*"', 'response_code="404"')


@pytest.mark.parametrize(
    ("query", "bounds", "wanted"),
    [
        (share('state="failed"'), {"max": 0.05},
         {"bad": {"metric": "orders_total", "match": {"state": "failed"}}, "all": {"metric": "orders_total"}}),
        (share('state!="failed"'), {"min": 0.95},
         {"bad": {"metric": "orders_total", "match": {"state": "failed"}}, "all": {"metric": "orders_total"}}),
        (share('state=~"lost|late"'), {"max": 0.05},
         {"bad": {"metric": "orders_total", "match-regex": {"state": "lost|late"}}, "all": {"metric": "orders_total"}}),
        (MISSING_PAGES, {"max": 0.05},
         {"bad": {"metric": "istio_requests_total", "match": {"reporter": "destination", "response_code": "404"}},
          "all": {"metric": "istio_requests_total", "match": {"reporter": "destination"}},
          "arm-label": "destination_workload"}),
        ('histogram_quantile(0.9, sum(rate(work_seconds_bucket{app="shop"}[1m])) by (le))', {"max": 0.5},
         {"histogram": {"metric": "work_seconds_bucket"}, "above": 0.5, "arm-label": "app"}),
        ('sum(rate(errors_total{service="shop-canary"}[1m])) / sum(rate(calls_total{service="shop-canary"}[1m]))',
         {"max": 0.1},
         {"bad": {"metric": "errors_total"}, "all": {"metric": "calls_total"}, "arm-label": "service",
          "stable-label-value": "shop-primary", "canary-label-value": "shop-canary"}),
    ],
)  # fmt: skip
def test_another_query_is_refused_with_the_custom_metric_that_does_it(query: str, bounds: Json, wanted: Json) -> None:
    """It is a line of canary.yaml that the settings accept."""
    found = asked(query, **bounds)
    [refused] = found.refused
    [metric] = json.loads(refused.text.partition("metrics: ")[2])
    assert {"name": "asked", **wanted} == metric
    assert "asked" == MetricSpec.model_validate(metric).name


@pytest.mark.parametrize(
    "query",
    [
        "sum(rate(latency_sum[1m])) / sum(rate(latency_count[1m]))",
        'up{job="x"}',
        "avg(node_load1)",
        "sum(rate(a_total[1m])) / sum(rate(a_total[1m] offset 1d))",
        f"{BAD} / {ALL}".replace('destination_workload=~"{{ target }}",', "").replace(
            ',destination_workload=~"{{ target }}"', ""
        ),
        f"{BAD} / {ALL}".replace("{{ target }}", "another-app"),
        "sum(",
        "x" * 6000,
        "(" * 400 + "1" + ")" * 400,
        'sum(rate(a{b=~"("}[1m]))',
    ],
)
def test_a_query_that_counts_nothing_bad_is_refused(query: str) -> None:
    """Averages, gauges, other apps, and text that is not a query at all."""
    assert "refused" == fate(asked(query, max=1), "spec.analysis.metrics[0].templateRef")


def test_a_query_in_the_metric_itself_is_read_like_a_template() -> None:
    """The deprecated form; its threshold is a maximum."""
    metric = {"name": "errors", "query": f"{BAD} / {ALL} * 100", "threshold": 5}
    assert 0.95 == read(canary({"metrics": [metric]})).settings["success_slo"]


@pytest.mark.parametrize(
    ("metric", "path", "said"),
    [
        ({"name": "request-success-rate", "thresholdRange": {"min": 0.99}}, "thresholdRange.min", "write 99"),
        ({"name": "request-success-rate", "thresholdRange": {"min": 101}}, "thresholdRange.min", "from 0 to 100"),
        ({"name": "request-duration", "thresholdRange": {"max": 0}}, "thresholdRange.max", "more than 0"),
        ({"name": "my-own"}, "name", "Flagger evaluates nothing under this name"),
        ({"name": "x", "templateRef": {"name": "gone"}}, "templateRef", "MetricTemplate demo/gone is not in this file"),
        ({"name": "x", "templateRef": {"name": "asked"}}, "templateRef", "the query needs variables.route"),
    ],
)
def test_a_metric_that_means_nothing_is_refused(metric: Json, path: str, said: str) -> None:
    """A share where percent is meant would be no guard at all."""
    found = read(canary({"metrics": [metric]}), template("sum(rate(a_total{x='{{ variables.route }}'}[1m]))"))
    assert said in line(found, f"spec.analysis.metrics[0].{path}").text
    assert "refused" == fate(found, f"spec.analysis.metrics[0].{path}")


def test_of_two_bounds_the_stricter_counts() -> None:
    """One objective of each kind; the account says which."""
    both = [{"name": "request-success-rate", "thresholdRange": {"min": bound}} for bound in (95, 99, 97)]
    found = read(canary({"metrics": both}))
    assert 0.99 == found.settings["success_slo"]
    assert "success-slo 0.99, which is stricter" in line(found, "spec.analysis.metrics[2].thresholdRange.min").text


def test_a_second_quantile_is_refused() -> None:
    """There is one latency objective; which of them goes is the team's decision."""
    second = {"name": "p95", "templateRef": {"name": "asked"}, "thresholdRange": {"max": 200}}
    first = {"name": "request-duration", "thresholdRange": {"max": 500}}
    query = f"histogram_quantile(0.95, sum(rate({BUCKETS}[1m])) by (le))"
    found = read(canary({"metrics": [first, second]}), template(query))
    assert "p99 has it" in line(found, "spec.analysis.metrics[1].thresholdRange.max").text


def test_a_template_of_another_source_is_refused() -> None:
    """Only Prometheus is read."""
    found = read(canary(), template("up", type="datadog"))
    assert "refused" == fate(found, "MetricTemplate asked: spec.provider.type")


def test_two_sources_of_metrics_are_refused() -> None:
    """One Prometheus is read."""
    metric = {"name": "e", "templateRef": {"name": "asked"}, "thresholdRange": {"max": 1}}
    found = read(canary({"metrics": [metric]}, metricsServer="http://other:9090"), template(f"{BAD} / {ALL} * 100"))
    assert "one Prometheus is read" in line(found, "MetricTemplate asked: spec.provider.address").text
