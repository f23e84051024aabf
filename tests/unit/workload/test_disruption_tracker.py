"""Disruptions from look to look: what explains too few pods, and from when to when requests say nothing."""

from __future__ import annotations

from typing import Any

import pytest

from steps.workload.disruption_tracker import DisruptionTracker
from tests.support.kubernetes_api.kinds import Json
from tests.unit.workload.test_pod_disruptions import failed, target
from tests.unit.workload.test_pod_disruptions import pod as made

SET = 1777629600.0  # 2026-05-01T10:00:00Z, when the pods of test_mishaps were born
NOW = SET + 1805
RS = "shop-canary-5d"


def pod(name: str, *args: Any, **kwargs: Any) -> Json:
    """Return a pod by name."""
    found = made(*args, **kwargs)
    found["metadata"]["name"] = name
    return found


def young(name: str, **container: object) -> Json:
    """Return a pod that was made at NOW and starts."""
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
    """From its first sign on; then it is over, and not told again."""
    seen = watch(pod("a"))
    said = seen.look(RS, [leaving("a", status=status), young("b")], 1, NOW)

    assert "pod a was " in said
    assert (SET + 1800, 0.0) == seen.spans[0][:2]
    assert said == seen.look(RS, [young("b")], 1, NOW + 5)
    assert "" == seen.look(RS, [pod("b")], 1, NOW + 9)
    assert [(SET + 1800, NOW + 9)] == [span[:2] for span in seen.spans]
    assert seen.began is None


def test_a_pod_that_vanished_between_two_looks_explains() -> None:
    """`kubectl delete --force`, or a node and its pods are gone."""
    seen = watch(pod("a"))

    assert "pod a is gone" == seen.look(RS, [young("b")], 1, NOW)
    assert NOW - 5 == seen.began


def test_an_evicted_pod_that_lies_around_explains_once() -> None:
    """Kubernetes keeps Failed pods: after the replacement was ready, the old one is history."""
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
    """Neither by a person, nor by a descheduler that evicts what restarts too often."""
    seen = watch(pod("a"))
    for status in ({}, target("EvictionByEvictionAPI")):
        gone = leaving("a", status=status, container={"state": state, "ready": False})
        assert "" == seen.look(RS, [gone, young("b")], 1, NOW)
    assert "" == seen.look(RS, [young("b")], 1, NOW + 5)


def test_a_pod_that_was_broken_at_the_last_look_explains_nothing() -> None:
    """Its deletion is the repair of what it did."""
    seen = watch(pod("a"))
    seen.look(RS, [pod("a", ready="False")], 1, NOW)

    assert "" == seen.look(RS, [young("b")], 1, NOW + 5)


@pytest.mark.parametrize("how", ["leaving", "vanished"])
def test_what_was_scaled_away_explains_nothing(how: str) -> None:
    """Three pods become two; a second one that goes with it was deleted."""
    seen = watch(pod("a"), pod("b"), pod("c"), desired=3)
    gone = [leaving("a")] if how == "leaving" else []
    assert "" == seen.look(RS, [*gone, pod("b"), pod("c")], 2, NOW)
    assert () == seen.spans

    assert "pod b is gone" == seen.look(RS, [pod("c"), young("d")], 2, NOW + 5)


def test_a_crash_of_the_replacement_ends_the_explanation() -> None:
    """As long as it lasts, and from the look that saw it on."""
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


def test_while_others_serve_only_what_was_under_way_is_left_out() -> None:
    """Until the pod's end and what a slow control plane takes; then the rest is judged as ever."""
    seen = watch(pod("a"), pod("b"), desired=2)
    assert "pod a was deleted" == seen.look(RS, [leaving("a"), pod("b"), young("c")], 2, NOW)
    assert [(SET + 1800, SET + 1840)] == [span[:2] for span in seen.spans]
    seen.look(RS, [leaving("a"), leaving("b"), young("c"), young("d")], 2, NOW + 5)

    assert [(SET + 1800, 0.0)] == [span[:2] for span in seen.spans]


def test_a_pod_that_was_replaced_between_two_looks_is_noted() -> None:
    """Nothing is missing any more, yet users met its end."""
    seen = watch(pod("a"))

    assert "" == seen.look(RS, [leaving("a"), pod("b")], 1, NOW)
    assert [(SET + 1800, SET + 1840)] == [span[:2] for span in seen.spans]
    seen.look(RS, [leaving("a"), pod("b")], 1, NOW + 1)
    assert 1 == len(seen.spans)


@pytest.mark.parametrize("pods", [(), ("b",)])
def test_a_first_look_at_new_pods_alone_knows_that_the_old_ones_went(pods: tuple[str, ...]) -> None:
    """The step before set the weight with all pods ready; whoever looks first now never saw them."""
    seen = DisruptionTracker(NOW - 30)

    assert "are gone" in seen.look(RS, [young(name) for name in pods], 1, NOW)


def test_a_first_look_at_an_old_pod_that_is_not_ready_knows_no_disruption() -> None:
    """Nor do signs from before the weight was set explain anything."""
    old = failed("Evicted", "The node was low on resource: memory. ")
    old["metadata"]["name"] = "z"
    seen = DisruptionTracker(NOW + 300)
    for _ in range(2):
        assert "" == seen.look(RS, [old, pod("a", ready="False")], 1, NOW + 400)


def test_the_next_process_goes_on_with_what_lasts() -> None:
    """The claim tells of it; a pod that waits for a node is no new disruption."""
    pending = young("b")
    pending["status"] = {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False"}]}
    seen = DisruptionTracker(SET, [(NOW - 60, 0.0, "pod a was evicted")])

    assert "pod a was evicted" == seen.look(RS, [pending], 1, NOW)
    assert NOW - 60 == seen.began
    assert "" == seen.look(RS, [pod("b")], 1, NOW + 5)
    assert ((NOW - 60, NOW + 5, "pod a was evicted"),) == seen.spans


def test_the_next_process_knows_young_pods_as_replacements() -> None:
    """Others served meanwhile, so what is left out was settled at once; the replacement is still on its way."""
    seen = DisruptionTracker(SET, [(NOW - 1, NOW + 9, "pod a was evicted")])

    assert "pod a was evicted" == seen.look(RS, [pod("c"), young("b")], 2, NOW)
    assert 1 == len(seen.spans)
