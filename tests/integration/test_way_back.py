"""Every way back has one order: the users and the takeover in one patch, then all that may fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from steps.actions.left_alone import DeploymentsLeft
from steps.claim.keys import claim_key
from steps.cluster.connection import ApiResponse
from steps.errors import StepError
from steps.step import StepEnd
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import DEPLOYMENT
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE as VS
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration

CANARY = f"{APP}-canary"
TWO = (APP, f"{APP}-inner")
Way = Callable[[SteppedCluster], StepEnd]


def swept(world: SteppedCluster) -> StepEnd:
    """Sweep after the run died."""
    world.store.clock_offset_seconds += 700
    return StepProcess(world).sweep()


def followed(world: SteppedCluster) -> StepEnd:
    """Release again after the run died."""
    world.store.clock_offset_seconds += 700
    return StepProcess(world).prepare("two", "shop:3")


WAYS: dict[str, Way] = {
    "its own rollback": lambda world: StepProcess(world).rollback(),
    "a rollback by hand": lambda world: StepProcess(world).rollback("", any_run=True),
    "a sweep": swept,
    "a release that supersedes": lambda world: StepProcess(world).prepare("two", "shop:3", on_busy="supersede"),
    "the release after it": followed,
    "a fail": lambda world: StepProcess(world).analyze(20, FixedEvidence(1.0)),
}
alone = pytest.mark.parametrize(
    "way",
    [
        WAYS["its own rollback"],
        WAYS["a sweep"],
        pytest.param(WAYS["a rollback by hand"], marks=pytest.mark.full),
        pytest.param(WAYS["a fail"], marks=pytest.mark.full),
    ],
    ids=["rollback", "sweep", "by hand", "fail"],
)
"""Those that end the run themselves."""

ways = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())


def walking(folder: Path, services: tuple[str, ...] = (APP,)) -> SteppedCluster:
    """Return an app with a run at weight 20."""
    world = SteppedCluster(folder, services)
    StepProcess(world).prepare()
    StepProcess(world).set_weight(20)
    return world


def tried(way: Way, world: SteppedCluster) -> int:
    """Return the exit code of a step."""
    try:
        return way(world).exit_code
    except StepError as error:
        return error.exit_code


def spoil(world: SteppedCluster, patch: pytest.MonkeyPatch, concerns: Callable[[Call], bool], status: int) -> None:
    """Let the API server refuse some requests."""
    answer = world.answer

    def refusing(call: Call) -> ApiResponse:
        return ApiResponse(status, {"message": "broken on purpose"}) if concerns(call) else answer(call)

    patch.setattr(world, "answer", refusing)


@ways
def test_users_and_claim_move_by_one_patch_which_is_the_first_write(tmp_path: Path, way: Way) -> None:
    """Of every VirtualService; before it only these are read, and each arm is asked once."""
    world = walking(tmp_path, TWO)
    began = len(world.api.faults.log)
    way(world)
    calls = world.api.faults.log[began:]
    patches = [call for call in calls if call.is_write and call.resource == "virtualservices"][:2]

    assert sorted(TWO) == [call.name for call in patches]
    assert all(b"/weight" in call.body and b"rolling-back" in call.body for call in patches)
    assert patches[0] == next(call for call in calls if call.is_write and call.resource != "events")


@alone
def test_only_stable_is_asked_before_the_users_move(tmp_path: Path, way: Way) -> None:
    """For its readiness; at the run's own rollback both arms for their size. VirtualServices are read besides."""
    world = walking(tmp_path, TWO)
    began = len(world.api.faults.log)
    way(world)
    calls = world.api.faults.log[began:]
    if way is WAYS["a fail"]:
        pytest.skip("an analysis looks at the canary's pods all the time")
    first = next(place for place, call in enumerate(calls) if call.is_write)
    others = [(call.resource, call.name) for call in calls[:first] if call.resource != "virtualservices"]
    sizes = [("deployments", APP), ("deployments", CANARY)] if way is WAYS["its own rollback"] else []
    assert sorted([("deployments", APP), *sizes]) == sorted(others)


@pytest.mark.parametrize("status", [403, *(pytest.param(one, marks=pytest.mark.full) for one in (422, 500))])
@pytest.mark.parametrize("verb", ["get", "patch"])
@alone
def test_a_deployment_that_cannot_be_read_or_written_keeps_no_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Way, verb: str, status: int
) -> None:
    """The step fails, and what is left can be finished later."""
    if way is WAYS["a fail"] and verb == "get":
        pytest.skip("without the canary's pods there is no verdict, see test_traffic_restored_first.py")
    world = walking(tmp_path)
    with monkeypatch.context() as broken:
        spoil(world, broken, lambda call: call.resource == "deployments" and call.verb == verb, status)
        assert tried(way, world) in {3, 4, 5}
    assert {(100, 0)} == world.weights()
    world.store.clock_offset_seconds += 700
    assert 0 == StepProcess(world).sweep().exit_code
    assert ({""}, "rolled-back", 0) == (world.tokens(), world.outcome(), world.canary_replicas())


@pytest.mark.parametrize("broken", TWO)
@alone
def test_a_virtual_service_that_cannot_be_written_keeps_no_user_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Way, broken: str
) -> None:
    """Whichever comes first; later the rest is brought back as well."""
    world = walking(tmp_path, TWO)
    with monkeypatch.context() as faulty:
        spoil(world, faulty, lambda call: call.name == broken and call.is_write, 403)
        assert tried(way, world) in {3, 4, 5}
    assert {(100, 0), (80, 20)} == world.weights()
    found = {name: world.store.get(VS, NAMESPACE, name)["spec"]["http"][0]["route"][1]["weight"] for name in TWO}
    assert {name: 20 if name == broken else 0 for name in TWO} == found
    world.store.clock_offset_seconds += 1500
    assert 0 == StepProcess(world).sweep().exit_code
    assert ({(100, 0)}, {""}, "rolled-back") == (world.weights(), world.tokens(), world.outcome())


@pytest.mark.parametrize("token", ["zwei:9:walking", "zwei:1:walking"])
@alone
def test_the_token_of_somebody_else_on_a_deployment_is_reported_and_left(tmp_path: Path, way: Way, token: str) -> None:
    """Exit 4 with a sentence, never `not-owner` with 0; all users are back, and the claim is over."""
    world = walking(tmp_path)
    world.mark(CANARY, claim_key(APP), token)
    world.mark(CANARY, "canary-steps.io/held-by", f"{APP} {NAMESPACE}/public")
    if way is WAYS["a fail"]:
        pytest.skip("its verdict comes first; the rollback after it reports the token")
    before = world.get(CANARY)["spec"]
    assert 4 == tried(way, world)
    assert ({(100, 0)}, before) == (world.weights(), world.get(CANARY)["spec"])
    assert {"", token} == world.tokens()
    assert f"Deployment {NAMESPACE}/{CANARY} was left as it is" in world.annotation(f"canary-steps.io/last.{APP}")


def test_a_deployment_whose_token_a_person_removed_is_left_to_him(tmp_path: Path) -> None:
    """That is how people take over; the sentence names it."""
    world = walking(tmp_path)

    def removed(item: dict[str, object]) -> dict[str, object]:
        item["metadata"]["annotations"].pop(claim_key(APP))  # type: ignore[index]  # a Deployment
        return item

    world.store.change(DEPLOYMENT, NAMESPACE, CANARY, removed)
    with pytest.raises(DeploymentsLeft, match=r"shop/shop-canary was left as it is: its annotation .* is gone"):
        StepProcess(world).rollback()
    assert ({(100, 0)}, 1) == (world.weights(), world.canary_replicas())


def test_a_rollout_restores_when_somebody_elses_token_stops_it(tmp_path: Path) -> None:
    """The claim is still its own, so it is not another owner's run: exit 4 and users on stable."""
    world = SteppedCluster(tmp_path)

    def taken(_: int) -> None:
        world.mark(CANARY, claim_key(APP), "zwei:9:walking")

    end = StepProcess(world).rollout(FixedEvidence(0.0, taken))
    assert (4, {(100, 0)}) == (end.exit_code, world.weights())


@pytest.mark.parametrize("error", [KeyError("data"), RecursionError(), ZeroDivisionError("x")])
def test_a_rollout_restores_whatever_is_raised(tmp_path: Path, error: Exception) -> None:
    """A defect of ours is one."""
    world = SteppedCluster(tmp_path)

    def crash(_: int) -> None:
        raise error

    with pytest.raises(type(error)):
        StepProcess(world).rollout(FixedEvidence(0.0, crash))
    assert ({(100, 0)}, "rolled-back") == (world.weights(), world.outcome())


def test_an_unwritable_judgement_keeps_no_user_and_hides_no_verdict(tmp_path: Path) -> None:
    """The path is a folder's; the verdict is that of the judge."""
    world = walking(tmp_path)
    end = StepProcess(world).analyze(20, FixedEvidence(1.0), judgement_file=str(tmp_path))
    assert (5, "fail", {(100, 0)}) == (end.exit_code, end.results["verdict"], world.weights())

    world = SteppedCluster(tmp_path / "other")
    end = StepProcess(world).rollout(FixedEvidence(1.0), judgement_file=str(tmp_path), report_dir=f"{__file__}/x")
    assert (5, "rolled-back", {(100, 0)}) == (end.exit_code, end.results["outcome"], world.weights())
