"""A second trial in a workflow: the pod of `analyze` replaces the canary's pods, which condemn the version."""

from __future__ import annotations

import pytest

from steps.model.trials import Trial
from tests.e2e.argo.workflow import Workflow, image, is_at_rest, record
from tests.e2e.kubectl import kubectl
from tests.e2e.setup import configure
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load

pytestmark = [pytest.mark.e2e, pytest.mark.full]


@pytest.mark.parametrize("template", ["canary-release", "canary-release-lean"])
def test_fresh_pods_condemn_a_version_that_fails_everything(lab: ClusterLab, users: Load, template: str) -> None:
    """Users meet it twice, for a moment each; the record and the report keep the first alarm, the reason has both."""
    configure(lab, second_trial="auto")
    release = Workflow.release(lab, "errors", template)
    assert release.wait_for_end() == "Failed"
    assert (5, "fail") == (release.exit_code("analyze"), release.result("analyze", "verdict"))
    assert "fresh pods confirm the alarm at weight 10" in release.result("analyze", "reason")
    ended = record(lab)
    assert ("rolled-back", [False]) == (ended["outcome"], [Trial(*trial).shared for trial in ended["trials"]])
    report = kubectl(lab, "logs", _pod_of(lab, release, "report"), "--container", "main")
    assert "trial 1  alarm at weight 10" in report
    assert ("demo/shop:v1", True) == (image(lab), is_at_rest(lab))
    seen = users.stop()
    assert seen.failed() == seen.failed("errors")
    assert 0 < seen.failed() < 100, seen.per_second()


def _pod_of(lab: ClusterLab, release: Workflow, template: str) -> str:
    """Return the name of the pod of a step."""
    names = kubectl(lab, "get", "pods", "--output", "jsonpath={.items[*].metadata.name}").split()
    [found] = [name for name in names if name.startswith(f"{release.name}-{template}-")]
    return found
