"""The lab's folder, addresses and ports. There is one lab per machine."""

import os
import shutil
import sys
from pathlib import Path

STATE = Path("/var/tmp/canary-steps-cluster")
"""Everything that the cluster stores on disk; removed when it is taken down."""

KUBECONFIG = STATE / "kubeconfig"

NODE = "10.245.0.1"
"""The node's address, on a bridge of the lab's own: other machines neither reach it nor are reached."""

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
"""Docker and containerd accept plain HTTP there."""
INTERCEPTORS_PORT = 8443
"""Fixed by the interceptors."""
LISTENER_PORT = 18100
"""Port of the first listener, to which the registry sends its pushes; further listeners use the next ports."""
NEWEST_PROMETHEUS_PORT = 9389
GATEWAY = "127.0.0.10"
"""Where users enter the mesh: the load stays on the loopback device."""
GATEWAY_PORT = 8880
GATEWAY_ADMIN_PORT = 15000

PROMETHEUS_URL = f"http://{NODE}:{PROMETHEUS_PORT}"
"""Pods reach it, too."""
NEWEST_PROMETHEUS_URL = f"http://{NODE}:{NEWEST_PROMETHEUS_PORT}"
"""Port of the newest major version; it runs only for the tests that need it, beside the Debian package's Prometheus."""
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
