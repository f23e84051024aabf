"""Which Deployment a pod belongs to: by its owner, and by the name that a ReplicaSet gave it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

GENERATED = 58
"""Characters to which Kubernetes cuts the base of a generated name, before it adds five."""

SUFFIX = 5
"""Characters that Kubernetes adds to the name of a ReplicaSet's pod."""


@dataclass(frozen=True, slots=True)
class PodNames:
    """The pods of some Deployments.

    Attributes:
        prefixes: Deployment → prefixes of the names of its ReplicaSets' pods, past ReplicaSets included.
        owners: name of an existing pod → its Deployment; "" where the name has a Deployment's prefix, but something
            else owns the pod.
    """

    prefixes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)

    def deployment_of(self, pod: str) -> str:
        """Return the only Deployment whose pods have such names, "" if there is none or more than one.

        A prefix that was cut may also be that of another Deployment; then only the owner of a pod is certain.
        """
        begins = pod[:-SUFFIX]
        if len(begins) >= GENERATED:
            return ""
        found = {name for name, prefixes in self.prefixes.items() if begins in prefixes}
        return found.pop() if len(found) == 1 else ""

    def merged_with(self, newer: "PodNames") -> "PodNames":
        """Return the union of both; where they differ, the newer one counts."""
        prefixes = {
            name: tuple(dict.fromkeys((*self.prefixes.get(name, ()), *newer.prefixes.get(name, ()))))
            for name in (*self.prefixes, *newer.prefixes)
        }
        return PodNames(prefixes, {**self.owners, **newer.owners})


def pod_prefix(replica_set: str) -> str:
    """Return the prefix of the names of a ReplicaSet's pods, which end with five more characters."""
    return f"{replica_set}-"[:GENERATED]
