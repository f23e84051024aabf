"""One release under the load, ladder and scrape interval with which Flagger was measured on this lab.

40 requests a second, weights 10 to 50 in steps of 10, a scrape every 5 s, a new weight after 10 s (Flagger's minimum
interval). Flagger 1.44.0 there: a canary that answers 500 to everything was exposed for 20.5 s and failed 80 requests;
a good release took 85 to 90 s. Our judge decides as a scrape comes: of at least 8 s and two scrapes (the defaults are
30 s and three) it makes 8 to 13 s a rung, which is the same dwell.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass

from tests.e2e.argo.workflow import Workflow, image
from tests.e2e.setup import configure
from tests.lab.cluster.lab import ClusterLab
from tests.support.processes import ROOT

RATE = 40.0
SCRAPE_SECONDS = 5
LADDER = (10, 20, 30, 40, 50)
PAST_SECONDS = 70.0
"""A service has a past, by which the judge knows whether its failures come in bursts: here twelve scrapes and a few."""
WAYS = ("rollout", "canary-release-lean", "canary-release")
"""One process; one pod a rung; two pods a rung."""
QUICK = {"min_seconds": 8.0, "min_requests": 20.0, "min_scrapes": 2.0}
DEFAULT = {"min_seconds": 30.0}
_LIMIT_SECONDS = 500.0
"""Below the time for which users of the lab send requests."""


@dataclass(frozen=True)
class Case:
    """A version of the app and the settings of its release.

    Args:
        name: as the table shows it.
        version: its tag, "" for a good one.
        settings: of the steps.
    """

    name: str
    version: str
    settings: dict[str, float]

    @property
    def is_good(self) -> bool:
        """Return whether it should be promoted."""
        return not self.version


CASES = (
    Case("fails everything", "errors", QUICK),
    Case("fails 5 %", "some-errors", QUICK),
    Case("good", "", QUICK),
    Case("fails 5 %, default dwell", "some-errors", DEFAULT),
    Case("good, default dwell", "", DEFAULT),
)
"""How soon a canary that fails everything is found does not depend on the minimum that a pass needs."""


@dataclass(frozen=True)
class Measured:
    """What the users saw, and how long it took.

    Attributes:
        exposed_seconds: from the first user's exposure to the last, of the version under test.
        failed: requests that failed.
        promoted_seconds: from the start to the end of promote; None if nothing was promoted.
    """

    exposed_seconds: float
    failed: int
    promoted_seconds: float | None


def measure(lab: ClusterLab, way: str, case: Case, url: str) -> Measured:
    """Release a version of `shop` in one way, under users; `url` is of the Prometheus with the scrape interval.

    Raises:
        TimeoutError: the release did not end in time.
    """
    chosen: dict[str, float | str] = {**case.settings}
    configure(lab, "shop", **chosen)
    stable = image(lab).rpartition(":")[2]
    version = case.version or ("v3" if stable == "v2" else "v2")
    with lab.load(RATE) as users:
        users.wait_for(lambda view: len(view.records) > RATE)
        started = time.time()
        by = _by_rollout if way == "rollout" else _by_argo
        promoted = by(lab, way, version, url, case.settings)
        seen = users.stop()
    return Measured(seen.exposed_seconds(version), seen.failed(), promoted - started if promoted else None)


def _by_rollout(lab: ClusterLab, _: str, version: str, url: str, settings: dict[str, float]) -> float | None:
    words = ["--app", "shop", "--image", f"demo/shop:{version}", "--ladder", ",".join(map(str, LADDER))]
    words += ["--namespace", lab.namespace, "--kubeconfig", str(lab.kubeconfig), "--prometheus-url", url]
    for name, value in settings.items():
        words += [f"--{name.replace('_', '-')}", f"{value:g}"]
    command = (sys.executable, "-m", "steps", "rollout", *words)
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, timeout=_LIMIT_SECONDS)
    return time.time() if done.returncode == 0 else None


def _by_argo(lab: ClusterLab, template: str, version: str, url: str, _: dict[str, float]) -> float | None:
    weights = str(list(LADDER))
    release = Workflow.release(lab, version, template, weights=weights, prometheus_url=url)
    if release.wait_for_end(_LIMIT_SECONDS) != "Succeeded":
        return None
    finished = str(release.node("promote")["finishedAt"])
    return time.mktime(time.strptime(finished, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
