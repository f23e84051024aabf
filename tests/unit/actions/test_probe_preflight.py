"""Probes are tried on stable before a run begins: one that could never pass is refused at once, with the response."""

import pytest

from steps.actions.probe_preflight import ProbePreflight
from steps.errors import PermanentError
from steps.probing.probe import Endpoint, Probe
from steps.probing.send import UNREACHABLE

PODS = tuple(Endpoint(f"shop-{number}", "10.0.0.1") for number in range(5))


class Stable:
    """Responses by (probe, pod): what was wrong each time; a missing one passes."""

    def __init__(self, **wrong: list[str]) -> None:
        self._wrong = wrong
        self.asked: list[tuple[str, str]] = []
        self.pauses: list[float] = []

    def send(self, probe: Probe, endpoint: Endpoint) -> str:
        """Answer."""
        self.asked.append((probe.name, endpoint.name))
        left = self._wrong.get(f"{probe.name}_{endpoint.name[-1]}", self._wrong.get(probe.name, []))
        return left.pop(0) if len(left) > 1 else "".join(left)

    def probes(self, *probes: Probe, pods: tuple[Endpoint, ...] = PODS) -> ProbePreflight:
        """Return what is under test."""
        return ProbePreflight(probes, lambda: pods, self.send, self.pauses.append)


def test_each_probe_is_sent_once_to_three_pods() -> None:
    """All is well."""
    stable = Stable()
    assert [] == stable.probes(Probe("a"), Probe("b")).check()
    assert [(probe, f"shop-{pod}") for probe in "ab" for pod in range(3)] == stable.asked


def test_what_all_pods_fail_is_refused_with_the_answer() -> None:
    """All such probes at once, with a remedy."""
    stable = Stable(a=["status 404 instead of 200"], c=["an empty body"])
    with pytest.raises(PermanentError) as raised:
        stable.probes(Probe("a"), Probe("b"), Probe("c")).check()
    cause = raised.value.cause
    assert "probe a fails on stable (shop-0: status 404 instead of 200); probe c fails on stable (shop-0: an" in cause
    assert "set `stable-may-fail: true` for a probe that only the new version can pass" in cause


def test_pods_that_close_connections_lead_to_the_gateway() -> None:
    """STRICT mTLS does so; it is reported before a run begins."""
    with pytest.raises(PermanentError, match="STRICT mTLS close plain connections: set --probe-gateway-url"):
        Stable(a=[UNREACHABLE]).probes(Probe("a")).check()


def test_a_probe_of_what_is_new_causes_only_a_warning() -> None:
    """Stable cannot have it yet."""
    stable = Stable(new=["status 404 instead of 200"])
    found = stable.probes(Probe("new", stable_may_fail=True)).check()
    assert ["probe new fails on stable (shop-0: status 404 instead of 200), which its settings allow."] == found


def test_one_bad_pod_of_several_causes_only_a_warning() -> None:
    """The probe is not at fault."""
    found = Stable(a_1=["no answer within 2 s"]).probes(Probe("a")).check()
    assert ["probe a fails on stable (shop-1: no answer within 2 s), and passes on 2 of its pods."] == found


def test_a_short_failure_is_tried_again() -> None:
    """After a pause."""
    stable = Stable(a_0=["no answer within 2 s", ""])
    assert [] == stable.probes(Probe("a"), pods=PODS[:1]).check()
    assert ([("a", "shop-0")] * 2, 1) == (stable.asked, len(stable.pauses))


def test_a_dry_run_sends_nothing_that_may_change_something() -> None:
    """`--dry-run` reads."""
    stable = Stable(post=["status 500 instead of 200"])
    assert [] == stable.probes(Probe("post", method="POST"), Probe("get")).check(dry_run=True)
    assert {"get"} == {probe for probe, _ in stable.asked}


def test_no_pod_with_an_address_causes_a_warning() -> None:
    """Prepare refuses a stable that is not ready by itself."""
    assert ["The probes were not tried on stable: none of its ready pods has an address."] == (
        Stable().probes(Probe("a"), pods=()).check()
    )
