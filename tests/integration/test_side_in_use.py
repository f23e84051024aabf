"""A side goes down only when no route of any VirtualService gives it requests; else the step says which one does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from steps.cluster.connection import ApiResponse
from steps.errors import ForeignWrite, StillInUse
from tests.support.added_routes import (
    CANARY,
    OTHER,
    add_delegate,
    add_mirror,
    add_route_by_another_service,
    add_route_of_another_namespace,
    add_second_virtual_service,
    add_tcp_route,
    add_testers_route,
    add_tls_route,
    edit,
    remove_added,
    to,
)
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import AUTOSCALER, SERVICE, VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster
from tests.support.version_pair import V1, VersionPair

pytestmark = pytest.mark.integration

EXPIRED = 700.0
Break = Callable[[SteppedCluster], None]


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return an app with a run at weight 20."""
    made = SteppedCluster(tmp_path)
    made.api.add_namespace(OTHER)
    StepProcess(made).prepare()
    StepProcess(made).set_weight(20)
    return made


ADDED = [
    (add_testers_route, "route beta of VirtualService shop/shop"),
    (add_mirror, "the mirror of route copy of VirtualService shop/shop"),
    (add_tcp_route, "tcp route #0 of VirtualService shop/shop"),
    (add_tls_route, "tls route #0 of VirtualService shop/shop"),
    (add_second_virtual_service, "route #0 of VirtualService shop/public"),
    (add_delegate, "route #0 of VirtualService shop/part"),
    (add_route_of_another_namespace, "route #0 of VirtualService elsewhere/beta"),
    (add_route_by_another_service, "route beta of VirtualService shop/shop"),
]
RARER = [pytest.param(*case, marks=pytest.mark.full) for case in ADDED[2:]]


def by_name(one: object) -> str:
    """Return the name of a case."""
    return getattr(one, "__name__", "")


@pytest.mark.parametrize(("added", "named"), ADDED, ids=by_name)
def test_a_route_added_during_the_run_keeps_the_canary_up(world: SteppedCluster, added: Break, named: str) -> None:
    """Rollback returns the users, names route and remedy, and ends with 4; once the route is gone, sweep finishes."""
    added(world)
    with pytest.raises(StillInUse) as raised:
        StepProcess(world).rollback()
    assert 4 == raised.value.exit_code
    assert f"{named} gives " in raised.value.cause
    assert "Send these requests to shop, or remove the route" in raised.value.cause
    assert (80, 20) not in world.weights() - {(40, 60)}
    assert 1 == world.canary_replicas()
    assert "one:1:rolling-back" in world.tokens()
    world.store.clock_offset_seconds += EXPIRED
    end = StepProcess(world).sweep()
    assert (4, 1) == (end.exit_code, world.canary_replicas())
    assert named in str(end.summary["error"])
    remove_added(world)
    world.store.clock_offset_seconds += EXPIRED
    end = StepProcess(world).sweep()
    assert (0, 0, {""}, "rolled-back") == (end.exit_code, world.canary_replicas(), world.tokens(), world.outcome())


@pytest.mark.parametrize(("added", "named"), [*ADDED[:2], *RARER], ids=by_name)
def test_a_promoted_run_keeps_its_canary_up_likewise(world: SteppedCluster, added: Break, named: str) -> None:
    """Users are on the promoted stable; sweeps that find the route do not undo the promotion."""
    added(world)
    with pytest.raises(StillInUse, match=named):
        StepProcess(world).promote(unjudged="it is the end that counts here")
    assert ("shop:2", 1) == (world.image(APP), world.canary_replicas())
    for _ in range(2):
        world.store.clock_offset_seconds += EXPIRED
        assert 4 == StepProcess(world).sweep().exit_code
        assert ("shop:2", 1) == (world.image(APP), world.canary_replicas())
    remove_added(world)
    world.store.clock_offset_seconds += EXPIRED
    assert 0 == StepProcess(world).sweep().exit_code
    assert ("shop:2", 0, {""}, "promoted") == (
        world.image(APP), world.canary_replicas(), world.tokens(), world.outcome()
    )  # fmt: skip


def test_a_rollout_whose_canary_must_stay_up_ends_with_4(tmp_path: Path) -> None:
    """Not as rolled back, which would say that it is over, and its promotion is not undone."""
    world = SteppedCluster(tmp_path)
    from tests.support.fixed_evidence import FixedEvidence  # noqa: PLC0415 - only here

    reader = FixedEvidence(0.0, on_read=lambda look: add_testers_route(world) if look == 1 else None)
    end = StepProcess(world).rollout(reader)
    assert (4, "still-in-use") == (end.exit_code, end.results["outcome"])
    assert "route beta of VirtualService shop/shop" in end.results["reason"]
    assert ("shop:2", True) == (world.image(APP), world.canary_replicas() > 0)


def split_stable(spec: Json) -> None:
    """Give stable two entries."""
    spec["http"][0]["route"] = [to(APP, 50), to(APP, 30, port={"number": 80}), to(CANARY, 20)]


def split_canary(spec: Json) -> None:
    """Give the canary two entries."""
    spec["http"][0]["route"] = [to(APP, 80), to(CANARY, 15), to(CANARY, 5, port={"number": 80})]


@pytest.mark.parametrize("split", [split_stable, split_canary])
def test_an_arm_that_was_split_into_two_entries_still_lets_users_return(
    world: SteppedCluster, split: Callable[[Json], None]
) -> None:
    """All weight of the canary goes to stable's first entry."""
    edit(world, split)
    assert "rolled-back" == StepProcess(world).rollback().results["outcome"]
    entries = world.store.get(VIRTUAL_SERVICE, NAMESPACE, APP)["spec"]["http"][0]["route"]
    assert 0 == sum(one["weight"] for one in entries if one["destination"]["host"] == CANARY)
    assert 100 == sum(one["weight"] for one in entries)
    assert 0 == world.canary_replicas()


@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize("left", [[to(CANARY)], [to("shop-renamed", 80), to(CANARY, 20)]])
def test_a_route_that_lost_stable_keeps_the_canary_up(tmp_path: Path, left: list[Json], *, is_named: bool) -> None:
    """No weight can fix it: it was removed, or is a host of another name by now."""
    world = SteppedCluster(tmp_path)
    if not is_named:
        edit(world, lambda spec: spec["http"][0].pop("name"))
    StepProcess(world).prepare()
    StepProcess(world).set_weight(20)
    edit(world, lambda spec: spec["http"][0].update(route=left))
    with pytest.raises((ForeignWrite, StillInUse)):
        StepProcess(world).rollback()
    world.store.clock_offset_seconds += EXPIRED
    assert 4 == StepProcess(world).sweep().exit_code
    assert 1 == world.canary_replicas()


def test_one_of_two_virtual_services_that_was_taken_over_keeps_the_canary_up(tmp_path: Path) -> None:
    """Its routes are another's, so nobody returns its users."""
    world = SteppedCluster(tmp_path, (APP, "till"))
    StepProcess(world).prepare()
    StepProcess(world).set_weight(20)

    def taken(item: Json) -> Json:
        marks = {key: value for key, value in item["metadata"]["annotations"].items() if "/claim." not in key}
        return {**item, "metadata": {**item["metadata"], "annotations": marks}}

    world.store.change(VIRTUAL_SERVICE, NAMESPACE, "till", taken, manager="kubectl-edit")
    with pytest.raises(StillInUse, match="route primary of VirtualService shop/till gives"):
        StepProcess(world).rollback()
    assert ({(100, 0), (80, 20)}, 1) == (world.weights(), world.canary_replicas())


def test_a_route_known_before_the_run_keeps_the_canary_without_an_error(tmp_path: Path) -> None:
    """A testers' route for good must not fail every release: the canary stays, and the log says why."""
    world = SteppedCluster(tmp_path)
    add_testers_route(world)
    for run, end in (("one", StepProcess.rollback), ("two", lambda it, run: it.promote(run, unjudged="by hand"))):
        StepProcess(world).prepare(run=run)
        StepProcess(world).set_weight(20, run=run)
        with capture_logs() as logged:
            assert 0 == end(StepProcess(world), run).exit_code
        assert 1 == world.canary_replicas()
        assert any("route beta of VirtualService shop/shop leads to it" in str(line) for line in logged)


def test_a_service_of_both_arms_keeps_nothing_up(world: SteppedCluster) -> None:
    """Its users have stable's pods when the canary stops."""
    world.create(
        SERVICE, {"metadata": {"name": "all"}, "spec": {"selector": {"team": "till"}, "ports": [{"port": 80}]}}
    )
    edit(world, lambda spec: spec["http"].append({"name": "all", "route": [to("all")]}))
    assert "rolled-back" == StepProcess(world).rollback().results["outcome"]
    assert 0 == world.canary_replicas()


def test_pods_that_an_autoscaler_owns_are_not_asked_about(world: SteppedCluster) -> None:
    """They stay up anyway, so the run may end."""
    world.autoscale(CANARY)
    add_testers_route(world)
    assert "rolled-back" == StepProcess(world).rollback().results["outcome"]
    assert world.store.list(AUTOSCALER)
    assert 1 == world.canary_replicas()


def test_what_may_not_be_listed_is_said_and_stops_no_rollback(world: SteppedCluster) -> None:
    """The run's own VirtualServices can always be read."""
    asked = world.answer

    def answer(call: Call) -> ApiResponse:
        is_hidden = call.resource in {"virtualservices", "services", "destinationrules"} and call.verb == "list"
        return ApiResponse(403, {"message": f"{call.resource} is forbidden"}) if is_hidden else asked(call)

    world.answer = answer  # type: ignore[method-assign] # the server's side of a lost permission
    with capture_logs() as logged:
        assert "rolled-back" == StepProcess(world).rollback().results["outcome"]
    (line,) = {str(one["effect"]) for one in logged if one["event"] == "permission.missing"}
    assert "a route there that leads to shop-canary would be left without pods" in line
    assert 0 == world.canary_replicas()


def test_the_old_arm_of_a_swap_stays_up_for_a_route_that_was_added(tmp_path: Path) -> None:
    """Users are on the promoted arm; once the route is gone, the next sweep finishes the promotion."""
    world = VersionPair(tmp_path)
    StepProcess(world).prepare()
    StepProcess(world).set_weight(20)
    world.add_route(V1)
    with pytest.raises(StillInUse, match="route beta of VirtualService shop/shop gives"):
        StepProcess(world).promote(unjudged="it is the end that counts here")
    assert 2 == world.pods(V1)
    world.store.clock_offset_seconds += EXPIRED
    assert (4, 2) == (StepProcess(world).sweep().exit_code, world.pods(V1))
    edit(world, lambda spec: spec["http"].pop())
    world.store.clock_offset_seconds += EXPIRED
    assert (0, 0, "promoted") == (StepProcess(world).sweep().exit_code, world.pods(V1), world.outcome())
    assert {(0, 100)} == world.weights()
