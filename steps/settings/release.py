"""What is released, and the run that releases it."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic_settings import NoDecode

from steps.settings.cluster import ClusterSettings
from steps.settings.kubernetes_names import DestinationName, LabelName, QualifiedName, SubdomainName
from steps.settings.lists import CommaSeparated


class ReleaseSettings(ClusterSettings):
    """For steps of a release: the app and the names of its objects."""

    subject: ClassVar[str] = "Release"

    app: LabelName = Field(description="The application; VirtualService, Deployment and claim are named after it.")
    topology: Literal["", "stable-named", "target-named", "swap"] = Field(
        "",
        description="stable-named: `shop` serves and `shop-canary` is made. target-named (Flagger's convention): "
        "`shop` is what people deploy, hence the canary, and `shop-primary` serves. swap: people deploy both, "
        "`shop-v1` and `shop-v2`, and these take turns. Empty: by the manifests, else stable-named.",
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

    @property
    def run_id(self) -> str:
        """Id of the run that log lines name; "" where a step has none."""
        return ""


class ClaimSettings(ReleaseSettings):
    """For steps of a run, which holds the claim on the app."""

    subject: ClassVar[str] = "Claim"

    run: LabelName = Field("", description="Id of the run that holds the claim, a Kubernetes name.")
    expiry_seconds: float = Field(
        600.0,
        # A step may end a third of it after its last renewal, and faults of the API server are retried for 30 s: the
        # minimum leaves 50 s for the next step's pod to start. With less, sweep could take a living run.
        ge=120,
        le=86400,
        description="How long a claim outlives its last renewal, seconds. Must exceed the start time of a pod by at "
        "least a minute.",
    )

    @property
    def run_id(self) -> str:
        """Id of the run that log lines name."""
        return self.run
