"""Where the lab lives: its folder, its addresses, its ports. There is one lab on a machine."""

import os
import shutil
import sys
from pathlib import Path

STATE = Path("/var/tmp/canary-steps-cluster")
"""Everything that one cluster leaves on the disk; removed when it is taken down."""

KUBECONFIG = STATE / "kubeconfig"

NODE = "10.245.0.1"
"""The node's address. It sits on a bridge of the lab's own, so that no other machine is reached or reaches it."""

NODE_NAME = "lab"
NODE_LINK = "canary-node"
POD_LINK = "canary-pods"
POD_NETWORK = "canary-steps-lab"
DOCKER_CGROUP = "canary-steps-docker"
POD_RANGE = "10.244.0.0/24"
SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"

API_PORT = 6443
PROMETHEUS_PORT = 9390
REGISTRY = "127.0.0.1:5055"
"""Docker and containerd take plain http there."""
INTERCEPTORS_PORT = 8443
"""Theirs; it cannot be chosen."""
LISTENER_PORT = 18100
"""Of the first listener; further ones count on. The registry tells the first of pushes."""
NEWEST_PROMETHEUS_PORT = 9389
GATEWAY = "127.0.0.10"
"""Where users enter the mesh: load stays on the loopback device."""
GATEWAY_PORT = 8880
GATEWAY_ADMIN_PORT = 15000

PROMETHEUS_URL = f"http://{NODE}:{PROMETHEUS_PORT}"
"""Reached by pods as well."""
NEWEST_PROMETHEUS_URL = f"http://{NODE}:{NEWEST_PROMETHEUS_PORT}"
"""Of the newest major version, beside the Debian package's; it runs for the tests that ask for it."""
GATEWAY_URL = f"http://{GATEWAY}:{GATEWAY_PORT}"


def program(name: str) -> str:
    """Return the path of a program: beside this Python, where wheels put it, or on the PATH."""
    beside = Path(sys.executable).with_name(name)
    found = (
        str(beside)
        if beside.exists()
        else shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin:/usr/lib/cni")
    )
    if found is None:
        raise SystemExit(f"{name} is needed by the cluster lab and is neither beside {sys.executable} nor on PATH.")
    return found
