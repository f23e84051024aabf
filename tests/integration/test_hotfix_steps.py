"""Hotfix: who may begin one, what other runs do about it, and how it ends; in a cluster that moves by the request."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from steps.claim.errors import ClaimHeld
from steps.claim.keys import record_key
from steps.errors import PermanentError, SettingsError, TemporaryError
from steps.model.evidence import Problem, ProblemKind
from tests.support.hotfixes import HOTFIX, WHY, broken, left
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.kinds import EVENT, Json
from tests.support.release_ends import PROMOTED, RESTORED
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stable_evidence import StableEvidence
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return an app whose stable fails 30 % of its requests."""
    return broken(tmp_path)


def hotfix(world: SteppedCluster, run: str = "hot", **more: object) -> Json:
    """Release shop:2 as a hotfix by one command."""
    process = StepProcess(world)
    return dict(process.rollout(world.evidence, run, **{**HOTFIX, **more}).results)


def record(world: SteppedCluster) -> Json:
    """Return the record of the last run."""
    found: Json = json.loads(world.annotation(record_key(APP)))
    return found


def weights_of(logs: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the weights that were set before the promotion returned them."""
    found = [one["weight"] for one in logs if one["event"] == "weight.set"]
    return found[: found.index(max(found)) + 1]


def test_a_hotfix_is_promoted_by_one_command_and_recorded_as_one(world: SteppedCluster) -> None:
    """With its reason, by an Event, and on weights of its own: those of other releases are slower."""
    with capture_logs() as logs:
        ended = hotfix(world)
    assert ("promoted", "pass") == (ended["outcome"], ended["verdict"])
    assert "healthy as a hotfix" in ended["reason"]
    assert [25, 100] == weights_of(logs)
    assert PROMOTED == left(world)
    assert ("promoted", WHY) == (record(world)["outcome"], record(world)["hotfix"])
    events = [one for one in world.store.list(EVENT, NAMESPACE) if one["reason"] == "Hotfix"]
    assert [True] == [WHY in one["message"] and one["type"] == "Warning" for one in events]
    assert f"hotfix   {WHY}" in StepProcess(world).report()


def test_single_steps_follow_the_claim(world: SteppedCluster) -> None:
    """Only prepare is given the flags; analyze judges without stable because the claim says so."""
    StepProcess(world).prepare("hot", **{name: value for name, value in HOTFIX.items() if "seconds" not in name})
    for weight in (25, 100):
        end = StepProcess(world).analyze(weight, world.evidence, "hot", hotfix_min_seconds=0)
        assert "healthy as a hotfix" in end.results["reason"]
    assert "promoted" == StepProcess(world).promote("hot").results["outcome"]
    assert WHY == record(world)["hotfix"]


def test_a_stable_that_keeps_its_objectives_refuses_a_hotfix(world: SteppedCluster) -> None:
    """With its numbers and the flag; nothing was written."""
    world.evidence = StableEvidence(0.0)
    before = world.store.revision
    with pytest.raises(PermanentError) as caught:
        hotfix(world)
    assert "it keeps its objectives: 0/2000 = 0 % of stable's requests in the last 20 s failed" in str(caught.value)
    assert "2 of its 2 pods are ready" in str(caught.value)
    assert "--force" in str(caught.value)
    assert before == world.store.revision
    assert "promoted" == hotfix(world, force=True)["outcome"]


def test_where_nothing_is_known_of_stable_force_is_needed(world: SteppedCluster) -> None:
    """Prometheus is down, and stable's pods are ready."""
    world.evidence = StableEvidence(0.3, Problem(ProblemKind.UNREACHABLE, "Prometheus is down"))
    with pytest.raises(PermanentError, match="nothing tells: Prometheus is down; 2 of its 2 pods are ready"):
        hotfix(world)
    assert "ready" == StepProcess(world).prepare("hot", hotfix=True, reason=WHY, force=True).results["outcome"]


def take_down(world: SteppedCluster) -> None:
    """Let all pods of stable stop being ready, as after a bad change of what they need."""
    world.faulty["shop:1"] = "never-ready"
    for _ in range(20):
        world.tick()
    assert not world.get(APP)["status"].get("availableReplicas", 0)


def test_a_stable_without_a_ready_pod_is_broken(world: SteppedCluster) -> None:
    """Without a question to Prometheus; all users get the hotfix at once, since stable serves nobody."""
    take_down(world)
    world.evidence = StableEvidence(0.0)
    with capture_logs() as logs:
        assert "promoted" == hotfix(world)["outcome"]
    assert [100] == weights_of(logs)
    assert PROMOTED == left(world)


def test_a_stable_that_fails_half_of_its_requests_gets_no_first_weight(world: SteppedCluster) -> None:
    """A first weight would make most users wait."""
    world.evidence = StableEvidence(0.6)
    with capture_logs() as logs:
        hotfix(world)
    assert [100] == weights_of(logs)


def test_a_bad_hotfix_returns_users_to_a_stable_that_is_ready(world: SteppedCluster) -> None:
    """Broken as it is: it serves most of them."""
    world.evidence = StableEvidence(0.3, canary=1.0)
    ended = hotfix(world)
    assert ("rolled-back", "fail") == (ended["outcome"], ended["verdict"])
    assert RESTORED == left(world)
    assert ("rolled-back", WHY) == (record(world)["outcome"], record(world)["hotfix"])


def test_users_of_a_bad_hotfix_stay_while_only_it_is_ready(world: SteppedCluster) -> None:
    """Nobody else could answer; a promote with a reason ends it, so that another hotfix may follow."""
    take_down(world)
    world.evidence = StableEvidence(0.0, canary=0.2)
    with capture_logs() as logs:
        ended = hotfix(world)
    assert "rollback-failed" == ended["outcome"]
    assert {(0, 100)} == world.weights()
    held = next(one["detail"] for one in logs if one["event"] == "hotfix.held")
    assert 'promote --app shop --run hot --unjudged "' in held
    world.faulty["shop:1"] = ""
    assert "promoted" == StepProcess(world).promote("hot", "only the hotfix serves").results["outcome"]
    world.evidence = StableEvidence(0.2)
    assert "promoted" == hotfix(world, "second", image="shop:3")["outcome"]


def test_a_hotfix_supersedes_a_release_under_way(world: SteppedCluster) -> None:
    """Even one of the same image: it would take the whole ladder."""
    StepProcess(world).prepare("slow")
    StepProcess(world).set_weight(5, "slow")
    assert "promoted" == hotfix(world, on_busy="wait")["outcome"]
    assert PROMOTED == left(world)


@pytest.mark.parametrize("mine", [HOTFIX, {"on_busy": "supersede"}, {"on_busy": "wait"}])
def test_a_hotfix_under_way_is_never_taken_back(world: SteppedCluster, mine: Json) -> None:
    """Neither by another hotfix nor by a release that supersedes others; both end with 7."""
    StepProcess(world).prepare("first", hotfix=True, reason=WHY)
    StepProcess(world).set_weight(25, "first")
    given = {"on_busy": "wait", "busy_timeout_seconds": 0, **{k: v for k, v in mine.items() if "seconds" not in k}}
    with pytest.raises(ClaimHeld):
        StepProcess(world).prepare("mine", "shop:3", **given)
    assert {(75, 25)} == world.weights()


def test_a_hotfix_may_supersede_another_one_on_purpose(world: SteppedCluster) -> None:
    """The person says so."""
    StepProcess(world).prepare("first", hotfix=True, reason=WHY)
    assert "promoted" == hotfix(world, on_busy="supersede", image="shop:3")["outcome"]


@pytest.mark.parametrize(("first", "then"), [(HOTFIX, {}), ({}, HOTFIX)])
def test_a_run_does_not_become_a_hotfix_in_the_middle(world: SteppedCluster, first: Json, then: Json) -> None:
    """Nor stop being one: its judge would change."""
    one, two = ({k: v for k, v in given.items() if "seconds" not in k} for given in (first, then))
    StepProcess(world).prepare("run", **one)
    with pytest.raises(PermanentError, match=r"going on with run run: it began (as a hotfix|without --hotfix)"):
        StepProcess(world).prepare("run", **two)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"hotfix": True}, '--hotfix: needs --reason "why"'),
        ({"reason": WHY}, "--reason: belongs to --hotfix"),
        ({"force": True}, "--force: belongs to --hotfix"),
        ({"hotfix": True, "reason": WHY, "success_slo": 0}, "is judged by objectives alone, and there is none"),
        ({"hotfix": True, "reason": WHY, "without_mesh_metrics": True}, "without them name `probes` in canary.yaml"),
    ],
)
def test_settings_that_do_not_fit_are_refused(world: SteppedCluster, given: Json, said: str) -> None:
    """Before anything is read."""
    with pytest.raises(SettingsError) as caught:
        StepProcess(world).rollout(run="hot", **given)
    assert said in str(caught.value)


def test_an_undo_of_a_hotfix_has_to_be_forced(world: SteppedCluster) -> None:
    """The version before it is the broken one."""
    hotfix(world)
    world.settle(APP)
    with pytest.raises(PermanentError, match=f"it was a hotfix .{WHY}.: the version before it is the broken one"):
        StepProcess(world).undo()
    assert "undone" == StepProcess(world).undo(force=True).results["outcome"]
    assert RESTORED == left(world)


def test_a_hotfix_that_fails_in_its_bake_is_not_undone(world: SteppedCluster) -> None:
    """Users would get the broken version back; a person decides."""
    end = StepProcess(world).rollout(world.evidence, "hot", bake=StableEvidence(1.0), **HOTFIX)
    assert ("promoted", "fail", 5) == (end.results["outcome"], end.results["verdict"], end.exit_code)
    assert "undo --force" in record(world)["reason"]
    assert PROMOTED == left(world)


def test_an_old_claim_is_not_a_hotfix(world: SteppedCluster) -> None:
    """An older image wrote no such field."""
    StepProcess(world).prepare("old")
    assert "hotfix" not in world.annotation(f"canary-steps.io/run.{APP}")


def test_a_stable_that_is_not_ready_is_a_temporary_fault(world: SteppedCluster) -> None:
    """Its pods may be back in a minute; the message names the hotfix with its flag."""
    take_down(world)
    with pytest.raises(
        TemporaryError, match=r"0 of 2 pods available, where 2 are needed .--stable-available 0.9."
    ) as late:
        StepProcess(world).prepare("one", stable_timeout_seconds=0)
    assert '--hotfix --reason "why"' in str(late.value)
    assert {""} == world.tokens()
