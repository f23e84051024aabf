"""The policy evaluates the largest VirtualServices within the API server's limits: an error in it would refuse."""

from __future__ import annotations

import pytest

from tests.contract.admission.accounts import MANAGER, Guarded, refusal
from tests.contract.admission.objects import TOKEN, virtual_service
from tests.support.api_client import Json


def large(routes: int, destinations: int) -> Json:
    """Return a VirtualService of so many routes with so many destinations each."""
    found = virtual_service()
    found["spec"]["http"] = [
        {
            "name": f"route-{number}",
            "match": [{"uri": {"prefix": f"/{number}"}, "headers": {"x-tier": {"exact": "gold"}}}],
            "timeout": "3s",
            "retries": {"attempts": 3, "perTryTimeout": "1s", "retryOn": "5xx"},
            "headers": {"request": {"set": {"x-a": "1"}}},
            "route": [{"destination": {"host": f"shop-{one}"}, "weight": 0} for one in range(destinations)],
        }
        for number in range(routes)
    ]
    return found


@pytest.mark.parametrize(("routes", "destinations"), [(200, 10), (500, 2), (10, 100)])
def test_all_weights_of_a_large_virtual_service_change_at_once(
    guarded: Guarded, routes: int, destinations: int
) -> None:
    """More than any release changes: a route there is one that splits between the two arms."""
    guarded.store("virtualservices", large(routes, destinations))
    operations = [
        {"op": "add", "path": f"/spec/http/{route}/route/{one}/weight", "value": 1}
        for route in range(routes)
        for one in range(destinations)
    ]
    answer = guarded.account("walker").patch("virtualservices", "shop", operations, fieldManager=MANAGER)
    assert "" == refusal(answer)


def test_the_last_of_a_thousand_routes_is_compared_too(guarded: Guarded) -> None:
    """And more than a thousand routes are refused with a reason, when the run claims them: before any weight moves."""
    guarded.store("virtualservices", large(1000, 2))
    walker = guarded.account("walker")
    timeout = [{"op": "replace", "path": "/spec/http/999/timeout", "value": "1s"}]
    said = refusal(walker.patch("virtualservices", "shop", timeout, fieldManager=MANAGER))
    assert "This account may change weights only, and the request changes spec.http[999].timeout" == said
    unclaimed = large(1001, 2)
    del unclaimed["metadata"]["annotations"]
    guarded.store("virtualservices", unclaimed)
    token = [{"op": "add", "path": "/metadata/annotations", "value": TOKEN}]
    said = refusal(walker.patch("virtualservices", "shop", token, fieldManager=MANAGER))
    assert "The policy compares at most 1000 routes, and spec.http has more" == said
