"""`metrics:` of canary.yaml: every example of the docs loads, every mistake is refused with its path."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from steps.analyze import Settings
from tests.unit.settings.conftest import Load, Refusal

PAGE = Path(__file__).parents[3] / "docs" / "canary-yaml.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
PAIR = "bad: {metric: a}, all: {metric: b}"
FORM = "needs `bad` with one of `all` and `good`, or `histogram` with one of `above` and `below`"


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_of_the_docs_loads(load_step: Load, example: str) -> None:
    """For analyze and rollout."""
    for step in ("analyze", "rollout"):
        assert "shop" == getattr(load_step(step, "--app=shop", file=example), "app", "")


def test_a_metric_keeps_what_it_says(load_step: Load) -> None:
    """From the first example with metrics."""
    settings = load_step("analyze", "--app=shop", file=next(one for one in EXAMPLES if "search-time" in one))
    assert isinstance(settings, Settings)
    checkout, payments, search = settings.metrics

    assert {"kind": "card"} == (checkout.every.match if checkout.every else None)
    assert (3.0, 0.02, True) == (payments.weight, payments.tolerated_difference, payments.required)
    assert (0.5, "s", False) == (search.above, search.unit, search.required)


def test_metrics_may_come_as_a_flag(load_step: Load) -> None:
    """As YAML or JSON."""
    settings = load_step("analyze", "--app=shop", "--metrics", f"[{{name: x, {PAIR}}}]")
    assert isinstance(settings, Settings)

    assert ["x"] == [metric.name for metric in settings.metrics]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (f"name: X, {PAIR}", "metrics[0].name = 'X': must match "),
        (f"name: errors, {PAIR}", "'errors' is the name of a standard metric"),
        ("name: x, bad: {metric: a}", FORM),
        ("name: x, bad: {metric: a}, all: {metric: b}, good: {metric: c}", FORM),
        ("name: x, histogram: {metric: a}", FORM),
        ("name: x, histogram: {metric: a}, above: 1, below: 2", FORM),
        (f"name: x, {PAIR}, above: 1", FORM),
        (f"name: x, {PAIR}, weight: 0", "metrics[0].weight = 0: must be a number more than 0"),
        (f"name: x, {PAIR}, tolerated-difference: 1", "tolerated-difference = 1: must be a number less than 1"),
        (f"name: x, {PAIR}, colour: red", "metrics[0].colour = 'red': no such setting here"),
        ("name: x, bad: {metric: 'a{b}'}, all: {metric: b}", "metrics[0].bad.metric = 'a{b}': must match "),
        ("name: x, bad: {metric: 'job:a:rate'}, all: {metric: b}", "metrics[0].bad.metric = 'job:a:rate': must match "),
        ("name: x, bad: {metric: a, match: {code: 5}}, all: {metric: b}", "match.code = 5: must be text"),
        ("name: x, bad: {metric: a, match-regex: {c: '('}}, all: {metric: b}", "must be a regular expression"),
        ("name: x, bad: {metric: a, match: {'c\"': d}}, all: {metric: b}", "must match "),
    ],
)
def test_a_mistake_is_refused_with_its_path(refusal: Refusal, entry: str, said: str) -> None:
    """Before any query."""
    assert said in refusal("analyze", "--app=shop", file=f"metrics:\n- {{{entry}}}\n")


def test_two_metrics_cannot_share_a_name(refusal: Refusal) -> None:
    """Messages could not distinguish them."""
    entry = f"{{name: x, {PAIR}}}"
    assert "'x' is the name of two entries" in refusal("analyze", "--app=shop", file=f"metrics: [{entry}, {entry}]\n")


def test_there_are_at_most_twelve(refusal: Refusal) -> None:
    """Each takes a part of the error budget."""
    entries = ", ".join(f"{{name: x{i}, {PAIR}}}" for i in range(13))
    assert "at most 12 items" in refusal("analyze", "--app=shop", file=f"metrics: [{entries}]\n")
