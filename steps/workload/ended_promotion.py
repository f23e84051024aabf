"""The Deployments of a promotion that ended, as the record and an undo ask about them; nothing is written."""

from steps.cluster.api import Cluster
from steps.model.run import Destination, Pin, WorkloadState
from steps.workload import capacity, recorded_pair, undo


class EndedPromotion:
    """What the record and an undo ask about the Deployments of a promotion that ended.

    Args:
        cluster: the API server.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def with_pods_for_users(self, workloads: WorkloadState) -> WorkloadState:
        """Return the Deployments with the pods that the users of a swap need on the old arm."""
        return capacity.for_undo(self._cluster, workloads)

    def check_undo(self, workloads: WorkloadState, pin: Pin | None) -> None:
        """Refuse an undo unless stable's old template can be restored; see `undo.check_undo`."""
        undo.check_undo(self._cluster, workloads, pin)

    def require_behind(self, workloads: WorkloadState, stable: Destination, canary: Destination, doing: str) -> None:
        """Require that the Services of the routes' destinations select the pods of the two Deployments.

        Of a swap only the arm that is scaled down at the end: the endpoints of the other one are awaited.
        """
        pairs = [(workloads.canary, canary), *([] if workloads.is_swap else [(workloads.stable, stable)])]
        for name, destination in pairs:
            recorded_pair.require_behind(self._cluster, workloads.namespace, name, destination, doing)

    def promoted_fingerprint(self, workloads: WorkloadState, pin: Pin) -> str:
        """Return the fingerprint of the promoted template as stable has it, for the record."""
        return undo.promoted_fingerprint(self._cluster, workloads, pin)
