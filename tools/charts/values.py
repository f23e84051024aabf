"""The values of the chart: one model, from which values.yaml, values.schema.json and the README's table are written."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic.config import JsonDict

_NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
Name = Annotated[str, StringConstraints(pattern=f"^{_NAME}$")]
OptionalName = Annotated[str, StringConstraints(pattern=f"^({_NAME})?$")]
Labels = dict[str, str]


class Section(BaseModel):
    """Values under one key; unknown ones are errors."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class Image(Section):
    """The image of the steps."""

    repository: str = Field(
        default="ghcr.io/canary-steps/canary-steps",
        pattern=r"^[a-z0-9][a-z0-9._:/-]*$",
        description="Repository of the image.",
    )
    tag: str = Field(
        default="", pattern=r"^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$", description="Empty: the chart's appVersion."
    )
    digest: str = Field(
        default="",
        pattern=r"^(sha256:[0-9a-f]{64})?$",
        description="Digest `sha256:…`, which is pulled in place of the tag.",
    )
    pull_policy: Literal["IfNotPresent", "Always", "Never"] = Field(
        default="IfNotPresent", description="When nodes pull the image."
    )
    pull_secrets: list[Name] = Field(
        default=[], description="Names of Secrets with the registry's credentials; the service accounts get them."
    )


class Rbac(Section):
    """Permissions."""

    namespace_wide: bool = Field(
        default=True,
        description="Roles for all apps of the namespace. false: `canary-steps init --app …` gives each app roles of "
        "its own, limited by resourceNames.",
    )


class Sweep(Section):
    """The CronJob that rolls back runs that died."""

    enabled: bool = Field(
        default=True, description="Install the CronJob. Without any sweep, users of a dead run wait for the next run."
    )
    schedule: str = Field(
        default="*/2 * * * *", pattern=r"^(\S+\s+){4}\S+$", description="When it runs, five fields of cron."
    )
    all_namespaces: bool = Field(
        default=False,
        description="Look in all namespaces; needs a ClusterRole, whose name has the release's namespace.",
    )
    successful_jobs_history_limit: int = Field(default=1, ge=0, le=100, description="Finished Jobs to keep.")
    failed_jobs_history_limit: int = Field(default=3, ge=0, le=100, description="Failed Jobs to keep.")


class Notifications(Section):
    """A message to a webhook at the end of every release by Argo."""

    enabled: bool = Field(default=False, description="Tell a webhook how every release by Argo ended.")
    format: Literal["slack", "json"] = Field(
        default="slack", description="Text for Slack and the like, or the report as JSON."
    )
    secret: Name = Field(
        default="canary-steps-webhook", description="Secret whose key `url` is the URL of the webhook."
    )


class Argo(Section):
    """Options of the Argo templates; they need `argo` in engines."""

    approval: bool = Field(
        default=False, description="Add canary-release-approval, in which a person approves the promote."
    )
    report_artifact: bool = Field(
        default=False, description="Keep each report as an artifact; the controller needs an artifact repository."
    )
    sweep_cron_workflow: bool = Field(default=False, description="Add a sweep that Argo's list shows.")
    cluster_templates: Literal["none", "install", "use"] = Field(
        default="none",
        description="Steps and end of a release as ClusterWorkflowTemplates: one release installs them, the others use "
        "them.",
    )
    notifications: Notifications = Notifications()


class Board(Section):
    """The board: a read-only page of all releases, and their metrics. Nothing depends on it."""

    enabled: bool = Field(default=False, description="Add the board's Deployment, Service and account.")
    all_namespaces: bool = Field(
        default=False, description="Show all namespaces; needs a ClusterRole, whose name has the release's namespace."
    )
    listen: Literal["0.0.0.0:8080", "[::]:8080"] = Field(
        default="0.0.0.0:8080",
        description="Address in the pod; `[::]:8080` where pods have IPv6 alone.",
    )
    run_url: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="Address of a run in the engine's UI, with {namespace}, {app}, {run} and {workflow}.",
    )
    pod_monitor: bool = Field(default=False, description="Add a PodMonitor for the board's metrics.")
    pod_monitor_labels: Labels = Field(default={}, description="Labels by which your Prometheus selects PodMonitors.")


_BOTH: JsonDict = {"allOf": [{"contains": {"const": "Deny"}}, {"contains": {"const": "Warn"}}]}
"""Kubernetes refuses a binding that does both."""


class AdmissionPolicy(Section):
    """A lock behind RBAC: the API server refuses what no step writes. It covers our accounts in all namespaces."""

    enabled: bool = Field(
        default=False,
        description="Add ValidatingAdmissionPolicies for our accounts; needs Kubernetes 1.30. One release of the "
        "cluster is enough.",
    )
    actions: list[Literal["Deny", "Warn", "Audit"]] = Field(
        default=["Deny"],
        min_length=1,
        json_schema_extra={"uniqueItems": True, "not": _BOTH},
        description="What becomes of such a write. `Deny` refuses it; `Warn` and `Audit` report it only. Deny and Warn "
        "exclude each other.",
    )


class Dashboard(Section):
    """The Grafana dashboard."""

    enabled: bool = Field(default=False, description="Add a ConfigMap with the dashboard.")
    labels: Labels = Field(
        default={"grafana_dashboard": "1"}, description="Labels by which the sidecar of Grafana finds it."
    )
    annotations: Labels = Field(default={}, description="Annotations, for example the folder in Grafana.")


class Alerts(Section):
    """Alert rules on the series of canary-steps."""

    enabled: bool = Field(default=False, description="Add a PrometheusRule; it needs the Prometheus Operator.")
    labels: Labels = Field(default={}, description="Labels by which your Prometheus selects rules.")


class PodMonitor(Section):
    """Makes a Prometheus Operator scrape Istio's proxies."""

    enabled: bool = Field(default=False, description="Add a PodMonitor for Istio's proxies.")
    labels: Labels = Field(default={}, description="Labels by which your Prometheus selects PodMonitors.")
    interval: str = Field(default="15s", pattern=r"^([1-9][0-9]*)(ms|s|m)$", description="Time between scrapes.")
    all_namespaces: bool = Field(
        default=True, description="Scrape all namespaces, the gateways' too. false: the release's namespace."
    )


class Values(Section):
    """All values."""

    engines: list[Literal["argo", "tekton"]] = Field(
        default=[],
        json_schema_extra={"uniqueItems": True},
        description="Engines whose templates or Tasks are installed. Empty: accounts, roles and sweep, for `rollout`, "
        "for Helm hooks, or for an engine of your own.",
    )
    image: Image = Image()
    releases_from: OptionalName = Field(
        default="",
        description="Namespace whose accounts release the apps of this one; then only roles and bindings are installed "
        "here. Empty: this namespace releases its own apps.",
    )
    rbac: Rbac = Rbac()
    sweep: Sweep = Sweep()
    argo: Argo = Argo()
    board: Board = Board()
    admission_policy: AdmissionPolicy = AdmissionPolicy()
    dashboard: Dashboard = Dashboard()
    alerts: Alerts = Alerts()
    pod_monitor: PodMonitor = PodMonitor()
