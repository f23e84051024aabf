"""Apps as real teams have them, released on real Envoy in two words after `init | kubectl apply`.

All shapes of a test share one lab and are released side by side, each with users of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
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
RELEASED = (
    "conventional-hosts", "single-unnamed-destination", "plain-without-virtualservice", "redirect-cors-timeout-retries",
    "subsets-100-0", "subsets-90-10", "sticky-header", "sticky-cookie", "mesh-and-gateway-routes", "pair-by-hosts",
    "delegate", "prefixes-with-rewrite", "full-names-in-gateway-namespace", "second-virtualservice-for-gateway",
    "second-virtualservice-single", "two-hosts", "three-versions-with-subsets", "other-object-names",
    "flagger-target-named", "helm-labels", "mirror", "third-destination-at-0",
)  # fmt: skip
MORE_WORDS = {"helm-labels": ("--allow-managed",)}
"""Words that a shape needs besides app and image, as the refusal says."""
CLOCK_SECONDS = 0.5
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


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Ended]]:
    """Release all shapes, some at a time, so that a busy machine serves all users."""
    folder = tmp_path_factory.mktemp("shapes")
    names = {name: f"shape-{number}" for number, name in enumerate(RELEASED)}
    with EmbeddedLab(more_namespaces=tuple(names.values())) as lab, ThreadPoolExecutor(6) as pool:
        releases = {name: ShapeRelease(lab, FOLDER / f"{name}.yaml", names[name], folder) for name in RELEASED}
        yield dict(zip(RELEASED, pool.map(_release, releases.values()), strict=True))


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


@pytest.mark.parametrize("name", RELEASED)
def test_a_shape_is_released_in_two_words_and_no_user_request_fails(ended: dict[str, Ended], name: str) -> None:
    """After init, `--app` and `--image` suffice; users of released routes end on the new version."""
    one = ended[name]
    assert (0, "promoted") == (one.code, one.outcome), f"{one.outcome} {one.log}"
    for seen in one.seen:
        assert 0 == seen.view.failed(), (seen.kind, seen.view.per_second())
    released = [seen for seen in one.seen if seen.is_released and seen.view.records]
    assert released
    assert {NEW} == {seen.view.records[-1].version for seen in released}


@pytest.mark.parametrize("name", RELEASED)
def test_nobody_meets_the_new_version_before_it_is_released_to_them(ended: dict[str, Ended], name: str) -> None:
    """On released routes not before the first weight; on routes to stable alone not before the promotion."""
    one = ended[name]
    assert 0 < one.began <= one.promoted, one.log
    for seen in one.seen:
        first = seen.view.first_exposure(NEW)
        if first is not None and not seen.to_canary:
            assert (one.began if seen.is_released else one.promoted) <= first + CLOCK_SECONDS, seen.kind
