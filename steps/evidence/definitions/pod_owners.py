"""Which Deployment a pod belongs to, for an application's own metrics: the API server knows; names are not enough."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from steps.evidence.definitions.promql import escape_regex
from steps.model.pods import GENERATED, PodNames

AskPods = Callable[[tuple[str, ...]], PodNames]
"""Asks the API server for the pods of the Deployments with these names."""

_HASH: Final = 10
"""Maximum length of the hash that a Deployment adds to its name for a ReplicaSet."""

_USUAL: Final = "-[a-z0-9]+-[a-z0-9]+"
"""What a pod's name adds to its Deployment's: the template's hash and five characters."""


def pod_name_pattern(deployment: str) -> str:
    """Return a regular expression for the names of a Deployment's pods; it may match other pods of the namespace.

    Kubernetes cuts a name that is too long before it adds the five characters.
    """
    if len(deployment) + _HASH + len("--") <= GENERATED:
        return escape_regex(deployment) + _USUAL
    return escape_regex(deployment[: GENERATED - 1]) + "[-.a-z0-9]*"


class PodOwners:
    """Knows the Deployments of pods; asks the API server again if an unknown pod appears.

    Args:
        ask: asks the API server; None without one, as in a replay: then `known` is all there is.
        known: what is known already; None without `ask`: pods are recognised by `pod_name_pattern`.

    Attributes:
        known: what the API server answered so far, None if nothing.
    """

    def __init__(self, ask: AskPods | None = None, known: PodNames | None = None) -> None:
        self._ask, self.known = ask, known
        self._asked = False
        self._wanted: set[str] = set()
        self._settled: dict[str, str] = {}

    def look_again(self) -> None:
        """Begin a poll: the API server may be asked once in each."""
        self._asked = False

    def is_of(self, deployment: str, pod: str, among: Sequence[str]) -> bool:
        """Return whether a pod is the Deployment's; `among` are all Deployments that it may belong to.

        Raises:
            TemporaryError, PermanentError: the API server did not answer.
        """
        if not re.fullmatch(pod_name_pattern(deployment), pod):
            return False
        if self._ask is None and self.known is None:
            return True
        return self._owner(pod, among) == deployment

    def _owner(self, pod: str, among: Sequence[str]) -> str:
        if pod in self._settled and self._wanted >= set(among):
            return self._settled[pod]
        if self._ask is not None and (not self._asked or not self._wanted >= set(among)):
            self._refresh(self._ask, among)
            self._settled[pod] = self._lookup(pod)
        return self._lookup(pod)

    def _refresh(self, ask: AskPods, among: Sequence[str]) -> None:
        if not self._wanted >= set(among):
            self._wanted |= set(among)
            self._settled.clear()  # a pod without an owner may be one of the new Deployments'
        self.known = (self.known or PodNames()).merged_with(ask(tuple(sorted(self._wanted))))
        self._asked = True
        self._settled.update({name: owner for name, owner in self.known.owners.items() if name not in self._settled})

    def _lookup(self, pod: str) -> str:
        known = self.known or PodNames()
        return known.owners[pod] if pod in known.owners else known.deployment_of(pod)
