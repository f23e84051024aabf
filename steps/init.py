"""init: print the YAML that an app still needs in this cluster before its first release.

Before: the app's Deployment exists. `canary-steps init --app shop | kubectl apply -f -`
Writes: nothing to the cluster; the documents to standard output. A VirtualService, DestinationRule or Service that
exists and has to change is printed in full, with a comment that says what changes. Warnings go to stderr as well.
Exit codes: 0 · 2 · 3 · 4 no Deployment to start from, or arms that cannot be told apart.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, ClassVar

import structlog
from pydantic import Field
from pydantic_settings import NoDecode

from steps.claim.lookup import claim_of_app
from steps.cluster.api import Cluster
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.manifests.accounts import accounts
from steps.manifests.app_manifests import AppManifests
from steps.manifests.config_map import config_map
from steps.manifests.flagger_manifest import FlaggerManifest
from steps.manifests.manifest import Document, Manifest, ManualEdit, Note, as_yaml
from steps.manifests.naming import settled
from steps.manifests.presence import exists, has_shipped_role
from steps.manifests.subsets import with_missing_subsets
from steps.manifests.trial import remaining_problems
from steps.model.names import ReleaseNames
from steps.model.run import ObjectName
from steps.outputs.screen import show
from steps.settings.kubernetes_names import HostName, QualifiedName
from steps.settings.lists import CommaSeparated
from steps.settings.release import ReleaseSettings
from steps.settings.workload import BaselineSettings
from steps.step import Step, StepEnd
from steps.survey.named_objects import with_named_objects
from steps.survey.objects import Survey, look_around
from steps.wiring.cluster import cluster_of
from steps.wiring.flagger_manifest import flagger_manifest
from steps.wiring.names import hints_of
from steps.wiring.planned_names import as_settings, planned_names

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RESULTS: tuple[str, ...] = ()
_NOT_NAMES = {"config", "kubeconfig", "context", "log_format", "api_timeout_seconds", "api_retry_seconds"}


class Settings(ReleaseSettings, BaselineSettings):
    """Print the YAML that an app still needs before its first release."""

    gives_account: ClassVar[bool] = True

    gateway: Annotated[tuple[QualifiedName, ...], NoDecode, CommaSeparated] = Field(
        (), description="Istio Gateways, `namespace/name`, that a new VirtualService serves in addition to the mesh."
    )
    host: Annotated[tuple[HostName, ...], NoDecode, CommaSeparated] = Field(
        (),
        description="Further host names of a new VirtualService, as clients outside the cluster use them; `*.example`, "
        "or with a gateway `*`, stands for several.",
    )
    from_flagger: str = Field(
        "",
        description="File with a Canary of Flagger whose settings, Services and routes are printed; --from in short. "
        "The log has a line about each of its fields.",
    )
    rbac: bool = Field(default=True, description="Also print accounts, roles and bindings.")


def run(
    settings: Settings, cluster: Cluster, namespace: str, manifest: FlaggerManifest | None = None
) -> list[Document]:
    """Return what is missing; see the module's docstring."""
    declared = manifest.service_with(settings.host, settings.gateway) if manifest else None
    hints = hints_of(settings, namespace)
    seen = with_named_objects(cluster, look_around(cluster, namespace), hints)
    survey, rules = with_missing_subsets(seen, settings.app)
    # An expired claim counts too: its weights are not weights at rest.
    claim = claim_of_app(cluster, survey.virtual_services, settings.app, namespace)
    names = planned_names(settings, survey, hints, claim)
    named = settled(names, survey, may_extend=not (settings.virtual_service or settings.route or claim))
    owned = {target.virtual_service for target in claim.state.targets} if claim else set()
    app = [*rules, *AppManifests(named, cluster, settings.host, settings.gateway, owned, declared).documents()]
    app = [one for one in app if not isinstance(one, Manifest) or one.replaces or not exists(cluster, one)]
    names = _with_printed(named.names, app)
    given = _given(settings, names)
    config = manifest.config_map(names, given) if manifest else config_map(names, given)
    wanted = [*_access(settings, cluster, names), config]
    notes = manifest.notes(seen) if manifest else []
    documents = [*notes, *(one for one in wanted if not exists(cluster, one)), *app]
    warn(documents, named.survey, names)
    return documents


def _with_printed(names: ReleaseNames, documents: Sequence[Document]) -> ReleaseNames:
    """Add VirtualServices that are printed beside the named ones."""
    printed = {
        ObjectName(one.namespace, one.name)
        for one in documents
        if isinstance(one, Manifest) and one.kind == VIRTUAL_SERVICE
    }
    return replace(names, virtual_services=tuple(sorted({*names.virtual_services, *printed})))


def _access(settings: Settings, cluster: Cluster, names: ReleaseNames) -> list[Manifest]:
    """Return accounts and roles; where the shipped ones are, only those of other namespaces are missing."""
    if not settings.rbac:
        return []
    found = accounts(names, baseline=settings.baseline)
    return [one for one in found if one.namespace != names.namespace] if has_shipped_role(cluster, names) else found


def _given(settings: Settings, names: ReleaseNames) -> dict[str, str]:
    """Return the names as lines of canary.yaml: those that were given, and those that the app's name does not imply."""
    given = {
        name.replace("_", "-"): ",".join(value) if isinstance(value, tuple) else value
        for name in ReleaseSettings.model_fields
        if name not in _NOT_NAMES and (value := getattr(settings, name)) not in ("", (), "stable-named")
    }
    given |= as_settings(settings, names)
    return {**given, "baseline": "true"} if settings.baseline else given


def warn(documents: Sequence[Document], survey: Survey, names: ReleaseNames) -> None:
    """Log what a person has to do or know, and what a release would still refuse or warn of."""
    by_hand = [one.text for one in documents if isinstance(one, ManualEdit)]
    known = [one.text for one in documents if isinstance(one, Note)]
    known += [one.warning for one in documents if isinstance(one, Manifest) and one.warning]
    for text in by_hand:
        log.warning("init.by_hand", detail=" ".join(text.split()))
    for text in known:
        log.warning("init.warning", detail=text)
    if by_hand:
        return  # a second line about gaps helps nobody until the edit is made
    for problem in remaining_problems(survey, names, documents):
        if problem.gravity == "refuses":
            log.warning("init.not_enough", detail=f"With this applied, a release would still be refused: {problem}")
        else:
            log.warning("init.warning", detail=f"{problem.about}: {problem.text}")


def main(settings: Settings) -> StepEnd:
    """Connect to the API server and run the step."""
    cluster, namespace = cluster_of(settings)
    structlog.contextvars.bind_contextvars(namespace=namespace, app=settings.app)
    manifest = flagger_manifest(settings.from_flagger or settings.config, settings.app)
    documents = run(settings, cluster, namespace, manifest)
    show(as_yaml(documents))
    printed, by_hand = (sum(isinstance(one, kind) for one in documents) for kind in (Manifest, ManualEdit))
    return StepEnd({}, summary={"printed": printed, "by_hand": by_hand})


STEP = Step(Settings, RESULTS, main)
