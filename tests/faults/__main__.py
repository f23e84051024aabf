"""`make faults`: try points on all processors, print progress and a table, and end with 1 at the first violation.

python -m tests.faults                        # the seeded sample
python -m tests.faults --points 0             # every point there is
python -m tests.faults --point STORY:AT:FAULT # one point, with the log of its steps
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tests.faults.table import as_markdown, as_text

POINTS = 20_000
_EVERY_SECONDS = 5.0
Line = dict[str, Any]


def main() -> int:
    """Run the harness."""
    given = _arguments()
    if given.point:
        return _repeat(given.point)
    began, shown = time.monotonic(), 0.0
    tried: Counter[tuple[str, str]] = Counter()
    broken: Counter[tuple[str, str]] = Counter()
    kinds: dict[tuple[str, str, str], Line] = {}
    for line in _lines(given):
        place = line["story"], line["fault"]
        tried[place] += line["ways"]
        for found in line["found"]:
            broken[place] += 1
            _note(kinds, line, found)
        if kinds and not given.keep_going:
            break
        if time.monotonic() - shown > _EVERY_SECONDS:
            shown = time.monotonic()
            _say(f"{shown - began:4.0f} s  {tried.total():6} points  {broken.total()} violations  {line['story']}")
    _say(as_text(tried, broken))
    _say(f"{tried.total()} points, {broken.total()} violations, {time.monotonic() - began:.0f} s, seed {given.seed}")
    if given.markdown:
        Path(given.markdown).write_text(as_markdown(tried, broken), encoding="utf-8")
    return 1 if broken else 0


def _note(kinds: dict[tuple[str, str, str], Line], line: Line, found: Line) -> None:
    """Print the first violation of each kind: a promise, and the story and the way back in which it broke."""
    kind = found["promise"], line["story"], found["way"]
    if kind in kinds:
        return
    kinds[kind] = found
    during = f"the way back `{found['way']}`" if found["way"] else "the step itself"
    _say(f"\nVIOLATION of `{found['promise']}` during {during}: {found['text']}")
    _say(f"  at {line['point']} ({found['request'] or 'no request'})")
    _say(f"  repeat it: .venv/bin/python -m tests.faults --point {line['point']}\n")


def _lines(given: argparse.Namespace) -> Iterator[Line]:
    """Yield what the workers print, as it comes; stop them at the end."""
    more = [
        "--stories",
        given.stories,
        "--faults",
        given.faults,
        "--points",
        str(given.points),
        "--seed",
        str(given.seed),
    ]
    workers = [_worker(*more, "--part", f"{number}/{given.jobs}") for number in range(given.jobs)]
    queue: SimpleQueue[str] = SimpleQueue()
    for worker in workers:
        threading.Thread(target=_read, args=(worker, queue), daemon=True).start()
    try:
        left = len(workers)
        while left:
            text = queue.get()
            left -= not text
            if text:
                yield json.loads(text)
        if failed := [worker.returncode for worker in workers if worker.wait()]:
            raise SystemExit(f"a worker ended with {failed[0]}: its traceback is above")
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def _worker(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.faults.worker", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _read(worker: subprocess.Popen[str], queue: SimpleQueue[str]) -> None:
    for line in worker.stdout or ():
        queue.put(line)
    worker.wait()
    queue.put("")


def _repeat(point: str) -> int:
    """Try one point and show all that its steps log."""
    command = [sys.executable, "-m", "tests.faults.worker", "--point", point]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    *log, last = ended.stdout.splitlines()
    found = json.loads(last)["found"]
    _say("\n".join(log))
    for one in found:
        _say(f"\nVIOLATION of `{one['promise']}` during {one['way'] or 'the step itself'}: {one['text']}")
    _say(f"{len(found)} violations")
    return 1 if found else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.split("\n")[0])
    parser.add_argument("--points", type=int, default=POINTS, help="about how many points; 0 for all there are")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--stories", default="", help="beginnings of names, separated by commas; empty for all")
    parser.add_argument("--faults", default="", help="names, separated by commas; empty for all")
    parser.add_argument("--point", default="", help="try only this one, and show the log")
    parser.add_argument("--keep-going", action="store_true", help="do not end at the first violation")
    parser.add_argument("--markdown", default="", help="also write the table to this file")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
