"""Annotations of a stranger: they are reported by name, and they delay nobody else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from steps import list as listing
from steps.claim.keys import claim_key, record_key, state_key
from steps.claim.listing import list_release
from steps.model.run import CLAIMED_LABEL
from tests.support.hostile_annotations import HOSTILE_TOKENS, hostile_records, hostile_states
from tests.support.in_process_steps import StepProcess
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE, Json
from tests.support.manifests import virtual_service
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster

pytestmark = pytest.mark.integration

EVIL = "evil"
STORED_BYTES = 200_000
"""The API server itself refuses longer annotations."""


@pytest.fixture
def world(tmp_path: Path) -> SteppedCluster:
    """Return a cluster whose app holds a claim at weight 20."""
    world = SteppedCluster(tmp_path)
    StepProcess(world).prepare()
    StepProcess(world).set_weight(20)
    return world


def annotate(world: SteppedCluster, name: str, **changes: str) -> None:
    """Write annotations and the label as somebody else does."""

    def changed(obj: Json) -> Json:
        obj["metadata"].setdefault("annotations", {}).update(changes)
        obj["metadata"].setdefault("labels", {})[CLAIMED_LABEL] = "true"
        return obj

    world.store.change(VIRTUAL_SERVICE, NAMESPACE, name, changed, manager="evil")


def evil_claims(world: SteppedCluster) -> list[dict[str, str]]:
    """Return the annotations of every hostile claim, of an app `evil`."""
    valid = world.annotation(state_key(APP)).replace(f'"app":"{APP}"', '"app":"evil"')
    own = valid.replace(f'"{NAMESPACE}/{APP}":', f'"{NAMESPACE}/{EVIL}":')
    states = {**hostile_states(own), "only others": valid, "nothing": ""}
    stored = [text for text in states.values() if len(text) < STORED_BYTES]
    claims = [{claim_key(EVIL): "r1:1:walking", state_key(EVIL): text} for text in stored]
    return [*claims, *({claim_key(EVIL): token, state_key(EVIL): own} for token in HOSTILE_TOKENS)]


def place_everywhere(world: SteppedCluster) -> int:
    """Put each hostile claim on a VirtualService of its own, and one on the app's; return how many there are."""
    claims = evil_claims(world)
    for number, claim in enumerate(claims):
        name = f"{EVIL}-{number}"
        world.create(VIRTUAL_SERVICE, virtual_service(name, {"host": "a"}, {"host": "b"}))
        annotate(world, name, **{key: text.replace(f"/{EVIL}", f"/{name}") for key, text in claim.items()})
    annotate(world, APP, **claims[0])
    return len(claims)


def test_a_sweep_sees_past_every_hostile_claim(world: SteppedCluster) -> None:
    """All of them are named with a remedy, by exit code 4, and the dead run is rolled back all the same."""
    count = place_everywhere(world)
    world.store.clock_offset_seconds += 700
    end = StepProcess(world).sweep()
    assert (4, {(100, 0)}, "rolled-back") == (end.exit_code, world.weights(), world.outcome())
    said = str(end.summary["error"])
    assert said.isprintable()
    for number in range(count):
        assert f"kubectl annotate virtualservice -n {NAMESPACE} {EVIL}-{number} {claim_key(EVIL)}-" in said


def test_a_release_goes_on_beside_a_hostile_claim_of_another_app(world: SteppedCluster) -> None:
    """On the same VirtualService; each step says by name what it could not read."""
    for claim in evil_claims(world)[::35]:
        annotate(world, APP, **claim)
        kept = world.keep()
        with capture_logs() as logs:
            StepProcess(world).analyze(20)
            StepProcess(world).promote(unjudged="tested by hand")
            StepProcess(world).undo()
            StepProcess(world).prepare(run="two", image="shop:3")
            StepProcess(world).rollback(any_run=True)
        assert ({(100, 0)}, "rolled-back") == (world.weights(), world.outcome())
        assert "claim.unreadable" in {one["event"] for one in logs}
        world.put_back(kept)


def test_lists_and_reports_go_on(world: SteppedCluster) -> None:
    """The list has every app; the app's own report and metrics do not know the other one."""
    count = place_everywhere(world)
    process = StepProcess(world)
    end, text = listing.run(listing.Settings.model_validate({}), NAMESPACE, process._cluster)  # noqa: SLF001 - as main
    assert (1, count + 1) == (end.summary["living"], end.summary["unreadable"])
    assert all(line.isprintable() for line in text.splitlines())
    assert "run one" in process.report()
    assert "canary_steps" in process.report("openmetrics")


def test_an_own_claim_that_cannot_be_read_is_reported_with_its_remedy(world: SteppedCluster) -> None:
    """By report, metrics and list, which end well; it is not a release of that app in state `walking`."""
    texts = list(hostile_states(world.annotation(state_key(APP))).values())[::5]
    for text in (one for one in texts if len(one) < STORED_BYTES):
        annotate(world, APP, **{state_key(APP): text})
        process = StepProcess(world)
        report = json.loads(process.report("json"))
        assert ("unreadable", "") == (report["state"], report["run"])
        assert f"{claim_key(APP)}- {state_key(APP)}-" in report["reason"]
        row = list_release(process._traffic.claims, process.names)  # noqa: SLF001 - as an exporter reads it
        assert (None, True) == (row.claim, row.is_claim_unreadable)


@pytest.mark.parametrize("name", list(hostile_records())[::4])
def test_a_tampered_record_is_ignored_with_a_warning_that_names_it(world: SteppedCluster, name: str) -> None:
    """A whole release, its report and a rollback go on; the next record takes its place."""
    StepProcess(world).rollback()
    annotate(world, APP, **{record_key(APP): hostile_records()[name]})
    with capture_logs() as logs:
        StepProcess(world).prepare(run="two")
        StepProcess(world).set_weight(5, run="two")
        StepProcess(world).rollback(run="two")
    said = [one["detail"] for one in logs if one["event"] == "record.unreadable"]
    assert said
    assert all(f"kubectl annotate virtualservice -n {NAMESPACE} {APP} {record_key(APP)}-" in one for one in said)
    assert ({(100, 0)}, "rolled-back") == (world.weights(), world.outcome())
