"""The JSON schema of canary.yaml: fit for editors and for Helm, true to the loader, and what is published."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

from steps.__main__ import main
from steps.manifests.config_map import config_map
from steps.model.names import ReleaseNames
from steps.model.run import Destination
from tests.support.canary_yaml import FIELDS, SCHEMA, VALIDATOR, accepted
from tools.canary_schema import FILE, text

ROOT = Path(__file__).parents[3]

# Keywords whose values are schemas: by name, in a list, or one.
BY_NAME = {"properties", "patternProperties", "definitions"}
IN_A_LIST = {"anyOf", "oneOf", "allOf"}
ONE = {"items", "additionalProperties", "propertyNames", "not", "if", "then"}


def parts(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema inside a schema with its path."""
    yield path, schema
    for key, value in schema.items():
        inner: list[tuple[str, Any]] = []
        if key in BY_NAME:
            inner = list(value.items())
        elif key in IN_A_LIST:
            inner = [(str(number), one) for number, one in enumerate(value)]
        elif key in ONE and isinstance(value, dict):
            inner = [("", value)]
        for name, one in inner:
            yield from parts(one, f"{path}/{key}/{name}".rstrip("/"))


def examples() -> list[str]:
    """Return every YAML block of the docs that is a canary.yaml: all its keys are settings."""
    known = {*FIELDS, *(name.replace("_", "-") for name in FIELDS)}
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    blocks = [one for page in pages for one in re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)]
    found = [block for block in blocks if "{{" not in block and isinstance(_first(block), dict)]
    # Below `canary` a mapping stands in values of the chart, a name in canary.yaml.
    return [one for one in found if set(_first(one)) <= known and not isinstance(_first(one).get("canary"), dict)]


def _first(block: str) -> Any:  # noqa: ANN401 - YAML
    return next(iter(yaml.safe_load_all(block)), None)


def config_maps() -> list[str]:
    """Return every canary.yaml inside a ConfigMap of the repository."""
    files = [
        file
        for top in ("workflows", "tekton", "charts", "examples", "docs", "ansible")
        for kind in ("*.yaml", "*.md")
        for file in (ROOT / top).rglob(kind)
    ]
    pattern = re.compile(r"^( *)canary\.yaml: \|.*\n((?:\1 +.*\n|\s*\n)+)", re.MULTILINE)
    bodies = [body for file in files for _, body in pattern.findall(file.read_text("utf-8"))]
    return [body for body in bodies if "{{" not in body]


def test_the_published_schema_is_what_the_settings_say(capsys: pytest.CaptureFixture[str]) -> None:
    """`make docs` was run after the last change, and `canary-steps schema` prints the same."""
    assert text() == FILE.read_text(encoding="utf-8")
    assert 0 == main(["schema"])
    assert text() == capsys.readouterr().out


def test_the_command_takes_nothing_and_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """Help ends with 0, an argument with 2 and without a schema that a file would then hold."""
    assert 0 == main(["schema", "--help"])
    assert "usage: canary-steps schema" in capsys.readouterr().out
    assert 2 == main(["schema", "rollout"])
    captured = capsys.readouterr()
    assert ("", True) == (captured.out, "takes no argument, got 'rollout'" in captured.err)
    assert 0 == main(["--help"])
    assert "schema" in capsys.readouterr().out


def test_it_is_a_schema_of_draft_7() -> None:
    """By the draft's own schema; every reference resolves."""
    Draft7Validator.check_schema(SCHEMA)
    assert ("http://json-schema.org/draft-07/schema#", False) == (SCHEMA["$schema"], SCHEMA["additionalProperties"])
    targets = {f"#{path}" for path, _ in parts(SCHEMA)}
    references = {one["$ref"] for _, one in parts(SCHEMA) if "$ref" in one}
    assert references
    assert set() == references - targets


def test_it_is_strict() -> None:
    """As validators in strict mode want it: one type a schema, objects closed, no stray keyword."""
    for path, one in parts(SCHEMA):
        assert not isinstance(one.get("type"), list), path
        assert "title" not in one or not one["title"].endswith((".", ":")), path
        if "properties" in one and not re.search("/(oneOf|if|then)", path):
            assert one["additionalProperties"] is False, path
    known = {
        "$schema",
        "$id",
        "$ref",
        "title",
        "description",
        "default",
        "examples",
        "type",
        "enum",
        "const",
        "pattern",
    }
    known |= {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems", "uniqueItems"}
    known |= {"minLength", "maxLength", "minProperties", "maxProperties", "required", *BY_NAME, *IN_A_LIST, *ONE}
    assert set() == {key for _, one in parts(SCHEMA) for key in one} - known


def test_patterns_work_in_each_language() -> None:
    """Python, JavaScript in Unicode mode and RE2 (Helm): neither look-around nor needless escapes."""
    patterns = {one["pattern"] for _, one in parts(SCHEMA) if "pattern" in one} | set(SCHEMA["patternProperties"])
    assert len(patterns) > 10
    for pattern in patterns:
        re.compile(pattern)
        assert pattern.startswith("^"), pattern
        assert not re.search(r"\(\?|\\[^sSdwWrn.*?+^$|/\\()\[\]{}]", pattern), pattern


def test_every_setting_stands_there_with_its_meaning() -> None:
    """Described in a sentence, with its default where it has one; both spellings are checked alike."""
    assert [name.replace("_", "-") for name in FIELDS] == list(SCHEMA["properties"])
    assert {f"^{name}$" for name in FIELDS if "_" in name} == set(SCHEMA["patternProperties"])
    for path, one in parts(SCHEMA):
        if re.search(r"/properties/[^/]+$", path) and not re.search("/(oneOf|if|then)/", path):
            assert one.get("description", "").strip(), path
            assert not one["description"].endswith(":"), path
    assert (30, 0) == (SCHEMA["properties"]["min-seconds"]["default"], SCHEMA["properties"]["min-seconds"]["minimum"])
    assert "default" not in SCHEMA["properties"]["prometheus-token-file"]


def test_every_default_and_example_fits() -> None:
    """What an editor inserts is not refused by the same editor, and the steps take it."""
    for name, schema in SCHEMA["properties"].items():
        for value in [*schema.get("examples", []), *([schema["default"]] if "default" in schema else [])]:
            assert [] == [error.message for error in VALIDATOR.iter_errors({name: value})], name
            assert accepted(name.replace("-", "_"), value), name


@pytest.mark.parametrize("example", [*examples(), *config_maps()])
def test_every_canary_yaml_of_the_repository_fits(example: str) -> None:
    """Those of the docs and those in ConfigMaps."""
    assert [] == [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(example))]


def test_there_are_examples() -> None:
    """The pages were found."""
    assert len(examples()) >= 4


def test_what_init_prints_fits_and_names_the_schema() -> None:
    """Editors read its first line."""
    names = ReleaseNames(
        "shop", "shop", "shop", "shop-canary", "shop-baseline", (), (), Destination("shop"), Destination("shop-canary")
    )
    printed = config_map(names, {"app": "shop", "latency-slo": "p99=500ms"}).body["data"]["canary.yaml"]
    assert f"# yaml-language-server: $schema={SCHEMA['$id']}" == printed.splitlines()[0]
    assert VALIDATOR.is_valid(yaml.safe_load(printed))


@pytest.mark.parametrize(
    ("file", "path", "said"),
    [
        ("min-secnds: 3", "", "'min-secnds' does not match any"),
        ("min-seconds: -1", "min-seconds", "less than the minimum of 0"),
        ("min_seconds: -1", "min_seconds", "less than the minimum of 0"),
        ("alpha: 0.5", "alpha", "maximum of 0.5"),
        ("pass-rule: maybe", "pass-rule", "not one of"),
        ("app: Shop", "app", "does not match"),
        ("latency-slo: p99 below 500", "latency-slo", "does not match"),
        ("ladder: [5, 101]", "ladder/1", "maximum of 100"),
        ("ladder: []", "ladder", "non-empty"),
        ("ladder: 5;25", "ladder", "does not match"),
        ("dry-run: maybe", "dry-run", "not of type 'boolean'"),
        ("virtual-service: [shop/shop/shop]", "virtual-service/0", "does not match"),
        ("metric-labels: {reporter: source}", "metric-labels", "should not be valid under"),
        ("ignore-answers: [5xx]", "ignore-answers/0", "not one of"),
        ("metrics: [{name: x, bad: {metric: a}}]", "metrics/0", "is not valid under any of the given schemas"),
        ("metrics: [{name: x, bad: {metric: a}, all: {metric: b}, weight: 0}]", "metrics/0/weight", "minimum of 0"),
        ("metrics: [{name: errors, bad: {metric: a}, all: {metric: b}}]", "metrics/0/name", "should not be valid"),
        ("metrics: [{name: x, bad: {metric: 'a b'}, all: {metric: b}}]", "metrics/0/bad/metric", "does not match"),
        ("probes: [{name: x}]", "probes/0", "'path' is a required property"),
        ("probes: [{name: x, path: /, status: [99]}]", "probes/0/status/0", "minimum of 100"),
        ("probes: [{name: x, path: /, tls: {cert-file: a}}]", "probes/0/tls", "'key-file' is a required property"),
    ],
)
def test_a_mistake_is_refused_with_its_path(file: str, path: str, said: str) -> None:
    """As an editor underlines it."""
    errors = [leaf for error in VALIDATOR.iter_errors(yaml.safe_load(file)) for leaf in [error, *_leaves(error)]]
    assert best_match(VALIDATOR.iter_errors(yaml.safe_load(file))) is not None
    found = {("/".join(map(str, error.absolute_path)), error.message) for error in errors}
    assert [one for one in found if path == one[0] and said in one[1]], found


def _leaves(error: Any) -> Iterator[Any]:  # noqa: ANN401 - jsonschema has no types
    for one in error.context:
        yield one
        yield from _leaves(one)
