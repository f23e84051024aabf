"""The table of decisions has every field of Flagger's custom resources, and the walk names what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from steps.flagger.conversion import canary_rows
from steps.flagger.fields import Node, parts_of, tree_of
from steps.flagger.table.metadata import ALERT, TEMPLATE
from steps.flagger.table.row import Row
from tests.support.flagger_manifests import canary, fate, line, read, template

TABLES: dict[str, tuple[Row, ...]] = {"Canary": canary_rows(), "MetricTemplate": TEMPLATE, "AlertProvider": ALERT}
LINES = (Path(__file__).parent / "flagger_fields.txt").read_text(encoding="utf-8").splitlines()
FIELDS = [entry.split(" ") for entry in LINES if not entry.startswith("#")]


def _on_the_way(table: tuple[Row, ...], path: str) -> list[Node]:
    found = [tree_of(table)]
    for part in parts_of(path):
        found.append(found[-1].children[part])
    return found


def test_every_field_of_flagger_has_a_decision() -> None:
    """Or the field that holds it has one for all of them; a part of the conversion may decide otherwise by value."""
    undecided = []
    for kind, path in FIELDS:
        nodes = _on_the_way(TABLES[kind], path)
        decided = any(node.row is not None and node.row.fate is not None for node in nodes)
        if not decided and path not in {"apiVersion", "kind", "metadata"}:
            undecided.append(path)
    assert [] == undecided
    assert len(FIELDS) > 200


def test_every_field_of_flagger_has_a_type() -> None:
    """So a wrong value is refused by its path, also inside what is taken over as it is."""
    nodes = {path: _on_the_way(TABLES[kind], path)[-1] for kind, path in FIELDS}
    untyped = [path for path, node in nodes.items() if not node.children and (not node.row or node.row.type is None)]
    assert [] == untyped


def test_the_table_has_no_field_that_flagger_has_not() -> None:
    """A row that no manifest can meet is a misspelt one; canaryAnalysis is of older versions."""
    known = {path for kind, path in FIELDS if kind == "Canary"}
    rows = [row for row in canary_rows() if row.type is not None and row.path.startswith("spec.")]
    extra = {row.path for row in rows} - known
    assert set() == {path for path in extra if not path.startswith("spec.canaryAnalysis.")}


@pytest.mark.parametrize(
    ("path", "given", "said"),
    [
        ("spec.analysis.interval", {"analysis": {"interval": 60}}, "must be text, not a number: put it in quotes"),
        ("spec.analysis.stepWeight", {"analysis": {"stepWeight": "10"}}, "must be a whole number, not text"),
        ("spec.analysis.stepWeight", {"analysis": {"stepWeight": 2.5}}, "must be a whole number, not a number"),
        ("spec.analysis.stepWeights[1]", {"analysis": {"stepWeights": [5, "x"]}}, "must be a whole number, not text"),
        ("spec.analysis.stepWeights", {"analysis": {"stepWeights": 5}}, "must be a list, not a number"),
        ("spec.analysis.mirror", {"analysis": {"mirror": "no"}}, "must be true or false, not text"),
        ("spec.analysis.metrics[0].name", {"analysis": {"metrics": [{}]}}, "Flagger requires this field"),
        ("spec.analysis.metrics[0]", {"analysis": {"metrics": ["x"]}}, "must be `name: value` pairs, not text"),
        ("spec.analysis.metrics[0].thresholdRange.min",
         {"analysis": {"metrics": [{"name": "x", "thresholdRange": {"min": float("nan")}}]}}, "must be a number"),
        ("spec.analysis.webhooks[0].type",
         {"analysis": {"webhooks": [{"name": "a", "url": "http://x", "type": "confirm-rollback"}]}}, "must be one of"),
        ("spec.service.retries.attempts", {"service": {"retries": {"attempts": "3"}}}, "must be a whole number"),
        ("spec.service.retries.attempt", {"service": {"retries": {"attempt": 3}}}, "did you mean attempts?"),
        ("spec.service.match[0].headers.x-a.exactly",
         {"service": {"match": [{"headers": {"x-a": {"exactly": "1"}}}]}}, "did you mean exact?"),
        ("spec.service.headers.request.set", {"service": {"headers": {"request": {"set": {"x-a": 1}}}}},
         "must be `name: text` pairs"),
        ("spec.service.port", {"service": {"port": None}}, "Flagger requires this field"),
        ("spec.progressDeadlineSeconds", {"progressDeadlineSeconds": True}, "must be a whole number"),
        ("spec.provider", {"provider": "isto"}, "must be one of"),
        ("spec.targetRef.kind", {"targetRef": {"apiVersion": "v1", "kind": "StatefulSet", "name": "shop"}},
         "must be one of 'DaemonSet', 'Deployment', 'Service'"),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_read_is_refused_by_its_path(path: str, given: dict[str, Any], said: str) -> None:
    """Nested ones as well; nothing is guessed in its place."""
    found = read(canary(**given))
    assert said in " ".join(one.text for one in found.refused if one.path == path)
    assert {} == found.settings


def test_an_unknown_field_of_a_template_is_named_with_its_object() -> None:
    """The file has several objects."""
    wrong = {**template("up"), "spec": {"provider": {"type": "prometheus", "adress": "http://prom"}, "query": "up"}}
    assert "did you mean address" in line(read(canary(), wrong), "MetricTemplate asked: spec.provider.adress").text


def test_null_and_empty_fields_are_named_too() -> None:
    """Kubectl prints neither, people write both."""
    found = read(canary({"match": [], "sessionAffinity": None}, {"hosts": None, "retries": {}}, metricsServer=None))
    paths = ("spec.analysis.match", "spec.service.hosts", "spec.service.retries", "spec.metricsServer")
    assert ["dropped"] * 4 == [fate(found, path) for path in paths]
    assert [] == list(found.refused)


def test_a_value_that_may_be_a_secret_is_not_shown() -> None:
    """The account goes to logs and into a ConfigMap."""
    hidden = read(canary(metricsServer="http://ann:hidden@prom:9090"), template("up", secretRef={"name": "hidden"}))
    assert "hidden" not in " ".join(map(str, hidden.account))
