"""The settings that several steps share, grouped by subject; a step's own settings stand in its file."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from steps.model.answers import AnswerClass
from steps.settings.kubernetes_names import DestinationName, LabelName, QualifiedName, SubdomainName
from steps.settings.loading import StepSettings
from steps.settings.matchers import Matchers
from steps.settings.objectives import LatencyObjectiveText


def split_commas(value: Any) -> Any:  # noqa: ANN401 - what comes in may be anything
    """Turn text with commas into a list; anything else stays what it is."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return value


CommaSeparated = BeforeValidator(split_commas)
"""Lists come as YAML lists or, by flag and environment, separated by commas."""


def _class_of_answers(value: str) -> str:
    known = [str(name) for name in AnswerClass]
    if value not in known:
        raise ValueError(f"must be one of {', '.join(known)}")
    return value


AnswerName = Annotated[str, AfterValidator(_class_of_answers)]


class Basic(StepSettings):
    """What every step has."""

    config: str = Field("", description="Path of canary.yaml. Empty: /etc/canary-steps/canary.yaml where it exists.")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="Log lines on stderr: json, console, or auto (console on a terminal, else json)."
    )


class ClusterSettings(Basic):
    """What every step has that talks to a cluster."""

    kubeconfig: str = Field("", description="Path of a kubeconfig. Empty: the pod's service account, else the default.")
    context: str = Field("", description="Context in the kubeconfig. Empty: its current one.")
    namespace: LabelName = Field("", description="Namespace of the app. Empty: the pod's, else the kubeconfig's.")
    api_timeout_seconds: float = Field(
        10.0, gt=0, le=120, description="Limit of one request to the API server, seconds."
    )
    api_retry_seconds: float = Field(
        30.0, ge=0, le=600, description="How long temporary faults of the API server are retried, seconds."
    )


class ReleaseSettings(ClusterSettings):
    """What is released: the app and the names it is known by."""

    app: LabelName = Field(description="The application; VirtualService, Deployment and claim are named after it.")
    topology: Literal["stable-named", "target-named"] = Field(
        "stable-named",
        description="stable-named: `shop` serves and `shop-canary` is made. target-named (Flagger's convention): "
        "`shop` is what people deploy, hence the canary, and `shop-primary` serves.",
    )
    stable: SubdomainName = Field(
        "", description="Deployment that serves. Empty: by topology, `shop` or `shop-primary`."
    )
    canary: SubdomainName = Field("", description="Deployment under test. Empty: by topology, `shop-canary` or `shop`.")
    virtual_service: Annotated[tuple[QualifiedName, ...], NoDecode, CommaSeparated] = Field(
        (), description="VirtualServices, `name` or `namespace/name`, separated by commas. Empty: the app's name."
    )
    route: Annotated[tuple[str, ...], NoDecode, CommaSeparated] = Field(
        (), description="Names of HTTP routes. Empty: all routes whose destinations are exactly the two arms."
    )
    stable_destination: DestinationName = Field(
        "", description="Destination of stable, `host` or `host/subset`. Empty: the stable Deployment's name as host."
    )
    canary_destination: DestinationName = Field(
        "",
        description="Destination of the canary, `host` or `host/subset`. Empty: the canary Deployment's name as host.",
    )


class ClaimSettings(ReleaseSettings):
    """Who releases it."""

    run: LabelName = Field("", description="Id of the run that holds the claim, a Kubernetes name.")
    expiry_seconds: float = Field(
        600.0,
        # A step may end a third of it after its last renewal, and a fault of the API server is borne for 30 s: of the
        # least, 50 s are left for the next step's pod to start. With less, a living run could be swept.
        ge=120,
        le=86400,
        description="How long a claim outlives its last renewal, seconds. Must exceed what a pod may take to start by "
        "a minute or more.",
    )


class DryRunSettings(StepSettings):
    """For steps that write."""

    dry_run: bool = Field(
        default=False, description="Say what would be written, write nothing and wait for nothing; analyze looks once."
    )


class ReadinessSettings(StepSettings):
    """For steps that wait for pods."""

    container: LabelName = Field("", description="Container that is released. Needed where the pod has several.")
    ready_timeout_seconds: float = Field(
        300.0, gt=0, le=7200, description="How long pods may take to become ready, seconds."
    )


class DrainSettings(StepSettings):
    """For steps that end a run."""

    drain_seconds: float = Field(
        5.0,
        ge=0,
        le=600,
        description="Time between weight 0 and the canary's end, seconds, so that requests in flight are answered.",
    )


_METRIC = r"^([a-zA-Z_:][a-zA-Z0-9_:]*)?$"


class PrometheusSettings(StepSettings):
    """How Prometheus is reached and read."""

    prometheus_url: str = Field(
        "http://prometheus.istio-system:9090",
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        description="Base URL of Prometheus, Thanos, Mimir or VictoriaMetrics, http or https, without credentials.",
    )
    prometheus_timeout_seconds: float = Field(5.0, gt=0, le=60, description="Limit of one query, seconds.")
    prometheus_token_file: str = Field("", description="File with a bearer token; read again for each request.")
    prometheus_username: str = Field("", description="User name for basic authentication.")
    prometheus_password_file: str = Field("", description="File with the password for basic authentication.")
    prometheus_header: Annotated[tuple[str, ...], NoDecode, CommaSeparated] = Field(
        (), description="Further headers, `Name: value`, separated by commas; a tenant, for example."
    )
    prometheus_ca_file: str = Field("", description="File with the CA certificates to trust, PEM.")
    prometheus_cert_file: str = Field("", description="File with the client certificate, PEM.")
    prometheus_key_file: str = Field("", description="File with the client certificate's key, PEM.")
    reporter: Literal["auto", "source", "destination", "waypoint"] = Field(
        "auto", description="Which proxy's view of a request is judged; auto takes source where stable is seen by it."
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
        description="Further labels that every query asks for, `cluster=eu` or `region=~eu-.*`, separated by commas: "
        "needed where one Prometheus holds several clusters or tenants with the same names.",
    )
    requests_metric: str = Field(
        "", pattern=_METRIC, description="Counter of the mesh's requests. Empty: istio_requests_total."
    )
    duration_metric: str = Field(
        "",
        pattern=_METRIC,
        description="Buckets of the requests' durations. Empty: istio_request_duration_milliseconds_bucket, or "
        "istio_request_duration_seconds_bucket of Istio 1.4 and older, as Prometheus has it.",
    )
    duration_unit: Literal["auto", "ms", "s"] = Field(
        "auto", description="Unit of the durations' bucket bounds; auto goes by the metric's name, else by the bounds."
    )
    response_bytes_metric: str = Field(
        "", pattern=_METRIC, description="Buckets of the answers' sizes. Empty: istio_response_bytes_bucket."
    )
    pod_label: str = Field(
        "",
        pattern=r"^([a-zA-Z_][a-zA-Z0-9_]*)?$",
        description="Label with the pods' names in custom metrics. Empty: pod, exported_pod, kubernetes_pod_name, "
        "pod_name or k8s_pod_name, whichever holds names of the app's pods.",
    )
    without_mesh_metrics: bool = Field(
        default=False,
        description="Read no metrics of the mesh: custom metrics alone carry the release, at least one of them. Failed "
        "connections, the proxies' own 503, and latency that no custom histogram shows are not seen then.",
    )
    ignore_answers: Annotated[tuple[AnswerName, ...], NoDecode, CommaSeparated] = Field(
        (),
        description="Classes of answers that this release is expected to raise, separated by commas: 3xx, 4xx, "
        "grpc-mistakes, grpc-refused, no-answer. They are not compared with stable's.",
    )


class BaselineSettings(StepSettings):
    """What the canary is compared with."""

    baseline: bool = Field(
        default=False,
        description="Compare the canary with fresh pods of stable's template, as many as its own, in place of stable: "
        "cold caches are the same in both. They share the canary's destination, so half of a weight is theirs.",
    )


class LatencyObjectiveSettings(StepSettings):
    """What users were promised, and prepare and the judge must both know."""

    latency_slo: LatencyObjectiveText = Field(
        "",
        description="Latency objective beside it, quantile and limit: p99=500ms, p99.9=1.5s or 0.99=500ms. The next "
        "larger bucket bound stands for a limit between two. Empty: none.",
    )


class JudgeSettings(LatencyObjectiveSettings):
    """When the judge passes and fails a canary; see docs of the method for the rest of its rules."""

    pass_rule: Literal["no-harm", "proven"] = Field(
        "no-harm",
        description="no-harm: enough was seen and nothing spoke against the canary. proven: it was shown to be no "
        "worse than stable by more than half a percentage point; for the last rung of busy services.",
    )
    success_slo: float = Field(
        0.99,
        ge=0,
        lt=1,
        description="Minimum success ratio (0-1) for the absolute guard; 0 disables it. No canary passes while it is "
        "below it and stable is not.",
    )
    must_detect: float = Field(
        1.0,
        gt=0,
        le=1,
        description="A pass needs that a rise to this share of failed requests (0-1) would have been caught, nine "
        "times out of ten; 1: any pass that could have caught a total failure.",
    )
    alpha: float = Field(
        0.01, gt=0, lt=0.5, description="Chance of a false alarm in one rollout, however often the judge looks (0-1)."
    )
    tolerated_ratio: float = Field(
        1.25, ge=1, le=10, description="Maximum tolerated ratio of the canary's failure rate to stable's (>= 1)."
    )
    min_requests: int = Field(50, ge=1, description="Canary requests on a rung before it may pass early.")
    min_seconds: float = Field(30.0, ge=0, description="Least time on a rung before it may pass, seconds.")
    min_scrapes: int = Field(
        3, ge=1, le=100, description="Scrapes with canary requests on a rung before it may pass; one is no trend."
    )
    patience_seconds: float = Field(
        120.0,
        ge=0,
        description="After so long on a rung, seconds, a quiet service passes with fewer requests, if a canary that "
        "fails most of them would have been noticed.",
    )
    warmup_seconds: float = Field(
        0.0,
        ge=0,
        le=3600,
        description="Latency counts from so long after the canary's youngest pod became ready, seconds: a young pod is "
        "slow by itself, and 60 suits a JVM. Errors and the guard count at once; a pass waits for some latency.",
    )
    max_restarts: int = Field(2, ge=0, description="Container restarts of the canary in a run above which it fails.")
    down_fail_seconds: float = Field(
        5.0,
        ge=0,
        le=3600,
        description="A canary without a ready pod fails after so long, seconds, unless a disruption explains it.",
    )
    unready_fail_seconds: float = Field(
        60.0,
        ge=0,
        le=3600,
        description="A canary of which some pods are not ready fails after so long, seconds, unless a disruption "
        "explains it.",
    )
    disruption_seconds: float = Field(
        600.0,
        ge=0,
        le=86400,
        description="How long pods are waited for that a cluster event took away (eviction, drain, preemption, lost "
        "node, deletion), seconds; users are on stable meanwhile if no canary pod is ready. 0: inconclusive at once. "
        "The pods of a dead node are replaced only after five minutes.",
    )
    timeout_seconds: float = Field(
        600.0, gt=0, le=86400, description="Deadline of the analysis of one rung, seconds; then it is inconclusive."
    )


class DeadlineSettings(StepSettings):
    """How a verdict is waited for."""

    poll_seconds: float = Field(
        0.0, ge=0, le=60, description="Time between two looks, seconds. 0: when a scrape is due, 0.3 to 5."
    )
    on_inconclusive: Literal["fail", "pause", "pass"] = Field(
        "fail",
        description="At the deadline without a verdict: fail ends with 6; pause judges on until the run is approved or "
        "the time-out passes once more, then 6; pass goes on and says so.",
    )
