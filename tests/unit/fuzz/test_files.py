"""Whatever stands in a file that a step reads, only declared errors come out: other programs write such files, too."""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from steps.errors import StepError
from steps.evidence import recording
from steps.outputs import judgement_file
from steps.registry.credentials import credentials_for
from steps.registry.reference import parse
from steps.replay import STEP as REPLAY

SCALARS = some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=6)
JSON = some.recursive(
    SCALARS, lambda one: some.lists(one, max_size=3) | some.dictionaries(some.text(max_size=6), one, max_size=3)
)
DEEP = b"[" * 100_000
"""Nested too deeply for any parser."""

FEW = settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
HEADER = {"kind": "recording", "version": recording.VERSION, "app": "shop", "namespace": "demo"}
LOOK = {
    "kind": "look", "now": 100.0, "started": 1.0, "rung_started": 1.0, "weight": 5, "reporter": None, "bounds": None,
    "problem": None, "health": None, "probes": None, "verdict": "continue", "code": "", "control": "",
}  # fmt: skip
ANSWER = {"kind": "answer", "query": "up", "at": 100.0, "result": [], "warnings": []}


def only_declared(reads: Callable[[], object]) -> None:
    """Let something be read: it may refuse."""
    with contextlib.suppress(StepError):
        reads()


def replayed(path: Path) -> None:
    """Read and judge a recording."""
    only_declared(
        lambda: REPLAY.main(REPLAY.settings.model_validate({"recording": str(path), "output": f"{path}.out"}))
    )


@pytest.mark.parametrize("content", [b"", b"\0\xff", b"[]", b"{}", b"null", b'{"auths": 5}', DEEP, b'{"a": ' * 50_000])
def test_no_content_of_a_file_is_a_crash(tmp_path: Path, content: bytes) -> None:
    """Of a recording, compressed or not, a judgement, and credentials."""
    for name in ("run.jsonl", "run.jsonl.gz"):
        (tmp_path / name).write_bytes(content)
        replayed(tmp_path / name)
        (tmp_path / name).write_bytes(gzip.compress(content)[:-4] if name.endswith("gz") else content)
        replayed(tmp_path / name)
    file = tmp_path / "any.json"
    file.write_bytes(content)
    only_declared(lambda: judgement_file.load(str(file), "--judgement"))
    only_declared(lambda: credentials_for(parse("registry.example/team/shop"), str(file)))


def test_a_file_without_an_end_is_refused(tmp_path: Path) -> None:
    """A device, or a small compressed file with one endless line."""
    only_declared(lambda: judgement_file.load("/dev/zero", "--judgement"))
    only_declared(lambda: credentials_for(parse("registry.example/team/shop"), "/dev/zero"))
    packed = tmp_path / "run.jsonl.gz"
    packed.write_bytes(gzip.compress(b" " * (70 << 20), 1))
    with pytest.raises(StepError, match="a line of more than 64 MiB"):
        recording.load(packed)


@FEW
@given(some.sampled_from([*HEADER, "rules"]), some.sampled_from(sorted(LOOK)), some.sampled_from(sorted(ANSWER)), JSON)
def test_a_changed_recording_is_refused_or_judged(
    tmp_path: Path, head: str, look: str, answer: str, value: object
) -> None:
    """Each field of each kind of line, with any value, or missing."""
    for place, name in enumerate((head, look, answer)):
        lines = [dict(HEADER), dict(ANSWER), dict(LOOK)]
        line = lines[(0, 2, 1)[place]]
        for kept in (True, False):
            if kept:
                line[name] = value
            else:
                line.pop(name, None)
            path = tmp_path / "run.jsonl"
            path.write_text("".join(f"{json.dumps(one)}\n" for one in lines))
            replayed(path)


@FEW
@given(JSON)
def test_credentials_of_any_shape_are_read_or_refused(tmp_path: Path, value: object) -> None:
    """At each place of a config.json."""
    for content in (value, {"auths": value}, {"auths": {"registry.example": value}},
                    {"auths": {"registry.example": {"auth": value}}}, {"credHelpers": value}):  # fmt: skip
        file = tmp_path / "config.json"
        file.write_text(json.dumps(content))
        only_declared(partial(credentials_for, parse("registry.example/team/shop"), str(file)))


def test_the_unchanged_recording_is_read(tmp_path: Path) -> None:
    """Else the tests above would prove nothing."""
    path = tmp_path / "run.jsonl"
    path.write_text("".join(f"{json.dumps(one)}\n" for one in (HEADER, ANSWER, LOOK)))
    assert 1 == len(recording.load(path).polls)
