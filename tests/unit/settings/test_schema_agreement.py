"""The JSON schema and the steps agree: the schema refuses nothing that a step takes, but for named spellings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.model.answers import AnswerClass
from tests.support.canary_yaml import FIELDS, KINDS, SCHEMA, VALIDATOR, accepted

PAGE = Path(__file__).parents[3] / "docs" / "canary-yaml.md"

NAMES = st.from_regex(r"[a-z0-9.*/@:-]{0,12}", fullmatch=True)
EDGES = (
    *("", "a", "A", "a.b", "a/b", "a/b.c", "/a", "a/", "*", "*.a", "*.", "a,b/c", "a..b", "-a", "a-", "p99=1s", "5,25"),
    *("a" * 40, "a" * 41, "a" * 63, "a" * 64, "a" * 100 + ".b", "a" * 253, "a" * 254, "*." + "a" * 253, "a" * 512),
    *("c=eu", "c=~eu-.*", "le=1", "4xx", "http://gw", "https://p:9/x", "Name: value", "sha256:" + "0" * 64),
)
"""Texts at the limits of names, and one of each form that some setting has."""
TEXTS = st.one_of(
    NAMES,
    st.text(max_size=8),
    st.lists(NAMES, max_size=3).map(",".join),
    st.from_regex(r"p[0-9]{1,3}(\.[0-9]{1,7})? ?= ?[0-9]{1,4}(\.[0-9])?(ms|s|m)", fullmatch=True),
    st.from_regex(r"[a-z_]{1,6}=~?[a-z.*]{0,5}", fullmatch=True),
    st.from_regex(r"\[? ?[0-9]{1,3}( ?, ?[0-9]{1,3}){0,3} ?\]?", fullmatch=True),
    st.sampled_from(["http://prom:9090/x", "x-probe: canary", "*", "*.shop", "shop/v1", *map(str, AnswerClass)]),
)
NUMBERS = st.one_of(st.integers(-2, 700), st.floats(-1, 100_000), st.sampled_from([0.0, 0.5, 1.0, 86400.0, 1e9]))
SERIES = st.fixed_dictionaries(
    {"metric": st.sampled_from(["a", "shop_total", "a b", ""])},
    optional={
        "match": st.dictionaries(st.sampled_from(["kind", "le", "c-d"]), st.sampled_from(["x", 1]), max_size=2),
        "match-regex": st.dictionaries(st.just("kind"), st.sampled_from(["a|b", "("]), max_size=1),
    },
)
METRICS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["x", "y-1", "X", "errors", "a" * 41])},
        optional={
            **{name: st.one_of(SERIES, SERIES, st.none()) for name in ("bad", "all", "good", "histogram")},
            **{name: st.one_of(st.floats(-1, 2), st.none()) for name in ("above", "below")},
            "weight": NUMBERS,
            "required": st.booleans(),
            "unit": st.text(max_size=25),
            "arm-label": st.sampled_from(["pod", "a-b", None]),
        },
    ),
    max_size=3,
)
PROBES = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["x", "front", "-"]), "path": st.sampled_from(["/", "/a?b=1", "a", "/ "])},
        optional={
            "method": st.sampled_from(["GET", "POST", "get"]),
            "status": st.one_of(st.integers(90, 610), st.lists(st.integers(90, 610), max_size=3)),
            "port": st.one_of(st.none(), st.integers(0, 70_000)),
            "headers": st.dictionaries(
                st.sampled_from(["A", "b c", "X-Y"]), st.sampled_from(["x", "a\nb"]), max_size=2
            ),
            "json": st.fixed_dictionaries({"pointer": st.sampled_from(["", "/a", "a"]), "value": st.none()}),
            "tls": st.dictionaries(
                st.sampled_from(["cert-file", "key-file", "ca-file"]), st.sampled_from(["", "/a"]), max_size=3
            ),
            "max-latency-ms": st.one_of(st.none(), NUMBERS),
        },
    ),
    max_size=3,
)
MAPPINGS = st.dictionaries(st.sampled_from(["A", "cluster", "le", "a-b"]), st.one_of(TEXTS, NUMBERS), max_size=3)
LISTS = st.one_of(st.lists(TEXTS, max_size=3), st.lists(NUMBERS, max_size=3), st.lists(st.integers(0, 120), max_size=4))


NUMERIC: set[Any] = {bool, int, float, int | None}
"""Types that a step reads from text, too: a flag and a variable are text."""


def annotations_of(name: str) -> set[Any]:
    """Return the types that steps declare for a setting."""
    return {field.annotation for kind in KINDS for key, field in kind.model_fields.items() if key == name}


def values(name: str) -> st.SearchStrategy[Any]:
    """Return values that a file may hold for a setting, right and wrong ones, near its limits too."""
    found = [field for kind in KINDS for key, field in kind.model_fields.items() if key == name]
    limits = [
        getattr(entry, bound)
        for entry in found[0].metadata
        for bound in ("ge", "gt", "le", "lt")
        if getattr(entry, bound, None) is not None
    ]
    near = [limit + step for limit in limits for step in (-1, -0.001, 0, 0.001, 1)]
    annotations = annotations_of(name)
    if annotations & NUMERIC - {bool}:  # as text, which only the steps take, see the last test
        return st.one_of(st.sampled_from([*near, 1]), NUMBERS, st.booleans(), st.none(), LISTS)
    if bool in annotations:
        return st.one_of(st.booleans(), st.floats(2, 3), st.none(), LISTS)
    if name in {"metrics", "probes"}:
        return {"metrics": METRICS, "probes": PROBES}[name]
    if name in {"ladder", "hotfix_ladder"}:
        return st.one_of(TEXTS, st.lists(st.integers(0, 120), max_size=4), NUMBERS, st.none())
    chosen = st.sampled_from(SCHEMA["properties"][name.replace("_", "-")].get("enum", ["tekton"]))
    return st.one_of(TEXTS, chosen, MAPPINGS, LISTS, st.booleans(), st.none(), NUMBERS)


@pytest.mark.parametrize("name", FIELDS)
def test_the_schema_refuses_nothing_that_a_step_takes(name: str) -> None:
    """For random values of each setting; lists get more of them, as they have most rules."""
    part = VALIDATOR.evolve(schema=SCHEMA["properties"][name.replace("_", "-")])

    @settings(max_examples=40 if name in {"metrics", "probes"} else 8, deadline=None, database=None, derandomize=True)
    @given(values(name))
    def agree(value: object) -> None:
        refusal = [] if part.is_valid(value) else [error.message for error in part.iter_errors(value)]
        assert not refusal or not accepted(name, value), (value, refusal)

    agree()
    edges = () if annotations_of(name) & NUMERIC else EDGES
    assert [] == [
        value for one in edges for value in (one, [one]) if not part.is_valid(value) and accepted(name, value)
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("metrics", [{"name": "x", "bad": {"metric": "a"}, "all": {"metric": "b"}, "above": 1}]),
        ("metrics", [{"name": "x", "bad": {"metric": "a"}, "all": {"metric": "b"}, "good": {"metric": "b"}}]),
        ("metrics", [{"name": "x", "histogram": {"metric": "a"}}]),
        ("metrics", [{"name": "x", "histogram": {"metric": "a"}, "above": 1, "below": 2}]),
        ("metrics", [{"name": "x", "histogram": {"metric": "a"}, "above": 1, "bad": {"metric": "a"}}]),
        ("metrics", [{"name": "x"}]),
        ("probes", [{"name": "x", "path": "/", "tls": {"key-file": "a", "cert-file": ""}}]),
    ],
)
def test_fields_that_exclude_or_need_each_other_are_refused_by_both(name: str, value: object) -> None:
    """By the schema and by the steps."""
    assert (False, False) == (VALIDATOR.is_valid({name: value}), accepted(name, value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("metrics", [{"name": "x", "bad": {"metric": "a"}, "good": {"metric": "b"}, "all": None, "above": None}]),
        ("metrics", [{"name": "x", "histogram": {"metric": "a"}, "below": 1, "bad": None}]),
        ("metrics", "[{name: x, bad: {metric: a}, all: {metric: b}}]"),
        ("probes", [{"name": "x", "path": "/", "status": 204, "tls": {"key-file": "", "cert-file": ""}}]),
        ("ladder", "[5, 25]"),
        ("ladder", " 5 , 25 "),
        ("metric_labels", ["cluster=eu", "region=~eu-.*"]),
        ("metric_labels", "cluster=eu,region=~eu-.*"),
        ("latency_slo", None),
        ("env", "A=1,B=2"),
        ("image", "registry.example:5000/team/shop@sha256:" + "0" * 64),
        ("host", "*.shop.example,*"),
        ("weight", 0),
        ("format", "table"),
        ("format", "text"),
    ],
)
def test_other_ways_to_write_a_value_are_taken_by_both(name: str, value: object) -> None:
    """Text, lists and mappings."""
    assert (True, True) == (VALIDATOR.is_valid({name: value}), accepted(name, value))


@pytest.mark.parametrize(
    ("file", "taken"),
    [
        ({"min-seconds": "30"}, ("min_seconds", "30")),
        ({"dry-run": "yes"}, ("dry_run", "yes")),
        ({"dry-run": 1}, ("dry_run", 1)),
        ({"ladder": ["5", "25"]}, ("ladder", ["5", "25"])),
        ({"probes": [{"name": "x", "path": "/", "min_body_bytes": 1}]}, None),
        ({"prometheus_url-x": 1}, None),
    ],
)
def test_what_only_the_steps_take_is_a_spelling_that_the_page_names(
    file: dict[str, Any], taken: tuple[str, Any] | None
) -> None:
    """Numbers and switches as text, which flags and variables need; underscores inside entries."""
    assert not VALIDATOR.is_valid(file)
    assert taken is None or accepted(*taken)
    assert "in quotes" in PAGE.read_text("utf-8")
