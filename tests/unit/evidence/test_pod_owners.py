"""The API server decides which arm a pod belongs to; its name alone only decides if there is no API server."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from steps.evidence.definitions.custom_arms import CustomMetricContext
from steps.evidence.definitions.custom_metrics import CustomMetric, Selection, custom_arm_labels
from steps.evidence.definitions.pod_owners import PodOwners, pod_name_pattern
from steps.model.evidence import Arm
from steps.model.pods import PodNames, pod_prefix

ARMS = ("shop", "shop-canary")
LONG = "a" * 57


class Server:
    """An API server whose pods the test changes; counts how often it is asked."""

    def __init__(self, known: PodNames) -> None:
        self.known, self.asked = known, list[tuple[str, ...]]()

    def __call__(self, deployments: Sequence[str]) -> PodNames:
        """Return the pods of these Deployments."""
        self.asked.append(tuple(deployments))
        return self.known


KNOWN = PodNames(
    {"shop": ("shop-6d4cf56db6-", "shop-5b5b5b5b5b-"), "shop-canary": ("shop-canary-7c9f8b5d4-",)},
    {"shop-6d4cf56db6-aaaaa": "shop", "shop-canary-7c9f8b5d4-bbbbb": "shop-canary", "shop-6d4cf56db6-zzzzz": ""},
)


@pytest.mark.parametrize(
    ("pod", "owner"),
    [
        ("shop-6d4cf56db6-aaaaa", "shop"),
        ("shop-5b5b5b5b5b-ccccc", "shop"),
        ("shop-canary-7c9f8b5d4-bbbbb", "shop-canary"),
        ("shop-6d4cf56db6-zzzzz", ""),
        ("shop-migrate-abcde", ""),
        ("shop-6d4cf56db6-aaaa", ""),
        ("shop-6d4cf56db6-aaaaa-x", ""),
        ("shop", ""),
        ("", ""),
    ],
)
def test_the_api_server_decides_the_owner_of_a_pod(pod: str, owner: str) -> None:
    """A past ReplicaSet's pod counts; a Job's, another owner's, or one with a name of its own does not."""
    pods = PodOwners(Server(KNOWN))
    assert [name for name in ARMS if name == owner] == [name for name in ARMS if pods.is_of(name, pod, ARMS)]


def test_the_api_server_is_asked_once_a_poll_and_only_about_unknown_pods() -> None:
    """The number of series of unknown pods does not matter."""
    server = Server(KNOWN)
    pods = PodOwners(server)
    for pod in ("shop-6d4cf56db6-aaaaa", "shop-migrate-abcde", "shop-migrate-fghij"):
        pods.is_of("shop", pod, ARMS)
    assert [("shop", "shop-canary")] == server.asked
    pods.look_again()
    pods.is_of("shop", "shop-6d4cf56db6-aaaaa", ARMS)
    assert 1 == len(server.asked)
    pods.is_of("shop", "shop-migrate-fghij", ARMS)
    assert 2 == len(server.asked)
    pods.look_again()
    pods.is_of("shop", "shop-migrate-fghij", ARMS)
    assert 2 == len(server.asked)


def test_a_new_replica_set_is_learnt_when_its_pod_appears() -> None:
    """What was known before stays, even if the Deployment is gone."""
    server = Server(KNOWN)
    pods = PodOwners(server)
    assert not pods.is_of("shop", "shop-9999999999-ddddd", ARMS)
    server.known = PodNames({"shop": ("shop-9999999999-",)}, {"shop-9999999999-eeeee": "shop"})
    pods.look_again()
    assert pods.is_of("shop", "shop-9999999999-eeeee", ARMS)
    assert pods.is_of("shop", "shop-6d4cf56db6-aaaaa", ARMS)


def test_a_baseline_that_joins_later_is_asked_for() -> None:
    """A pod without an owner may be its pod."""
    server = Server(KNOWN)
    pods = PodOwners(server)
    young = "shop-baseline-6d4cf56db6-fffff"
    assert not pods.is_of("shop-baseline", young, ARMS)
    server.known = PodNames({"shop-baseline": ("shop-baseline-6d4cf56db6-",)}, {young: "shop-baseline"})
    assert pods.is_of("shop-baseline", young, (*ARMS, "shop-baseline"))


def test_cut_names_are_attributed_by_their_owners_alone() -> None:
    """Then the pods of two Deployments have the same prefix, and the pattern must match both."""
    sets = {name: f"{name}-7c9f8b5d4" for name in (f"{LONG}-b", f"{LONG}-canary")}
    prefixes = {name: (pod_prefix(replica_set),) for name, replica_set in sets.items()}
    assert 1 == len(set(prefixes.values()))
    (first, second), begins, both = sets, f"{LONG}-", tuple(sets)
    pods = PodOwners(known=PodNames(prefixes, {f"{begins}xxxxx": first, f"{begins}yyyyy": second}))
    assert [True, False] == [pods.is_of(name, f"{begins}xxxxx", both) for name in sets]
    assert [False, False] == [pods.is_of(name, f"{begins}zzzzz", both) for name in sets]


@pytest.mark.parametrize("length", [1, 30, 45, 46, 47, 48, 52, 56, 57, 58, 63])
def test_the_pattern_matches_every_pod_of_a_deployment(length: int) -> None:
    """Wherever the name is cut; the hash of the template has at most ten characters."""
    name = "a" * length
    for made in ("5d9c7b8f6", "5d9c7b8f64"):
        pod = f"{pod_prefix(f'{name}-{made}')}x7k2p"
        assert len(pod) <= 63
        assert re.fullmatch(pod_name_pattern(name), pod)
    assert not re.fullmatch(pod_name_pattern("shop"), "shop-canary-7c9f8b5d4-x7k2p")


def test_without_an_api_server_names_decide() -> None:
    """As in a recording of an older version."""
    assert PodOwners().is_of("shop", "shop-6d4cf56db6-x7k2p", ARMS)


def test_custom_metrics_count_the_arms_pods_alone() -> None:
    """Further labels stand in the query; the baseline is a Deployment like the others."""
    counted = Selection("failed_total"), Selection("all_total")
    metric = CustomMetric("checkout", "shop", "shop-canary", *counted, pod_label="exported_pod")
    arms = custom_arm_labels(metric, CustomMetricContext("ns", {"cluster": "eu"}, PodOwners(Server(KNOWN))))
    names = ("shop-6d4cf56db6-aaaaa", "shop-canary-7c9f8b5d4-bbbbb", "shop-migrate-abcde")
    assert [Arm.STABLE, Arm.CANARY, None] == [arms.arm_of({"exported_pod": name}) for name in names]
    assert ['namespace="ns"', 'cluster="eu"'] == arms.matchers()[1:]
    assert arms.matchers()[0].startswith('exported_pod=~"shop-')
