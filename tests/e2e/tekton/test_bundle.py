"""The Tekton bundle in a registry: the real resolver finds its Pipelines and Tasks, and a release runs from them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from steps.registry.reference import parse
from tests.e2e.kubectl import kubectl
from tests.e2e.setup import PRODUCT
from tests.e2e.tekton import installation
from tests.e2e.tekton.releases import GOOD, Release, deploy, served_image, users
from tests.lab.cluster import tekton, triggers
from tests.lab.cluster.lab import ClusterLab
from tests.support.triggers.messages import TOKEN
from tools.bundle.image import bundle
from tools.bundle.objects import bundled_objects
from tools.bundle.push import push, registry_access

pytestmark = [pytest.mark.e2e, pytest.mark.full]


@pytest.fixture(scope="module")
def place(images: None) -> Iterator[ClusterLab]:
    """Return a namespace that has only accounts, roles and sweep: no Task and no Pipeline."""
    with ClusterLab(f"bundle-{random.randrange(10**8)}") as lab:
        if not lab.is_own:
            pytest.skip("the registry and the resolvers are parts of the lab's own cluster")
        tekton.up(lab.api)
        tekton.resolvers_up(lab.api)
        kubectl(lab, "apply", "-k", str(installation.TEKTON / "base"))
        yield lab


@pytest.fixture(scope="module")
def reference(place: ClusterLab) -> str:
    """Return where the bundle was pushed."""
    found = parse(f"{triggers.registry_up(TOKEN)}/canary-steps-tekton:{random.randrange(10**8)}")
    place_of_bundle = f"{found.name}:{found.tag}"
    push(bundle(bundled_objects(place_of_bundle)), found, registry_access(found, "", plain_http=True))
    return place_of_bundle


def test_a_release_runs_from_the_bundle_alone(place: ClusterLab, reference: str) -> None:
    """The Pipeline comes from the bundle, and so do the Tasks that it names."""
    deploy(place, "shop")
    with users(place, "shop"):
        run = installation.run("canary-release-one-pod")
        named = {"bundle": reference, "name": "canary-release-one-pod", "kind": "pipeline"}
        params = [{"name": name, "value": value} for name, value in named.items()]
        run["spec"]["pipelineRef"] = {"resolver": "bundles", "params": params}
        given = {one["name"]: one["value"] for one in run["spec"]["params"]}
        given |= {"app": "shop", "image": GOOD, "ladder": "50", "steps-image": PRODUCT}
        run["spec"]["params"] = [{"name": name, "value": value} for name, value in given.items()]
        made = place.api.call("POST", place.api.path("tekton.dev/v1", "PipelineRun", place.namespace), run)
        release = Release(place, "shop", made["metadata"]["name"])
        assert release.wait() in {"Succeeded", "Completed"}, release.status
    assert "promoted" == release.results["outcome"]
    assert served_image(place, "shop") == GOOD
    assert [] == place.api.items("tekton.dev/v1", "Task", place.namespace)
