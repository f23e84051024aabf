"""resolve: ask the registry for a tag's present digest, so that the release uses a digest instead of a moving tag.

Before: nothing; no cluster is needed. An image with a digest is resolved without the registry.
Writes: nothing. Credentials come from a docker config.json, as a Secret of type kubernetes.io/dockerconfigjson has it.
Exit codes: 0 resolved · 2 · 3 the registry is failing · 4 no such tag, no permission, not a registry.
"""

from pathlib import Path
from typing import Annotated

import structlog
from pydantic import Field, StringConstraints, field_validator
from pydantic_settings import NoDecode

from steps.registry import reference
from steps.registry.access import RegistryAccess
from steps.registry.credentials import credentials_for
from steps.registry.registry import Registry
from steps.settings.base import StepSettings
from steps.settings.lists import CommaSeparated
from steps.step import Step, StepEnd

RegistryHost = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9*.-]+(:[0-9]{1,5})?$", max_length=253)]

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RESULTS = ("image", "digest")


class Settings(StepSettings):
    """Ask the registry for the digest behind an image's tag."""

    image: str = Field(
        max_length=512, description="Image, `repository:tag`, whose tag is looked up. Without a tag: `latest`."
    )
    announced_digest: str = Field(
        "",
        description="Digest that the push announced; if the tag has another digest by now, that is logged. The "
        "registry's answer is released, so that no message can choose an older image. Empty: none.",
    )
    registry_config: str = Field(
        "",
        description="File with credentials, a docker config.json, or the folder of a mounted Secret of type "
        "kubernetes.io/dockerconfigjson. Empty: anonymous.",
    )
    registry_plain_http: bool = Field(
        default=False, description="Use http instead of https for the registry and its token service; for a lab."
    )
    registry_ca_file: str = Field("", description="File with the CA certificates to trust, PEM. Empty: the system's.")
    registry_auth_hosts: Annotated[tuple[RegistryHost, ...], NoDecode, CommaSeparated] = Field(
        (),
        description="Hosts of token services that may get the registry's credentials, `host` or `host:port`, `*` for "
        "one label. Empty: the registry's own host, and the known ones of public registries, such as auth.docker.io.",
    )
    registry_redirect_hosts: Annotated[tuple[RegistryHost, ...], NoDecode, CommaSeparated] = Field(
        (),
        description="Hosts to which the registry may redirect, written as above. They get no credentials, and their "
        "answer is believed. Empty: its own host alone.",
    )
    registry_timeout_seconds: float = Field(10.0, gt=0, le=60, description="Timeout of one request, seconds.")
    registry_deadline_seconds: float = Field(
        60.0,
        ge=0,
        le=3600,
        description="How long to retry if the registry is failing or rate-limits us, seconds.",
    )

    @field_validator("image")
    @classmethod
    def _is_reference(cls, image: str) -> str:
        reference.parse(image)
        return image

    @field_validator("announced_digest")
    @classmethod
    def _is_digest(cls, digest: str) -> str:
        if digest and not reference.is_digest(digest):
            raise ValueError("must be a digest, sha256: and 64 hex digits")
        return digest


def run(settings: Settings, image: reference.Reference, registry: Registry) -> StepEnd:
    """Resolve one image; see the module's docstring."""
    digest = image.digest or registry.digest(image)
    if settings.announced_digest and settings.announced_digest != digest:
        log.warning("resolve.moved", announced=settings.announced_digest, now=digest, tag=image.tag)
    return StepEnd({"image": image.by(digest), "digest": digest})


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step."""
    image = reference.parse(settings.image)
    access = RegistryAccess(
        credentials=credentials_for(image, settings.registry_config),
        plain_http=settings.registry_plain_http,
        ca_file=Path(settings.registry_ca_file) if settings.registry_ca_file else None,
        timeout_seconds=settings.registry_timeout_seconds,
        deadline_seconds=settings.registry_deadline_seconds,
        auth_hosts=settings.registry_auth_hosts,
        redirect_hosts=settings.registry_redirect_hosts,
    )
    return run(settings, image, Registry(access))


STEP = Step(Settings, RESULTS, main)
