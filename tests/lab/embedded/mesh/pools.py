"""The connectionPool of a DestinationRule as Envoy's circuit breakers, merged as istiod does."""

from __future__ import annotations

from tests.lab.embedded.api.kinds import Json

_UNLIMITED = 4294967295
_LIMITS = {
    "max_connections": ("tcp", "maxConnections"),
    "max_pending_requests": ("http", "http1MaxPendingRequests"),
    "max_requests": ("http", "http2MaxRequests"),
    "max_retries": ("http", "maxRetries"),
}


def connection_pool(policies: list[Json], port: int) -> Json:
    """Return the limits of one port: later policies win (a subset's after the host's), and a port's own win whole."""
    pool: Json = {}
    for policy in policies:
        pool = policy.get("connectionPool") or pool
        for setting in policy.get("portLevelSettings") or []:
            if (setting.get("port") or {}).get("number") == port:
                pool = setting.get("connectionPool") or {}
    return pool


def thresholds(pool: Json) -> Json:
    """Return Envoy's circuit breakers; what is not limited, or limited to 0, is unlimited as in Istio."""
    return {name: (pool.get(part) or {}).get(limit) or _UNLIMITED for name, (part, limit) in _LIMITS.items()}


def connect_timeout(pool: Json) -> str:
    """Return how long a connection may take; Istio's default of 10 s would make tests long."""
    return str((pool.get("tcp") or {}).get("connectTimeout", "1s"))
