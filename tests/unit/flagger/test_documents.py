"""Which Canary of a file is meant, and what is beside it."""

from __future__ import annotations

from typing import Any

import pytest

from steps.errors import SettingsError
from steps.flagger.documents import is_flaggers
from tests.support.flagger_manifests import Json, canary, fate, read, template


def other(name: str, target: str) -> Json:
    """Return a Canary of another app."""
    made = canary(targetRef={"apiVersion": "apps/v1", "kind": "Deployment", "name": target})
    made["metadata"]["name"] = name
    return made


def test_the_app_is_the_target_not_the_name_of_the_canary() -> None:
    """They differ in a quarter of manifests."""
    assert "till" == read(other("shop", "till")).settings["app"]


def test_of_several_canaries_the_app_chooses() -> None:
    """The others are named as another app's."""
    found = read(other("one", "till"), other("two", "cart"), app="cart")
    assert "cart" == found.settings["app"]
    assert "dropped" == fate(found, "Canary one")


@pytest.mark.parametrize(
    ("documents", "app", "said"),
    [
        ([other("one", "till"), other("two", "cart")], "", "choose one with --app: one (target till), two"),
        ([other("one", "till")], "one", "write --app till"),
        ([other("one", "till")], "else", "holds one (target till)"),
        ([other("one", "till"), other("two", "till")], "till", "several Canaries have this target"),
        ([template("up")], "", "it holds no Canary"),
    ],
)  # fmt: skip
def test_a_file_that_names_no_one_canary_is_refused(documents: list[Json], app: str, said: str) -> None:
    """With the targets it has."""
    with pytest.raises(SettingsError) as caught:
        read(*documents, app=app)
    assert said in str(caught.value)


def test_lists_and_other_objects_are_read_through() -> None:
    """`kubectl get -o yaml` prints a List; Git has Deployments in the same file."""
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop"}}
    listed = {"apiVersion": "v1", "kind": "List", "items": [deployment, canary()]}
    assert is_flaggers([listed])
    found = read(listed)
    assert ("shop", "dropped") == (found.settings["app"], fate(found, "Deployment shop"))


def test_what_the_api_server_adds_is_accepted() -> None:
    """`kubectl get canary -o yaml` works as a file."""
    live = canary()
    live["metadata"] |= {"uid": "1", "resourceVersion": "2", "generation": 3, "managedFields": [{"manager": "x"}]}
    found = read({**live, "status": {"phase": "Succeeded"}})
    assert [] == list(found.refused)
    assert ["dropped", "dropped"] == [fate(found, "metadata.uid"), fate(found, "status")]


@pytest.mark.parametrize("documents", [[{"app": "shop"}], [None], [[1]], ["text"], [], [{"apiVersion": "v1"}]])
def test_a_canary_yaml_is_not_flaggers(documents: list[Any]) -> None:
    """Settings stay settings."""
    assert not is_flaggers(documents)


def test_an_unknown_version_is_refused() -> None:
    """Its fields are not known."""
    assert "refused" == str(read({**canary(), "apiVersion": "flagger.app/v2"}).refused[0].fate)
