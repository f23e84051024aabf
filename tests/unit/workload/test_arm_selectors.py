"""Arms that overlap are refused with the labels to add."""

import pytest

from steps.errors import PermanentError
from steps.workload.arm_selectors import ArmSelectors, canary_labels, canary_selector, check_disjoint
from steps.workload.diagnosis import diagnose
from tests.support.shop_release import deployment


def arm(
    name: str, selector: dict[str, str], pods: dict[str, str], service: dict[str, str], **subset: str
) -> ArmSelectors:
    """Return an arm whose Service is named after it."""
    return ArmSelectors(name, {"matchLabels": selector}, pods, name, subset, service)


STABLE = arm("shop", {"app": "shop"}, {"app": "shop", "version": "v1"}, {"app": "shop"}, version="v1")


def refused(stable: ArmSelectors, canary: ArmSelectors) -> str:
    """Return the sentence of the refusal."""
    with pytest.raises(PermanentError) as caught:
        check_disjoint(stable, canary)
    return str(caught.value)


def test_selector_without_the_version_needs_it() -> None:
    """Subsets of one host: stable's selector would adopt the canary's pods."""
    canary = arm(
        "shop-canary", {"app": "shop", "version": "v2"}, {"app": "shop", "version": "v2"}, {"app": "shop"}, version="v2"
    )

    sentence = refused(STABLE, canary)
    assert "Deployment shop's spec.selector (app=shop) also matches the pods of shop-canary" in sentence
    assert 'selector:\n  matchLabels:\n    version: "v1"' in sentence
    assert "kubectl delete --cascade=orphan" in sentence


def test_arms_without_any_difference_need_one() -> None:
    """Nothing tells them apart; the remedy is a label in the canary's Service."""
    same = {"role": "web"}

    sentence = refused(arm("a", same, same, same), arm("b", same, same, same))
    assert 'selector:\n  role: "' in sentence


def test_service_without_a_selector_is_refused() -> None:
    """Its endpoints are managed elsewhere, so its arms cannot be told apart."""
    labels = {"app": "shop"}

    assert 'its spec.selector is empty. Set in Service shop:\nselector:\n  app: "shop"' in refused(
        arm("shop", labels, labels, {}), arm("b", {"app": "b"}, {"app": "b"}, {"app": "b"})
    )


def test_service_that_misses_its_own_pods_is_refused() -> None:
    """No request would ever reach them."""
    canary = arm("shop-canary", {"app": "c"}, {"app": "c"}, {"app": "other"})

    assert "it requires app=other, but the pods of shop-canary have app=c" in refused(STABLE, canary)


def test_disjoint_arms_are_fine() -> None:
    """Each selector matches its own side only."""
    labels = {"app": "shop-canary", "version": "v2"}

    check_disjoint(STABLE, arm("shop-canary", {"app": "shop-canary"}, labels, {"app": "shop-canary"}))


def test_labels_of_the_destination_win() -> None:
    """The pods get its labels, and the selector gets those that tell the arms apart."""
    requires = {"app": "shop", "version": "v2"}
    made = canary_labels(STABLE, "shop-canary", requires)

    assert {"app": "shop", "version": "v2"} == made
    assert {"matchLabels": {"app": "shop", "version": "v2"}} == canary_selector(STABLE, made, requires)


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ('pods "x" is forbidden: exceeded quota: compute', "Raise the quota or free some."),
        ("violates PodSecurity restricted", "Change what the message names."),
    ],
)
def test_pods_that_cannot_be_created_are_explained(message: str, remedy: str) -> None:
    """If a quota or an admission webhook refuses them, the controller says so in a condition."""
    item = deployment("shop", "shop:1")
    item["status"] = {"conditions": [{"type": "ReplicaFailure", "status": "True", "message": message}]}

    assert [f"pods of shop cannot be created: {message}. {remedy}"] == [
        entry.sentence for entry in diagnose(item, [], 10)
    ]
