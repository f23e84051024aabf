"""One exchange with a server while it lasts: its deadline, its bytes, and the sockets to cut when it is over."""

import contextlib
import os
import socket
import threading
import time

from steps.http_client.limits import AnswerTooLargeError, Limits


class Exchange:
    """The state of one exchange, shared by the thread that waits for it and the thread that talks.

    Args:
        limits: the clock starts now.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._began = time.monotonic()
        self.is_connected = False
        self._received = 0
        self._lock = threading.Lock()
        self._is_over = False
        self._watched: list[socket.socket] = []

    def elapsed(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self._began

    def remaining(self) -> float:
        """Return the seconds that are left (> 0).

        Raises:
            TimeoutError: none are.
        """
        left = self.limits.seconds - self.elapsed()
        if left <= 0 or self._is_over:
            raise TimeoutError
        return left

    def count(self, received: int) -> None:
        """Count bytes from the socket.

        Raises:
            AnswerTooLargeError: these are too many: headers or chunks without an end.
        """
        self._received += received
        if self._received > self.limits.max_raw_bytes:
            raise AnswerTooLargeError

    def watch(self, connection: socket.socket) -> None:
        """Keep a handle of a connection, so that it can be cut from the other thread, even during a TLS handshake.

        Raises:
            TimeoutError: the exchange is over: the name resolved too late.
        """
        # A descriptor of its own: the talking thread may close or wrap its own one meanwhile.
        handle = socket.socket(fileno=os.dup(connection.fileno()))
        with self._lock:
            if not self._is_over:
                self.is_connected = True
                self._watched.append(handle)
                return
        handle.close()
        connection.close()
        raise TimeoutError

    def end(self, *, cut: bool) -> None:
        """End the exchange; with `cut`, close its connections under the hands of the talking thread."""
        with self._lock:
            self._is_over = True
            for handle in self._watched:
                if cut:
                    with contextlib.suppress(OSError):  # the server closed it already
                        handle.shutdown(socket.SHUT_RDWR)
                handle.close()
            self._watched.clear()
