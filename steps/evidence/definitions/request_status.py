"""Which requests count as failed, by the labels of istio_requests_total."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final


class RequestStatus(IntEnum):
    """How a request ended; UNCLASSIFIED ones count neither as good nor as bad."""

    GOOD = 0
    BAD = 1
    UNCLASSIFIED = 2


FAILURE_FLAGS: Final = frozenset(
    {
        "UF",  # upstream connection failed
        "UH",  # no healthy upstream
        "UT",  # upstream request timed out
        "UC",  # upstream closed the connection
        "UR",  # upstream reset the stream
        "UO",  # upstream overflow: circuit breaker
        "URX",  # retries or connection attempts exhausted
        "UPE",  # upstream broke the protocol
        "UMSDR",  # upstream reached its maximum stream duration
        "LR",  # connection reset locally
        "SI",  # stream idle for too long
        "DT",  # request exceeded its duration
        "NC",  # no such cluster: a route to nowhere
        "OM",  # overload manager stopped it
    }
)
"""Envoy's response flags that mean the user got no proper answer, whatever the code is."""

SERVER_FAULTS: Final = frozenset({"2", "4", "12", "13", "14", "15"})
"""gRPC statuses that are the server's fault: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED (a method got lost), INTERNAL,
UNAVAILABLE, DATA_LOSS. RESOURCE_EXHAUSTED (8) is left out, like 429: it depends on the caller."""


def request_status(labels: Mapping[str, str]) -> RequestStatus:
    """Classify a series of istio_requests_total.

    Bad: 5xx, a failure flag, a gRPC server fault. Good: all others, also 4xx, which is usually the caller's mistake.
    Neither: code 0 without a failure flag, which means that the client left before the answer.
    """
    code = labels.get("response_code", "")
    flags = set(labels.get("response_flags", "").split(","))
    if code.startswith("5") or flags & FAILURE_FLAGS or labels.get("grpc_response_status", "") in SERVER_FAULTS:
        return RequestStatus.BAD
    return RequestStatus.UNCLASSIFIED if code in {"", "0"} else RequestStatus.GOOD
