"""The canary's pods while traffic reaches them: readiness, restarts, disappearance."""

from collections.abc import Iterator, Sequence

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT
from steps.model.evidence import Health
from steps.workload.diagnosis import diagnose
from steps.workload.disruption_tracker import DisruptionSpan, DisruptionTracker
from steps.workload.pod_disruptions import pod_disruption, unix_seconds
from steps.workload.pods import current_replica_set, is_ready, is_terminating, pods_of


class HealthWatch:
    """Polls the health of the canary's pods.

    Restarts before `since` are not counted. A pod counts as vanished only if an earlier look of the same watch saw it.
    If a fault of the version itself follows a disruption, the time without enough ready pods counts from that fault.
    Pods that were added after all had been ready do not count as unready: they are starting.

    Args:
        cluster: the API server.
        namespace: of the canary.
        canary: Deployment under test.
        since: when faults begin to count, by the API server's clock (unix seconds).
        complete_at: when all pods were known to be ready: the present weight was set then (unix seconds).
        earlier: disruptions that another process saw in this run.
        stable_pods: see `Health`.
    """

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        canary: str,
        since: float,
        complete_at: float | None = None,
        earlier: Sequence[DisruptionSpan] = (),
        *,
        stable_pods: int = 0,
    ) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._canary = canary
        self._stable_pods = stable_pods
        self._since = since
        self._known: dict[str, int] = {}
        self._first_seen: dict[str, int] = {}
        self._desired = 0
        self._complete: int | None = None
        self._vanished = 0
        self._short_since: float | None = None
        self._disruptions = DisruptionTracker(since if complete_at is None else complete_at, earlier)

    def look(self) -> Health:
        """Return the canary's present health.

        Raises:
            NotFound: the Deployment is gone. Forbidden, TemporaryError: as everywhere.
        """
        canary = self._cluster.get(DEPLOYMENT, self._namespace, self._canary)
        replica_set = current_replica_set(self._cluster, canary)
        every = pods_of(self._cluster, canary, replica_set, terminating=True) if replica_set is not None else []
        pods = [pod for pod in every if not is_terminating(pod)]
        now, desired = self._cluster.now(), int(canary["spec"].get("replicas", 1))
        ready = sum(map(is_ready, pods))
        self._count(pods, desired)
        self._complete = desired if ready >= desired else self._complete
        expected = desired if self._complete is None else min(desired, self._complete)
        name = replica_set["metadata"]["name"] if replica_set is not None else ""
        disruption = self._disruptions.look(name, every, desired, now)
        detail = ""
        if ready < desired:
            # The disruption already explains the pod that was taken away: the detail is about its replacement.
            missing = [pod for pod in pods if not disruption or pod_disruption(pod) is None]
            detail = next((entry.sentence for entry in diagnose(canary, missing, 0.0)), "")
        return Health(
            desired=desired,
            ready=ready,
            unready_seconds=self._unready_seconds(pods, now, short=ready < expected),
            restarts=sum(self._known.values()),
            vanished=self._vanished,
            detail=detail,
            disruption=disruption,
            ready_at=tuple(sorted(unix_seconds(at) for pod in pods if is_ready(pod) for at in _turned(pod))),
            disrupted=self._disruptions.spans,
            stable_pods=self._stable_pods,
        )

    def _count(self, pods: list[Object], desired: int) -> None:
        present = {pod["metadata"]["name"] for pod in pods}
        gone = [name for name in self._first_seen if name not in present]
        # Pods above the desired number were scaled away, which is not a fault.
        self._vanished += max(0, len(gone) - max(0, self._desired - desired))
        for name in gone:
            del self._first_seen[name]
        self._desired = desired
        for pod in pods:
            name, restarts = pod["metadata"]["name"], _restarts(pod)
            if name not in self._first_seen:
                self._first_seen[name] = restarts - self._restarts_since(pod)
            # Restarts of a pod that vanished later stay counted.
            self._known[name] = max(0, restarts - self._first_seen[name])

    def _restarts_since(self, pod: Object) -> int:
        if unix_seconds(pod["metadata"].get("creationTimestamp")) >= self._since:
            return _restarts(pod)
        return sum(unix_seconds(_ended(entry)) >= self._since for entry in _statuses(pod))

    def _unready_seconds(self, pods: list[Object], now: float, *, short: bool) -> float:
        if not short:
            self._short_since = None
            return 0.0
        if self._disruptions.fault_at is not None:  # what the cluster did does not count against the version
            return max(0.0, now - self._disruptions.fault_at)
        known = [unix_seconds(at) for pod in pods if not is_ready(pod) for at in _turned(pod)]
        known += [self._disruptions.began] if self._disruptions.began is not None else []
        seen = self._short_since if self._short_since is not None else now
        self._short_since = max(self._since, min([seen, *known]))
        return max(0.0, now - self._short_since)


def _statuses(pod: Object) -> list[Object]:
    return list((pod.get("status") or {}).get("containerStatuses") or [])


def _restarts(pod: Object) -> int:
    return sum(int(entry.get("restartCount", 0)) for entry in _statuses(pod))


def _ended(status: Object) -> str | None:
    at = ((status.get("lastState") or {}).get("terminated") or {}).get("finishedAt")
    return str(at) if at else None


def _turned(pod: Object) -> Iterator[str]:
    """Yield when the pod reached its present readiness."""
    for entry in (pod.get("status") or {}).get("conditions") or []:
        if entry.get("type") == "Ready" and entry.get("lastTransitionTime"):
            yield str(entry["lastTransitionTime"])
