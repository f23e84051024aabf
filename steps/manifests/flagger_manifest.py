"""What init prints of Flagger's Canary: the Services and routes that it declares, its settings, and the account."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from steps.flagger.conversion import Converted
from steps.flagger.service import DeclaredService
from steps.manifests.config_map import config_map
from steps.manifests.manifest import Document, Manifest, Note
from steps.model.names import ReleaseNames
from steps.survey.checks.flagger_owner import owning_canary
from steps.survey.objects import Survey


@dataclass(frozen=True, slots=True)
class FlaggerManifest:
    """A Canary that was converted without a refusal."""

    converted: Converted
    service: DeclaredService

    def service_with(self, hosts: Sequence[str], gateways: Sequence[str]) -> DeclaredService:
        """Return how the app is reached, with the hosts and gateways that were named beside it."""
        own = self.service
        return replace(
            own,
            hosts=tuple(dict.fromkeys((*own.hosts, *hosts))),
            gateways=tuple(dict.fromkeys((*own.gateways, *gateways))),
        )

    def config_map(self, names: ReleaseNames, given: Mapping[str, str]) -> Manifest:
        """Return the ConfigMap with the settings of the Canary, and as comments what became of its fields.

        Args:
            names: of the release.
            given: names of the release as lines of canary.yaml; these win.
        """
        own = {name.replace("_", "-"): _plain(value) for name, value in self.converted.settings.items()}
        return config_map(names, {**own, **given}, list(self._comments()))

    def notes(self, survey: Survey) -> list[Document]:
        """Return a note if Flagger still owns objects of the app: it undoes weights, and takes them along when it goes.

        Args:
            survey: of the app's namespace.
        """
        seen = (
            ("Deployment", survey.deployments),
            ("Service", survey.services),
            ("VirtualService", survey.virtual_services),
            ("DestinationRule", survey.destination_rules),
        )
        canary = self.converted.name.rpartition("/")[2]
        owned = [
            f"{kind} {one['metadata']['name']}"
            for kind, found in seen
            for one in found
            if owning_canary(one) == canary and one["metadata"].get("namespace") == survey.namespace
        ]
        if not owned:
            return []
        text = (
            f"Canary {canary} of Flagger owns {', '.join(owned)}. As long as it exists, Flagger sets weights back; when"
            f" it is deleted, they are deleted too, unless by `kubectl delete canary {canary} --cascade=orphan` after"
            f" `revertOnDeletion: false` and `suspend: true` (docs/from-flagger.md)."
        )
        return [Note(text)]

    def _comments(self) -> Iterator[str]:
        if self.converted.webhooks.probes:
            yield "Health checks that webhooks made. Check path and answer, then take them out of the comment:"
            probes = yaml.safe_dump({"probes": list(self.converted.webhooks.probes)}, sort_keys=False)
            yield from probes.splitlines()
        yield f"From Flagger's Canary {self.converted.name}:"
        yield from (" ".join(str(line).split()) for line in self.converted.account)


def _plain(value: Any) -> Any:  # noqa: ANN401 - a setting may hold anything
    return list(value) if isinstance(value, tuple) else value
