"""`canary-steps list` beside real releases: what it shows before, during and after them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.conftest import deploy_to
from tests.integration.lab_app import LabApp
from tests.lab.embedded.lab import EmbeddedLab
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE

pytestmark = pytest.mark.integration
Json = dict[str, Any]


@pytest.fixture(scope="module")
def lab() -> Iterator[EmbeddedLab]:
    """Return a lab of its own: the list shows all apps of a namespace, and a test moves the clock."""
    with EmbeddedLab() as lab:
        yield lab


@pytest.fixture(scope="module")
def apps(lab: EmbeddedLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LabApp, LabApp]]:
    """Return two apps that serve."""
    folder = tmp_path_factory.mktemp("steps")
    two = deploy_to(lab, "shop", folder), deploy_to(lab, "till", folder)
    yield two
    for app in two:
        app.remove()


@pytest.fixture(autouse=True)
def put_back(lab: EmbeddedLab) -> Iterator[None]:
    """Reset the clock and the permissions."""
    yield
    lab.api.faults.clear()
    lab.api.store.clock_offset_seconds = 0.0


def listed(app: LabApp, *flags: str) -> list[Json]:
    """Return the list as JSON."""
    ended = app.run("list", "--format", "json", *flags, CANARY_APP="")
    assert 0 == ended.exit_code, ended.lines
    found = json.loads(ended.out)
    assert isinstance(found, list)
    return found


def test_a_release_is_listed_while_it_lives_when_it_expired_and_as_a_record(
    lab: EmbeddedLab, apps: tuple[LabApp, LabApp]
) -> None:
    """Beside an app that another run holds; nothing is written meanwhile."""
    shop, till = apps
    shop.prepared()
    till.prepared("two")
    assert 0 == shop.run("set-weight", "--run", "one", "--weight", "25").exit_code
    shop.mark()
    seen = [(one["app"], one["run"], one["state"], one["phase"], one["weight"]) for one in listed(shop)]
    assert seen == [("shop", "one", "living", "walking", 25), ("till", "two", "living", "prepared", 0)]
    lab.api.store.clock_offset_seconds += 700
    assert ["expired", "expired"] == [one["state"] for one in listed(shop, "--all-namespaces")]
    assert [] == shop.writes()
    shop.run("sweep", CANARY_APP="")
    assert [("none", "rolled-back")] * 2 == [(one["state"], one["last"]["outcome"]) for one in listed(shop)]
    table = shop.run("list", CANARY_APP="").out
    assert ["NAMESPACE", "demo", "demo"] == [line.split()[0] for line in table.splitlines()]
    assert table.count(" UTC") == 2


def test_a_damaged_claim_does_not_stop_the_list(apps: tuple[LabApp, LabApp]) -> None:
    """The command that it shows removes the damage."""
    shop, _ = apps
    shop.prepared("three")

    def damage(item: Json) -> Json:
        item["metadata"]["annotations"]["canary-steps.io/run.shop"] = "{"
        return item

    shop.change(VIRTUAL_SERVICE, damage)
    ended = shop.run("list", CANARY_APP="")
    assert 0 == ended.exit_code
    assert "unreadable" in ended.out.splitlines()[1]
    assert "till" in ended.out.splitlines()[2]
    assert "kubectl annotate virtualservice -n demo shop" in ended.out
    assert 1 == ended.closing["unreadable"]


def test_a_forbidden_list_of_all_namespaces_says_what_to_do(lab: EmbeddedLab, apps: tuple[LabApp, LabApp]) -> None:
    """Exit 4, a ClusterRole or a namespace."""
    lab.api.faults.deny(verb="list", resource="virtualservices")
    ended = apps[0].run("list", "--all-namespaces", CANARY_APP="")
    assert (4, "", "forbidden") == (ended.exit_code, ended.out, ended.code)
    assert "kubectl create clusterrole canary-steps-list" in ended.error
    assert "--namespace instead of --all-namespaces" in ended.error
