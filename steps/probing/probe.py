"""A probe, and the endpoints it is sent to."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tls:
    """How an https probe trusts and is trusted.

    Attributes:
        verify: whether the server's certificate must be trusted.
        ca_file: certificates to trust in place of the system's, PEM.
        cert_file, key_file: client certificate; both or none.
        server_name: name to ask for and to find in the certificate: pods are reached by address.
    """

    verify: bool = True
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    server_name: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """A request and what its answer must be; what is empty or None is not asked for.

    Attributes:
        header_files: headers whose values are read from files at each request: secrets.
        statuses: HTTP status codes that are right.
        min_body_bytes: least size of the body, in bytes.
        contains: text the body must hold.
        pointer: JSON Pointer (RFC 6901) to a value in the body that must equal `value`; None = no JSON is expected.
        max_latency_ms: time until the whole answer was read.
        timeout_seconds: when waiting ends (> 0).
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
    """Where probes go: a pod by address and port, or a whole base URL (a gateway).

    Attributes:
        name: of the pod, or "gateway".
        address: IP address of the pod; "" with a base.
        port: the pod's port, where the probe names none.
        base: URL of a gateway, without a path.
        headers: what leads to this arm through the gateway.
    """

    name: str
    address: str = ""
    port: int = 80
    base: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def url(self, probe: Probe) -> str:
        """Give the URL of a probe here."""
        if self.base:
            return f"{self.base.rstrip('/')}{probe.path}"
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{probe.scheme}://{host}:{probe.port or self.port}{probe.path}"
