"""How objects become Helm templates: conditions stand around what depends on them, and Argo's braces survive."""

from __future__ import annotations

import pytest

from tools.charts.conditions import Expression, Json, When, patched, replaced
from tools.charts.template_writer import template

OBJECT: Json = {"kind": "Thing", "metadata": {"name": "one"}, "spec": {"steps": [{"name": "a"}], "wide": False}}


def test_a_patch_takes_effect_under_its_condition() -> None:
    """An added entry exists only then, a replaced one has its old value otherwise; the original is not changed."""
    operations: list[Json] = [
        {"op": "test", "path": "/spec/steps/0/name", "value": "a"},
        {"op": "add", "path": "/spec/steps/-", "value": {"name": "b"}},
        {"op": "add", "path": "/metadata/canary~1steps", "value": "yes"},
        {"op": "replace", "path": "/spec/wide", "value": True},
    ]
    found = patched(OBJECT, operations, ".Values.more")
    assert When(".Values.more", {"name": "b"}) == found["spec"]["steps"][1]
    assert When(".Values.more", "yes") == found["metadata"]["canary/steps"]
    assert When(".Values.more", value=True, otherwise=False) == found["spec"]["wide"]
    assert [{"name": "a"}] == OBJECT["spec"]["steps"]


def test_a_second_patch_reaches_into_what_the_first_one_added() -> None:
    """As cluster-workflow-template does with the step of notifications."""
    first = patched(OBJECT, [{"op": "add", "path": "/spec/steps/-", "value": {"ref": {}}}], "one")
    second = patched(first, [{"op": "add", "path": "/spec/steps/1/ref/wide", "value": True}], "two")
    assert When("one", {"ref": {"wide": When("two", value=True)}}) == second["spec"]["steps"][1]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/spec/steps/0/name", "value": "b"},
        {"op": "add", "path": "/spec/wide", "value": True},
        {"op": "replace", "path": "/spec/narrow", "value": True},
        {"op": "add", "path": "/spec/steps/0", "value": {}},
    ],
    ids=lambda one: f"{one['op']} {one['path']}",
)
def test_a_patch_that_does_not_fit_is_an_error(operation: Json) -> None:
    """The component and its base have come apart; the message names the object."""
    with pytest.raises(ValueError, match="does not fit Thing one"):
        patched(OBJECT, [operation], "x")


def test_conditions_stand_around_entries_and_items() -> None:
    """Each on lines of its own, with the other value after `else`."""
    document = {
        "kind": When("a", "Wide", "Narrow"),
        "spec": {"list": [{"name": "a"}, When("b", {"name": "b"})], "extra": When("c", Expression(".Values.c"))},
    }
    assert template(document).splitlines() == [
        "{{- if a }}", "kind: Wide", "{{- else }}", "kind: Narrow", "{{- end }}",
        "spec:", "  list:", "  - {name: a}", "{{- if b }}", "  - {name: b}", "{{- end }}",
        "{{- if c }}", "  extra: {{ .Values.c }}", "{{- end }}",
    ]  # fmt: skip


def test_braces_of_other_programs_are_literals() -> None:
    """Argo's and Prometheus' expressions; quotes in them are escaped for YAML alone."""
    assert 'value: "{{`{{inputs.parameters.app}}`}} of {{`{{= x ? \'a\' : \\"b\\"}}`}}"' == template(
        {"value": "{{inputs.parameters.app}} of {{= x ? 'a' : \"b\"}}"}
    )


@pytest.mark.parametrize("text", ["{{ open", "{{ `raw` }}"])
def test_braces_that_cannot_be_escaped_are_an_error(text: str) -> None:
    """Better than a chart that renders something else."""
    with pytest.raises(ValueError, match="cannot be escaped"):
        template({"value": text})


def test_an_item_cannot_begin_with_a_condition() -> None:
    """Its dash would stand on no line."""
    with pytest.raises(ValueError, match="first entry"):
        template({"list": [{"name": When("a", "x"), "value": "y"}]})


def test_only_whole_texts_are_replaced() -> None:
    """Also inside of conditions, in both values."""
    document = {"image": "old", "args": ["old", "older"], "more": When("a", "old", "old")}
    assert {"image": "new", "args": ["new", "older"], "more": When("a", "new", "new")} == replaced(
        document, "old", "new"
    )
