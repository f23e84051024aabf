"""A long list comes in pages, and a page that is gone does not end it."""

from __future__ import annotations

import pytest

from steps.cluster.api import Cluster, Object
from steps.cluster.connection import ApiResponse
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.cluster.pages import pages_of
from steps.cluster.refusals import Expired
from steps.errors import TemporaryError
from tests.support.answering_connection import AnsweringConnection
from tests.support.shop_namespace import ShopNamespace


def page(*names: str, go_on: str = "") -> ApiResponse:
    """Return a page of objects."""
    items = [{"metadata": {"name": name}} for name in names]
    return ApiResponse(200, {"metadata": {"continue": go_on}, "items": items})


def gone(go_on: str = "") -> ApiResponse:
    """Return the answer to a token that is too old."""
    return ApiResponse(410, {"message": "too old", "reason": "Expired", "metadata": {"continue": go_on}})


def names(*answers: ApiResponse) -> list[list[str]]:
    """Return the names on each page."""
    left = list(answers)
    connection = AnsweringConnection(lambda _, __: left.pop(0) if len(left) > 1 else left[0])
    return [
        [obj["metadata"]["name"] for obj in found] for found in pages_of(Cluster(connection), VIRTUAL_SERVICE, None)
    ]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([page()], [[]]),
        ([page("a")], [["a"]]),
        ([page("a", go_on="1"), page("b", go_on="2"), page("c")], [["a"], ["b"], ["c"]]),
        ([page("a", go_on="1"), gone(), page("a", go_on="3"), page("b")], [["a"], ["a"], ["b"]]),
        ([page("a", go_on="1"), gone("2"), page("b")], [["a"], ["b"]]),
        ([ApiResponse(404, {"message": "404 page not found"})], []),
    ],
)
def test_pages_are_read_to_the_end(answers: list[ApiResponse], expected: list[list[str]]) -> None:
    """After a 410 with the token for the rest, or anew."""
    assert expected == names(*answers)


def test_a_list_that_is_gone_again_and_again_is_a_temporary_error() -> None:
    """And so is one whose pages have no end."""
    with pytest.raises(Expired):
        names(page("a", go_on="1"), gone())
    with pytest.raises(TemporaryError, match="the same page twice"):
        names(page("a", go_on="1"))


def test_the_api_server_pages_as_we_ask(shop: ShopNamespace) -> None:
    """Each object once, whatever the size."""
    for number in range(7):
        shop.add(f"vs-{number}")
    for size in (1, 3, 7, 50):
        found: list[list[Object]] = list(pages_of(shop.cluster(), VIRTUAL_SERVICE, "shop", size=size))
        assert {f"vs-{number}" for number in range(7)} == {obj["metadata"]["name"] for one in found for obj in one}
        assert max(map(len, found)) <= size
