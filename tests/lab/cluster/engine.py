"""A Docker engine: an existing one, or else one of the lab's own, which uses only the host's network.

It keeps its images in the cache, so that they are built once; it makes no bridge and no packet filter rules.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.cluster import cleanup, packages
from tests.lab.cluster.addresses import DOCKER_CGROUP, STATE, program
from tests.lab.cluster.build import CACHE
from tests.lab.cluster.daemons import Daemon, is_running, start, stop

_SOCKET = STATE / "docker.sock"


def up() -> str:
    """Return the address of an engine in the form of DOCKER_HOST; start one if none answers."""
    if address := _found():
        return address
    packages.install("dockerd", "docker")
    cleanup.clean_after_crash()
    STATE.mkdir(exist_ok=True)
    start(_dockerd())
    return f"unix://{_SOCKET}"


def is_own() -> bool:
    """Return whether the lab's own engine is used, which pulls nothing."""
    return not _found()


def why_not() -> str:
    """Return why no engine is available without installing anything, "" if one is."""
    if _found():
        return ""
    if os.geteuid() != 0:
        return "no Docker engine answers, and only root can start one"
    if shutil.which("dockerd", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        return "no Docker engine answers, and dockerd is not installed; `make image` does that on Debian"
    return ""


@contextmanager
def borrowed() -> Iterator[str]:
    """Yield the address of an engine, and end it afterwards if it was started here."""
    was_there = _found() or is_running("dockerd")
    yield up()
    if not was_there:
        stop("dockerd")
        cleanup.clean_after_crash()


def docker(*arguments: str, given: bytes | None = None, cwd: Path | None = None) -> bytes:
    """Run Docker's command; return what it prints, or raise it if it fails."""
    environment = {**os.environ, "DOCKER_HOST": up(), "DOCKER_BUILDKIT": "0"}
    done = subprocess.run(
        (program("docker"), *arguments), input=given, cwd=cwd, env=environment, check=False, capture_output=True
    )
    if done.returncode:
        said = (done.stdout[-2000:] + done.stderr[-2000:]).decode(errors="replace")
        raise RuntimeError(f"docker {' '.join(arguments)} failed:\n{said}")
    return done.stdout


def _found() -> str:
    """Return the address of an engine that is not the lab's, "" where there is none."""
    places = filter(None, (os.environ.get("DOCKER_HOST"), "unix:///var/run/docker.sock"))
    return next(filter(_answers, places), "")


def _dockerd() -> Daemon:
    command = (
        program("dockerd"),
        f"--data-root={CACHE / 'docker'}",
        f"--exec-root={STATE / 'docker'}",
        f"--pidfile={STATE / 'dockerd.pid'}",
        f"--host=unix://{_SOCKET}",
        "--storage-driver=overlay2",
        f"--cgroup-parent=/{DOCKER_CGROUP}",
        "--bridge=none",
        "--iptables=false",
        "--ip-forward=false",
        "--ip-masq=false",
        "--oom-score-adjust=0",
    )
    return Daemon("dockerd", command, lambda: _answers(f"unix://{_SOCKET}"))


def _answers(address: str) -> bool:
    try:
        command = (program("docker"), "--host", address, "version", "--format", "{{.Server.Version}}")
        return subprocess.run(command, check=False, capture_output=True, timeout=10).returncode == 0
    except (SystemExit, subprocess.TimeoutExpired):
        return False
