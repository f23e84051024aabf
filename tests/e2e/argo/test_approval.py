"""Human approval: a person decides between the last rung and the promote, and the canary is watched meanwhile."""

from __future__ import annotations

import json

import pytest

from tests.e2e.argo.workflow import Workflow, claim, image, is_at_rest, record, weight
from tests.e2e.kubectl import kubectl
from tests.e2e.setup import configure, install
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load
from tests.support.processes import ROOT

pytestmark = pytest.mark.e2e
KNOBS = "/tmp/knobs.json"


@pytest.fixture
def lab(lab: ClusterLab) -> ClusterLab:
    """Return a namespace with the approval component, and canaries that can be made to fail."""
    install(lab, ROOT / "workflows" / "components" / "human-approval" / "canary-release-approval.yaml")
    configure(lab, env=f"OVERRIDES={KNOBS}")
    return lab


@pytest.fixture
def waiting(lab: ClusterLab, users: Load) -> Workflow:
    """Return a release that waits for a person at weight 50."""
    return _released(lab)


def _released(lab: ClusterLab, **parameters: str) -> Workflow:
    release = Workflow.release(lab, "v2", "canary-release-approval", weights="[50]", **parameters)
    release.wait_for_node("ask")
    assert weight(lab) == 50
    return release


def test_consent_given_promotes(lab: ClusterLab, waiting: Workflow, users: Load) -> None:
    """YES in Argo's form; nothing is promoted before."""
    assert image(lab) == "demo/shop:v1"
    waiting.answer("ask", approve="YES")
    assert waiting.wait_for_end() == "Succeeded"
    assert waiting.result("promote", "outcome") == "promoted"
    assert image(lab) == "demo/shop:v2"
    assert is_at_rest(lab)


def test_consent_refused_rolls_back(lab: ClusterLab, waiting: Workflow, users: Load) -> None:
    """NO in Argo's form."""
    waiting.answer("ask", approve="NO")
    assert waiting.wait_for_end() == "Failed"
    assert _is_rolled_back(lab, waiting)
    assert record(lab)["reason"] == "a person refused"


def test_a_canary_that_turns_bad_while_a_person_decides_is_rolled_back(
    lab: ClusterLab, waiting: Workflow, users: Load
) -> None:
    """By the hold, at once; the workflow does not wait for an answer that no longer matters."""
    waiting.wait_for_node("analyze")
    for pod in lab.pods("shop-canary"):
        knobs = json.dumps({"error_ratio": 1.0})
        kubectl(lab, "exec", "-i", pod["metadata"]["name"], "--", "tee", KNOBS, given=knobs)
    lab.wait_for(lambda: weight(lab) == 0, 60, "the retreat")
    assert waiting.wait_for_end() == "Failed"
    assert waiting.exit_code("analyze") == 5
    assert _is_rolled_back(lab, waiting)
    assert "failed" in record(lab)["reason"]
    seen = users.stop()
    # Half of 50 requests a second fail from the first bad answer on, until the judge has seen two scrapes of them.
    assert 0 < seen.failed() < 25 * 10


@pytest.mark.full
def test_no_answer_in_time_rolls_back(lab: ClusterLab, users: Load) -> None:
    """Silence is not consent."""
    release = _released(lab, approval_seconds="20")
    assert release.wait_for_end() == "Failed"
    assert _is_rolled_back(lab, release)
    assert record(lab)["reason"] == "nobody approved in time"


@pytest.mark.full
def test_consent_by_kubectl_promotes_without_an_answer_in_the_form(
    lab: ClusterLab, waiting: Workflow, users: Load
) -> None:
    """The promote follows the hold; a later answer in the form changes nothing."""
    kubectl(lab, "annotate", "virtualservice", "shop", f"canary-steps.io/approve.shop={waiting.uid}")
    lab.wait_for(lambda: image(lab) == "demo/shop:v2" and claim(lab) == "", 180, "the promote")
    waiting.answer("ask", approve="NO")
    assert waiting.wait_for_end() == "Succeeded"
    assert image(lab) == "demo/shop:v2"
    assert is_at_rest(lab)
    assert record(lab)["outcome"] == "promoted"


def _is_rolled_back(lab: ClusterLab, release: Workflow) -> bool:
    assert "promote" not in release.ran
    assert image(lab) == "demo/shop:v1"
    assert record(lab)["outcome"] == "rolled-back"
    return is_at_rest(lab)
