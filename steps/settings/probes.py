"""`probes:` in canary.yaml: deep health checks, sent to canary and stable side by side."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_settings import NoDecode

from steps.settings.base import StepSettings
from steps.settings.specs import EntryName, Spec, parse_entries, unique_names
from steps.settings.written_forms import ReadsAlso, text_form

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", max_length=100)]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[^\r\n]*$", max_length=4000)]


def _one_or_many(value: Any) -> Any:  # noqa: ANN401 - what comes in may be anything
    return [value] if isinstance(value, int) and not isinstance(value, bool) else value


Status = Annotated[int, Field(ge=100, le=599)]
_ONE_STATUS = {"type": "integer", "minimum": 100, "maximum": 599}


class JsonSpec(Spec):
    """A value in a JSON body."""

    model_config = ConfigDict(title="JSON value")

    pointer: Annotated[str, StringConstraints(pattern=r"^(/.*)?$")] = Field(
        description="JSON Pointer (RFC 6901), such as /checks/0/state; empty for the whole body."
    )
    value: Any = Field(description="The value expected there.")


def _needs(given: str, other: str) -> JsonSchemaValue:
    """Return the JSON schema of `_go_together`: where one file is given, the other one is too."""
    both = {
        name: {"type": "object", "required": [name], "properties": {name: {"type": "string", "minLength": 1}}}
        for name in (given, other)
    }
    return {"if": both[given], "then": both[other]}


class TlsSpec(Spec):
    """Certificates of an https probe: which ones it trusts, and its own."""

    model_config = ConfigDict(
        title="TLS", json_schema_extra={"allOf": [_needs("cert-file", "key-file"), _needs("key-file", "cert-file")]}
    )

    verify: bool = Field(default=True, description="Whether the certificate must be trusted.")
    ca_file: str = Field("", description="Certificates to trust instead of the system's, PEM.")
    cert_file: str = Field("", description="Client certificate, PEM.")
    key_file: str = Field("", description="The client certificate's key, PEM.")
    server_name: str = Field("", description="Server name to send (SNI) and to check in the certificate.")

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("`cert-file` and `key-file` go together: set both or none")
        return self


class ProbeSpec(Spec):
    """One probe: a request and the expected response."""

    model_config = ConfigDict(title="probe")

    name: EntryName = Field(description="Its name in messages.")
    path: Annotated[str, StringConstraints(pattern=r"^/\S*$", max_length=2000)] = Field(description="Path and query.")
    method: Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] = Field("GET", description="Method.")
    headers: dict[HeaderName, HeaderValue] = Field({}, description="Headers; `Host` with a gateway.")
    headers_from_files: dict[HeaderName, str] = Field({}, description="Headers whose values are in files: secrets.")
    body: str = Field("", max_length=100_000, description="Body to send.")
    status: Annotated[tuple[Status, ...], Field(min_length=1), ReadsAlso(_one_or_many, _ONE_STATUS)] = Field(
        (200,), description="Accepted status codes, one or a list."
    )
    min_body_bytes: int = Field(0, ge=0, le=1_000_000, description="Minimum size of the body, bytes.")
    contains: str = Field("", max_length=1000, description="Text that the body must contain.")
    json_value: JsonSpec | None = Field(None, alias="json", description="A JSON Pointer and the value there.")
    max_latency_ms: float | None = Field(None, gt=0, description="Maximum time until the whole response, milliseconds.")
    timeout_seconds: float = Field(2.0, gt=0, le=30, description="Timeout of the request, seconds.")
    scheme: Literal["http", "https"] = Field("http", description="For pods.")
    port: int | None = Field(None, ge=1, le=65535, description="Of the pods. Unset: the first port of a container.")
    stable_may_fail: bool = Field(
        default=False, description="Only the new version is expected to pass: prepare then accepts that stable fails."
    )
    tls: TlsSpec = Field(default_factory=lambda: TlsSpec.model_validate({}), description="For https.")


ProbeList = Annotated[
    tuple[ProbeSpec, ...],
    NoDecode,
    Field(max_length=20),
    ReadsAlso(parse_entries, text_form("The list as YAML or JSON.")),
    AfterValidator(unique_names),
]


class ProbeSettings(StepSettings):
    """Deep health checks."""

    subject: ClassVar[str] = "Probes"

    probes: ProbeList = Field((), description="Deep health checks, at most 20; see docs/canary-yaml.md.")
    probe_interval_seconds: float = Field(
        5.0, ge=0.2, le=300, description="Time between the starts of two rounds of probes, seconds."
    )
    probe_gateway_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/?#@]+)?$",
        description="Gateway to probe through where pods are not reachable (STRICT mTLS). Empty: pods are probed.",
    )
    probe_canary_header: str = Field(
        "", description="`Name: value` that one of your routes sends to the canary only. With --probe-gateway-url."
    )
    probe_stable_header: str = Field(
        "", description="`Name: value` that one of your routes sends to stable only. With --probe-gateway-url."
    )
