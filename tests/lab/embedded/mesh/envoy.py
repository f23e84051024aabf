"""The Envoy processes: one per gateway; the first is also all sidecars."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.lab.embedded.addresses import ADMIN_PORT
from tests.lab.embedded.mesh.pilot import Pilot
from tests.lab.embedded.mesh.resources import bootstrap
from tests.support.processes import Processes


def binary(name: str) -> str:
    """Return the path of a program: beside this Python (wheels put it there), or on the PATH."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise FileNotFoundError(
            f"{name} is needed by the embedded lab and is neither beside {sys.executable} nor on PATH"
        )
    return found


def start(processes: Processes, pilot: Pilot, folder: Path, number: int, address: str) -> subprocess.Popen[bytes]:
    """Start the Envoy of gateway `number`; one worker is enough."""
    name = f"gateway-{number}"
    config = folder / f"{name}.json"
    admin = (address, ADMIN_PORT)
    config.write_text(json.dumps(bootstrap(name, admin, pilot.listeners_file(number), pilot.clusters_file(number))))
    command = [binary("envoy"), "-c", str(config), "--concurrency", "1", "--disable-hot-restart"]
    return processes.start(name, [*command, "--log-level", "warning", "--drain-time-s", "1"])
