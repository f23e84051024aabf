"""What a module archive lacks although its repository has it: archives hold no symbolic links and no built files."""

import shutil
from pathlib import Path

from tests.lab.cluster.components import Module


def mend(module: Module, vendored: Path) -> None:
    """Complete the vendored copy of a module."""
    if module.name == "argo":
        _mend_signal_handling(vendored / "workflow" / "executor" / "osspecific")
        _mend_embedded_pages(vendored / "ui" / "dist" / "app")


def _mend_signal_handling(folder: Path) -> None:
    """Upstream, the file for Linux is a symbolic link to the one for macOS."""
    shutil.copy(folder / "signal_darwin.go", folder / "signal_linux.go")


def _mend_embedded_pages(folder: Path) -> None:
    """The command embeds the user interface, which is built by another tool; the lab needs none of it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").touch()
