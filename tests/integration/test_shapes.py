"""Apps as real teams have them, released on real Envoy in two words after `init | kubectl apply`.

All shapes of a test share one lab and are released side by side, each with users of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class Ended:
    """How a shape's release ended, and what its users saw."""

    release: ShapeRelease
    code: int
    outcome: str
    promoted_at: float
    seen: list[SeenBy]
    log: str


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Ended]]:
    """Release all shapes, some at a time, so that a busy machine serves all users."""
    folder = tmp_path_factory.mktemp("shapes")
    names = {name: f"shape-{number}" for number, name in enumerate(RELEASED)}
    with EmbeddedLab(more_namespaces=tuple(names.values())) as lab, ThreadPoolExecutor(4) as pool:
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
        return Ended(one, -1, repr(error)[-700:], 0.0, [], "")


def _rolled_out(one: ShapeRelease) -> Ended:
    series = f'sum(istio_requests_total{{destination_workload_namespace="{one.namespace}"}})'
    one.lab.wait_for(lambda: any(float(row["value"][1]) > 30 for row in one.lab.query(series)), what=series)
    flags = ("--ladder", "20,50", "--min-seconds", "3", "--timeout-seconds", "60", "--standby-seconds", "1")
    done = one.start("rollout", "--image", one.image, *flags).wait(150)
    guessed = next(iter(done.events("names.guessed")), {})
    seen = one.stop_users(str(guessed.get("canary_destination", "")))
    weights = [line for line in done.events("weight.set") if line.get("weight") == 50]
    at = float(weights[-1]["weights_at"]) if weights and "weights_at" in weights[-1] else 0.0
    return Ended(one, done.exit_code, done.results.get("outcome", ""), at, seen, str(done.lines[-3:]))


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
