"""A tenant whose objects never hold still delays no other tenant's users, and large objects do not fill the memory."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from steps import sweep
from steps.actions.teardown import TeardownPolicy
from steps.claim.acquire import ClaimRequest
from steps.claim.claims import Claims
from steps.claim.keys import claim_key
from steps.claim.marked_objects import marked_objects
from steps.cluster import kinds
from steps.cluster.api import Cluster
from steps.cluster.pages import pages_of
from steps.model.run import CLAIMED_LABEL, Destination, ObjectName, RouteTarget
from steps.step import StepEnd
from steps.traffic.traffic import Traffic
from steps.workload.workload import Workload
from tests.support.kubernetes_api import StandInApi
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE
from tests.support.shop_namespace import ShopNamespace, plain_spec, take

pytestmark = pytest.mark.integration

RESTLESS = 6


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopNamespace]:
    """Return two empty namespaces."""
    with StandInApi(namespaces=("shop", "restless")) as api:
        yield ShopNamespace(api, tmp_path)


def add_claim(shop: ShopNamespace, namespace: str, name: str) -> None:
    """Create a VirtualService with the claim of a run that will die at weight 10."""
    shop.api.store.create(VIRTUAL_SERVICE, namespace, {"metadata": {"name": name}, "spec": plain_spec()})
    traffic = shop.traffic()
    stable, canary = Destination("shop"), Destination("shop-canary")
    targets = traffic.resolve([RouteTarget(ObjectName(namespace, name), ())], stable, canary)
    traffic.set_weight(take(traffic, ClaimRequest(name, f"run-{name}", targets, stable, canary)), 10)


def weights(shop: ShopNamespace, namespace: str, name: str) -> list[int]:
    """Return the weights of an object's first route."""
    route = shop.api.store.get(VIRTUAL_SERVICE, namespace, name)["spec"]["http"][0]["route"]
    return [entry.get("weight", 0) for entry in route]


def swept(shop: ShopNamespace, cluster: Cluster | None = None) -> StepEnd:
    """Sweep all namespaces as the CronJob does."""
    cluster = cluster or shop.cluster()

    def workload_of(app: str) -> Workload:
        return Workload(cluster, claim_key(app))

    return sweep.run(None, Traffic(cluster, Claims(cluster)), workload_of, TeardownPolicy(5.0, 0.0), cluster)


def test_restless_claims_delay_no_other_tenant(shop: ShopNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others' users are back within seconds; the restless ones' too, once they hold still."""
    monkeypatch.setattr("steps.sweep.LONG_RETRY_SECONDS", 0.5)
    for number in range(RESTLESS):
        add_claim(shop, "restless", f"restless-{number}")
    add_claim(shop, "shop", "shop")
    shop.later(700)
    moments: dict[str, float] = {}

    def note(call: Call) -> bool:
        if call.is_write and call.resource == "virtualservices":
            moments.setdefault(call.namespace, time.monotonic())
        return call.namespace == "restless"

    shop.api.faults.answer(409, verb="patch", resource="virtualservices", when=note, times=None)
    began = time.monotonic()
    end = swept(shop)
    assert (3, [100, 0]) == (end.exit_code, weights(shop, "shop", "shop"))
    assert moments["shop"] - began < 3.0
    rows = {one["app"]: one["outcome"] for one in json.loads(end.results["list"])}
    assert rows == {"shop/shop": "rolled-back"} | {f"restless/restless-{n}": "failed" for n in range(RESTLESS)}
    shop.api.faults.clear()
    assert 0 == swept(shop).exit_code
    assert {(100, 0)} == {tuple(weights(shop, "restless", f"restless-{number}")) for number in range(RESTLESS)}


def test_all_users_are_back_before_any_slow_part_begins(shop: ShopNamespace) -> None:
    """Also where some claims are worked on at once: a record is written after the last weight."""
    for number in range(6):
        add_claim(shop, "shop", f"app-{number}")
    shop.later(700)
    before = len(shop.api.faults.writes())
    assert 0 == swept(shop).exit_code
    patches = [call.body for call in shop.api.faults.writes()[before:] if call.resource == "virtualservices"]
    moved = [number for number, body in enumerate(patches) if b"/weight" in body]
    released = [number for number, body in enumerate(patches) if b"canary-steps.io~1last" in body]
    assert 6 == len(released)
    assert max(moved) < min(released)


def test_a_claim_without_its_label_is_swept_and_has_it_back_meanwhile(shop: ShopNamespace) -> None:
    """Somebody removed it, by mistake or on purpose."""
    add_claim(shop, "shop", "shop")
    shop.edit(lambda obj: obj["metadata"].pop("labels"))
    shop.later(700)
    labelled: list[bool] = []

    def look(call: Call) -> None:
        del call
        labelled.append(CLAIMED_LABEL in (shop.get()["metadata"].get("labels") or {}))

    shop.api.faults.on_write(2, look)
    assert (0, [100, 0]) == (swept(shop).exit_code, weights(shop, "shop", "shop"))
    assert [True] == labelled


def test_a_sweep_goes_on_where_its_list_is_gone(shop: ShopNamespace) -> None:
    """The API server compacts its store every five minutes."""
    for number in range(60):
        shop.api.store.create(VIRTUAL_SERVICE, "restless", {"metadata": {"name": f"x-{number}"}, "spec": plain_spec()})
    add_claim(shop, "shop", "shop")
    shop.later(700)
    shop.api.faults.answer(410, verb="list", when=lambda call: "continue" in call.query)
    assert (0, [100, 0]) == (swept(shop).exit_code, weights(shop, "shop", "shop"))


def test_large_objects_are_neither_sent_nor_kept(shop: ShopNamespace) -> None:
    """Of each VirtualService only its metadata is asked for, and its name and our annotations are kept."""
    spec = plain_spec() | {"tls": [{"match": [{"sniHosts": ["h" * 500_000]}]}]}
    body = {"metadata": {"name": "large", "annotations": {"canary-steps.io/last.x": "{}", "team/notes": "n"}}}
    shop.api.store.create(VIRTUAL_SERVICE, "shop", {**body, "spec": spec})
    sent = list(pages_of(shop.cluster(), kinds.VIRTUAL_SERVICE, "shop"))
    assert 1000 > len(json.dumps(sent))
    kept = marked_objects(shop.cluster(), "shop")[ObjectName("shop", "large")]["metadata"]
    assert {"canary-steps.io/last.x": "{}"} == kept.pop("annotations")
    assert {"namespace", "name", "uid"} == set(kept)
