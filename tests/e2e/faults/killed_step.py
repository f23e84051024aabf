"""A step in the process of the test, against the real API server, which is killed at one of its requests."""

from __future__ import annotations

import math
from itertools import count
from typing import Any

import pytest

from steps.__main__ import main
from steps.cluster.connection import ApiResponse, Connection
from steps.wiring import cluster
from tests.lab.cluster.lab import ClusterLab
from tests.support.killed_process import Killed


class LocalSteps:
    """Runs steps of `shop` as a person does with a kubeconfig, and dies where the test wants.

    Args:
        lab: the namespace.
        monkeypatch: puts the connection that counts and kills into place, for the test's duration.
    """

    def __init__(self, lab: ClusterLab, monkeypatch: pytest.MonkeyPatch) -> None:
        self._where = ["--app", "shop", "--namespace", lab.namespace, "--kubeconfig", str(lab.kubeconfig)]
        self._prometheus = ["--prometheus-url", lab.prometheus_url]
        self._monkeypatch = monkeypatch

    def rollout(self, run: str, image: str, lives: float = math.inf) -> tuple[int | None, int]:
        """Release up one rung, judged for some seconds; return the exit code and the number of requests.

        Args:
            run: id of the run.
            image: what it releases.
            lives: number of requests after whose last one the process is dead; the exit code is None then.
        """
        sent = count(1)

        class Mortal(Connection):
            def request(self, *args: Any, **kwargs: Any) -> ApiResponse:
                if next(sent) > lives:
                    raise Killed
                return super().request(*args, **kwargs)

        self._monkeypatch.setattr(cluster, "Connection", Mortal)
        judged = ["--ladder", "50", "--min-seconds", "5", "--drain-seconds", "2"]
        try:
            code = main(["rollout", *self._where, *self._prometheus, "--run", run, "--image", image, *judged])
        except Killed:
            code = None
        finally:
            self._monkeypatch.setattr(cluster, "Connection", Connection)
        return code, next(sent) - 1

    def rollback(self, run: str) -> int:
        """Roll back as an exit handler does."""
        return main(["rollback", *self._where, "--run", run, "--drain-seconds", "2"])
