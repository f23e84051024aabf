"""Apps as real teams have them, released on real Envoy in two words after `init | kubectl apply`.

All shapes of a test share one lab and are released side by side, each with users of its own.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.integration.shape_release import NEW, SeenBy, ShapeRelease
from tests.lab.embedded.lab import EmbeddedLab

pytestmark = pytest.mark.integration

FOLDER = Path(__file__).parents[1] / "shapes"
GROUPS = (
    ("single-unnamed-destination", "subsets-90-10", "sticky-header", "mesh-and-gateway-routes", "delegate"),
    ("pair-by-hosts", "sticky-cookie", "full-names-in-gateway-namespace", "second-virtualservice-single",
     "flagger-target-named"),
    ("conventional-hosts", "plain-without-virtualservice", "redirect-cors-timeout-retries", "subsets-100-0"),
    ("prefixes-with-rewrite", "second-virtualservice-for-gateway", "two-hosts", "three-versions-with-subsets"),
    ("other-object-names", "helm-labels", "mirror", "third-destination-at-0"),
)  # fmt: skip
"""Shapes that share a lab; those behind the second group are released by `make e2e-full`."""
IN_ALL_RUNS = 2
every_shape = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if number < IN_ALL_RUNS else (pytest.mark.full,))
        for number, group in enumerate(GROUPS)
        for name in group
    ],
)
MORE_WORDS = {"helm-labels": ("--allow-managed",)}
"""Words that a shape needs besides app and image, as the refusal says."""
CLOCK_SECONDS = 2.0
"""A line is logged after its write, and users meet the new version in between."""


@dataclass(frozen=True)
class Ended:
    """How a shape's release ended, and what its users saw.

    Args:
        code: exit code of rollout, -1 if something before it failed.
        outcome: its result, or what failed.
        began: when it set the first weight, unix seconds. promoted: when its promotion began.
        seen: by each kind of users.
        log: its last lines.
    """

    code: int
    outcome: str
    began: float = 0.0
    promoted: float = 0.0
    seen: tuple[SeenBy, ...] = ()
    log: str = ""


class Releases:
    """Releases of the shapes of a group, once all of it was released."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ended: dict[str, Ended] = {}

    def ended(self, name: str) -> Ended:
        """Return how a shape's release ended; its group is released first, some at a time, if that was not done."""
        if name not in self._ended:
            self._release_all(next(group for group in GROUPS if name in group))
        return self._ended[name]

    def _release_all(self, group: tuple[str, ...]) -> None:
        names = {name: f"shape-{number}" for number, name in enumerate(group)}
        folder = self._folder / group[0]
        with EmbeddedLab(more_namespaces=tuple(names.values())) as lab, ThreadPoolExecutor(3) as pool:
            releases = [ShapeRelease(lab, FOLDER / f"{name}.yaml", names[name], folder) for name in group]
            self._ended |= dict(zip(group, pool.map(_release, releases), strict=True))


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    """Return the releases of all shapes."""
    return Releases(tmp_path_factory.mktemp("shapes"))


def _release(one: ShapeRelease) -> Ended:
    try:
        one.deploy()
        one.wait_until_served()
        one.init()
        one.start_users()
        return _rolled_out(one)
    except Exception as error:  # noqa: BLE001 - each shape's own test reports it
        return Ended(-1, repr(error)[-700:])


def _rolled_out(one: ShapeRelease) -> Ended:
    series = f'sum(istio_requests_total{{destination_workload_namespace="{one.namespace}"}})'
    one.lab.wait_for(lambda: any(float(row["value"][1]) > 30 for row in one.lab.query(series)), what=series)
    flags = ("--ladder", "50", "--min-seconds", "3", "--timeout-seconds", "60", "--standby-seconds", "1")
    done = one.start("rollout", "--image", one.image, *flags, *MORE_WORDS.get(one.shape, ())).wait(150)
    guessed = next(iter(done.events("names.guessed")), {})
    seen = tuple(one.stop_users(str(guessed.get("canary_destination", ""))))
    set_at = [line for line in done.events("weight.set") if line["weight"]]
    promotes = [*done.events("promote.template"), *(line for line in set_at if line["weight"] == 100)]
    log = str(done.lines[-3:])
    return Ended(done.exit_code, done.results.get("outcome", ""), _first(set_at), _first(promotes), seen, log)


def _first(lines: list[dict[str, Any]]) -> float:
    return min((datetime.fromisoformat(line["timestamp"]).timestamp() for line in lines), default=0.0)


@every_shape
def test_a_shape_is_released_in_two_words_and_no_user_request_fails(releases: Releases, name: str) -> None:
    """After init, `--app` and `--image` suffice; users of released routes end on the new version."""
    one = releases.ended(name)
    assert (0, "promoted") == (one.code, one.outcome), f"{one.outcome} {one.log}"
    for seen in one.seen:
        assert 0 == seen.view.failed(), (seen.kind, seen.view.per_second())
    released = [seen for seen in one.seen if seen.is_released and seen.view.records]
    assert released
    assert {NEW} == {seen.view.records[-1].version for seen in released}


@every_shape
def test_nobody_meets_the_new_version_before_it_is_released_to_them(releases: Releases, name: str) -> None:
    """On released routes not before the first weight; on routes to stable alone not before the promotion."""
    one = releases.ended(name)
    assert 0 < one.began <= one.promoted, one.log
    for seen in one.seen:
        first = seen.view.first_exposure(NEW)
        if first is not None and not seen.to_canary:
            assert (one.began if seen.is_released else one.promoted) <= first + CLOCK_SECONDS, seen.kind
