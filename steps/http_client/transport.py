"""Connections of `requests` that stop at the limits of the exchange that uses them.

The timeout of `requests` is for one wait for a byte, and its library reads header lines, chunk sizes and trailers of
any length. Here every read from the socket waits only for the time that is left, and its bytes are counted.
"""

import io
import socket
import threading
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from steps.http_client.exchange import Exchange


class _Current(threading.local):
    """The exchange of the talking thread."""

    exchange: Exchange


current = _Current()


class _MeteredReader(io.RawIOBase):
    """What comes from the socket."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket, exchange: Exchange) -> None:
        self._raw, self._connection, self._exchange = raw, connection, exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any buffer, as io.RawIOBase has it
        self._connection.settimeout(self._exchange.remaining())
        received: int = self._raw.readinto(buffer) or 0
        self._exchange.count(received)
        return received

    def close(self) -> None:
        self._raw.close()
        super().close()


class _MeteredResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        reader = _MeteredReader(self.fp.detach(), sock, current.exchange)
        self.fp = io.BufferedReader(reader)


class _Connection(HTTPConnection):
    response_class = _MeteredResponse

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        current.exchange.watch(made)
        return made

    def request(self, *arguments: Any, **options: Any) -> None:
        if self.sock is not None:  # kept alive by an earlier exchange
            current.exchange.watch(self.sock)
        super().request(*arguments, **options)


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class BoundedAdapter(HTTPAdapter):
    """Makes connections that stop at the limits of `current.exchange`.

    Args:
        pool: options of the connections, such as `server_hostname`.
    """

    def __init__(self, **pool: Any) -> None:
        self._options = pool
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools of connections, as the session asks for them."""
        super().init_poolmanager(*arguments, **{**options, **self._options})
        _bound(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> PoolManager:
        """Return the connections through a proxy, which stop at the limits too."""
        manager: PoolManager = super().proxy_manager_for(*arguments, **options)
        _bound(manager)
        return manager


def _bound(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
