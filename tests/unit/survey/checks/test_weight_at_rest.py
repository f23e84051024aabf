"""Weight at rest and third destinations are refused, with the line that removes them."""

from __future__ import annotations

import pytest

from steps.survey.checks.weight_at_rest import check_third_destinations, check_weight_at_rest
from tests.support.cart_survey import PAIR, arms_of_versions, patches, route, said, versions, virtual_service


def test_all_weight_on_stable_is_fine() -> None:
    """On each route with both arms."""
    survey = versions(virtual_services=(virtual_service("cart", PAIR, PAIR),))
    assert [] == check_weight_at_rest(survey, arms_of_versions(survey))


@pytest.mark.parametrize("weights", [(90, 10), (0, 100), (50, 50)])
def test_weight_of_the_canary_is_refused(weights: tuple[int, int]) -> None:
    """With the line that sets it to 0."""
    split = route(("cart/v1", weights[0]), ("cart/v2", weights[1]))
    survey = versions(virtual_services=(virtual_service("cart", split),))
    (found,) = check_weight_at_rest(survey, arms_of_versions(survey))
    assert ("weight-at-rest", "VirtualService demo/cart", "refuses") == said([found])[0]
    *others, remedy = found.remedies
    assert ["--at-rest reset", "--at-rest adopt"] == others
    assert [100, 0] == [one["value"] for one in patches(remedy)]


@pytest.mark.parametrize("weights", [(90, 0), (None, None), (60, 60)])
def test_weights_that_do_not_sum_to_100_are_refused(weights: tuple[int | None, int | None]) -> None:
    """An absent one counts 0."""
    split = route(("cart/v1", weights[0]), ("cart/v2", weights[1]))
    survey = versions(virtual_services=(virtual_service("cart", split),))
    assert ["weights"] == [one.code for one in check_weight_at_rest(survey, arms_of_versions(survey))]


def test_routes_that_are_not_released_do_not_count() -> None:
    """Where the released ones are named."""
    named = [route(("cart/v1", 90), ("cart/v2", 10), name="beta"), {**PAIR, "name": "main"}]
    survey = versions(virtual_services=(virtual_service("cart", *named),))
    assert [] == check_weight_at_rest(survey, arms_of_versions(survey, routes=("main",)))


@pytest.mark.parametrize("weight", [0, 10])
def test_a_third_destination_is_refused_unless_its_weight_is_0(weight: int) -> None:
    """As prepare does; with weight, its part goes to stable in the line to copy."""
    split = route(("cart/v1", 100 - weight), ("cart/v2", 0), ("cart/v3", weight))
    survey = versions(virtual_services=(virtual_service("cart", split),))
    (found,) = check_third_destinations(survey, arms_of_versions(survey))
    assert ("third-destination", "refuses" if weight else "notes") == (found.code, found.gravity)
    operations = patches(found.remedies[0])
    assert {"op": "remove", "path": "/spec/http/0/route/2"} == operations[-1]
    assert [100] * (weight > 0) == [one["value"] for one in operations[:-1]]
