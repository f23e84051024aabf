"""Filters and order of the board."""

from __future__ import annotations

import pytest

from steps.board_server.query import BadQuery, Query, in_order, read_query
from steps.board_server.rows import State
from steps.board_server.snapshot import Entry
from tests.support.board_apps import annotations_for, listed, snapshot_of

NOW = 1_800_000_000.0


def entries(*kinds: str) -> tuple[Entry, ...]:
    """Return one app of each kind, named after it and its place."""
    apps = []
    for number, kind in enumerate(kinds):
        namespace, app = "ab"[number % 2], f"{kind}-{number}"
        apps.append((namespace, app, annotations_for(app, kind, NOW, number + 1, namespace)))
    return snapshot_of(listed(NOW, *apps), NOW).entries


def test_what_needs_a_person_comes_first_then_new_failures_then_runs() -> None:
    """A person who looks at 3 a.m. reads from the top."""
    found = in_order(entries("promoted", "running", "failed", "unreadable", "inconclusive", "expired", "waiting"), NOW)
    order = ["waiting", "expired", "unreadable", "failed", "inconclusive", "running", "promoted"]
    assert order == [one.app.app.partition("-")[0] for one in found]


def test_old_failures_stand_at_the_end() -> None:
    """After a day they would only hide what happens now."""
    found = in_order(entries("failed", "promoted", "running"), NOW + 2 * 86400)
    assert ["running", "promoted", "failed"] == [one.app.app.partition("-")[0] for one in found]


def test_of_two_alike_the_newer_comes_first() -> None:
    """So that the release that just ended is seen."""
    assert ["promoted-0", "promoted-1", "promoted-2"] == [
        one.app.app for one in in_order(reversed(entries("promoted", "promoted", "promoted")), NOW)
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ["failed-0", "running-1", "failed-2"]),
        ("namespace=a", ["failed-0", "failed-2"]),
        ("app=RUN", ["running-1"]),
        ("app=%20run%20", ["running-1"]),
        ("state=failed&app=2", ["failed-2"]),
        ("namespace=", ["failed-0", "running-1", "failed-2"]),
        ("namespace=none", []),
        ("unknown=1", ["failed-0", "running-1", "failed-2"]),
        ("namespace=b&namespace=a", ["failed-0", "failed-2"]),
    ],
)
def test_filters_select_by_all_that_is_given(text: str, shown: list[str]) -> None:
    """An empty field of the form counts as not given, of two the last counts."""
    query = read_query(text)
    assert set(shown) == {one.app.app for one in entries("failed", "running", "failed") if query.selects(one)}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("state=great", "must be one of waiting, expired"),
        ("refresh=-1", "0 (never) to 3600"),
        ("refresh=3601", "0 (never) to 3600"),
        ("refresh=1e3", "0 (never) to 3600"),
        (f"refresh={'9' * 5000}", "0 (never) to 3600"),
        ("refresh=²", "0 (never) to 3600"),
        ("&".join(f"a{number}=1" for number in range(50)), "more than 20 parameters"),
    ],
)
def test_a_bad_query_names_the_parameter_and_its_range(text: str, named: str) -> None:
    """And does not repeat thousands of characters."""
    with pytest.raises(BadQuery) as caught:
        read_query(text)
    assert named in str(caught.value)
    assert len(str(caught.value)) < 300


def test_an_address_keeps_the_other_filters() -> None:
    """And encodes what a person typed."""
    query = Query("shop", "a&b=<c>", State.FAILED, 0)
    assert "?namespace=shop&app=a%26b%3D%3Cc%3E&state=failed&refresh=0" == query.address()
    assert "?app=a%26b%3D%3Cc%3E&state=failed" == query.address(namespace="", refresh=None)
    assert query == read_query(query.address()[1:])
    assert "?" == Query().address()
