"""Which tests share a worker, and which begin: the longest first, so that no worker ends alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

_OWN_NAMESPACE = {"argo", "helm", "ansible", "faults"}
"""Folders whose tests have a namespace each and share nothing: each test goes to the next free worker."""

_FIRST = ("test_the_sweep_restores_what", "push/", "tekton/test_st", "tekton/", "a_newer_image_supersedes", "helm/")
"""What takes longest, by a part of folder, file and test."""


class ByGroup(LoadScopeScheduling):  # type: ignore[misc] # its package has no types for this base
    """Gives all tests of a group to one worker; xdist's own groups get lost with pytest 9."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, _ = nodeid.partition("::")
        return group_of(Path(path)) or nodeid


def sort(items: list[pytest.Item]) -> None:
    """Sort the tests in the order in which workers get their groups."""
    items.sort(key=lambda item: _rank(f"{item.path.parent.name}/{item.path.stem} {item.name}"))


def group_of(path: Path) -> str:
    """Return the group of a test's file, "" if its tests share nothing."""
    if path.parent.name in _OWN_NAMESPACE:
        return ""
    if path.name == "test_sweep.py":
        return "tekton/test_stopped_runs"  # it awaits the end of claims of the same runs
    return "push" if path.parent.name == "push" else f"{path.parent.name}/{path.stem}"


def _rank(name: str) -> int:
    return next((rank for rank, one in enumerate(_FIRST) if one in name), len(_FIRST))
