"""Removes everything that a cluster leaves on the machine, even if it crashed."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.lab.cluster import daemons, kernel, network, outside_files
from tests.lab.cluster.addresses import STATE
from tests.lab.cluster.build import CACHE


def down() -> None:
    """End all processes, then remove containers, mounts, network and files."""
    # Separately, since it needs time to leave its images in order.
    daemons.stop("dockerd")
    daemons.stop_all()
    if not STATE.exists():
        return
    _end_containers()
    network.down()
    kernel.restore()
    outside_files.remove()
    _unmount()
    shutil.rmtree(STATE)


def clean_after_crash() -> None:
    """Take down a half-dead cluster: the machine was restarted, or its processes were killed."""
    if STATE.exists() and not daemons.is_running():
        down()


def _end_containers() -> None:
    """End containers and their shims: both outlive containerd, so that it can be restarted."""
    for shim in list(_shims()):
        children = Path(f"/proc/{shim}/task/{shim}/children")
        with contextlib.suppress(OSError):
            for child in children.read_text().split():
                _kill(int(child))
        _kill(shim)


def _shims() -> Iterator[int]:
    """Return the shims of our containerd, whose socket is on their command line."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = path.read_bytes()
            if b"containerd-shim" in command and str(STATE).encode() in command:
                yield int(path.parent.name)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _unmount() -> None:
    """Unmount everything below our folders, the innermost first; pods' network namespaces are mounts too."""
    ours: list[str] = []
    for _ in range(50):
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        ours = [mount for mount in mounts if mount.startswith((f"{STATE}/", f"{CACHE}/"))]
        if not ours:
            return
        for mount in sorted(ours, key=len, reverse=True):
            subprocess.run(("umount", mount), check=False, capture_output=True)
        time.sleep(0.1)
    raise RuntimeError(f"still mounted: {', '.join(ours)}")
