"""YAML from a stranger: what is small in the file and large in memory is refused, in a sentence and in time."""

from __future__ import annotations

import contextlib
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from steps.settings.yaml_text import MAX_BYTES, yaml_documents, yaml_value
from tests.unit.settings.conftest import Refusal

ALIASES = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 8)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 8)}]}}\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "aliases": (ALIASES, "more than 20000 values"),
    "merges": (MERGES, "more than 20000 values"),
    "itself": ("a: &a [*a]", "more than 20000 values"),
    "itself by its key": ("&a {b: *a}", "more than 20000 values"),
    "lists in lists": ("[" * 100_000, "nested deeper than 50"),
    "maps in maps": ("{a: " * 100_000, "nested deeper than 50"),
    "items in items": ("- " * 100_000, "nested deeper than 50"),
    "keys in keys": ("? " * 100_000, "nested deeper than 50"),
    "many values": ("- 1\n" * 200_000, "more than 20000 values"),
    "many documents": ("--- 1\n" * 100_000, "more than 20000 values"),
    "a large file": ("a: " + "x" * MAX_BYTES, "larger than 1 MiB"),
    "a key twice": ("a: 1\nb: 2\na: 3", "'a' stands twice, line 3, column 1"),
    "a key twice below": ("a: [{b: 1, b: 2}]", "'b' stands twice"),
    "a key twice in two forms": ("{a: 1, 'a': 2}", "'a' stands twice"),
    "code": ("a: !!python/object/apply:os.system [ls]", "tag:yaml.org,2002:python/object/apply:os.system"),
    "a tag of its own": ("a: !secret x", "'!secret' is not allowed"),
    "bytes": ("a: !!binary aGk=", "is not allowed"),
    "a set": ("!!set {a, b}", "is not allowed"),
    "a map that is a list": ("a: !!map [b]", "is not YAML"),
    "a number that is none": ("a: !!int x", "a value cannot be read"),
    "no number": ('a: !!int ""', "a value cannot be read"),
    "a date that is none": ("a: 2026-99-99", "a value cannot be read"),
    "a zone that is none": ("2026-01-01T00:00:00+99:99", "a value cannot be read"),
    "a large number": ("a: " + "9" * 5000, "a number that is too long"),
    "a number to the base 60": ("a: 1" + ":59" * 100_000, "a number that is too long"),
    "half a pair": ('a: "\\ud800"', "half a surrogate pair"),
    "a NUL": ("a: \x00", "special characters are not allowed"),
    "a list as a key": ("? [a]\n: 1", "unhashable key"),
    "an unknown alias": ("a: *b", "undefined alias"),
}


SLOW = {"many values", "many documents", "lists in lists"}


@pytest.mark.parametrize("what", [pytest.param(one, marks=[pytest.mark.full] * (one in SLOW)) for one in HOSTILE])
def test_hostile_yaml_is_refused_in_time(what: str) -> None:
    """With a sentence of one line."""
    text, part = HOSTILE[what]
    began = time.process_time()
    with pytest.raises(ValueError, match=r"^is ") as caught:
        yaml_documents(text)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert time.process_time() - began < 10.0


def test_a_bomb_takes_no_memory() -> None:
    """It is counted before anything is made of it."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="more than"):
            yaml_documents(ALIASES)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("step", ["rollout --config", "init --from"])
@pytest.mark.parametrize("what", ["aliases", "lists in lists", "a key twice", "code"])
def test_every_file_is_read_by_the_same_rules(refusal: Refusal, tmp_path: Path, step: str, what: str) -> None:
    """canary.yaml and Flagger's manifest; the sentence names the file."""
    text, part = HOSTILE[what]
    file = tmp_path / "shop.yaml"
    file.write_text(text)
    name, flag = step.split()
    cause = refusal(name, "--app=shop", f"{flag}={file}")
    assert cause.startswith(f"{file}: is not YAML: ")
    assert part in cause


@pytest.mark.parametrize("flag", ["--env", "--template-patch", "--metrics", "--probes", "--metric-labels"])
def test_every_flag_in_yaml_is_read_by_the_same_rules(refusal: Refusal, flag: str) -> None:
    """The text of a flag may come from a push."""
    for text in ("{a: " * 200, "{a: 1, a: 2}", "{a: !!python/none x}", "{a: &a [*a]}"):
        assert "is not YAML: " in refusal("rollout", "--app=shop", f"{flag}={text}").replace("nor YAML: is", "is")


def test_a_file_without_an_end_is_not_read_to_its_end(refusal: Refusal) -> None:
    """A device, for example."""
    assert "/dev/zero: is larger than 1 MiB" == refusal("rollout", "--app=shop", "--config=/dev/zero")


def test_a_setting_in_two_spellings_is_refused(refusal: Refusal) -> None:
    """Else the last line would win silently."""
    cause = refusal("rollout", "--app=shop", file="success-slo: 0.9\nsuccess_slo: 0.99\n")
    assert "success_slo is given twice" in cause


def test_anchors_and_merges_of_a_usual_size_are_read() -> None:
    """People share the headers of their probes so."""
    text = "x: &x {a: 1, b: 2}\nprobes: [{<<: *x, b: 3}, *x]\nday: 2026-01-01\n"
    assert [{"a": 1, "b": 3}, {"a": 1, "b": 2}] == yaml_value(text)["probes"]


TOKENS = some.sampled_from([*"[]{}-?:!|>%@'\"1.e_~\n", "&a", "*a", "<<:", "!!"])


@given(some.text(max_size=60) | some.lists(TOKENS).map(" ".join))
def test_any_text_is_a_value_or_refused(text: str) -> None:
    """And nothing else."""
    with contextlib.suppress(ValueError):
        yaml_documents(text)
