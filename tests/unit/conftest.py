"""Unit tests are isolated from the developer's environment: no cluster, no settings, no result files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide kubeconfigs, the variables of a pod in a cluster, and every setting of a step."""
    for name in [one for one in os.environ if one.startswith(("CANARY_", "RESULT_", "KUBERNETES_"))]:
        monkeypatch.delenv(name)
    nowhere = str(tmp_path / "no-kubeconfig")
    monkeypatch.setenv("KUBECONFIG", nowhere)
    # The package reads the variable once, when it is imported.
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", nowhere)
