"""doctor says what is in the way of a release before anybody tries one, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.lab_app import LabApp
from tests.lab.embedded.lab import EmbeddedLab
from tests.support import cart_survey as shapes
from tests.support import manifests
from tests.support.kubernetes_api.kinds import DEPLOYMENT, DESTINATION_RULE, SERVICE, VIRTUAL_SERVICE
from tests.support.step_run import StepResult

pytestmark = pytest.mark.integration
Json = dict[str, Any]
Deploy = Callable[..., LabApp]
KINDS = (DEPLOYMENT, SERVICE, DESTINATION_RULE, VIRTUAL_SERVICE)


def report(ended: StepResult) -> Json:
    """Return what doctor printed as JSON."""
    return dict(json.loads(ended.out))


def codes(found: Json, gravity: str = "refuses") -> set[str]:
    """Return the codes of its problems."""
    return {one["code"] for one in found["problems"] if one["gravity"] == gravity}


@pytest.fixture
def pair(shared_lab: EmbeddedLab, tmp_path: Path) -> Iterator[Callable[..., LabApp]]:
    """Return a function that makes an app of two versions as subsets, `<name>-v1` and `<name>-v2`, and its routes."""
    made: list[tuple[Any, str]] = []

    def deployed(name: str, *routes: Json) -> LabApp:
        app = LabApp(shared_lab, name, tmp_path)
        objects = [(SERVICE, name, manifests.service(name, {"app": name}))]
        for version in ("v1", "v2"):
            labels = {"app": name, "version": version}
            body = manifests.deployment(f"{name}-{version}", app.push(version), 1, labels)
            objects.append((DEPLOYMENT, f"{name}-{version}", body))
        rule = shapes.rule(name, v1="v1", v2="v2")
        objects.append((DESTINATION_RULE, name, {"metadata": {"name": name}, "spec": rule["spec"]}))
        spec = {"hosts": [name], "http": list(routes)}
        objects.append((VIRTUAL_SERVICE, name, {"metadata": {"name": name}, "spec": spec}))
        for kind, _, body in objects:
            shared_lab.api.store.create(kind, shared_lab.namespace, body, manager="demo-team")
        made.extend((kind, which) for kind, which, _ in objects)
        for version in ("v1", "v2"):
            shared_lab.wait_until_rolled_out(f"{name}-{version}")
        app.mark()
        return app

    yield deployed
    for kind, name in made:
        if shared_lab.api.store.find(kind, shared_lab.namespace, name) is not None:
            shared_lab.api.store.delete(kind, shared_lab.namespace, name)
    shared_lab.api.faults.clear()


def test_a_plain_app_may_be_released(deploy: Deploy) -> None:
    """With what its traffic can show on each rung, and without a write."""
    app = deploy("doctor-plain")
    with app.users(40):
        app.lab.wait_for(lambda: report(app.run("doctor", "--format", "json"))["ladder"], what="doctor's outlook")
        ended = app.run("doctor", "--format", "json")
        text = app.run("doctor")
    found = report(ended)
    assert (0, "ready", set()) == (ended.exit_code, found["outcome"], codes(found)), found
    assert ("stable-named", "doctor-plain") == (found["topology"], found["stable"]["deployment"])
    assert [5, 25, 50] == [rung["weight"] for rung in found["ladder"]]
    assert ("ready", []) == (ended.results["outcome"], app.writes())
    assert text.out.endswith("A release of doctor-plain may start.\n")


def test_two_versions_at_90_to_10_are_understood_and_every_problem_is_named_at_once(
    pair: Callable[..., LabApp],
) -> None:
    """Names, weight at rest and no series refuse, a sticky route warns; the remedies work to the letter."""
    name = "doctor-pair"
    split = shapes.route((f"{name}/v1", 90), (f"{name}/v2", 10))
    sticky = shapes.route((f"{name}/v2", None), match=[{"headers": {"x-group": {"exact": "b"}}}])
    app = pair(name, sticky, split)
    ended = app.run("doctor", "--format", "json")
    found = report(ended)
    assert 4 == ended.exit_code, found
    assert ("swap", f"{name}-v1", f"{name}-v2") == (
        found["topology"], found["stable"]["deployment"], found["canary"]["deployment"],
    )  # fmt: skip
    assert {"weight-at-rest", "no-evidence"} == codes(found)
    assert {"other-route"} <= codes(found, "warns")
    remedies = {one["code"]: one["remedies"] for one in found["problems"]}
    (remedy,) = remedies["weight-at-rest"]
    operations = shapes.patches(remedy)

    def change(item: Json) -> Json:
        for one in operations:
            at = one["path"].split("/")
            item["spec"]["http"][int(at[3])]["route"][int(at[5])]["weight"] = one["value"]
        return item

    app.change(VIRTUAL_SERVICE, change)
    assert {"no-evidence"} == codes(report(app.run("doctor", "--format", "json")))


def test_a_running_release_is_named(deploy: Deploy) -> None:
    """The colleague who asks why is answered; afterwards its record is shown."""
    app = deploy("doctor-busy")
    app.prepared("one")
    ended = app.run("doctor", "--format", "json")
    found = report(ended)
    assert (4, {"busy"}, "one") == (ended.exit_code, codes(found), found["claim"]["run"]), found
    assert 0 == app.run("rollback", "--run", "one").exit_code
    found = report(app.run("doctor", "--format", "json"))
    assert (None, "rolled-back", set()) == (found["claim"], found["last_release"]["outcome"], codes(found))


def test_without_lists_it_reads_by_name_and_says_what_it_lacks(deploy: Deploy) -> None:
    """With the lines that grant it."""
    app = deploy("doctor-narrow")
    for resource in ("virtualservices", "destinationrules", "services", "deployments"):
        app.lab.api.faults.deny("list", resource)
    ended = app.run("doctor", "--format", "json")
    found = report(ended)
    assert found["stable"]["exists"]
    assert any("virtualservices in all namespaces" in one for one in found["unread"])
    assert any("--verb=list --resource=virtualservices" in one for one in found["unread_remedies"])


def test_prometheus_in_trouble_ends_with_3(deploy: Deploy) -> None:
    """Everything else is printed all the same."""
    app = deploy("doctor-trouble")
    ended = app.run("doctor", "--prometheus-url", "http://127.0.0.1:9", "--format", "json")
    found = report(ended)
    assert (3, "trouble", {"prometheus-trouble"}) == (ended.exit_code, found["outcome"], codes(found))


def test_an_app_that_nobody_knows_is_refused(shared_lab: EmbeddedLab, tmp_path: Path) -> None:
    """With what is missing, not with a traceback."""
    app = LabApp(shared_lab, "doctor-nobody", tmp_path)
    ended = app.run("doctor", "--format", "json")
    assert 4 == ended.exit_code
    assert {"missing-virtual-service", "missing-deployment", "missing-service"} <= codes(report(ended))
