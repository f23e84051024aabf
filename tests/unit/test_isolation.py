"""A developer's shell may be connected to a production cluster: no unit test may reach it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from steps.cluster.connection import Connection
from steps.errors import SettingsError

ROOT = Path(__file__).parents[2]


def test_a_unit_test_finds_no_cluster() -> None:
    """Neither by a kubeconfig nor by what a pod is told; nothing else of the shell steers a step."""
    with pytest.raises(SettingsError, match="way to the API server"):
        Connection()
    assert [] == [name for name in os.environ if name.startswith(("CANARY_", "RESULT_", "KUBERNETES_"))]


def test_a_unit_test_finds_no_cluster_even_where_the_shell_names_one(tmp_path: Path) -> None:
    """The test above, in a shell of somebody who works with a cluster."""
    config = tmp_path / "kubeconfig"
    named = {"name": "production", "context": {"cluster": "production", "user": "me"}}
    cluster = {"name": "production", "cluster": {"server": "https://production.invalid"}}
    me = {"name": "me", "user": {"token": "t"}}
    whole = {"current-context": "production", "contexts": [named], "clusters": [cluster], "users": [me]}
    config.write_text(json.dumps(whole))
    shell = {
        **os.environ,
        "KUBECONFIG": str(config),
        "CANARY_KUBECONFIG": str(config),
        "KUBERNETES_SERVICE_HOST": "production.invalid",
        "KUBERNETES_SERVICE_PORT": "443",
    }
    chosen = f"{Path(__file__)}::{test_a_unit_test_finds_no_cluster.__name__}"
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    ran = subprocess.run(
        (sys.executable, "-m", "pytest", *options, chosen),
        cwd=ROOT,
        env=shell,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == ran.returncode, ran.stdout
