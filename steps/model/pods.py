"""Whose pods are whose, as the API server knows it: by owner, and by the names that a ReplicaSet gives its pods."""

from collections.abc import Mapping
from dataclasses import dataclass, field

GENERATED = 58
"""Kubernetes cuts what it generates a name from to so many characters, and adds five."""

SUFFIX = 5
"""Characters that Kubernetes adds to the name of a ReplicaSet's pod."""


@dataclass(frozen=True, slots=True)
class PodNames:
    """The pods of some Deployments.

    Attributes:
        prefixes: Deployment → what the names of its ReplicaSets' pods begin with, past ReplicaSets included.
        owners: name of a pod that exists → its Deployment; "" where its name begins as a Deployment's pods do, and
            something else owns it.
    """

    prefixes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)

    def deployment_of(self, pod: str) -> str:
        """Give the only Deployment whose pods are named like this, "" if there is none or more than one.

        A beginning that was cut may be another Deployment's as well, so that only a pod's owner tells whose it is.
        """
        begins = pod[:-SUFFIX]
        if len(begins) >= GENERATED:
            return ""
        found = {name for name, prefixes in self.prefixes.items() if begins in prefixes}
        return found.pop() if len(found) == 1 else ""

    def merged_with(self, newer: "PodNames") -> "PodNames":
        """Give what is known by both; what is newer counts where they differ."""
        prefixes = {
            name: tuple(dict.fromkeys((*self.prefixes.get(name, ()), *newer.prefixes.get(name, ()))))
            for name in (*self.prefixes, *newer.prefixes)
        }
        return PodNames(prefixes, {**self.owners, **newer.owners})


def pod_prefix(replica_set: str) -> str:
    """Give what the names of a ReplicaSet's pods begin with, before their last five characters."""
    return f"{replica_set}-"[:GENERATED]
