"""Versions of the demo app by name: `lab.registry.push("demo/shop:404", **release("404"))`."""

from __future__ import annotations

from tests.lab.embedded.app.knobs import Knobs

Behaviour = dict[str, float | str | bool]

_NAMED: dict[str, Behaviour] = {
    "v1": {},
    "v2": {},
    "v3": {},
    "errors": {"error_ratio": 1.0},
    "slow": {"slow_ratio": 0.3, "slow_ms": 400.0},
    "empty": {"empty_ratio": 0.5},
    "crash": {"crash_after_seconds": 1.0},
    "never-ready": {"ready": False},
    "hang": {"hang_ratio": 1.0},
    "missing-pages": {"error_ratio": 1.0, "error_status": 404, "only_paths": "/orders,/account"},
}
STATUSES = (204, 301, 302, 304, 400, 401, 403, 404, 408, 409, 410, 429, 500, 502, 503, 504)
NAMES = (*_NAMED, *map(str, STATUSES), *(f"grpc-{code}" for code in range(17)))


def release(name: str) -> Behaviour:
    """Return the knobs of a version: by its name, an HTTP status such as `404`, or a gRPC status such as `grpc-16`.

    Raises:
        ValueError: no version has this name, or no app can answer this status.
    """
    kind, _, code = name.rpartition("-")
    if name in _NAMED:
        return dict(_NAMED[name])
    if not code.isdecimal() or kind not in {"", "grpc"}:
        raise ValueError(f"no version is named {name!r}; known are {', '.join(NAMES)}")
    made: Behaviour = {"grpc_status": int(code)} if kind else {"error_ratio": 1.0, "error_status": int(code)}
    Knobs().changed(**made)
    return made
