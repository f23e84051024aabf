"""Names of a release: those of its claim, then of its convention, then what its manifests show."""

from __future__ import annotations

import pytest

from steps.model.run import Claim, Destination, ObjectName, Phase, RouteTarget, RunState, WorkloadState
from steps.survey.choice import choose_names
from steps.survey.inference import Hints
from steps.survey.monitoring import pod_monitor, selected_labels
from tests.support.cart_survey import HOSTS_PAIR, applied, hosts, route, versions, virtual_service


def test_a_pair_of_deployments_is_inferred_as_swap() -> None:
    """With all names as flags have them."""
    chosen = choose_names(versions(), Hints("cart"), None)
    assert ("swap", "inferred") == (chosen.topology, chosen.origin)
    expected = {
        "stable": "cart-v1",
        "canary": "cart-v2",
        "stable_destination": "cart/v1",
        "canary_destination": "cart/v2",
        "virtual_service": ("demo/cart",),
    }
    assert expected == chosen.settings


def test_the_convention_wins_over_a_second_virtual_service_with_the_pair() -> None:
    """Today's apps keep their names."""
    survey = hosts(virtual_services=(virtual_service("cart", HOSTS_PAIR), virtual_service("entry", HOSTS_PAIR)))
    chosen = choose_names(survey, Hints("cart"), None)
    assert ("convention", ("demo/cart",)) == (chosen.origin, chosen.settings["virtual_service"])


def test_a_claim_wins_over_the_weights() -> None:
    """In the middle of a run the canary may be the heavier arm."""
    survey = versions(virtual_services=(virtual_service("cart", route(("cart/v1", 20), ("cart/v2", 80))),))
    state = RunState(
        started=0.0,
        expires=1.0,
        targets=(RouteTarget(ObjectName("demo", "cart"), ("#0",)),),
        stable=Destination("cart", "v1"),
        canary=Destination("cart", "v2"),
        workloads=WorkloadState("demo", "cart-v1", "cart-v2", 1, "", ""),
    )
    chosen = choose_names(survey, Hints("cart"), Claim("cart", "one", 1, Phase.WALKING, state))
    assert ("claim", "cart-v1", "cart-v2") == (chosen.origin, chosen.settings["stable"], chosen.settings["canary"])


@pytest.mark.parametrize("weights", [(50, 50)])
def test_what_is_not_unique_is_a_refusal_to_show(weights: tuple[int, int]) -> None:
    """Not an error: doctor prints everything else."""
    survey = versions(virtual_services=(virtual_service("cart", route(("cart/v1", weights[0]), ("cart/v2", 50))),))
    chosen = choose_names(survey, Hints("cart"), None)
    assert chosen.refusal is not None


def test_without_a_virtual_service_the_convention_remains() -> None:
    """With the reason."""
    chosen = choose_names(versions(virtual_services=()), Hints("cart"), None)
    assert ("convention", "stable-named") == (chosen.origin, chosen.topology)
    assert "no VirtualService" in chosen.because[-1]


@pytest.mark.parametrize(
    ("selector", "labels"),
    [
        ({"matchLabels": {"release": "kube-prometheus-stack"}}, {"release": "kube-prometheus-stack"}),
        ({"matchExpressions": [{"key": "team", "operator": "In", "values": ["a", "b"]}]}, {"team": "a"}),
        ({}, {}),
        (None, {}),
    ],
)
def test_the_pod_monitor_carries_what_the_installed_prometheus_selects_by(
    selector: dict[str, object] | None, labels: dict[str, str]
) -> None:
    """Without it the operator ignores the PodMonitor."""
    prometheus = {"metadata": {"name": "k8s"}, "spec": {"podMonitorSelector": selector}}
    assert labels == selected_labels([prometheus])
    made = applied(pod_monitor("demo", [prometheus]))
    assert labels == made["metadata"].get("labels", {})
    assert "http-envoy-prom" == made["spec"]["podMetricsEndpoints"][0]["port"]
