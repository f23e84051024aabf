"""The garbage collector and what Flagger made: the commands of docs/from-flagger.md keep it, a plain deletion does not.

Flagger itself does not run: its objects and their owner references are enough.
"""

from __future__ import annotations

import random
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.kubectl import kubectl
from tests.lab.cluster.lab import ClusterLab
from tests.support.flagger_manifests import Json, canary
from tests.support.flagger_objects import left_by_flagger

pytestmark = [pytest.mark.e2e, pytest.mark.full]

PAGE = Path(__file__).parents[3] / "docs/from-flagger.md"
LEFT = "deployments,services,virtualservices,destinationrules"
CRD: Json = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "canaries.flagger.app"},
    "spec": {
        "group": "flagger.app",
        "scope": "Namespaced",
        "names": {"kind": "Canary", "plural": "canaries", "singular": "canary"},
        "versions": [
            {
                "name": "v1beta1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


@pytest.fixture
def lab() -> Iterator[ClusterLab]:
    """Return a namespace with an app as Flagger leaves it, everything but the target owned by its Canary."""
    with ClusterLab(f"e2e-{random.randrange(10**8)}") as lab:
        kubectl(lab, "apply", "-f", "-", given=yaml.safe_dump(CRD))
        kubectl(lab, "wait", "--for=condition=Established", "crd/canaries.flagger.app", "--timeout=30s")
        made = canary()
        made["metadata"]["namespace"] = lab.namespace
        kubectl(lab, "create", "-f", "-", given=yaml.safe_dump(made))
        uid = kubectl(lab, "get", "canary", "shop", "-o", "jsonpath={.metadata.uid}")
        owner = {"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "name": "shop", "uid": uid, "controller": True,
                 "blockOwnerDeletion": True}  # fmt: skip
        objects = left_by_flagger("shop", lab.namespace, "demo/shop:v1", owner)
        kubectl(lab, "create", "-f", "-", given=yaml.safe_dump_all(objects))
        yield lab


def commands() -> list[list[str]]:
    """Return the page's kubectl commands that change or look at what Flagger made."""
    block = PAGE.read_text(encoding="utf-8").partition("```\n")[2].partition("```")[0]
    lines = [re.sub(r"\s+#.*", "", line) for line in block.splitlines() if line.startswith("kubectl")]
    return [shlex.split(line)[1:] for line in lines if "patch canary" in line or "delete canary" in line]


def in_namespace(words: list[str], namespace: str) -> list[str]:
    """Return a command with the test's namespace in place of the page's."""
    return [namespace if last == "-n" else word for last, word in zip(["", *words[:-1]], words, strict=True)]


def names(lab: ClusterLab) -> set[str]:
    """Return what is left, as `kind/name`."""
    return set(kubectl(lab, "get", LEFT, "-o", "name").split())


def owners(lab: ClusterLab) -> str:
    """Return all owner references that are left."""
    return kubectl(lab, "get", LEFT, "-o", "jsonpath={.items[*].metadata.ownerReferences}").strip()


def wait_for(lab: ClusterLab, holds: Callable[[], bool], what: str) -> None:
    """Wait for the garbage collector, which needs half a minute to notice a new kind of owner."""
    lab.wait_for(holds, 120, what)


def test_the_commands_of_the_page_keep_everything(lab: ClusterLab) -> None:
    """The Canary goes, its objects stay, and no reference is left by which they could be deleted later."""
    before = names(lab)
    patch, delete = commands()
    for words in (patch, delete):
        kubectl(lab, *in_namespace(words, lab.namespace))
    wait_for(lab, lambda: "shop" not in kubectl(lab, "get", "canaries", "-o", "name"), "the end of the Canary")
    assert (before, "") == (names(lab), owners(lab))


def test_a_plain_deletion_takes_the_users_along(lab: ClusterLab) -> None:
    """Why the page says never: this is what must not be typed."""
    kubectl(lab, "delete", "canary", "shop", "--wait=false")
    wait_for(lab, lambda: names(lab) == {"deployment.apps/shop"}, "the end of what Flagger made")
