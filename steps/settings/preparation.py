"""What is released, and what prepare does about other runs and risky surroundings."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from pydantic_settings import NoDecode

from steps.settings.base import StepSettings
from steps.settings.bootstrap import BootstrapSettings
from steps.settings.cluster import DryRunSettings
from steps.settings.evidence import EvidenceSettings
from steps.settings.hotfix import HotfixSettings
from steps.settings.ladder import OptionalLadderSettings
from steps.settings.mappings import PAIRS
from steps.settings.release import ClaimSettings
from steps.settings.workload import BaselineSettings, DrainSettings


class AtRestSettings(StepSettings):
    """For steps that meet weights before a run."""

    subject: ClassVar[str] = "Preparation"

    at_rest: Literal["refuse", "reset", "adopt"] = Field(
        "refuse",
        description="Where the canary has weight although no run gave it any, as in 90/10: refuse; reset (all weight "
        "to stable first); or adopt (keep the weight and judge from there). With adopt, rungs below the present weight "
        "are skipped: at 10 of the ladder 5,10,50 the first rung is 10, of 5,25,50 it is 25. Its users get the new "
        "version as soon as its pods are ready.",
    )


class PreparationSettings(
    AtRestSettings,
    ClaimSettings,
    DryRunSettings,
    DrainSettings,
    EvidenceSettings,
    BaselineSettings,
    BootstrapSettings,
    OptionalLadderSettings,
    HotfixSettings,
):
    """For prepare and rollout: what is released, and when to refuse it."""

    subject: ClassVar[str] = "Preparation"
    gives_account: ClassVar[bool] = True

    image: str = Field("", pattern=r"^\S*$", max_length=512, description="Image to release. Empty: the template's own.")
    env: Annotated[dict[str, str], NoDecode, PAIRS] = Field(
        {},
        examples=[{"FEATURE": "on"}, "FEATURE=on,MODE=new"],
        description="Environment variables for the canary's container, NAME=value, separated by commas.",
    )
    template_patch: Annotated[dict[str, Any], NoDecode, PAIRS] = Field(
        {}, description="Patch that is merged into the canary's pod template; YAML or JSON."
    )
    on_busy: Literal["wait", "fail", "supersede"] = Field(
        "wait",
        description="While another run of the app is active: wait, fail with 7, or supersede (roll it back). If that "
        "run releases the same digest, or stable still runs it, there is nothing to do: noop. A hotfix supersedes in "
        "place of waiting, but not another hotfix, which ends it with 7; no other release supersedes a hotfix.",
    )
    busy_timeout_seconds: float = Field(
        1800.0, ge=0, le=86400, description="How long to wait for another run of the app, seconds."
    )
    stable_available: float = Field(
        0.9,
        gt=0,
        le=1,
        description="Part of stable's pods (0-1) that must be available before a release, rounded up: 0.9 means all of "
        "9 pods and 9 of 10. A hotfix needs none.",
    )
    stable_timeout_seconds: float = Field(
        300.0,
        ge=0,
        le=7200,
        description="How long to wait for stable's pods, and for a rollout of stable that is under way, seconds; then "
        "exit code 3. A hotfix does not wait.",
    )
    template_by: Literal["canary", "external"] = Field(
        "canary", description="Who updates stable's template at the end: canary (promote copies it) or external."
    )
    bootstrap: bool = Field(
        default=False,
        description="First release: if people deploy the canary and stable does not exist, make stable from it, and "
        "end as a noop, since there is nothing to compare with. A noop then needs no Prometheus, and leaves the canary "
        "without pods.",
    )
    allow_managed: bool = Field(
        default=False,
        description="Continue although Argo CD, Flux or Helm manages a Deployment that promote will write.",
    )
    allow_policies: bool = Field(
        default=False,
        description="Continue although a policy about access (NetworkPolicy, AuthorizationPolicy, "
        "RequestAuthentication, PeerAuthentication) treats the arms differently.",
    )
    by: str = Field("", max_length=120, description="Who releases, for the record. Empty: this host's name.")
