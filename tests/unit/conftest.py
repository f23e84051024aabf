"""Unit tests are isolated from the developer's environment: no cluster, no settings, no result files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a path of no file; one for all tests, since a folder for each of thousands takes half a minute."""
    return tmp_path_factory.mktemp("nowhere") / "no-kubeconfig"


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch, nowhere: Path) -> None:
    """Hide kubeconfigs, the variables of a pod in a cluster, and every setting of a step."""
    for name in [one for one in os.environ if one.startswith(("CANARY_", "RESULT_", "KUBERNETES_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KUBECONFIG", str(nowhere))
    # The package reads the variable once, when it is imported.
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(nowhere))
