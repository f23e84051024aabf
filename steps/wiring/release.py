"""Turn the settings into the release and the claim that prepare asks for. This reads routes and subsets."""

import secrets
import socket
from dataclasses import replace
from typing import TypeVar

import structlog

from steps.claim.acquire import ClaimRequest
from steps.errors import PermanentError
from steps.model.names import ReleaseNames
from steps.model.workload import Release
from steps.outputs import results
from steps.settings.preparation import PreparationSettings
from steps.traffic.traffic import Traffic
from steps.workload.duplicate import request_fingerprint

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_Settings = TypeVar("_Settings", bound=PreparationSettings)


def with_run_id(settings: _Settings, names: ReleaseNames) -> _Settings:
    """Return the settings with the id of the run, which is chosen here if none is given, and announce it at once.

    Raises:
        PermanentError: the result cannot be written, and the caller does not know the id: it could not end the run. A
            run that has a name may have moved users already, so it goes on.
    """
    run = settings.run or f"{names.app[:50].rstrip('-')}-{secrets.token_hex(4)}"
    structlog.contextvars.bind_contextvars(run=run)
    try:
        results.announce("run", run)
    except PermanentError as error:
        if not settings.run:
            raise
        log.error("results.lost", error=str(error))
    return settings.model_copy(update={"run": run})


def this_host() -> str:
    """Return who releases where nobody says it: the pod's or the machine's name."""
    return socket.gethostname()[:120]


def release_and_claim(
    settings: PreparationSettings, names: ReleaseNames, traffic: Traffic
) -> tuple[Release, ClaimRequest]:
    """Return what is to be released, and the claim that the run asks for.

    Raises:
        NotFound, PermanentError: a VirtualService or subset is missing, or its routes do not fit.
    """
    release = _release(settings, names, traffic)
    request = ClaimRequest(
        app=names.app,
        run=settings.run,
        targets=traffic.resolve(
            names.targets,
            names.stable_destination,
            names.canary_destination,
            any_weights=settings.at_rest == "reset",
        ),
        stable=names.stable_destination,
        canary=names.canary_destination,
        expiry_seconds=settings.expiry_seconds,
        by=settings.by or this_host(),
        asked=request_fingerprint(release),
        ladder=settings.ladder,
        hotfix=settings.reason if settings.hotfix else "",
    )
    routes = traffic.ports(request.targets, request.stable, request.canary)
    return replace(release, routes=routes), request


def _release(settings: PreparationSettings, names: ReleaseNames, traffic: Traffic) -> Release:
    return Release(
        namespace=names.namespace,
        stable=names.stable,
        canary=names.canary,
        stable_destination=names.stable_destination,
        canary_destination=names.canary_destination,
        topology=names.topology,
        baseline=names.baseline if settings.baseline else "",
        stable_subset=traffic.subset_labels(names.virtual_services[0].namespace, names.stable_destination),
        canary_subset=traffic.subset_labels(names.virtual_services[0].namespace, names.canary_destination),
        stable_labels=settings.stable_labels,
        image=settings.image,
        container=settings.container,
        env=settings.env,
        template_patch=settings.template_patch,
        template_by_external=settings.template_by == "external",
        allow_managed=settings.allow_managed,
        allow_policies=settings.allow_policies,
        allow_unready_stable=settings.hotfix,
        available_share=settings.stable_available,
    )
