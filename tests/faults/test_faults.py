"""A sample of `make faults`, and the harness itself: it must notice each step that breaks a promise."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

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
    """One point of each story; `make faults` tries 24,000 of them."""
    lines = tried("--quick", "--seed", "7")
    assert [] == [(line["point"], found) for line in lines for found in line["found"]]
    assert len(lines) > 40


def test_each_broken_step_is_noticed() -> None:
    """A harness that finds nothing proves nothing."""
    lines = tried("--point", ",".join(NOTICED))
    assert NOTICED == {
        line["point"]: next((one["promise"] for one in line["found"] if one["promise"] == NOTICED[line["point"]]), "")
        for line in lines
    }


def test_a_point_can_be_repeated_exactly() -> None:
    """The same requests, the same findings."""
    first, second = (tried("--point", "broken/scales-down-first:0:none,broken/crashes:1:lost-answer") for _ in range(2))
    assert first == second
    assert first[0]["found"]
