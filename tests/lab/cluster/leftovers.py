"""Take everything away that a cluster leaves on the machine, also one that crashed."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tests.lab.cluster import daemons, network
from tests.lab.cluster.places import NODE_LINK, STATE


def down() -> None:
    """End all processes, then remove containers, mounts, network and files."""
    for name in reversed(daemons.names()):
        daemons.stop(name)
    _end_containers()
    if STATE.exists() or Path(f"/sys/class/net/{NODE_LINK}").exists():
        network.down()
    _unmount()
    shutil.rmtree(STATE, ignore_errors=True)


def clean_after_crash() -> None:
    """Take a half-dead cluster down: the machine was restarted, or somebody killed some of its processes."""
    if STATE.exists() and not daemons.names():
        down()


def _end_containers() -> None:
    """End containers and their shims: both outlive containerd, so that it can be restarted."""
    for number in _shims():
        for child in _children(number):
            _kill(child)
        _kill(number)


def _shims() -> list[int]:
    """Return the shims of our containerd; its socket is on their command line."""
    ours = (str(STATE).encode(), b"containerd-shim")
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = path.read_bytes()
            if all(word in command for word in ours):
                found.append(int(path.parent.name))
    return found


def _children(number: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{number}/task/{number}/children").read_text().split()]
    return []


def _kill(number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)


def _unmount() -> None:
    """Unmount what lies below our folder, the innermost first; pods' network namespaces are mounts too."""
    for _ in range(50):
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        ours = [mount for mount in mounts if mount.startswith(f"{STATE}/")]
        if not ours:
            return
        for mount in sorted(ours, key=len, reverse=True):
            subprocess.run(("umount", mount), check=False, capture_output=True)
        time.sleep(0.1)
