"""A probe, and the endpoints that it is sent to."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificates of an https probe: which ones it trusts, and its own.

    Attributes:
        verify: whether the server's certificate must be trusted.
        ca_file: certificates to trust instead of the system's, PEM.
        cert_file, key_file: client certificate; both or none.
        server_name: server name to send (SNI) and to check in the certificate, since pods are reached by address.
    """

    verify: bool = True
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    server_name: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """A request and its expected response; empty or None means no such expectation.

    Attributes:
        header_files: headers whose values are read from files at each request: secrets.
        statuses: accepted HTTP status codes.
        min_body_bytes: minimum size of the body, in bytes.
        contains: text that the body must contain.
        pointer: JSON Pointer (RFC 6901) to a value in the body that must equal `value`; None = no JSON is expected.
        max_latency_ms: maximum time until the whole response is read.
        timeout_seconds: timeout of the request (> 0).
        port: of the pods; None = the first port of the first container that names one.
        stable_may_fail: only the new version is expected to pass; a run may begin although stable fails.
    """

    name: str
    path: str = "/"
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    header_files: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    statuses: tuple[int, ...] = (200,)
    min_body_bytes: int = 0
    contains: str = ""
    pointer: str | None = None
    value: object = None
    max_latency_ms: float | None = None
    timeout_seconds: float = 2.0
    scheme: str = "http"
    port: int | None = None
    stable_may_fail: bool = False
    tls: Tls = field(default_factory=Tls)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where probes go: a pod by address and port, or a base URL (a gateway).

    Attributes:
        name: of the pod, or "gateway".
        address: IP address of the pod; "" with a base.
        port: the pod's port, if the probe names none.
        base: URL of a gateway, without a path.
        headers: headers that the gateway routes to this arm.
    """

    name: str
    address: str = ""
    port: int = 80
    base: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def url(self, probe: Probe) -> str:
        """Return the URL of a probe at this endpoint."""
        if self.base:
            return f"{self.base.rstrip('/')}{probe.path}"
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{probe.scheme}://{host}:{probe.port or self.port}{probe.path}"
