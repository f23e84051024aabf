"""Helm, as users have it: version 3 or 4, on the lab's namespace."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.lab.cluster import build
from tests.lab.cluster.lab import ClusterLab


@dataclass(frozen=True)
class Helm:
    """One version of Helm in the namespace of a lab."""

    program: Path
    lab: ClusterLab

    @classmethod
    def of(cls, name: str, lab: ClusterLab) -> Helm:
        """Return the program of the lab's table; the first time it is built.

        Args:
            name: helm3 or helm4.
            lab: whose namespace is meant.
        """
        build.build((name,))
        return cls(build.binary(name), lab)

    def run(self, *words: str, given: str = "") -> str:
        """Return what a sub-command prints; raise AssertionError with its words if it fails."""
        where = ("--kubeconfig", str(self.lab.kubeconfig), "--namespace", self.lab.namespace)
        done = subprocess.run(
            (str(self.program), *words, *where), input=given, check=False, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"helm {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout
