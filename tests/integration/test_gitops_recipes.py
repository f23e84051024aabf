"""docs/gitops.md, followed to the letter: at no time of a release does a controller see a difference or move users."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from steps.step import StepEnd
from tests.support.fixed_evidence import FixedEvidence
from tests.support.gitops.argo_cd import Application
from tests.support.gitops.differences import missing
from tests.support.gitops.flux import Kustomization
from tests.support.gitops.manifests import ENDS, STABLE_NAMED, SWAP, TARGET_NAMED, AppManifests, changed
from tests.support.gitops.watched_cluster import WatchedCluster
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.kinds import Json
from tests.support.processes import ROOT

pytestmark = pytest.mark.integration


def recipes() -> Iterator[Json]:
    """Yield the manifests of the page."""
    text = (ROOT / "docs" / "gitops.md").read_text(encoding="utf-8")
    for block in re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from yaml.safe_load_all(block)


def recipe(kind: str, name: str) -> Json:
    """Return one manifest of the page."""
    return next(
        one for one in recipes() if (one.get("kind"), one["metadata"].get("name")) == (kind, name)
    )  # fmt: skip


def argo(app: AppManifests) -> Application:
    """Return the Application of the page for a topology."""
    return Application(recipe("Application", "shop-pair" if app is SWAP else "shop"))


def flux(app: AppManifests) -> Kustomization:
    """Return the Kustomization of the page; the routes of all topologies look alike."""
    rules = deepcopy(recipe("Kustomization", "shop")["spec"]["ignore"])
    if app is SWAP:  # the page names Deployment shop, where this app has two of other names
        rules[1]["target"]["name"] = "shop-v1|shop-v2"
    return Kustomization(rules)


def weights(obj: Json) -> list[int]:
    """Return the weights of a VirtualService's route."""
    return [entry["weight"] for entry in obj["spec"]["http"][0]["route"]]


def release(app: AppManifests, world: WatchedCluster, end: str, git: list[Json]) -> StepEnd:
    """Run a release to its end; stable-named, Git gets the image and is synced while promote would wait."""
    if app is not STABLE_NAMED:
        return app.release(world, end, allow_managed=True)
    if end in {"rolled-back", "swept"}:
        return app.release(world, end, template_by="external")
    StepProcess(world).prepare(template_by="external")
    StepProcess(world).analyze(60)
    git[0]["spec"]["template"]["spec"]["containers"][0]["image"] = "shop:2"
    world.sync(git[0])
    world.settle(git[0]["metadata"]["name"])
    return StepProcess(world).promote(template_by="external")


CASES = [case for case in product((STABLE_NAMED, TARGET_NAMED, SWAP), ENDS) if case != (STABLE_NAMED, "undone")]


@pytest.mark.parametrize(("app", "end"), CASES, ids=str)
def test_argo_cd_sees_no_difference_and_a_sync_moves_nobody(tmp_path: Path, app: AppManifests, end: str) -> None:
    """After every write, and afterwards; and no sync in between changes a weight, replicas or a template of ours."""
    application, looks = argo(app), 0
    world, git = WatchedCluster(tmp_path, app, "argocd-controller"), app.objects()

    def look() -> None:
        nonlocal looks
        looks += 1
        for obj in git:
            live = world.live(obj)
            assert [] == application.out_of_sync(obj, live)
            assert [] == missing(application.applied(obj, live), live)
            if obj["kind"] == "VirtualService":
                assert weights(live) == weights(application.applied(obj, live))

    world.look = look
    assert 0 == release(app, world, end, git).exit_code
    look()
    assert looks > 5


@pytest.mark.parametrize(("app", "end"), CASES, ids=str)
def test_flux_sees_no_drift_and_an_apply_moves_nobody(tmp_path: Path, app: AppManifests, end: str) -> None:
    """Likewise, and a change of the routes in Git arrives with the live weights, even during a release."""
    kustomization, looks = flux(app), 0
    world, git = WatchedCluster(tmp_path, app, "kustomize-controller"), app.objects()
    routes = changed(git)[-1]

    def look() -> None:
        nonlocal looks
        looks += 1
        for obj in git:
            assert [] == kustomization.drift(obj, world.live(obj))
        live = world.live(routes)
        applied = kustomization.applied(routes, live)
        assert ("7s", weights(live)) == (applied["spec"]["http"][0]["timeout"], weights(applied))

    world.look = look
    assert 0 == release(app, world, end, git).exit_code
    look()
    assert looks > 5


def test_drift_detection_of_a_helm_release_sees_nothing(tmp_path: Path) -> None:
    """By its own rules."""
    release_rules = Kustomization(recipe("HelmRelease", "shop")["spec"]["driftDetection"]["ignore"])
    world, git = WatchedCluster(tmp_path, TARGET_NAMED, "helm-controller"), TARGET_NAMED.objects()
    world.look = lambda: [pytest.fail(str(one)) for obj in git for one in release_rules.drift(obj, world.live(obj))]
    assert 0 == TARGET_NAMED.release(world, "promoted", allow_managed=True).exit_code


def test_without_the_recipes_argo_cd_sees_differences(tmp_path: Path) -> None:
    """So the comparison of these tests is able to find some."""
    bare = recipe("Application", "shop")
    bare["spec"]["ignoreDifferences"] = []
    world, seen = WatchedCluster(tmp_path, TARGET_NAMED, "argocd-controller"), set[str]()
    git = TARGET_NAMED.objects()
    world.look = lambda: seen.update(
        one.partition(":")[0] for obj in git for one in Application(bare).out_of_sync(obj, world.live(obj))
    )
    TARGET_NAMED.release(world, "promoted", allow_managed=True)
    assert {"/spec/http/0/route/0/weight", "/spec/replicas", "/spec/template/spec/containers/0/image"} <= seen


def test_routes_that_change_in_git_arrive_when_the_release_is_over(tmp_path: Path) -> None:
    """Of a sync in between, the timeout is left out with the weights; the next one applies it."""
    application = argo(TARGET_NAMED)
    world, routes = WatchedCluster(tmp_path, TARGET_NAMED, "argocd-controller"), changed(TARGET_NAMED.objects())[-1]
    StepProcess(world).prepare(image="", allow_managed=True)
    StepProcess(world).set_weight(20)
    during = application.applied(routes, world.live(routes))["spec"]["http"][0]
    assert (None, 80) == (during.get("timeout"), during["route"][0]["weight"])
    StepProcess(world).rollback()
    assert ["/spec/http/0/timeout: None, not '7s'"] == [
        one for one in application.out_of_sync(routes, world.live(routes)) if "http" in one
    ]
    assert "7s" == application.applied(routes, world.live(routes))["spec"]["http"][0]["timeout"]


def test_the_price_of_a_jq_expression_is_the_whole_list(tmp_path: Path) -> None:
    """As the page says of a pair: a changed route is shown, and a sync does not apply it."""
    application = argo(SWAP)
    world, routes = WatchedCluster(tmp_path, SWAP, "argocd-controller"), changed(SWAP.objects())[-1]
    live = world.live(routes)
    assert any("timeout" in one for one in application.out_of_sync(routes, live))
    assert "timeout" not in application.applied(routes, live)["spec"]["http"][0]


@pytest.mark.parametrize("tool", ["argocd-controller", "kustomize-controller", "helm-controller"])
def test_a_controller_without_a_recipe_is_named_within_one_look(tmp_path: Path, tool: str) -> None:
    """It resets the weights at each look; see tests/e2e/gitops for the same on a real API server."""
    world, git = WatchedCluster(tmp_path, STABLE_NAMED, tool), STABLE_NAMED.objects()
    reset: Callable[[int], object] = lambda look: world.sync(git[-1]) if look > 1 else None  # noqa: E731 - one line
    reader = FixedEvidence(0.0, on_read=reset)
    given: dict[str, Any] = {"allow_managed": True, "min_seconds": 60, "poll_seconds": 0.001}
    end = StepProcess(world).rollout(reader, **given)
    assert (4, "rolled-back") == (end.exit_code, end.results["outcome"])
    assert tool in end.results["reason"]
    assert 2 == reader.reads
    assert {(100, 0)} == world.weights()
