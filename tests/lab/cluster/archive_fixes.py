"""Adds what Go module archives lack although the repository has it: symbolic links and built files."""

import shutil
from pathlib import Path

from tests.lab.cluster.components import Module


def complete(module: Module, vendored: Path) -> None:
    """Complete the vendored copy of a module."""
    if module.name == "argo":
        _copy_signal_handling(vendored / "workflow" / "executor" / "osspecific")
        _add_embedded_pages(vendored / "ui" / "dist" / "app")


def _copy_signal_handling(folder: Path) -> None:
    """In the repository the file for Linux is a symbolic link to the one for macOS."""
    shutil.copy(folder / "signal_darwin.go", folder / "signal_linux.go")


def _add_embedded_pages(folder: Path) -> None:
    """The command embeds the user interface, which another tool builds; the lab does not need it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").touch()
