"""`make soak MINUTES=10`: random releases, faults and foreign hands on the embedded lab, with real proxies and users.

Two apps are released again and again, good versions and bad ones. During each release somebody does something; after
it a rollback or a sweep ends what is left. Then users must be on a ready stable of one version, with nothing of the
run left, and no request may have failed because of us: a proxy that had nobody to send it to.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.hands import HANDS, expire
from tests.faults.views import Place, marks_of, ours_removed
from tests.integration.lab_app import LabApp
from tests.lab.embedded.lab import EmbeddedLab
from tests.lab.embedded.load import Record
from tests.lab.embedded.releases import release
from tests.support.kubernetes_api.kinds import DEPLOYMENT, POD, Json

APPS = ("shop", "cart")
VERSIONS = ("v2", "v2", "v2", "errors", "slow", "never-ready")
_SHARE_OF_ROLLBACKS = 0.6
_SAY_SECONDS = 5.0
_NOTICE_SECONDS = 15.0
_FLAGS = (
    "--ladder=20,60", "--min-seconds=2", "--min-requests=30", "--timeout-seconds=20", "--poll-seconds=1",
    "--ready-timeout-seconds=15", "--drain-seconds=3", "--on-busy=fail", "--api-retry-seconds=3",
)  # fmt: skip


@dataclass
class Tally:
    """What happened so far, in all apps."""

    releases: int = 0
    requests: int = 0
    excused: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)


class SoakedApp:
    """One app that is released again and again."""

    def __init__(self, lab: EmbeddedLab, name: str, folder: Path, seed: int, tally: Tally) -> None:
        self._rng, self._tally, self._number = random.Random(f"{seed}:{name}"), tally, 0
        self.app = LabApp(lab, name, folder)
        self._served = self.app.push("r0", version="r0")
        lab.deploy_app(name, self._served)
        self.app.wait_until_known()
        self._arms = Place(name), Place(self.app.canary)
        self._pristine = ours_removed(self.app.virtual_service(), self._arms)

    def run_until(self, deadline: float) -> None:
        """Release until the time is over."""
        with self.app.users(30.0, seconds=86_400.0) as users:
            seen = 0
            while time.monotonic() < deadline and not self._tally.violations:
                excused = self._release()
                time.sleep(1.0)  # answers under way
                records = users.view().records
                self._count(records[seen:], excused)
                seen = len(records)

    def _release(self) -> tuple[float, float]:
        """Release one version while somebody does something; return when users may fail because of that."""
        rng, app = self._rng, self.app
        self._number += 1
        kind, name = rng.choice(VERSIONS), rng.choice(list(HANDS))
        knobs: Any = release(kind)
        hand, delay, run = HANDS[name], rng.uniform(0.5, 15.0), f"run-{self._number}"
        image = app.push(f"r{self._number}", version=f"r{self._number}", **knobs)
        running = app.start("rollout", "--run", run, "--image", image, *_FLAGS)
        began = time.monotonic()
        while running.process.poll() is None and time.monotonic() - began < delay:
            time.sleep(0.1)
        at = time.time()
        hand.act(app, running)
        ended = running.wait(180.0)
        way = "rollback" if rng.random() < _SHARE_OF_ROLLBACKS else "sweep"
        hand.undo(app)
        self._way_back(way, run)
        excused = (at, time.time() if hand.takes_users else at)
        outcome = ended.results.get("outcome", "") or f"exit code {ended.exit_code}"
        self._check(f"{app.name} {run}: version {kind}, {name} after {delay:.1f} s, {outcome}, then {way}", image)
        self._tally.releases += 1
        self._tally.outcomes[outcome] = self._tally.outcomes.get(outcome, 0) + 1
        return excused

    def _way_back(self, way: str, run: str) -> None:
        """Run a way back until it ends well, as an engine or a CronJob does."""
        ends: list[str] = []
        for _ in range(8):
            if way == "rollback":
                ended = self.app.start("rollback", "--run", run, "--drain-seconds=3").wait(120.0)
                if ended.exit_code == 0 and self.app.claim():
                    way = "sweep"  # another owner took the claim over
                    continue
            else:
                expire(self.app)
                ended = self.app.start("sweep", "--drain-seconds=3").wait(120.0)
            if ended.exit_code == 0:
                return
            ends.append(f"{ended.exit_code} ({ended.error[:300]})")
            time.sleep(2.0)
        self._tally.violations.append(f"{self.app.name}: {way} of {run} never ended with 0, last with {ends[-1:]}")

    def _check(self, story: str, image: str) -> None:
        deadline = time.monotonic() + 30.0
        while (wrong := self._wrong(image)) and time.monotonic() < deadline:
            time.sleep(0.2)
        if wrong:
            self._tally.violations.append(f"{story}: {'; '.join(wrong)}")
        self._served = self.app.running_image()

    def _wrong(self, image: str) -> list[str]:
        app, found = self.app, []
        service, stable = app.virtual_service(), app.deployment()
        canary: Json | None = app.lab.api.store.find(DEPLOYMENT, app.lab.namespace, app.canary)
        if app.weights() != (100, 0):
            found.append(f"the weights are {app.weights()}")
        if canary is not None and canary["spec"]["replicas"]:
            found.append(f"the canary still has {canary['spec']['replicas']} pods")
        left = [mark for one in (service, stable, canary) if one is not None for mark in marks_of(one)]
        if left:
            found.append(f"left over: {', '.join(sorted(set(left)))}")
        if ours_removed(service, self._arms) != self._pristine:
            found.append("the VirtualService changed beyond weights and marks")
        if app.running_image() not in {self._served, image}:
            found.append(f"stable has the image {app.running_image()}")
        pods = [pod["spec"]["containers"][0]["image"] for pod in self._pods()]
        if set(pods) != {app.running_image()} or len(pods) != stable["spec"]["replicas"]:
            found.append(f"stable's pods run {sorted(pods)}")
        return found

    def _pods(self) -> list[Json]:
        store, app = self.app.lab.api.store, self.app
        pods = store.list(POD, app.lab.namespace, f"app={app.name}")
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    def _count(self, records: tuple[Record, ...], excused: tuple[float, float]) -> None:
        lost = [one for one in records if one.failed and one.version == "-"]
        ours = [one for one in lost if not excused[0] - 1 <= one.sent <= min(excused[1], excused[0] + _NOTICE_SECONDS)]
        self._tally.requests += len(records)
        self._tally.excused += len(lost) - len(ours)
        if ours:
            self._tally.violations.append(
                f"{self.app.name} run-{self._number}: {len(ours)} requests failed that reached no pod, "
                f"with status {sorted({one.status for one in ours})}"
            )


def main() -> int:
    """Soak, and return 1 if a promise did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    tally = Tally()
    with EmbeddedLab() as lab, tempfile.TemporaryDirectory() as folder:
        apps = [SoakedApp(lab, name, Path(folder), given.seed, tally) for name in APPS]
        began = time.monotonic()
        deadline = began + 60.0 * given.minutes
        threads = [threading.Thread(target=_guarded, args=(app, deadline, tally)) for app in apps]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            threads[0].join(_SAY_SECONDS) if threads[0].is_alive() else threads[-1].join(_SAY_SECONDS)
            _say(began, tally)
        for app in apps:
            app.app.stop_steps()
    for violation in tally.violations:
        sys.stdout.write(f"VIOLATION: {violation}\n")
    outcomes = ", ".join(f"{count} {name}" for name, count in sorted(tally.outcomes.items()))
    sys.stdout.write(
        f"{tally.releases} releases ({outcomes}), {tally.requests} requests, {len(tally.violations)} violations; "
        f"{tally.excused} requests failed because somebody deleted pods; seed {given.seed}\n"
    )
    return 1 if tally.violations else 0


def _guarded(app: SoakedApp, deadline: float, tally: Tally) -> None:
    """Release; what the lab itself cannot do is a violation as well, since nothing was shown."""
    try:
        app.run_until(deadline)
    except Exception as error:  # noqa: BLE001 - reported at the end, and the other app stops too
        tally.violations.append(f"{app.app.name}: the soak itself ended with {type(error).__name__}: {error}")


def _say(began: float, tally: Tally) -> None:
    line = f"{time.monotonic() - began:5.0f} s  {tally.releases:4} releases  {tally.requests:7} requests"
    sys.stdout.write(f"{line}  {len(tally.violations)} violations\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
