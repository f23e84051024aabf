"""One release under the load, ladder and scrape interval with which Flagger was measured on this lab.

40 requests a second, weights 10 to 50 in steps of 10, a scrape every 5 s, a new weight after 10 s (Flagger's minimum
interval). Flagger 1.44.0 there: a canary that answers 500 to everything was exposed for 20.5 s and failed 80 requests;
a good release took 85 to 90 s. Our judge decides as a scrape comes: of at least 8 s and two scrapes (the default is
three) it makes 8 to 13 s a rung, which is the same dwell.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass

from tests.e2e.argo.workflow import Workflow
from tests.e2e.setup import configure, users_of
from tests.lab.cluster import prometheus
from tests.lab.cluster.lab import ClusterLab
from tests.support.processes import ROOT

RATE = 40.0
SCRAPE_SECONDS = 5
LADDER = (10, 20, 30, 40, 50)
DWELL_SECONDS, LEAST_REQUESTS, LEAST_SCRAPES = 8.0, 20, 2
PAST_SECONDS = 70.0
"""A service has a past, by which the judge knows whether its failures come in bursts: here twelve scrapes and a few."""
WAYS = ("rollout", "canary-release-lean", "canary-release")
"""One process; one pod a rung; two pods a rung."""

FLAGGER_EXPOSED_SECONDS, FLAGGER_FAILED, FLAGGER_GOOD_SECONDS = 20.5, 80, 90.0


@dataclass(frozen=True)
class Measured:
    """What the users saw, and how long it took.

    Attributes:
        exposed_seconds: from the first user's exposure to the last, of the version under test.
        failed: requests that failed.
        seconds: from the start to the end of all that runs, exit handler included.
        promoted_seconds: from the start to the end of promote; None if nothing was promoted.
    """

    exposed_seconds: float
    failed: int
    seconds: float
    promoted_seconds: float | None


def measure(lab: ClusterLab, way: str, version: str) -> Measured:
    """Release a version of `shop` in one way, under users.

    Raises:
        TimeoutError: the release did not end in 10 minutes.
    """
    url = prometheus.up(SCRAPE_SECONDS)
    configure(lab, min_seconds=DWELL_SECONDS, min_requests=LEAST_REQUESTS, min_scrapes=LEAST_SCRAPES)
    with users_of(lab, rate=RATE, url=url) as users:
        time.sleep(PAST_SECONDS)
        started = time.time()
        promoted = _by_rollout(lab, version, url) if way == "rollout" else _by_argo(lab, way, version, url)
        ended = time.time()
        seen = users.stop()
    return Measured(
        seen.exposed_seconds(version), seen.failed(), ended - started, promoted - started if promoted else None
    )


def _by_rollout(lab: ClusterLab, version: str, url: str) -> float | None:
    words = ("--app", "shop", "--image", f"demo/shop:{version}", "--ladder", ",".join(map(str, LADDER)))
    where = ("--namespace", lab.namespace, "--kubeconfig", str(lab.kubeconfig), "--prometheus-url", url)
    chosen = ("--min-seconds", str(DWELL_SECONDS), "--min-requests", str(LEAST_REQUESTS))
    fewer = ("--min-scrapes", str(LEAST_SCRAPES))
    command = (sys.executable, "-m", "steps", "rollout", *words, *where, *chosen, *fewer)
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, timeout=600)
    return time.time() if done.returncode == 0 else None


def _by_argo(lab: ClusterLab, template: str, version: str, url: str) -> float | None:
    weights = str(list(LADDER))
    release = Workflow.release(lab, version, template, weights=weights, prometheus_url=url)
    if release.wait_for_end(600) != "Succeeded":
        return None
    finished = str(release.node("promote")["finishedAt"])
    return time.mktime(time.strptime(finished, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
