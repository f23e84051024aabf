"""Every step finds the names of a release by itself: given, of the claim, by convention, or from the manifests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

from steps.errors import PermanentError
from steps.model.names import ReleaseNames
from steps.model.run import Destination, ObjectName
from steps.model.workload import Topology
from tests.support.kubernetes_api.kinds import DEPLOYMENT, DESTINATION_RULE, VIRTUAL_SERVICE, Json, Kind
from tests.support.pair_cluster import NamedSteps, PairCluster
from tests.support.shop_release import APP, NAMESPACE, deployment

LISTS = ("virtualservices", "destinationrules", "services", "deployments")
FLAGS: Json = {
    "stable": "cart-v1",
    "canary": "cart-v2",
    "stable_destination": "cart/v1",
    "canary_destination": "cart/v2",
    "virtual_service": "cart",
}


@pytest.fixture
def world(tmp_path: Path) -> PairCluster:
    """Return two versions of `cart` at 100/0, beside the conventional `shop`."""
    return PairCluster(tmp_path)


def arms(names: ReleaseNames) -> tuple[str, str, str, str]:
    """Return Deployments and destinations, stable's first."""
    return names.stable, names.canary, str(names.stable_destination), str(names.canary_destination)


def test_a_pair_of_versions_goes_through_a_run_with_the_app_alone(world: PairCluster) -> None:
    """Prepare, weight and rollback name nothing, and neither does the report after the run."""
    steps = NamedSteps(world)
    assert "ready" == steps.prepare().results["outcome"]
    assert (Topology.SWAP, "cart-v1") == (steps.names(run="one").topology, steps.names(run="one").stable)
    steps.set_weight(20)
    assert [80, 20] == world.pair_weights()
    assert "rolled-back" == steps.rollback().results["outcome"]
    assert [100, 0] == world.pair_weights()
    assert "rolled-back" in steps.report()


@pytest.mark.parametrize("weight", [50, 100])
def test_a_run_keeps_the_names_of_its_claim_whatever_the_weights_show(world: PairCluster, weight: int) -> None:
    """At 50/50 the routes name nobody, and at 0/100 they name the canary as stable."""
    steps = NamedSteps(world)
    steps.prepare()
    world.weigh(100 - weight, weight)
    for run in ("one", ""):
        assert ("cart-v1", "cart-v2", "cart/v1", "cart/v2") == arms(steps.names(run=run))
    assert ("cart-v1", "cart-v2", "cart/v1", "cart/v2") == arms(steps.names(starts=True, run="two"))


def test_a_rollback_finds_the_claim_of_its_run_on_a_virtual_service_of_another_name(tmp_path: Path) -> None:
    """By --app and --run alone; here the Deployments may not be listed, but the claim is found all the same."""
    world = PairCluster(tmp_path, routes="web")
    steps = NamedSteps(world)
    steps.prepare()
    steps.set_weight(50)
    world.forbidden = {"services", "deployments", "destinationrules"}
    assert (ObjectName(NAMESPACE, "web"),) == steps.names(run="one").virtual_services
    assert "rolled-back" == steps.rollback().results["outcome"]
    assert [100, 0] == world.pair_weights()


def test_the_report_of_a_run_is_found_where_the_arms_are_not_unique(tmp_path: Path) -> None:
    """The record stays on the VirtualService of the run."""
    world = PairCluster(tmp_path, routes="web")
    steps = NamedSteps(world)
    steps.prepare()
    steps.rollback()
    world.weigh(50, 50)
    assert "rolled-back" in steps.report()


@pytest.mark.parametrize("plural", LISTS)
def test_a_list_that_is_forbidden_leads_to_the_convention_and_is_named(world: PairCluster, plural: str) -> None:
    """An account of today's Role goes on as before."""
    world.forbidden = {plural}
    with structlog.testing.capture_logs() as lines:
        found = NamedSteps(world).names(starts=True)
    assert ("cart", "cart-canary", "cart", "cart-canary") == arms(found)
    (line,) = [one for one in lines if one["event"] == "names.not_inferred"]
    assert [f"{plural} in {NAMESPACE}"] == line["missing"]


def test_the_convention_needs_no_survey(world: PairCluster) -> None:
    """One list finds other VirtualServices with the same arms; everything else is read by name.

    The canary that is missing is asked for twice.
    """
    found = NamedSteps(world).names(APP, starts=True)
    assert (Topology.STABLE_NAMED, "shop", "shop-canary") == (found.topology, found.stable, found.canary)
    assert ["virtualservices"] == world.calls("list")
    assert ["virtualservices", "deployments", "deployments", "deployments"] == world.calls("get")


def test_a_step_of_a_conventional_run_asks_for_its_claim_alone(world: PairCluster) -> None:
    """An exit handler needs nothing else."""
    assert "shop-canary" == NamedSteps(world).names(APP, run="one").canary
    assert (["virtualservices"], []) == (world.calls("get"), world.calls("list"))


def test_names_that_are_all_given_are_not_looked_up(world: PairCluster) -> None:
    """A later step sends no request, and prepare one for the topology."""
    steps = NamedSteps(world)
    assert ("cart-v1", "cart-v2", "cart/v1", "cart/v2") == arms(steps.names(run="one", **FLAGS))
    assert steps.names(starts=True, topology="target-named", **FLAGS).topology is Topology.TARGET_NAMED
    assert [] == world.api.faults.log
    assert steps.names(starts=True, **FLAGS).topology is Topology.SWAP
    assert (["deployments"], []) == (world.calls("get"), world.calls("list"))


@pytest.mark.parametrize(
    "given",
    [
        {"canary": "cart-v1"},
        {"stable": "cart-v2"},
        {"stable_destination": "cart/v2"},
        {"stable_destination": "cart/v2", "canary_destination": "cart/v1"},
        {"stable": "cart-v2", "virtual_service": "cart"},
    ],
)
def test_one_name_that_is_given_decides_the_roles_and_the_rest_is_inferred(
    world: PairCluster, given: dict[str, Any]
) -> None:
    """The manifests alone would say the opposite."""
    assert ("cart-v2", "cart-v1", "cart/v2", "cart/v1") == arms(NamedSteps(world).names(starts=True, **given))


def test_equal_weights_refuse_a_release_with_flags_that_work(tmp_path: Path) -> None:
    """Both ways are named; a step that ends a run goes on with the convention."""
    steps = NamedSteps(PairCluster(tmp_path, weights=(50, 50)))
    with pytest.raises(PermanentError) as refused:
        steps.names(starts=True)
    _, first, second = refused.value.cause.splitlines()
    found = {steps.names(starts=True, **_given(flags)).stable for flags in (first, second)}
    assert {"cart-v1", "cart-v2"} == found
    assert ("cart", "cart-canary") == (steps.names(run="one").stable, steps.names(run="one").canary)


def test_two_pairs_are_refused_with_flags_that_work(world: PairCluster) -> None:
    """In one VirtualService, where --virtual-service alone does not choose."""
    more = deployment("cart-v3", "shop:1")
    labels = {"app": "cart", "version": "v3"}
    more["spec"]["selector"]["matchLabels"] = more["spec"]["template"]["metadata"]["labels"] = labels
    world.create(DEPLOYMENT, more)
    _change(world, DESTINATION_RULE, lambda spec: spec["subsets"].append({"name": "v3", "labels": labels}))
    _change(world, VIRTUAL_SERVICE, lambda spec: spec["http"].append(_split("v1", "v3")))
    steps = NamedSteps(world)
    with pytest.raises(PermanentError, match="more than one pair") as refused:
        steps.names(starts=True)
    given = _given(refused.value.cause.splitlines()[-1].partition(": ")[2])
    assert Destination("cart", "v3") == steps.names(starts=True, **given).canary_destination


def test_a_guess_is_logged_with_its_reasons(world: PairCluster) -> None:
    """For the engineer who asks why v2 is released."""
    with structlog.testing.capture_logs() as lines:
        NamedSteps(world).names(starts=True, stable="cart-v1")
    (line,) = [one for one in lines if one["event"] == "names.guessed"]
    assert ("swap", "cart-v2") == (line["topology"], line["canary"])
    assert "stable" not in line
    assert any("take turns" in one for one in line["because"])


def test_a_second_virtual_service_with_the_pair_is_released_with_the_first(world: PairCluster) -> None:
    """Gateway users and mesh users see the same canary."""
    world.create(
        VIRTUAL_SERVICE, {"metadata": {"name": "entry"}, "spec": {"hosts": ["e"], "http": [_split("v1", "v2")]}}
    )
    found = NamedSteps(world).names(starts=True)
    assert ("cart", "entry") == tuple(one.name for one in found.virtual_services)


def _given(flags: str) -> Json:
    words = flags.split()
    names = [word.removeprefix("--").replace("-", "_") for word in words[::2]]
    return dict(zip(names, words[1::2], strict=True))


def _split(stable: str, canary: str) -> Json:
    parts = ((stable, 100), (canary, 0))
    return {"route": [{"destination": {"host": "cart", "subset": one}, "weight": weight} for one, weight in parts]}


def _change(world: PairCluster, kind: Kind, change: Callable[[Json], object]) -> None:
    def changed(item: Json) -> Json:
        change(item["spec"])
        return item

    world.store.change(kind, NAMESPACE, "cart", changed, manager="kubectl-edit")
