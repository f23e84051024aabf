"""Faults that a version of the demo app can have."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class Knobs:
    """The behaviour of one image; ratios are 0 to 1, the defaults are a healthy app."""

    error_ratio: float = 0.0
    error_status: int = 500
    """Any status from 200 to 599; one from 300 to 399 is a redirect to /moved. gRPC requests get UNAVAILABLE."""
    hang_ratio: float = 0.0
    """No answer ever."""
    only_paths: str = ""
    """Comma-separated path prefixes: errors, gRPC statuses and hanging happen only there; "" for all paths."""
    latency_ms: float = 3.0
    """Median of a lognormal distribution."""
    latency_sigma: float = 0.3
    slow_ratio: float = 0.0
    slow_ms: float = 500.0
    empty_ratio: float = 0.0
    """Answers with status 200 and no body."""
    body_bytes: int = 800
    grpc_status: int = 0
    """Status (0 to 16) of an answer to a request with content-type application/grpc, at HTTP status 200."""
    grpc_ratio: float = 1.0
    """Share of the gRPC answers that have `grpc_status`; the others are OK."""
    fails_after_seconds: float = 0.0
    """Healthy at first, then errors to everything; 0 means never."""
    crash_after_seconds: float = 0.0
    cold_requests: int = 0
    """This many first requests find the pod's caches empty and take `cold_ms` longer."""
    cold_ms: float = 150.0
    crash_on_request: int = 0
    exit_code: int = 1
    start_delay_seconds: float = 0.0
    ready: bool = True
    uses_database: bool = False
    """Fails with 503 while the lab's database is down."""

    def changed(self, **values: float | str | bool) -> Knobs:
        """Return a copy with some knobs set, from numbers or from text as in environment variables."""
        kinds = {one.name: one.type for one in fields(self)}
        parsed: dict[str, object] = {}
        for name, value in values.items():
            if name not in kinds:
                raise ValueError(f"unknown knob {name!r}; known are {', '.join(sorted(kinds))}")
            match kinds[name]:
                case "bool":
                    parsed[name] = str(value).lower() in {"1", "true", "yes"}
                case "int":
                    parsed[name] = int(value)
                case "str":
                    parsed[name] = str(value)
                case _:
                    parsed[name] = float(value)
        made = replace(self, **parsed)  # type: ignore[arg-type]  # the loop above made them fit
        if not 200 <= made.error_status <= 599 or not 0 <= made.grpc_status <= 16:
            raise ValueError(f"no app answers status {made.error_status} or gRPC status {made.grpc_status}")
        return made

    def concern(self, path: str) -> bool:
        """Return whether errors, gRPC statuses and hanging may happen on a path."""
        return any(path.startswith(prefix.strip()) for prefix in self.only_paths.split(","))
