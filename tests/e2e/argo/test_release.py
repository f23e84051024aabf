"""A release by `argo submit`, as users of the app saw it: the good one is promoted, the bad ones are rolled back."""

from __future__ import annotations

import pytest

from tests.e2e.argo.workflow import Workflow, image, is_at_rest, record, weight
from tests.e2e.setup import configure
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load

pytestmark = pytest.mark.e2e


def test_a_good_image_is_promoted_and_no_user_notices(lab: ClusterLab, users: Load) -> None:
    """Every rung was walked, stable ends on the judged image, and all is at rest."""
    release = Workflow.release(lab, "v2")
    assert release.wait_for_end() == "Succeeded"
    # Those of a rung start side by side, in any order.
    rungs = [one for one in release.ran if one in {"set-weight", "analyze"}]
    assert ["analyze", "analyze", "set-weight", "set-weight"] == sorted(rungs)
    assert ["prepare", *rungs, "promote", "rollback", "report"] == release.ran
    assert release.result("promote", "outcome") == "promoted"
    assert release.result("rollback", "outcome") == "not-owner"
    assert image(lab) == "demo/shop:v2"
    assert is_at_rest(lab)
    assert record(lab)["verdict"] == "pass"
    seen = users.stop()
    assert seen.failures() == ()
    assert seen.records[-1].version == "v2"


def test_the_lean_release_promotes_with_one_pod_a_rung(lab: ClusterLab, users: Load) -> None:
    """The same end with fewer pods."""
    release = Workflow.release(lab, "v2", "canary-release-lean")
    assert release.wait_for_end() == "Succeeded"
    assert release.ran == ["prepare", "analyze", "analyze", "promote", "rollback", "report"]
    assert image(lab) == "demo/shop:v2"
    assert is_at_rest(lab)
    seen = users.stop()
    assert seen.failures() == ()


def test_a_canary_that_fails_every_request_is_rolled_back_at_once(lab: ClusterLab, users: Load) -> None:
    """By the pod that saw it, seconds before the exit handler; few users were affected."""
    release = Workflow.release(lab, "errors", "canary-release-lean")
    assert release.wait_for_end() == "Failed"
    assert release.exit_code("analyze") == 5
    assert "failed" in release.result("analyze", "reason")
    assert is_rolled_back(lab, release)
    seen = users.stop()
    assert seen.failed() == seen.failed("errors") == seen.versions()["errors"]
    # Two scrapes of a second, the poll, the push to the proxy, and the delays of a busy machine.
    assert seen.exposed_seconds("errors") < 8


@pytest.mark.full
def test_a_canary_that_is_slow_for_a_tenth_is_rolled_back(lab: ClusterLab, users: Load) -> None:
    """No request fails, but its users wait."""
    release = Workflow.release(lab, "slow", "canary-release-lean", weights="[25, 50]")
    assert release.wait_for_end() == "Failed"
    assert release.exit_code("analyze") == 5
    assert "slower than" in release.result("analyze", "reason")
    assert is_rolled_back(lab, release)
    assert users.stop().failures() == ()


def test_a_canary_that_answers_200_with_an_empty_body_is_rolled_back(lab: ClusterLab, users: Load) -> None:
    """A fault that status codes alone do not show."""
    release = Workflow.release(lab, "empty", "canary-release-lean")
    assert release.wait_for_end() == "Failed"
    assert release.exit_code("analyze") == 5
    assert "empty" in release.result("analyze", "reason")
    assert is_rolled_back(lab, release)


@pytest.mark.full
def test_a_canary_that_answers_404_to_everything_is_rolled_back(lab: ClusterLab, users: Load) -> None:
    """Stable serves these pages, so the canary's users lose them."""
    release = Workflow.release(lab, "not-found", "canary-release-lean")
    assert release.wait_for_end() == "Failed"
    assert release.exit_code("analyze") == 5
    assert "answered 4xx" in release.result("analyze", "reason")
    assert is_rolled_back(lab, release)


@pytest.mark.full
def test_a_ladder_of_weight_100_alone_ends(lab: ClusterLab, users: Load) -> None:
    """Nothing is left to compare with; stable's past and the objectives decide, as fast as on any rung."""
    release = Workflow.release(lab, "v2", "canary-release-lean", weights="[100]")
    assert release.wait_for_end() == "Succeeded"
    assert image(lab) == "demo/shop:v2"
    assert is_at_rest(lab)


@pytest.mark.parametrize(
    "weights", ["[50, 10]", *(pytest.param(one, marks=pytest.mark.full) for one in ("[]", "[5, 5, 1000]"))]
)
def test_a_ladder_that_cannot_be_climbed_is_refused_before_anything_moves(lab: ClusterLab, weights: str) -> None:
    """By prepare, which says what is wrong; nothing is claimed, and nothing is recorded as a pass."""
    release = Workflow.release(lab, "v2", weights=weights)
    assert release.wait_for_end() == "Failed"
    assert release.exit_code("prepare") == 2
    assert "set-weight" not in release.ran
    assert is_rolled_back(lab, release)


def test_a_canary_that_never_gets_ready_gets_no_user(lab: ClusterLab, users: Load) -> None:
    """The first step refuses and says which pod waits; no weight was ever set."""
    configure(lab, ready_timeout_seconds=5)
    release = Workflow.release(lab, "never-ready")
    assert release.wait_for_end() == "Failed"
    assert release.ran[0] == "prepare"
    assert "set-weight" not in release.ran
    assert is_rolled_back(lab, release)
    assert set(users.stop().versions()) == {"v1"}


def is_rolled_back(lab: ClusterLab, release: Workflow) -> bool:
    """Return whether stable serves as before, and nothing was promoted."""
    assert "promote" not in release.ran
    assert image(lab) == "demo/shop:v1"
    assert weight(lab) == 0
    return is_at_rest(lab)
