"""One part of all points, tried in this process on the virtual clock."""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
from collections.abc import Iterator, Sequence

import structlog

from tests.faults.broken import BROKEN
from tests.faults.points import chosen, one_of
from tests.faults.stories import STORIES
from tests.faults.trying import Point, Trial


def main() -> None:
    """Try the points that the arguments choose; print a line of JSON after each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--stories", default="")
    parser.add_argument("--points", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", default="0/1")
    parser.add_argument("--point", default="")
    parser.add_argument("--faults", default="")
    parser.add_argument("--quick", type=int, default=0)
    given = parser.parse_args()
    if "," in given.point or not given.point:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for trial, point, ways in _points(given):
        found = [
            {"way": one.way, "promise": one.violation.promise, "text": one.violation.text, "request": one.request}
            for one in trial.try_point(point, ways)
        ]
        line = {"point": str(point), "story": point.story, "fault": point.fault, "ways": len(ways), "found": found}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def _points(given: argparse.Namespace) -> Iterator[tuple[Trial, Point, Sequence[str]]]:
    if given.point:
        for text in given.point.split(","):
            point = Point.parse(text)
            trial = Trial(point.story, {**STORIES, **BROKEN}[point.story])
            yield trial, point, trial.ways
        return
    part, parts = map(int, given.part.split("/"))
    names: Sequence[str] = [name for name in STORIES if name.startswith(tuple(given.stories.split(",")))]
    if given.quick:
        names = random.Random(given.seed).sample(names, given.quick)
    share = given.points / len(names) if given.points else 0.0
    for name in names:
        trial = Trial(name, STORIES[name])
        if given.quick:
            point, way = one_of(name, trial, given.seed)
            yield trial, point, (way,)
            continue
        for number, point in enumerate(chosen(name, trial, share, given.seed, given.faults)):
            if number % parts == part:
                yield trial, point, trial.ways
