"""Disruptions across looks: what explains missing pods, and when requests say nothing about the version."""

from __future__ import annotations

from typing import Any

import pytest

from steps.workload.disruption_tracker import DisruptionTracker
from tests.support.kubernetes_api.kinds import Json
from tests.unit.workload.test_pod_disruptions import failed, target
from tests.unit.workload.test_pod_disruptions import pod as made

SET = 1777629600.0  # 2026-05-01T10:00:00Z, when the pods of test_pod_disruptions were created
NOW = SET + 1805
RS = "shop-canary-5d"


def pod(name: str, *args: Any, **kwargs: Any) -> Json:
    """Return a pod by name."""
    found = made(*args, **kwargs)
    found["metadata"]["name"] = name
    return found


def young(name: str, **container: object) -> Json:
    """Return a pod that was created at NOW and is starting."""
    found = pod(name, container={"state": {"waiting": {"reason": "ContainerCreating"}}, **container}, ready="False")
    found["metadata"]["creationTimestamp"] = "2026-05-01T10:30:05Z"
    found["status"]["startTime"] = "2026-05-01T10:30:05Z"
    found["status"]["conditions"][0]["lastTransitionTime"] = "2026-05-01T10:30:05Z"
    return found


def leaving(name: str, **kwargs: Any) -> Json:
    """Return a pod that was deleted at 10:30:00 with a grace of 30 s."""
    return pod(name, deletionTimestamp="2026-05-01T10:30:30Z", deletionGracePeriodSeconds=30, ready="False", **kwargs)


def watch(*pods: Json, desired: int = 1) -> DisruptionTracker:
    """Return a watch that has seen these pods ready."""
    made = DisruptionTracker(SET)
    assert "" == made.look(RS, pods, desired, NOW - 5)
    return made


@pytest.mark.parametrize("status", [target("EvictionByEvictionAPI"), target("PreemptionByScheduler"), {}])
def test_a_deleted_pod_explains_until_its_replacement_is_ready(status: Json) -> None:
    """From its first sign; then it is over and not reported again."""
    seen = watch(pod("a"))
    said = seen.look(RS, [leaving("a", status=status), young("b")], 1, NOW)

    assert "pod a was " in said
    assert (SET + 1800, 0.0) == seen.spans[0][:2]
    assert said == seen.look(RS, [young("b")], 1, NOW + 5)
    assert "" == seen.look(RS, [pod("b")], 1, NOW + 9)
    assert [(SET + 1800, NOW + 9)] == [span[:2] for span in seen.spans]
    assert seen.began is None


def test_a_pod_that_vanished_between_two_looks_explains() -> None:
    """`kubectl delete --force`, or a node that is gone with its pods."""
    seen = watch(pod("a"))

    assert "pod a is gone" == seen.look(RS, [young("b")], 1, NOW)
    assert NOW - 5 == seen.began


def test_an_evicted_pod_that_is_kept_explains_once() -> None:
    """Kubernetes keeps Failed pods: once the replacement is ready, the old one no longer counts."""
    seen = watch(pod("a"))
    evicted = failed("Evicted", "The node was low on resource: memory. ")
    evicted["metadata"]["name"] = "a"
    assert "was evicted by its kubelet" in seen.look(RS, [evicted, young("b")], 1, NOW)
    seen.look(RS, [evicted, pod("b")], 1, NOW + 5)
    broken = pod("b", ready="False")

    assert "" == seen.look(RS, [evicted, broken], 1, NOW + 10)
    assert 1 == len(seen.spans)


@pytest.mark.parametrize(
    "state",
    [
        {"waiting": {"reason": "CrashLoopBackOff"}},
        {"terminated": {"exitCode": 1, "finishedAt": "2026-05-01T10:29:00Z"}},
    ],
)
def test_a_crashed_pod_that_is_deleted_explains_nothing(state: Json) -> None:
    """Whether a person deletes it, or a descheduler that evicts pods with too many restarts."""
    seen = watch(pod("a"))
    for status in ({}, target("EvictionByEvictionAPI")):
        gone = leaving("a", status=status, container={"state": state, "ready": False})
        assert "" == seen.look(RS, [gone, young("b")], 1, NOW)
    assert "" == seen.look(RS, [young("b")], 1, NOW + 5)


def test_a_pod_that_was_broken_at_the_last_look_explains_nothing() -> None:
    """Its deletion is the remedy for its own fault."""
    seen = watch(pod("a"))
    seen.look(RS, [pod("a", ready="False")], 1, NOW)

    assert "" == seen.look(RS, [young("b")], 1, NOW + 5)


@pytest.mark.parametrize("how", ["leaving", "vanished"])
def test_what_was_scaled_away_explains_nothing(how: str) -> None:
    """Three pods become two; a second pod that goes at the same time was deleted."""
    seen = watch(pod("a"), pod("b"), pod("c"), desired=3)
    gone = [leaving("a")] if how == "leaving" else []
    assert "" == seen.look(RS, [*gone, pod("b"), pod("c")], 2, NOW)
    assert () == seen.spans

    assert "pod b is gone" == seen.look(RS, [pod("c"), young("d")], 2, NOW + 5)


def test_a_crash_of_the_replacement_ends_the_explanation() -> None:
    """From the look that saw it, for as long as it lasts."""
    seen = watch(pod("a"))
    seen.look(RS, [leaving("a"), young("b")], 1, NOW)
    crashed = young("b", state={"waiting": {"reason": "CrashLoopBackOff"}}, restartCount=1)

    assert "" == seen.look(RS, [crashed], 1, NOW + 9)
    assert NOW + 9 == seen.fault_at
    assert "" == seen.look(RS, [crashed], 1, NOW + 12)
    assert NOW + 9 == seen.fault_at


def test_another_template_is_not_a_disruption() -> None:
    """A person restarted the canary: its old pods were replaced on purpose."""
    seen = watch(pod("a"))

    assert "" == seen.look("shop-canary-6e", [young("b")], 1, NOW)


def test_while_others_serve_only_requests_in_flight_are_left_out() -> None:
    """Until the pod's end plus the delay of a slow control plane; the rest is judged as usual."""
    seen = watch(pod("a"), pod("b"), desired=2)
    assert "pod a was deleted" == seen.look(RS, [leaving("a"), pod("b"), young("c")], 2, NOW)
    assert [(SET + 1800, SET + 1840)] == [span[:2] for span in seen.spans]
    seen.look(RS, [leaving("a"), leaving("b"), young("c"), young("d")], 2, NOW + 5)

    assert [(SET + 1800, 0.0)] == [span[:2] for span in seen.spans]


def test_a_pod_that_was_replaced_between_two_looks_is_noted() -> None:
    """No pod is missing any more, but users were affected."""
    seen = watch(pod("a"))

    assert "" == seen.look(RS, [leaving("a"), pod("b")], 1, NOW)
    assert [(SET + 1800, SET + 1840)] == [span[:2] for span in seen.spans]
    seen.look(RS, [leaving("a"), pod("b")], 1, NOW + 1)
    assert 1 == len(seen.spans)


@pytest.mark.parametrize("pods", [(), ("b",)])
def test_a_first_look_at_new_pods_alone_knows_that_the_old_ones_went(pods: tuple[str, ...]) -> None:
    """The previous step set the weight with all pods ready; this watch never saw them."""
    seen = DisruptionTracker(NOW - 30)

    assert "are gone" in seen.look(RS, [young(name) for name in pods], 1, NOW)


def test_a_first_look_at_an_old_pod_that_is_not_ready_knows_no_disruption() -> None:
    """Signs from before the weight was set explain nothing either."""
    old = failed("Evicted", "The node was low on resource: memory. ")
    old["metadata"]["name"] = "z"
    seen = DisruptionTracker(NOW + 300)
    for _ in range(2):
        assert "" == seen.look(RS, [old, pod("a", ready="False")], 1, NOW + 400)


def test_the_next_process_continues_a_disruption() -> None:
    """The claim has it; a pod that waits for a node is not a new disruption."""
    pending = young("b")
    pending["status"] = {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False"}]}
    seen = DisruptionTracker(SET, [(NOW - 60, 0.0, "pod a was evicted")])

    assert "pod a was evicted" == seen.look(RS, [pending], 1, NOW)
    assert NOW - 60 == seen.began
    assert "" == seen.look(RS, [pod("b")], 1, NOW + 5)
    assert ((NOW - 60, NOW + 5, "pod a was evicted"),) == seen.spans


def test_the_next_process_knows_young_pods_as_replacements() -> None:
    """Others served meanwhile, so the excluded time is known; the replacement is still starting."""
    seen = DisruptionTracker(SET, [(NOW - 1, NOW + 9, "pod a was evicted")])

    assert "pod a was evicted" == seen.look(RS, [pod("c"), young("b")], 2, NOW)
    assert 1 == len(seen.spans)
