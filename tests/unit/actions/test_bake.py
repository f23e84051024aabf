"""Bake: the promoted version is watched alone; a fail undoes the promotion, everything else lets it stand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steps.claim.keys import record_key
from steps.errors import NotOwnerError
from tests.support.baked_evidence import UNREACHABLE, BakedEvidence
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import DEPLOYMENT, POD, VIRTUAL_SERVICE, Json
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

FAULT_AT = 10.0
CANARY = f"{APP}-canary"


def from_then_on(seconds: float) -> float:
    """Fail half of the requests from second 10 of the bake on."""
    return 0.5 if seconds > FAULT_AT else 0.0


def always(_: float) -> float:
    """Fail all requests."""
    return 1.0


def writes_since_the_bake(world: SteppedCluster, *, swap: bool = False) -> range:
    """Return the numbers of the writes of a promote whose bake fails, from the first one after the bake began."""
    kept, counted, before = world.keep(), StepProcess(world), list[int]()
    reader = BakedEvidence(always, {1: lambda: before.append(counted.kill_point.writes)}, swap=swap)
    counted.promote(bake=reader)
    world.put_back(kept)
    return range(before[0], counted.kill_point.writes + 1)


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return an app whose canary passed its rung."""
    made = SteppedCluster(tmp_path)
    StepProcess(made).prepare()
    StepProcess(made).analyze(60)
    return made


def record(world: SteppedCluster) -> Json:
    """Return the record of the last run."""
    return dict(json.loads(world.annotation(record_key(APP))))


def edit(world: SteppedCluster, kind: object, change: dict[str, object]) -> None:
    """Change the spec of an object, as somebody else would."""
    found = world.store.get(kind, NAMESPACE, APP)  # type: ignore[arg-type]  # one of two kinds
    world.store.change(kind, NAMESPACE, APP, lambda item: {**item, "spec": {**found["spec"], **change}})  # type: ignore[arg-type]  # as above


def test_a_healthy_version_stays_and_the_record_says_that_it_was_baked(world: SteppedCluster) -> None:
    """Watched for its time, then released as promoted."""
    reader = BakedEvidence()
    end = StepProcess(world).promote(bake=reader)

    assert (0, "promoted", "pass") == (end.exit_code, end.results["outcome"], end.results["verdict"])
    assert end.results["reason"].startswith("baked for 30 s, with the promoted version as canary: healthy")
    assert ("pass", "promoted", "pass") == tuple(record(world)[name] for name in ("bake", "outcome", "verdict"))
    assert reader.reads > 10
    assert {""} == world.tokens()


def test_a_fault_after_the_promotion_brings_the_old_version_back(world: SteppedCluster) -> None:
    """Exit 5, and stable runs its old template on all pods."""
    end = StepProcess(world).promote(bake=BakedEvidence(from_then_on))

    assert (5, "undone", "fail") == (end.exit_code, end.results["outcome"], end.results["verdict"])
    assert "failed in bake" in end.results["reason"]
    assert ("undone", "fail", "fail") == tuple(record(world)[name] for name in ("outcome", "verdict", "bake"))
    assert "an outage of what it calls looks the same" in record(world)["reason"]
    assert ("shop:1", {(100, 0)}, 0, {""}) == (
        world.image(APP), world.weights(), world.canary_replicas(), world.tokens()
    )  # fmt: skip
    assert world.is_ready(APP)


@pytest.mark.parametrize(("fault", "ends"), [("crashes", (5, "undone", "shop:1")), ("", (0, "promoted", "shop:2"))])
def test_pods_that_crash_fail_and_pods_that_the_cluster_takes_away_do_not(
    world: SteppedCluster, fault: str, ends: tuple[int, str, str]
) -> None:
    """Even without a request: crashes are the version's fault, deleted pods that come back are not."""

    def delete() -> None:
        world.faulty["shop:2"] = fault
        for pod in world.store.list(POD, NAMESPACE, f"app={APP}"):
            world.store.delete(POD, NAMESPACE, pod["metadata"]["name"])

    reader = BakedEvidence(events={3: delete})
    reader.requests = 0
    end = StepProcess(world).promote(bake=reader)

    assert ends == (end.exit_code, end.results["outcome"], world.image(APP)), end.results
    assert bool(fault) is ("unhealthy" in end.results["reason"])


@pytest.mark.parametrize("cause", ["no request", "Prometheus is down"])
def test_a_bake_that_saw_too_little_lets_the_promotion_stand_and_says_so(world: SteppedCluster, cause: str) -> None:
    """Missing data is not a pass, but the release was judged on its rungs."""
    reader = BakedEvidence()
    if cause == "no request":
        reader.requests = 0
    else:
        reader.problem = UNREACHABLE
    end = StepProcess(world).promote(bake=reader)

    assert (0, "promoted", "inconclusive") == (end.exit_code, end.results["outcome"], end.results["verdict"])
    assert end.results["reason"].startswith("bake saw too little in 30 s (")
    assert ("pass", "inconclusive") == tuple(record(world)[name] for name in ("verdict", "bake"))
    assert "shop:2" == world.image(APP)


@pytest.mark.parametrize("what", ["weights", "template"])
def test_somebody_who_takes_over_ends_the_bake_within_one_poll(world: SteppedCluster, what: str) -> None:
    """Exit 4 with the manager's name; nothing is undone, not even a version that fails."""

    def take_over() -> None:
        if what == "weights":
            http = world.store.get(VIRTUAL_SERVICE, NAMESPACE, APP)["spec"]["http"]
            for entry, weight in zip(http[0]["route"], (90, 10), strict=True):
                entry["weight"] = weight
            edit(world, VIRTUAL_SERVICE, {"http": http})
        else:
            template = world.get(APP)["spec"]["template"]
            template["spec"]["containers"][0]["image"] = "shop:3"
            edit(world, DEPLOYMENT, {"template": template})

    reader = BakedEvidence(from_then_on, {3: take_over})
    end = StepProcess(world).promote(bake=reader)

    assert (4, "promoted", "stopped") == (end.exit_code, end.results["outcome"], end.results["verdict"])
    assert "without a verdict, the promotion stands" in end.results["reason"]
    assert 3 == reader.reads
    assert ("promoted", "stopped") == tuple(record(world)[name] for name in ("outcome", "bake"))
    expected = ("shop:2", {(90, 10)}) if what == "weights" else ("shop:3", {(100, 0)})
    assert expected == (world.image(APP), world.weights())


def test_a_second_promote_bakes_for_the_time_that_is_left(world: SteppedCluster) -> None:
    """The start is in the claim; users are on the judged version meanwhile."""

    def die() -> None:
        raise Killed

    with pytest.raises(Killed):
        StepProcess(world).promote(bake=BakedEvidence(events={11: die}))
    assert {(100, 0)} == world.weights()
    rest = BakedEvidence()
    end = StepProcess(world).promote(bake=rest)

    assert (0, "pass") == (end.exit_code, end.results["verdict"])
    assert rest.reads < 25


@pytest.mark.parametrize("who", ["rollback", "sweep", "prepare"])
def test_a_killed_bake_is_finished_as_promoted(world: SteppedCluster, who: str) -> None:
    """The version was judged, and all users are on it."""

    def die() -> None:
        raise Killed

    with pytest.raises(Killed):
        StepProcess(world).promote(bake=BakedEvidence(events={5: die}))
    process = StepProcess(world)
    if who == "rollback":
        process.rollback()
    else:
        world.store.clock_offset_seconds += 700
        process.sweep() if who == "sweep" else process.prepare(run="two", image="shop:3")

    assert ("promoted", "shop:2") == (record(world)["outcome"], world.image(APP))


def test_a_failed_bake_killed_at_any_write_ends_with_the_old_version(world: SteppedCluster) -> None:
    """By the same step run again, and by rollback."""
    kept = world.keep()
    for number in writes_since_the_bake(world):
        for again in ("promote", "rollback"):
            world.put_back(kept)
            with pytest.raises(Killed):
                StepProcess(world, KillPoint(number, "after")).promote(bake=BakedEvidence(always))
            process = StepProcess(world)
            if again == "promote":
                end = process.promote(bake=BakedEvidence(always))
                assert (5, "undone") == (end.exit_code, end.results["outcome"]), number
            else:
                process.rollback()
            world.settle(APP)
            expected = {"undone": "shop:1", "rolled-back": "shop:1", "promoted": "shop:2"}[world.outcome()]
            assert (expected, {(100, 0)}, {""}) == (world.image(APP), world.weights(), world.tokens()), (number, again)


def test_a_fault_of_the_api_server_does_not_end_a_bake(world: SteppedCluster) -> None:
    """It waits, and judges again when the server answers."""
    faults = world.api.faults
    reader = BakedEvidence(events={3: lambda: faults.answer(503, verb="list", times=40)})
    end = StepProcess(world).promote(bake=reader)

    assert (0, "pass") == (end.exit_code, end.results["verdict"]), end.results


def test_a_bake_that_lost_its_claim_writes_nothing_more(world: SteppedCluster) -> None:
    """Another owner decides now."""

    def take() -> None:
        StepProcess(world).rollback(any_run=True)

    with pytest.raises(NotOwnerError):
        StepProcess(world).promote(bake=BakedEvidence(from_then_on, {4: take}))
    assert {""} == world.tokens()


def test_rollout_ends_with_the_verdict_of_its_bake(tmp_path: Path) -> None:
    """Undone: 5; healthy: 0; the report shows the bake."""
    world = SteppedCluster(tmp_path)
    failed = StepProcess(world).rollout(bake=BakedEvidence(from_then_on), report_dir=str(tmp_path / "report"))
    report = StepProcess(world).report()

    assert (5, "undone", "fail") == (failed.exit_code, failed.results["outcome"], failed.results["verdict"])
    assert "  bake     fail" in report
    assert "  bake: fail, " in (tmp_path / "report" / "report.txt").read_text(encoding="utf-8")
    healthy = StepProcess(world).rollout(run="two", bake=BakedEvidence())
    assert (0, "promoted") == (healthy.exit_code, healthy.results["outcome"])
