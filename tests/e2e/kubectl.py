"""kubectl, as users have it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.lab.cluster.lab import ClusterLab


def kubectl(lab: ClusterLab, *arguments: str, given: str = "") -> str:
    """Run kubectl in the lab's namespace and return what it prints; raise AssertionError with its words on failure."""
    return _run("--kubeconfig", str(lab.kubeconfig), "--namespace", lab.namespace, *arguments, given=given)


def kustomize(folder: Path) -> str:
    """Return the manifests of a kustomization."""
    return _run("kustomize", str(folder))


def _run(*arguments: str, given: str = "") -> str:
    program = Path(sys.executable).with_name("kubectl")
    done = subprocess.run(
        (str(program), *arguments), input=given, check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout
