"""Addresses of a lab: a block 127.x.y.0/24 of its own, so that ports never collide and each pod has its own address.

A block is leased by listening on its lease address; the kernel frees it however the process ends.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator

_LEASE_PORT = 4747
API_PORT, PROMETHEUS_PORT, GATEWAY_PORT, ADMIN_PORT = 6443, 9090, 8080, 15000
_FIRST_POD, _LAST_POD = 20, 250


class Block:
    """One leased block; `control` is the address of API and Prometheus."""

    def __init__(self) -> None:
        for _ in range(200):
            prefix = f"127.{random.randint(64, 250)}.{random.randint(1, 250)}"
            lease = socket.socket()
            try:
                lease.bind((f"{prefix}.254", _LEASE_PORT))
                lease.listen(1)
            except OSError:
                lease.close()
                continue
            self._lease = lease
            self._prefix = prefix
            self._pods = self._cycle()
            for port in (API_PORT, PROMETHEUS_PORT, GATEWAY_PORT, ADMIN_PORT):
                self.require_free(port)
            return
        raise RuntimeError("no free block of loopback addresses was found")

    @property
    def control(self) -> str:
        """Return the address of the API server and of Prometheus."""
        return f"{self._prefix}.1"

    def gateway(self, number: int) -> str:
        """Return the address of a gateway, numbered from 0."""
        return f"{self._prefix}.{10 + number}"

    def next_pod(self) -> str:
        """Return an address for a pod; addresses repeat after 231 pods."""
        return next(self._pods)

    def require_free(self, port: int) -> None:
        """Do nothing if the lab's addresses can have a port.

        Raises:
            RuntimeError: another process listens on it at all addresses.
        """
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((f"{self._prefix}.254", port))
            except OSError as error:
                raise RuntimeError(
                    f"port {port} of {self._prefix}.0/24 is in use: a process listens on it at all addresses ({error});"
                    f" `ss -ltnp 'sport = :{port}'` shows which; end it, or let it listen at one address"
                ) from error

    def release(self) -> None:
        """Release the block."""
        self._lease.close()

    def _cycle(self) -> Iterator[str]:
        while True:
            for last in range(_FIRST_POD, _LAST_POD + 1):
                yield f"{self._prefix}.{last}"
