"""The trafficPolicy of a DestinationRule as Envoy's circuit breakers and outlier detection, merged as istiod does."""

from __future__ import annotations

from tests.support.kubernetes_api.kinds import Json

_UNLIMITED = 4294967295
_PARTS = ("connectionPool", "outlierDetection")
_LIMITS = {
    "max_connections": ("tcp", "maxConnections"),
    "max_pending_requests": ("http", "http1MaxPendingRequests"),
    "max_requests": ("http", "http2MaxRequests"),
    "max_retries": ("http", "maxRetries"),
}
_EJECTION = {"interval": "interval", "base_ejection_time": "baseEjectionTime"}
_ERRORS = {"consecutive_5xx": "consecutive5xxErrors", "consecutive_gateway_failure": "consecutiveGatewayErrors"}


def merged(policies: list[Json], port: int) -> Json:
    """Return the policy of one port: later ones win (a subset's after the host's), and a port's own wins whole."""
    found: Json = {}
    for policy in policies:
        found |= {part: policy[part] for part in _PARTS if policy.get(part)}
        for setting in policy.get("portLevelSettings") or []:
            if (setting.get("port") or {}).get("number") == port:
                found = {part: setting[part] for part in _PARTS if setting.get(part)}
    return found


def thresholds(policy: Json) -> Json:
    """Return Envoy's circuit breakers; what is not limited, or limited to 0, is unlimited as in Istio."""
    pool = policy.get("connectionPool") or {}
    return {name: (pool.get(part) or {}).get(limit) or _UNLIMITED for name, (part, limit) in _LIMITS.items()}


def connect_timeout(policy: Json) -> str:
    """Return the timeout of a connection; Istio's default of 10 s would make tests slow."""
    tcp = (policy.get("connectionPool") or {}).get("tcp") or {}
    return str(tcp.get("connectTimeout", "1s"))


def outlier_detection(policy: Json) -> Json:
    """Return the cluster's field that ejects endpoints that keep failing, or nothing."""
    asked = policy.get("outlierDetection")
    if not asked:
        return {}
    made: Json = {"enforcing_success_rate": 0}
    made |= {ours: asked[theirs] for ours, theirs in _EJECTION.items() if theirs in asked}
    for ours, theirs in _ERRORS.items():
        if theirs in asked:
            made |= {ours: asked[theirs], f"enforcing_{ours}": 100 if asked[theirs] else 0}
    if asked.get("maxEjectionPercent"):
        made["max_ejection_percent"] = asked["maxEjectionPercent"]
    return {"outlier_detection": made}
