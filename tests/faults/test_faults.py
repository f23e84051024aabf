"""A sample of `make faults`, and the harness itself: it must notice each step that breaks a promise."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

NOTICED = {
    "broken/leaves-users:0:none": "users on a ready arm",
    "broken/scales-down-first:0:none": "no weight on what goes",
    "broken/forgets-tokens:0:none": "nothing left over",
    "broken/changes-hosts:0:none": "only weights",
    "broken/touches-another-app:0:none": "nobody else touched",
    "broken/deploys-another-version:0:none": "one version",
    "broken/crashes:0:none": "no traceback",
    "broken/waits-for-deployments:1:500": "users first",
    "broken/writes-without-token:1:late-sweep": "fenced",
    "broken/sends-users-to-no-pods:0:none": "users served",
}


def tried(*arguments: str) -> list[dict[str, Any]]:
    """Return what a worker says about its points; it has a clock of its own, so it is a process of its own."""
    command = [sys.executable, "-m", "tests.faults.worker", *arguments]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=300)
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_a_sample_over_all_stories_finds_no_violation() -> None:
    """A point of every sixth story, any fault, any way back; `make faults` tries 20,000 of them."""
    lines = tried("--quick", "8", "--seed", "7")
    assert [] == [(line["point"], found) for line in lines for found in line["found"]]
    assert 8 == len(lines)


@pytest.fixture(scope="module")
def noticed() -> list[dict[str, Any]]:
    """Return what the harness says about each broken step."""
    return tried("--point", ",".join(NOTICED))


def test_each_broken_step_is_noticed(noticed: list[dict[str, Any]]) -> None:
    """A harness that finds nothing proves nothing."""
    promises = {line["point"]: {one["promise"] for one in line["found"]} for line in noticed}
    assert {} == {point: promises[point] for point, promise in NOTICED.items() if promise not in promises[point]}


def test_a_point_can_be_repeated_exactly(noticed: list[dict[str, Any]]) -> None:
    """The same findings in another process."""
    again = tried("--point", "broken/scales-down-first:0:none,broken/crashes:0:none")
    assert [noticed[1], noticed[6]] == again
