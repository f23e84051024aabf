"""An undo that is killed anywhere: the next undo, a rollback or a sweep ends it, with users on a ready arm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from steps.claim.keys import claim_key
from steps.cluster.connection import ApiResponse
from steps.errors import PermanentError, StepError
from steps.step import StepEnd
from tests.integration.test_kills import CANARY, TWO
from tests.support.in_process_steps import StepProcess
from tests.support.kill_point import KillPoint
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.faults import Call
from tests.support.kubernetes_api.kinds import DEPLOYMENT
from tests.support.release_ends import RESTORED
from tests.support.shop_release import APP, deployment
from tests.support.stepped_cluster import SteppedCluster
from tests.support.undone_releases import release, seen

pytestmark = pytest.mark.integration

TARGET_NAMED: dict[str, Any] = {"topology": "target-named", "stable": APP, "canary": CANARY}


class UndoneApp:
    """An app whose shop:2 was promoted, or waits at the end of its promote; its undo can be killed again and again."""

    def __init__(self, folder: Path, services: tuple[str, ...] = (APP,), *, waits: bool = False, **names: Any) -> None:
        self.names = names
        self.world = SteppedCluster(folder, services)
        if names:
            self.world.create(DEPLOYMENT, deployment(CANARY, "shop:2", 1))
            self.world.settle(CANARY)
        if waits:
            StepProcess(self.world).prepare()
            StepProcess(self.world).analyze(60)
            with pytest.raises(Killed):
                StepProcess(self.world, KillPoint(3 + len(services), "after")).promote()
            self.world.settle(APP)
        else:
            release(self.world, **({"image": "", **names} if names else {}))
        assert "shop:2" == self.world.image(APP)
        self._kept = self.world.keep()

    def undo(self, kill_point: KillPoint | None = None, **more: object) -> StepEnd:
        """Undo the promotion, or die."""
        return StepProcess(self.world, kill_point).undo(**self.names, **more)

    def put_back(self) -> None:
        """Restore the cluster as it was before the undo."""
        self.world.put_back(self._kept)


class KilledUndo:
    """An undo that was killed before its first write, and after each one; the cluster can be put back to each kill."""

    def __init__(self, app: UndoneApp) -> None:
        self.app, self.world = app, app.world
        counted = KillPoint()
        app.undo(counted)
        assert RESTORED == seen(app.world)
        assert counted.writes > 5
        self._kept = [self._kill(number) for number in range(counted.writes + 1)]

    def _kill(self, number: int) -> Any:  # noqa: ANN401 - only for `put_back`
        self.app.put_back()
        with pytest.raises(Killed):
            self.app.undo(KillPoint(number or 1, "after" if number else "before"))
        return self.world.keep()

    def kills(self) -> Iterator[int]:
        """Put the cluster back to each kill in turn; yield the number of writes, 0 for an undo that claimed nothing."""
        for number, kept in enumerate(self._kept):
            self.world.put_back(kept)
            has_begun = self.world.annotation(claim_key(APP)) or self.world.outcome() == "undone"
            yield number if has_begun else 0

    def process(self) -> StepProcess:
        """Return a new process."""
        return StepProcess(self.world)


CASES: dict[str, Callable[[Path], UndoneApp]] = {
    "stable-named": UndoneApp,
    "target-named-two": lambda folder: UndoneApp(folder, TWO, **TARGET_NAMED),
    "waiting-two": lambda folder: UndoneApp(folder, TWO, waits=True),
}


@pytest.fixture(params=CASES, scope="module")
def killed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> KilledUndo:
    """Return each case; it is killed once for all tests."""
    return KilledUndo(CASES[request.param](tmp_path_factory.mktemp("app")))


def test_a_second_undo_ends_what_a_kill_interrupted(killed: KilledUndo) -> None:
    """At once, without waiting for the expiry; where only its end was killed, it says that the run is undone."""
    for number in killed.kills():
        if "undone" == killed.world.outcome():
            with pytest.raises(PermanentError, match="run one was already undone"):
                killed.app.undo()
        else:
            assert "undone" == killed.app.undo().results["outcome"], number
        assert (RESTORED, "undone") == (seen(killed.world), killed.world.outcome()), number


def test_a_second_undo_of_the_named_run_always_succeeds(killed: KilledUndo) -> None:
    """Wherever the first one was killed, behind its last write as well: so an engine may repeat it."""
    for number in killed.kills():
        end = killed.app.undo(run="one")
        assert (0, "undone") == (end.exit_code, end.results["outcome"]), number
        assert RESTORED == seen(killed.world), number


def test_a_rollback_by_hand_ends_a_killed_undo(killed: KilledUndo) -> None:
    """It finishes the undo once that has a claim, and does nothing before it or after its end."""
    for number in killed.kills():
        if number:
            outcome = killed.process().rollback("", any_run=True, **killed.app.names).results["outcome"]
            assert outcome in {"undone", "not-owner"}, number
            assert (RESTORED, "undone") == (seen(killed.world), killed.world.outcome()), number


def test_a_sweep_ends_an_undo_that_expired(killed: KilledUndo) -> None:
    """Nobody repeated it."""
    for number in killed.kills():
        killed.world.store.clock_offset_seconds += 700
        assert 0 == killed.process().sweep().exit_code, number
        after = seen(killed.world)
        if not number:
            after["tokens"] = {""}  # those on Deployments are the next run's to remove
        assert ({**RESTORED, "stable": "shop:1" if number else "shop:2"}) == after, number


def test_the_next_release_ends_a_killed_undo_that_expired(killed: KilledUndo) -> None:
    """Then it goes on."""
    for number in killed.kills():
        killed.world.store.clock_offset_seconds += 700
        names = {**killed.app.names, "image": ""} if killed.app.names else {"image": "shop:3"}
        killed.process().prepare("two", **names)
        assert ("shop:1" if number else "shop:2") == killed.world.image(APP), number
        assert {(100, 0)} == killed.world.weights(), number


@pytest.mark.parametrize("status", [403, 404, 409, 500, 503])
@pytest.mark.parametrize(
    ("verb", "resource"),
    [
        ("get", "virtualservices"),
        ("patch", "virtualservices"),
        ("get", "deployments"),
        ("patch", "deployments"),
        ("get", "replicasets"),
        ("create", "events"),
    ],
)
def test_faults_of_the_api_server_end_an_undo_clearly_and_the_next_one_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, status: int, resource: str
) -> None:
    """An error of ours with its exit code, never a crash; what was done until then can be continued."""
    app = UndoneApp(tmp_path)
    answer, found = app.world.answer, []

    def fail(call: Call) -> ApiResponse:
        if (call.verb, call.resource) != (verb, resource):
            return answer(call)
        found.append(call)
        return ApiResponse(status, {"message": "broken on purpose"})

    with monkeypatch.context() as faulty:
        faulty.setattr(app.world, "answer", fail)
        try:
            app.undo()
        except StepError as error:
            assert error.cause  # noqa: PT017 - some faults prevent nothing: the second undo shows that
    assert found
    if "undone" != app.world.outcome():
        app.undo()
    assert RESTORED == seen(app.world)


@pytest.mark.parametrize("status", [404, 409, 410, 429, 500, 503])
@pytest.mark.parametrize("resource", ["deployments", "virtualservices"])
def test_an_undo_whose_claim_is_refused_halfway_leaves_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resource: str, status: int
) -> None:
    """Whatever the refusal is: the tokens that it had written already are taken off again, and it can be repeated."""
    app = UndoneApp(tmp_path, TWO)
    answer = app.world.answer
    refused: list[Call] = []

    def refusing(call: Call) -> ApiResponse:
        is_last = call.name == {"deployments": CANARY, "virtualservices": TWO[-1]}[resource]
        if call.verb == "patch" and call.resource == resource and is_last and not refused:
            refused.append(call)
            return ApiResponse(status, {"kind": "Status", "status": "Failure", "code": status, "message": "not now"})
        return answer(call)

    monkeypatch.setattr(app.world, "answer", refusing)
    with suppress(StepError):
        app.undo()
    assert 1 == len(refused)
    if "undone" != app.world.outcome():  # what may be tried again, was
        assert {""} == app.world.tokens()
        app.undo()
    assert (RESTORED, "undone") == (seen(app.world), app.world.outcome())
