"""How a step reaches the API server, and whether it only plans its writes."""

from pydantic import Field

from steps.settings.base import StepSettings
from steps.settings.kubernetes_names import LabelName


class ClusterSettings(StepSettings):
    """For steps that talk to a cluster."""

    kubeconfig: str = Field("", description="Path of a kubeconfig. Empty: the pod's service account, else the default.")
    context: str = Field("", description="Context in the kubeconfig. Empty: its current one.")
    namespace: LabelName = Field("", description="Namespace of the app. Empty: the pod's, else the kubeconfig's.")
    api_timeout_seconds: float = Field(10.0, gt=0, le=120, description="Timeout of one API request, seconds.")
    api_retry_seconds: float = Field(
        30.0, ge=0, le=600, description="How long to retry temporary faults of the API server, seconds."
    )


class DryRunSettings(StepSettings):
    """For steps that write."""

    dry_run: bool = Field(
        default=False,
        description="Log what would be written, write nothing and wait for nothing; analyze reads Prometheus once.",
    )
