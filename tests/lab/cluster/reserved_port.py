"""Reserves port 8080: daemons of the lab that would take it at all addresses leave it to the embedded labs.

All of Tekton's programs serve probes on this fixed port of every address, if they can, and work without them. The pods
and gateways of embedded labs have it at addresses of their own, which is impossible beside a listener at all addresses.
"""

import socket
import sys
import time

from tests.lab.cluster.addresses import GATEWAY
from tests.lab.cluster.daemons import Daemon, start

_PORT = 8080


def reserve() -> None:
    """Start a process that listens at one address, so that nobody can at all; it lives as long as the cluster.

    Raises:
        RuntimeError: somebody listens at all addresses already.
    """
    start(Daemon("reserved-port", (sys.executable, "-m", __name__), _listens))


def _listens() -> bool:
    with socket.socket() as found:
        return found.connect_ex((GATEWAY, _PORT)) == 0


def main() -> None:
    """Listen, accept nobody, and never end."""
    with socket.create_server((GATEWAY, _PORT)):
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
