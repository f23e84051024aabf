"""Track disruptions of the canary: what the cluster did to its pods, and whether that explains missing ones."""

from collections.abc import Sequence
from typing import Final

from steps.cluster.api import Object
from steps.workload.pod_disruptions import (
    PodDisruption,
    has_crashed,
    has_failed,
    pod_deletion,
    pod_disruption,
    unix_seconds,
)
from steps.workload.pods import is_ready, is_terminating

DisruptionSpan = tuple[float, float, str]
"""(began, ended, what happened), unix seconds; ended is 0 while it lasts."""

_SETTLING_SECONDS: Final = 10.0
"""How long proxies may send requests to a pod after its end, if the control plane is slow."""


class DisruptionTracker:
    """Decides at every look whether the cluster, not the version, took pods away.

    A disruption begins with a pod that was evicted, preempted, deleted or lost, and ends when all pods are ready. A pod
    that was scaled away, or had already failed by itself, is not a disruption. After a fault of the version itself the
    disruption explains nothing for as long as that fault lasts.

    Args:
        complete_at: when all pods were known to be ready, unix seconds: earlier events explain nothing.
        earlier: disruptions of the same run that another process saw.

    Attributes:
        spans: all disruptions of the run so far. Requests during these times say nothing about the version.
        fault_at: start of a fault of the version itself after the present disruption; None without one.
    """

    def __init__(self, complete_at: float, earlier: Sequence[DisruptionSpan] = ()) -> None:
        self.spans: tuple[DisruptionSpan, ...] = tuple(earlier)
        self.fault_at: float | None = None
        self._lasts = bool(earlier) and not earlier[-1][1]
        self._complete_at = self._last_look = complete_at
        self._known: dict[str, bool] | None = None
        self._settled: set[str] = set()
        self._replica_set, self._desired = "", 0

    @property
    def began(self) -> float | None:
        """When the present disruption began, unix seconds; None without one."""
        return self.spans[-1][0] if self._lasts else None

    def look(self, replica_set: str, pods: Sequence[Object], desired: int, now: float) -> str:
        """Return how the cluster caused fewer pods to be ready than desired, "" if it did not.

        Args:
            replica_set: name of the pods' ReplicaSet.
            pods: all of its pods, including those being deleted.
            desired: how many there should be.
            now: unix seconds by the API server.
        """
        staying = [pod for pod in pods if not is_terminating(pod)]
        ready = sum(map(is_ready, staying))
        self._follow(replica_set, pods, desired, now)
        found = self._new_disruptions(pods, desired, ready=ready)
        if found:
            self._note(found, now, ready=ready)
        is_explained = self._lasts and not self._fails(staying)
        if ready >= desired:
            self._end(pods, now)
        elif self._lasts and not is_explained:
            self.fault_at = now if self.fault_at is None else self.fault_at
        else:
            self.fault_at = None
        self._known = {_name(pod): has_failed(pod) and pod_disruption(pod) is None for pod in staying}
        self._desired, self._last_look = desired, now
        return self.spans[-1][2] if is_explained and ready < desired else ""

    def _follow(self, replica_set: str, pods: Sequence[Object], desired: int, now: float) -> None:
        """Start over with a ReplicaSet: at the first look, and after a person changed the template."""
        if self._known is None:
            self._desired = desired
            self._settled = {_name(pod) for pod in pods if _time_of(pod) < self._complete_at - _SETTLING_SECONDS}
            # Another process saw the pods go; the pods that are not ready yet are their replacements.
            missing = [pod for pod in pods if not is_ready(pod) and not is_terminating(pod)]
            if self.spans and missing and all(_is_younger(pod, self.spans[-1][0]) for pod in missing):
                self._lasts = True
        elif replica_set != self._replica_set:
            self._end(pods, now)
            self._known = {}
        self._replica_set = replica_set

    def _new_disruptions(self, pods: Sequence[Object], desired: int, *, ready: int) -> list[PodDisruption]:
        """Return what happened to pods that existed or were expected."""
        found: list[PodDisruption] = []
        plain: list[PodDisruption] = []
        for pod in pods:
            name = _name(pod)
            if name in self._settled or (is_ready(pod) and not is_terminating(pod)):
                continue
            was_broken = (self._known or {}).get(name, False)
            if (seen := pod_disruption(pod)) is not None:
                found += [] if was_broken or _crashed_before(pod, seen) else [seen]
            elif is_terminating(pod):
                self._settled.add(name)  # counted once, as scaled away or as deleted
                gone = pod_deletion(pod)
                plain += [] if was_broken or has_failed(pod, gone.began) else [gone]
        plain += self._vanished(pods)
        if self._known is None and not found and not plain:
            return self._replaced(pods, desired, ready=ready)
        return [*found, *plain[max(0, self._desired - desired) :]]

    def _vanished(self, pods: Sequence[Object]) -> list[PodDisruption]:
        present = {_name(pod) for pod in pods} | self._settled
        gone = [name for name, broken in (self._known or {}).items() if name not in present and not broken]
        return [PodDisruption(self._last_look, self._last_look, f"pod {name} is gone") for name in gone]

    def _replaced(self, pods: Sequence[Object], desired: int, *, ready: int) -> list[PodDisruption]:
        """Return a disruption if all pods are new at the first look: those of the time the weight was set are gone."""
        is_known = self._lasts or ready or not desired or not self._replica_set
        if is_known or not all(_is_younger(pod, self._complete_at) for pod in pods):
            return []
        what = f"the pods of {self._replica_set} that were there when the weight was set are gone"
        return [PodDisruption(self._complete_at, self._complete_at, what)]

    def _note(self, found: Sequence[PodDisruption], now: float, *, ready: int) -> None:
        first = min(found, key=lambda one: one.began)
        began, ended, what = self.spans[-1] if self._lasts else (min(first.began, now), now, first.what)
        earlier = self.spans[:-1] if self._lasts else self.spans
        # While other pods serve, only requests on their way to these are lost; else all are, until a pod is ready.
        over = max(ended, *(one.until + _SETTLING_SECONDS for one in found)) if ready and ended else 0.0
        self.spans, self._lasts = (*earlier, (began, over, what)), True

    def _fails(self, staying: Sequence[Object]) -> bool:
        return any(
            _name(pod) not in self._settled and has_failed(pod) and pod_disruption(pod) is None for pod in staying
        )

    def _end(self, pods: Sequence[Object], now: float) -> None:
        if self._lasts and not self.spans[-1][1]:
            began, _, what = self.spans[-1]
            self.spans = (*self.spans[:-1], (began, now, what))
        self._lasts, self.fault_at = False, None
        self._settled = {_name(pod) for pod in pods if not is_ready(pod) or is_terminating(pod)}


def _crashed_before(pod: Object, seen: PodDisruption) -> bool:
    """Return whether a pod that was taken away had failed by itself before; kills by kubelet leave exit codes, too."""
    is_killed = (pod.get("status") or {}).get("phase") == "Failed"
    return not is_killed and has_crashed(pod, seen.began)


def _time_of(pod: Object) -> float:
    """Return when something happened to a pod that may explain its absence; infinity if nothing did."""
    seen = pod_disruption(pod) or (pod_deletion(pod) if is_terminating(pod) else None)
    return seen.began if seen is not None else float("inf")


def _is_younger(pod: Object, than: float) -> bool:
    return unix_seconds(pod["metadata"].get("creationTimestamp")) >= than


def _name(pod: Object) -> str:
    return str(pod["metadata"]["name"])
