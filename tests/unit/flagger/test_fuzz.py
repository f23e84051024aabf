"""Random manifests made of Flagger's fields: never a traceback, never a field without a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from steps.errors import SettingsError
from steps.flagger.conversion import canary_rows
from steps.flagger.fields import Node, tree_of
from steps.flagger.table.metadata import TEMPLATE
from steps.flagger.table.row import Type
from tests.support.flagger_manifests import Json, canary, read

TREES = {"canary": tree_of(canary_rows()), "template": tree_of(TEMPLATE)}
TEXTS = st.sampled_from(
    ["", "x", "1m", "30s", "istio", "Deployment", "shop", "rollout", "confirm-promotion", "request-duration", "asked",
     "curl http://a | grep b", 'sum(rate(a_total{b="c"}[1m])) / sum(rate(a_total[1m]))', "{{ target }}", "\x00", "é"]
)  # fmt: skip
NUMBERS = st.one_of(st.integers(-5, 110), st.floats(), st.just(2**40))
STRANGE = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS, st.just([]), st.just({}), st.just([[1]]), st.dates())
OF_TYPE = {
    Type.TEXT: TEXTS,
    Type.WHOLE: st.integers(-5, 110),
    Type.NUMBER: NUMBERS,
    Type.FLAG: st.booleans(),
    Type.PORT: st.one_of(TEXTS, st.integers(-1, 70000)),
    Type.TEXTS: st.dictionaries(TEXTS, TEXTS, max_size=2),
    Type.WEIGHTS: st.dictionaries(TEXTS, st.integers(0, 100), max_size=2),
    Type.ANY: STRANGE,
}


@st.composite
def values(draw: Any, node: Node) -> Any:  # noqa: ANN401 - any part of a manifest
    """Return a value for a field: mostly of its type, at times anything."""
    if draw(st.integers(0, 24)) == 0:
        return draw(STRANGE)
    if "[]" in node.children:
        return [draw(values(node.children["[]"])) for _ in range(draw(st.integers(0, 2)))]
    if "{}" in node.children:
        return {"x-a": draw(values(node.children["{}"]))}
    if not node.children:
        choices = node.row.choices if node.row is not None else ()
        kind = node.row.type if node.row is not None and node.row.type else Type.ANY
        return draw(st.sampled_from(choices) if choices and draw(st.integers(0, 5)) else OF_TYPE[kind])
    rare = {"unknown": draw(STRANGE)} if draw(st.integers(0, 30)) == 0 else {}
    kept = [
        name
        for name, child in node.children.items()
        if (child.row is not None and child.row.is_required) or draw(st.integers(0, 3)) == 0
    ]
    return {**{name: draw(values(node.children[name])) for name in kept}, **rare}


def leaves(value: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - any part of a manifest
    """Return the paths of all fields that hold no others."""
    if isinstance(value, dict) and value:
        for name, entry in value.items():
            yield from leaves(entry, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for index, entry in enumerate(value):
            yield from leaves(entry, f"{path}[{index}]")
    else:
        yield path


def is_named(leaf: str, lines: set[str]) -> bool:
    """Return whether a field or one that holds it has a line."""
    return any(leaf == one or leaf.startswith((f"{one}.", f"{one}[")) for one in lines)


def check(document: Json, *more: Json) -> None:
    """Convert a manifest and look for each of its fields in the account."""
    try:
        found = read(document, *more)
    except SettingsError:
        return
    lines = {one.path for one in found.account}
    if not any(one.is_malformed for one in found.account):
        assert [] == [leaf for leaf in leaves(document, "") if not is_named(leaf, lines)]
    assert bool(found.refused) == (not found.settings)


@settings(max_examples=60, deadline=None)
@given(values(TREES["canary"]), values(TREES["template"]))
def test_a_random_manifest_never_breaks_the_conversion(document: object, template: object) -> None:
    """Nor does a field of it get lost."""
    head = {"apiVersion": "flagger.app/v1beta1"}
    canary_like = {**document, **head, "kind": "Canary"} if isinstance(document, dict) else {**head, "kind": "Canary"}
    beside = {**(template if isinstance(template, dict) else {}), **head, "kind": "MetricTemplate"}
    check(canary_like, beside)


@settings(max_examples=60, deadline=None)
@given(values(TREES["canary"].children["spec"]))
def test_a_good_manifest_with_random_fields_never_breaks_the_conversion(spec: object) -> None:
    """Most of these are converted, so that conversions meet odd values too."""
    good = canary()
    more = spec if isinstance(spec, dict) else {}
    merged = {**more, **good["spec"], "service": {**_map(more.get("service")), **good["spec"]["service"]}}
    merged["analysis"] = {**_map(more.get("analysis")), **good["spec"]["analysis"]}
    check({**good, "spec": merged})


def _map(value: Any) -> Json:  # noqa: ANN401 - any part of a manifest
    return value if isinstance(value, dict) else {}
