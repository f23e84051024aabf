"""Debian packages: installed only if a program is missing."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.lab.cluster.build import say
from tests.lab.cluster.components import PACKAGES


def install(*programs: str) -> None:
    """Install what the named programs need, or everything."""
    wanted = {PACKAGES[program] for program in programs or PACKAGES if not _is_there(program)}
    if not wanted:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SystemExit(
            f"The cluster lab needs root and {', '.join(sorted(wanted))}; only on Debian it installs them."
        )
    say(f"Installing {', '.join(sorted(wanted))}")
    _apt("update")
    _apt("install", "--yes", "--no-install-recommends", *sorted(wanted))


def _is_there(program: str) -> bool:
    return Path(program).exists() or shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is not None


def _apt(*arguments: str) -> None:
    command = ("apt-get", "--quiet", "--quiet", *arguments)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
