"""`docker push` starts a judged release, with real registry, listener, interceptors, controller and mesh."""

from __future__ import annotations

import pytest
import requests

from tests.e2e.push.registry_pushes import PushedApp
from tests.e2e.setup import users_of
from tests.e2e.tekton.releases import Release, assert_users_on_stable, last, marks, served_image
from tests.lab.cluster.addresses import LISTENER_PORT
from tests.support.triggers.messages import messages

pytestmark = pytest.mark.e2e
RATE = 60


def test_a_pushed_image_is_promoted_and_pushed_again_is_a_green_noop(shop: PushedApp) -> None:
    """While it is in flight, and after; another tag, another repository and a pushed signature start nothing."""
    lab = shop.lab
    # Long enough that the second push comes while the first release is on its rung.
    shop.deploy("shop", **{"min-seconds": 40})
    assert [] == shop.runs("shop"), "v1.0.0 was pushed before the app had a Trigger"
    with users_of(lab, "shop", RATE):
        digest = shop.push("shop", "v1.0.1")
        first = shop.next_run("shop", [])
        shop.push("shop", "latest")
        shop.push("shop-admin", "v1.0.1")
        shop.push("shop", f"sha256-{'a' * 64}.sig")
        lab.wait_for(lambda: "claim" in marks(lab, "shop"), 60, "a claim")
        known = shop.runs("shop")
        assert [first.name] == [run["metadata"]["name"] for run in known], "others have started nothing"
        assert digest == shop.push("shop", "v1.0.1")
        twice = shop.next_run("shop", known)
        assert "Succeeded" == twice.wait()
        assert "noop" == twice.results["rollout"]
        assert f"run {first.uid} is active" in _said(twice, "rollout", "reason")
        assert "Succeeded" == first.wait(), first.condition
        assert ("promoted", "promoted") == (first.results["rollout"], first.results["outcome"])
        by_digest = f"{shop.host}/team/shop@{digest}"
        assert by_digest == first.results["image"]
        assert_users_on_stable(lab, "shop", by_digest)
        assert "promoted" == last(lab, "shop")["outcome"]
        known = shop.runs("shop")
        shop.push("shop", "v1.0.1")
        after = shop.next_run("shop", known)
        assert ("Succeeded", "noop") == (after.wait(), after.results["rollout"])
        assert "already runs" in _said(after, "rollout", "reason")
    assert 3 == len(shop.runs("shop"))
    labels, notes = (known[0]["metadata"][name] for name in ("labels", "annotations"))
    assert ("shop", "v1.0.1") == (labels["canary-steps.io/app"], labels["canary-steps.io/tag"])
    assert shop.image("shop", "v1.0.1") == notes["canary-steps.io/image"]
    assert digest == notes["canary-steps.io/announced-digest"]


def test_a_bad_image_is_rolled_back_and_judged_again_when_it_is_pushed_again(shop: PushedApp) -> None:
    """The earlier failure may have had another cause: a failed digest is not blocked."""
    lab = shop.lab
    shop.deploy("till")
    stable = served_image(lab, "till")
    with users_of(lab, "till", RATE):
        for turn in range(2):
            known = shop.runs("till")
            shop.push("till", "v1.0.1", error_ratio=1.0)
            run = shop.next_run("till", known)
            assert "Failed" == run.wait(), run.condition
            assert ([5], "fail") == (run.codes("rollout"), _said(run, "rollout", "verdict")), turn
            assert "rolled-back" == _said(run, "finish", "outcome")
            assert_users_on_stable(lab, "till", stable)
    assert 2 == len(shop.runs("till"))


def test_a_tag_that_the_registry_does_not_have_leaves_the_app_alone(shop: PushedApp) -> None:
    """The image was deleted meanwhile, or the message was forged: the run fails and nothing was touched."""
    lab = shop.lab
    shop.deploy("crate")
    before = served_image(lab, "crate")
    _tell("crate", "v9.9.9")
    run = shop.next_run("crate", [])
    assert "Failed" == run.wait(), run.condition
    assert ([4], {"resolve", "finish"}) == (run.codes("resolve"), set(run.tasks))
    assert "not-owner" == _said(run, "finish", "rollback")
    assert_users_on_stable_untouched(shop, "crate", before)


def assert_users_on_stable_untouched(shop: PushedApp, app: str, image: str) -> None:
    """Check that the VirtualService has no annotation of ours, and stable is unchanged."""
    assert {} == marks(shop.lab, app)
    assert image == served_image(shop.lab, app)


def _said(run: Release, task: str, result: str) -> str:
    found = {one["name"]: one["value"] for one in run.tasks[task]["status"]["results"]}
    return str(found[result])


def _tell(app: str, tag: str) -> None:
    """Send the message that a registry would send."""
    message = messages("distribution")[0].having("repository", f"team/{app}").having("tag", tag)
    address = f"http://127.0.0.1:{LISTENER_PORT}/"
    answer = requests.post(address, message.sent, headers=dict(message.headers), timeout=5)
    assert answer.ok, answer.text
