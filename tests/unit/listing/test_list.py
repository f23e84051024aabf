"""What `canary-steps list` shows: living and expired claims, last records, and what cannot be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from steps import list as listing
from steps.errors import Forbidden, TemporaryError
from steps.model.run import Phase, Record
from tests.support.kubernetes_api import StandInApi
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE
from tests.support.shop_namespace import LAST, MEMORY, TOKEN, ShopNamespace

Json = dict[str, Any]
STARTED = 1_769_851_800.0  # 2026-01-31 09:30:00 UTC
RECORD: Json = {
    "version": 1,
    "run": "r0",
    "epoch": 1,
    "outcome": "promoted",
    "reason": "all rungs passed",
    "started": STARTED,
    "ended": STARTED + 600,
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopNamespace]:
    """Return the empty namespace, beside another."""
    with StandInApi(namespaces=("shop", "other")) as api:
        yield ShopNamespace(api, tmp_path)


def text(shop: ShopNamespace, namespace: str | None = "shop") -> str:
    """Return the table."""
    return listing.run(listing.Settings.model_validate({}), namespace, shop.cluster())[1]


def entries(shop: ShopNamespace, namespace: str | None = "shop") -> list[Json]:
    """Return the list of JSON objects."""
    found = json.loads(listing.run(listing.Settings.model_validate({"format": "json"}), namespace, shop.cluster())[1])
    assert isinstance(found, list)
    return found


def annotate(shop: ShopNamespace, key: str, value: str, name: str = "shop") -> None:
    """Set an annotation as somebody else would."""
    shop.edit(lambda obj: obj["metadata"].setdefault("annotations", {}).update({key: value}), name)


def store(shop: ShopNamespace, namespace: str, name: str, **annotations: str) -> None:
    """Create a VirtualService in any namespace with the record of its app."""
    body = {"metadata": {"name": name, "annotations": annotations}, "spec": {"hosts": [name]}}
    shop.api.store.create(VIRTUAL_SERVICE, namespace, body)


def test_no_release_is_said_in_a_sentence_and_an_empty_list(shop: ShopNamespace) -> None:
    """VirtualServices without a release are not listed."""
    shop.add()
    assert ("No release in namespace shop.\n", []) == (text(shop), entries(shop))
    assert text(shop, None) == "No release in any namespace.\n"


def test_a_living_claim_has_run_phase_weight_time_and_person(shop: ShopNamespace) -> None:
    """In the table and in JSON."""
    shop.add()
    shop.traffic().set_weight(shop.claim(), 25)
    (row,) = text(shop).splitlines()[1:]
    assert row.split()[:6] == ["shop", "shop", "walking", "25", "%", "r1"]
    assert " UTC  ann" in row
    (entry,) = entries(shop)
    shown = {key: entry[key] for key in ("namespace", "app", "state", "run", "phase", "weight", "by", "last")}
    assert shown == {
        "namespace": "shop",
        "app": "shop",
        "state": "living",
        "run": "r1",
        "phase": "walking",
        "weight": 25,
        "by": "ann",
        "last": None,
    }
    assert entry["expires"] > entry["since"] > 0


def test_an_expired_claim_is_shown_as_such(shop: ShopNamespace) -> None:
    """So that somebody asks why no sweep ran."""
    shop.add()
    shop.claim()
    shop.later(700)
    assert "prepared, expired" in text(shop)
    assert ["expired"] == [entry["state"] for entry in entries(shop)]
    end, _ = listing.run(listing.Settings.model_validate({}), "shop", shop.cluster())
    assert (0, {"apps": 1, "living": 0, "expired": 1, "unreadable": 0}) == (end.exit_code, end.summary)


def test_the_last_record_stands_beside_the_claim_and_alone(shop: ShopNamespace) -> None:
    """With its outcome and the time it ended, in UTC."""
    shop.add()
    annotate(shop, LAST, json.dumps(RECORD))
    (row,) = text(shop).splitlines()[1:]
    assert row.split() == [
        "shop", "shop", "-", "-", "-", "-", "-", "promoted", "2026-01-31", "09:40:00", "UTC",
    ]  # fmt: skip
    shop.claim("r2")
    (row,) = text(shop).splitlines()[1:]
    assert "prepared" in row
    assert row.endswith("promoted      2026-01-31 09:40:00 UTC")
    (entry,) = entries(shop)
    assert ("r2", "r0", "promoted") == (entry["run"], entry["last"]["run"], entry["last"]["outcome"])


def test_a_released_claim_becomes_a_record(shop: ShopNamespace) -> None:
    """As the steps write it."""
    shop.add()
    traffic = shop.traffic()
    claim = traffic.claims.move(shop.claim(), Phase.ROLLING_BACK)
    traffic.claims.release(claim, Record("r1", claim.epoch, "rolled-back", "harm", STARTED, STARTED + 60))
    (entry,) = entries(shop)
    assert ("none", "rolled-back") == (entry["state"], entry["last"]["outcome"])


def test_a_claim_on_several_objects_is_listed_once(shop: ShopNamespace) -> None:
    """On the first, which holds its state."""
    for name in ("shop", "api"):
        shop.add(name)
    shop.claim("r1", "shop", "api")
    assert ["shop/api"] == [entry["virtual_service"] for entry in entries(shop)]


def test_a_copy_whose_first_object_may_not_be_read_is_still_listed(shop: ShopNamespace) -> None:
    """With what the copy knows, and why it is not more."""
    shop.add("shop")
    shop.claim()
    state = json.loads(shop.annotations()[MEMORY])
    state["targets"] = {"other/root": ["main"], **state["targets"]}
    annotate(shop, MEMORY, json.dumps(state))
    shop.api.faults.deny(verb="get", resource="virtualservices")
    (entry,) = entries(shop)
    assert ("living", "r1") == (entry["state"], entry["run"])
    assert "other" in entry["unreadable"][0]


@pytest.mark.parametrize("damaged", ["api", "shop"])
def test_a_claim_on_several_objects_may_be_damaged_in_part(shop: ShopNamespace, damaged: str) -> None:
    """The first holds the state, so a copy alone is not a claim; a damaged copy stands beside the claim."""
    for name in ("shop", "api"):
        shop.add(name)
    shop.claim("r1", "shop", "api")
    annotate(shop, MEMORY, "{", damaged)
    found = {entry["virtual_service"]: (entry["state"], len(entry["unreadable"])) for entry in entries(shop)}
    alone = {"shop/api": ("unreadable", 1)}
    assert found == (alone if damaged == "api" else {"shop/api": ("living", 0), "shop/shop": ("unreadable", 1)})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (MEMORY, "not JSON"),
        (MEMORY, "[]"),
        (MEMORY, '{"version": 9}'),
        (TOKEN, "without colons"),
        (TOKEN, "r1:1:flying"),
        (TOKEN, ""),
    ],
)
def test_an_unreadable_claim_is_shown_and_does_not_stop_the_list(shop: ShopNamespace, key: str, value: str) -> None:
    """With the command that removes it, below the table."""
    for name in ("shop", "till"):
        shop.add(name)
    shop.claim()
    annotate(shop, key, value)
    annotate(shop, "canary-steps.io/last.till", json.dumps(RECORD), "till")
    shown = text(shop)
    assert "unreadable" in shown.splitlines()[1]
    assert "till" in shown.splitlines()[2]
    assert "kubectl annotate virtualservice -n shop shop" in shown.partition("Cannot be read:")[2]
    assert ["unreadable", "none"] == [entry["state"] for entry in entries(shop)]


@pytest.mark.parametrize("started", [1e30, -1e30, float("inf"), float("nan")])
def test_a_claim_with_a_time_that_is_none_is_unreadable(shop: ShopNamespace, started: float) -> None:
    """A person's typing error must not stop the list."""
    shop.add()
    shop.claim()
    annotate(shop, MEMORY, json.dumps({**json.loads(shop.annotations()[MEMORY]), "started": started}))
    assert ["unreadable"] == [entry["state"] for entry in entries(shop)]
    assert "unreadable" in text(shop)


@pytest.mark.parametrize("record", ["", "{", "[]", '{"version": 2}', json.dumps({**RECORD, "ended": "noon"})])
def test_an_unreadable_record_is_shown_as_such(shop: ShopNamespace, record: str) -> None:
    """With the command that removes it; the claim beside it is shown as ever."""
    shop.add()
    annotate(shop, LAST, record)
    assert text(shop).splitlines()[1].split()[-2:] == ["unreadable", "-"]
    assert "kubectl annotate virtualservice -n shop shop canary-steps.io/last.shop-" in text(shop)
    shop.claim("r2", traffic=shop.traffic())
    (entry,) = entries(shop)
    assert ("living", None) == (entry["state"], entry["last"])


def test_all_namespaces_are_sorted_by_namespace_and_app(shop: ShopNamespace) -> None:
    """Two apps of one name in two namespaces are two."""
    record = json.dumps(RECORD)
    for namespace, app in (("shop", "b"), ("other", "z"), ("shop", "a"), ("other", "a")):
        store(shop, namespace, app, **{f"canary-steps.io/last.{app}": record})
    found = [(entry["namespace"], entry["app"]) for entry in entries(shop, None)]
    assert found == [("other", "a"), ("other", "z"), ("shop", "a"), ("shop", "b")]
    assert ["a", "b"] == [entry["app"] for entry in entries(shop)]


def test_an_app_on_two_objects_names_them(shop: ShopNamespace) -> None:
    """It moved to another VirtualService, and its record stayed on the old one."""
    for name in ("new", "old"):
        store(shop, "shop", name, **{LAST: json.dumps(RECORD)})
    shown = text(shop)
    assert "shop (on new)" in shown
    assert "shop (on old)" in shown


def test_a_long_list_stays_in_columns(shop: ShopNamespace) -> None:
    """Long names are cut, accounts lose what all of them begin with, and nothing reaches the terminal as a command."""
    for number in range(40):
        store(shop, "shop", f"app-{number:02d}", **{f"canary-steps.io/last.app-{number:02d}": json.dumps(RECORD)})
    shop.add()
    shop.claim("r" * 63)
    state = json.loads(shop.annotations()[MEMORY])
    annotate(shop, MEMORY, json.dumps({**state, "by": "system:serviceaccount:ci:robot\033[2J\n"}))
    head, *rows = text(shop).splitlines()
    assert 41 == len(rows)
    column = head.index("LAST OUTCOME")
    assert {row[column - 2 : column] for row in rows} == {"  "}
    assert "\033" not in "".join(rows)
    assert "  ci:robot" in rows[-1]
    assert f"{'r' * 39}…" in rows[-1]


@pytest.mark.parametrize(
    ("namespace", "remedy"),
    [(None, "create clusterrole canary-steps-list --verb=list"), ("shop", "create role canary-steps-list --verb=list")],
)
def test_a_forbidden_list_says_what_to_do(shop: ShopNamespace, namespace: str | None, remedy: str) -> None:
    """Which role, and for all namespaces that one alone may do."""
    shop.api.faults.deny(verb="list", resource="virtualservices")
    with pytest.raises(Forbidden) as caught:
        text(shop, namespace)
    assert remedy in str(caught.value)
    assert "virtualservices.networking.istio.io" in str(caught.value)
    assert (namespace is None) == ("--namespace instead of --all-namespaces" in str(caught.value))


def test_a_failing_api_server_is_a_temporary_error(shop: ShopNamespace) -> None:
    """Not an empty list."""
    shop.api.faults.answer(503, verb="list", resource="virtualservices", times=None)
    with pytest.raises(TemporaryError):
        text(shop)


def test_one_list_request_is_all_it_asks(shop: ShopNamespace) -> None:
    """However many apps there are."""
    for name in ("shop", "till"):
        shop.add(name)
        annotate(shop, LAST.replace("shop", name), json.dumps(RECORD), name)
    shop.claim()
    asked = len(shop.api.faults.log)
    text(shop, None)
    assert ["list"] == [call.verb for call in shop.api.faults.log[asked:]]
