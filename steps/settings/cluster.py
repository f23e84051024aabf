"""How a step reaches the API server, and whether it only plans its writes."""

from typing import ClassVar

from pydantic import Field

from steps.settings.base import StepSettings
from steps.settings.kubernetes_names import LabelName


class ClusterSettings(StepSettings):
    """For steps that talk to a cluster."""

    subject: ClassVar[str] = "Cluster"

    kubeconfig: str = Field("", description="Path of a kubeconfig. Empty: the pod's service account, else the default.")
    context: str = Field("", description="Context in the kubeconfig. Empty: its current one.")
    namespace: LabelName = Field("", description="Namespace of the app. Empty: the pod's, else the kubeconfig's.")
    api_timeout_seconds: float = Field(10.0, gt=0, le=120, description="Timeout of one API request, seconds.")
    api_retry_seconds: float = Field(
        30.0, ge=0, le=600, description="How long to retry temporary faults of the API server, seconds."
    )

    @property
    def is_dry_run(self) -> bool:
        """Whether writes are only planned."""
        return False


class NamespacesSettings(ClusterSettings):
    """For steps that look in one namespace or in all."""

    subject: ClassVar[str] = "Cluster"

    all_namespaces: bool = Field(
        default=False, description="Look in all namespaces, whatever --namespace says. Needs a ClusterRole."
    )


class DryRunSettings(ClusterSettings):
    """For steps that write."""

    subject: ClassVar[str] = "Program"

    dry_run: bool = Field(
        default=False,
        description="Log what would be written, write nothing and wait for nothing; analyze reads Prometheus once.",
    )

    @property
    def is_dry_run(self) -> bool:
        """Whether writes are only planned."""
        return self.dry_run
