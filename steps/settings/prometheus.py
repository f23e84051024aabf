"""How Prometheus is reached, and which series are read."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_settings import NoDecode

from steps.model.answers import AnswerClass
from steps.settings.base import StepSettings
from steps.settings.lists import CommaSeparated
from steps.settings.matchers import Matchers

_METRIC = r"^([a-zA-Z_:][a-zA-Z0-9_:]*)?$"


_ANSWERS = [str(name) for name in AnswerClass]


def _class_of_answers(value: str) -> str:
    if value not in _ANSWERS:
        raise ValueError(f"must be one of {', '.join(_ANSWERS)}")
    return value


AnswerName = Annotated[str, AfterValidator(_class_of_answers), WithJsonSchema({"type": "string", "enum": _ANSWERS})]


class PrometheusAccessSettings(StepSettings):
    """How Prometheus is reached."""

    subject: ClassVar[str] = "Prometheus"

    prometheus_url: str = Field(
        "http://prometheus.istio-system:9090",
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        description="Base URL of Prometheus, Thanos, Mimir or VictoriaMetrics, http or https, without credentials.",
    )
    prometheus_timeout_seconds: float = Field(5.0, gt=0, le=60, description="Timeout of one query, seconds.")
    prometheus_token_file: str = Field("", description="File with a bearer token; read again for each request.")
    prometheus_username: str = Field("", description="User name for basic authentication.")
    prometheus_password_file: str = Field("", description="File with the password for basic authentication.")
    prometheus_header: Annotated[tuple[str, ...], NoDecode, CommaSeparated] = Field(
        (), description="Additional headers, `Name: value`, separated by commas; for example a tenant."
    )
    prometheus_ca_file: str = Field("", description="File with the CA certificates to trust, PEM.")
    prometheus_cert_file: str = Field("", description="File with the client certificate, PEM.")
    prometheus_key_file: str = Field("", description="File with the client certificate's key, PEM.")


class PrometheusSettings(PrometheusAccessSettings):
    """How Prometheus is reached and read."""

    subject: ClassVar[str] = "Prometheus"

    reporter: Literal["auto", "source", "destination", "waypoint"] = Field(
        "auto", description="Which proxy's view of a request is judged; auto uses source where source reports stable."
    )
    arm_label: str = Field(
        "destination_workload",
        pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$",
        description="Label of the series that tells the arms apart.",
    )
    stable_label_value: str = Field("", description="Its value for stable. Empty: the stable Deployment's name.")
    canary_label_value: str = Field("", description="Its value for the canary. Empty: the canary Deployment's name.")
    baseline_label_value: str = Field("", description="Its value for the baseline. Empty: the baseline's name.")
    metric_labels: Matchers = Field(
        {},
        examples=[{"cluster": "eu"}, "cluster=eu,region=~eu-.*"],
        description="Additional label matchers of every query, `cluster=eu` or `region=~eu-.*`, separated by commas: "
        "needed where one Prometheus holds several clusters or tenants with the same names.",
    )
    requests_metric: str = Field(
        "", pattern=_METRIC, description="Request counter of the mesh. Empty: istio_requests_total."
    )
    duration_metric: str = Field(
        "",
        pattern=_METRIC,
        description="Buckets of request durations. Empty: istio_request_duration_milliseconds_bucket, or "
        "istio_request_duration_seconds_bucket of Istio 1.4 and older, whichever Prometheus has.",
    )
    duration_unit: Literal["auto", "ms", "s"] = Field(
        "auto", description="Unit of the duration bucket bounds; auto: by the metric's name, else by the bounds."
    )
    response_bytes_metric: str = Field(
        "", pattern=_METRIC, description="Buckets of response sizes. Empty: istio_response_bytes_bucket."
    )
    pod_label: str = Field(
        "",
        pattern=r"^([a-zA-Z_][a-zA-Z0-9_]*)?$",
        description="Label with the pods' names in custom metrics. Empty: pod, exported_pod, kubernetes_pod_name, "
        "pod_name or k8s_pod_name, whichever holds names of the app's pods.",
    )
    without_mesh_metrics: bool = Field(
        default=False,
        description="Read no metrics of the mesh: the release is judged by custom metrics alone, at least one. Failed "
        "connections, 503 responses of the proxies, and latency outside custom histograms are then not seen.",
    )
    ignore_answers: Annotated[tuple[AnswerName, ...], NoDecode, CommaSeparated] = Field(
        (),
        description="Classes of answers that this release is expected to increase, separated by commas: 3xx, 4xx, "
        "grpc-mistakes, grpc-refused, no-answer. They are not compared with stable's.",
    )
