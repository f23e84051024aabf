"""A new app of the target-named topology: its serving Deployment is made once, and nothing is compared with nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps.errors import NotFound, PermanentError
from steps.model.run import Destination
from steps.model.workload import Release, Topology
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.kinds import DEPLOYMENT, Json
from tests.support.shop_release import APP, NAMESPACE, deployment
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration
PRIMARY = f"{APP}-primary"


class NewApp(SteppedCluster):
    """Two pods of shop:1 in shop, routes to shop-primary, which does not exist, and no metric of either."""

    def set_up(self) -> None:
        """Create what a chart creates."""
        made = deployment(APP, "shop:1")
        made["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "Helm", "team": "till"}
        self.create(DEPLOYMENT, made)
        self.route_between(PRIMARY, APP)
        self.given = {"topology": "target-named"}

    def release(self, image: str = "") -> Json:
        """Release what shop has now, or another image that is deployed first; return the results."""
        if image:
            self.set_image(APP, image)
            self.settle(APP)
        return dict(StepProcess(self).rollout(self.evidence, image="", bootstrap=True).results)


@pytest.fixture
def world(tmp_path: Path) -> NewApp:
    """Return the app before its first release."""
    return NewApp(tmp_path)


def test_the_first_release_makes_stable_and_compares_nothing(world: NewApp) -> None:
    """It has as many pods, is not Helm's, ends with what it was made from, and the target has no pods."""
    world.evidence = FixedEvidence(1.0)
    done = world.release()
    assert "noop" == done["outcome"]
    assert "first install: nothing to compare with; shop-primary serves shop:1" == done["reason"]
    primary = world.get(PRIMARY)
    assert (2, "shop:1", 0) == (primary["spec"]["replicas"], world.image(PRIMARY), world.get(APP)["spec"]["replicas"])
    assert {"app.kubernetes.io/managed-by": "canary-steps", "team": "till"} == primary["metadata"]["labels"]
    (owner,) = primary["metadata"]["ownerReferences"]
    assert ("Deployment", APP, world.get(APP)["metadata"]["uid"]) == (owner["kind"], owner["name"], owner["uid"])
    assert {(100, 0)} == world.weights()
    assert not [one for one in world.get(APP)["metadata"]["managedFields"] if one["manager"] == "canary-steps"]


def test_the_next_release_is_judged_and_one_without_a_change_is_not(world: NewApp) -> None:
    """A change is promoted to shop-primary; without one, even a broken Prometheus does not matter."""
    world.release()
    assert "promoted" == world.release("shop:2")["outcome"]
    assert ("shop:2", 2) == (world.image(PRIMARY), world.get(PRIMARY)["spec"]["replicas"])
    same = world.release()
    assert ("noop", "nothing changed; shop-primary serves shop:2") == (same["outcome"], same["reason"])


def test_a_killed_first_release_is_completed_by_the_next(world: NewApp) -> None:
    """Stable was made, and nothing more."""
    assert StepProcess(world).make_stable(_release())
    assert world.store.find(DEPLOYMENT, NAMESPACE, PRIMARY) is not None
    assert "first install" in world.release()["reason"]


def test_without_bootstrap_a_missing_stable_is_refused(world: NewApp) -> None:
    """Nobody asked for a Deployment to be made."""
    with pytest.raises(NotFound, match="shop-primary: it does not exist"):
        StepProcess(world).rollout(image="", bootstrap=False)


def test_labels_that_match_both_are_refused_with_a_remedy(world: NewApp) -> None:
    """Two Deployments whose selectors overlap would fight about pods."""
    with pytest.raises(PermanentError, match=r"would match the pods of both.*--stable-labels, for example version=v1"):
        StepProcess(world).make_stable(_release(stable_labels={"app": APP}))


def test_other_topologies_and_a_missing_target_make_nothing(world: NewApp) -> None:
    """A swap has both Deployments; without what people deploy there is nothing to copy."""
    assert not StepProcess(world).make_stable(_release(topology=Topology.SWAP))
    with pytest.raises(NotFound, match="from which shop-primary is made: it does not exist"):
        StepProcess(world).make_stable(_release(canary="nowhere"))


def _release(**changes: object) -> Release:
    given: Json = {"namespace": NAMESPACE, "stable": PRIMARY, "canary": APP, "topology": Topology.TARGET_NAMED}
    given |= {"stable_destination": Destination(PRIMARY), "canary_destination": Destination(APP)}
    return Release(**{**given, **changes})
