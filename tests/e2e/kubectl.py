"""kubectl, as users have it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.lab.cluster.lab import ClusterLab


def kubectl(lab: ClusterLab, *arguments: str, given: str = "") -> str:
    """Run kubectl in the lab's namespace and return what it prints; raise AssertionError with its words on failure."""
    program = Path(sys.executable).with_name("kubectl")
    words = (str(program), "--kubeconfig", str(lab.kubeconfig), "--namespace", lab.namespace, *arguments)
    done = subprocess.run(words, input=given, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout
