"""The objects that init prints make a plain app releasable, and never overwrite existing ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.lab_app import LabApp
from tests.lab.embedded.lab import EmbeddedLab
from tests.support import manifests
from tests.support.kubernetes_api.kinds import (  # fmt: skip
    AUTOSCALER,
    CONFIG_MAP,
    DEPLOYMENT,
    DESTINATION_RULE,
    DISRUPTION_BUDGET,
    KINDS,
    SERVICE,
    VIRTUAL_SERVICE,
)
from tests.support.step_run import StepResult

pytestmark = pytest.mark.integration
Json = dict[str, Any]
Plain = Callable[..., LabApp]
RBAC = {"ServiceAccount", "Role", "RoleBinding"}


@pytest.fixture
def plain(shared_lab: EmbeddedLab, tmp_path: Path) -> Iterator[Plain]:
    """Return a function that deploys an app as new users have it: a Deployment and a Service, no mesh objects."""
    apps: list[LabApp] = []

    def deployed(name: str, labels: dict[str, str] | None = None) -> LabApp:
        app = LabApp(shared_lab, name, tmp_path)
        app.push("v2")
        carried = labels or {"app": name}
        store = shared_lab.api.store
        store.create(SERVICE, shared_lab.namespace, manifests.service(name, {"app": carried["app"]}))
        body = manifests.deployment(name, app.push("v1"), 1, carried)
        store.create(DEPLOYMENT, shared_lab.namespace, body, manager="demo-team")
        shared_lab.wait_until_rolled_out(name)
        apps.append(app)
        return app

    yield deployed
    for app in apps:
        app.remove()


def printed(ended: StepResult) -> list[Json]:
    """Return the documents that init printed."""
    assert 0 == ended.exit_code, ended.lines
    return [one for one in yaml.safe_load_all(ended.out) if one]


def names(ended: StepResult) -> list[str]:
    """Return what was printed as `Kind name`, without the accounts."""
    shown = [one for one in printed(ended) if one["kind"] not in RBAC]
    return [f"{one['kind']} {one['metadata']['name']}" for one in shown]


def replaced(wanted: Json, item: Json) -> Json:
    """Return an object with the printed spec."""
    return {**item, "spec": wanted["spec"]}


def apply(app: LabApp, ended: StepResult) -> None:
    """Apply what init printed, as kubectl would; the lab serves no RBAC."""
    kinds = {kind.kind: kind for kind in KINDS}
    for one in printed(ended):
        if one["kind"] in RBAC:
            continue
        kind, namespace, name = kinds[one["kind"]], one["metadata"]["namespace"], one["metadata"]["name"]
        if app.lab.api.store.find(kind, namespace, name) is None:
            app.lab.api.store.create(kind, namespace, one)
        else:
            app.lab.api.store.change(kind, namespace, name, partial(replaced, one))


def served(app: LabApp, workload: str = "") -> None:
    """Wait until Prometheus knows the Deployment that serves, the app's own or another one."""
    series = f'istio_requests_total{{destination_workload="{workload or app.name}"}}'
    app.lab.wait_for(lambda: app.lab.query(series), what=f"{series} in Prometheus")


def test_a_deployment_and_a_service_become_releasable(plain: Plain) -> None:
    """Apply the printed objects, and a whole release succeeds."""
    app = plain("init-first")
    first = app.run("init", "--gateway", "istio-system/public")
    expected = ["ConfigMap canary-steps-init-first", "Service init-first-canary", "VirtualService init-first"]
    assert (expected, []) == (names(first), app.writes())
    assert [] == first.events("init.not_enough")
    apply(app, first)
    with app.users(60):
        served(app)
        ended = app.run("rollout", "--image", app.image("v2"), "--ladder", "50", "--min-requests", "20")
    assert (0, "promoted") == (ended.exit_code, ended.results["outcome"]), ended.lines
    assert [] == names(app.run("init"))


def test_what_exists_is_not_printed_again(plain: Plain) -> None:
    """Run a second time, init prints no object of the app."""
    app = plain("init-twice")
    apply(app, app.run("init"))
    assert [] == names(app.run("init"))


def test_a_virtual_service_with_other_routes_is_printed_with_the_split(plain: Plain) -> None:
    """Applied as it is; the header of its route is kept on both arms."""
    app = plain("init-owned")
    route = [{"destination": {"host": "init-owned"}, "headers": {"request": {"set": {"x-team": "a"}}}}]
    body = {
        "metadata": {"name": "init-owned"},
        "spec": {"hosts": ["init-owned"], "http": [{"name": "main", "route": route}]},
    }
    app.lab.api.store.create(VIRTUAL_SERVICE, app.lab.namespace, body)
    apply(app, app.run("init"))
    arms = app.lab.api.store.get(VIRTUAL_SERVICE, app.lab.namespace, "init-owned")["spec"]["http"][0]["route"]
    assert ["init-owned", "init-owned-canary"] == [one["destination"]["host"] for one in arms]
    assert [(100, "a"), (0, "a")] == [(one["weight"], one["headers"]["request"]["set"]["x-team"]) for one in arms]
    assert [] == names(app.run("init"))


def test_a_host_that_another_virtual_service_routes_gets_no_second_one(plain: Plain) -> None:
    """Two VirtualServices for one host would shadow each other."""
    app = plain("init-routed")
    route = [{"destination": {"host": "init-routed.demo.svc.cluster.local"}}]
    body = {"metadata": {"name": "edge"}, "spec": {"hosts": ["shop.example"], "http": [{"route": route}]}}
    app.lab.api.store.create(VIRTUAL_SERVICE, app.lab.namespace, body)
    ended = app.run("init")
    assert ["VirtualService edge"] == [one for one in names(ended) if one.startswith("VirtualService")]
    config = next(one for one in printed(ended) if one["kind"] == "ConfigMap")["data"]["canary.yaml"]
    assert "edge" == yaml.safe_load(config)["virtual-service"]


def test_subsets_get_a_destination_rule_and_no_second_service(plain: Plain) -> None:
    """They differ by the label that stable's selector has and the Service's has not."""
    app = plain("sub", {"app": "sub", "track": "stable"})
    flags = ("--stable-destination", "sub/stable", "--canary-destination", "sub/canary")
    ended = app.run("init", *flags, "--gateway", "istio-system/public")
    assert ["ConfigMap canary-steps-sub", "DestinationRule sub", "VirtualService sub"] == names(ended)
    apply(app, ended)
    rule = app.lab.api.store.get(DESTINATION_RULE, app.lab.namespace, "sub")
    assert [{"track": "stable"}, {"track": "canary"}] == [one["labels"] for one in rule["spec"]["subsets"]]
    with app.users(30):
        served(app)
        prepared = app.run("prepare", *flags, "--run", "one", "--image", app.image("v2"))
    assert (0, "ready") == (prepared.exit_code, prepared.results["outcome"]), prepared.lines
    assert 0 == app.run("rollback", *flags, "--run", "one").exit_code


def test_target_named_gets_a_deployment_that_serves_before_its_routes(plain: Plain, tmp_path: Path) -> None:
    """First `-primary` with Services, autoscaler and budget; once it is ready, the routes; then a release works."""
    app = plain("init-target")
    store, namespace = app.lab.api.store, app.lab.namespace
    scaled = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "init-target"},
        "maxReplicas": 3,
    }
    store.create(AUTOSCALER, namespace, {"metadata": {"name": "init-target"}, "spec": scaled})
    kept = {"minAvailable": 1, "selector": {"matchLabels": {"app": "init-target"}}}
    store.create(DISRUPTION_BUDGET, namespace, {"metadata": {"name": "init-target"}, "spec": kept})
    flags = ("--topology", "target-named", "--gateway", "istio-system/public")
    first = app.run("init", *flags)
    assert [
        "ConfigMap canary-steps-init-target", "Deployment init-target-primary",
        "HorizontalPodAutoscaler init-target-primary", "PodDisruptionBudget init-target-primary",
        "Service init-target-primary", "Service init-target-canary",
    ] == names(first)  # fmt: skip
    assert "run init once more" in first.events("init.by_hand")[0]["detail"]
    config = next(one for one in printed(first) if one["kind"] == "ConfigMap")
    settings = tmp_path / "canary.yaml"
    settings.write_text(config["data"]["canary.yaml"])
    apply(app, first)
    app.lab.wait_until_rolled_out("init-target-primary")
    second = app.run("init", *flags)
    assert ["Service init-target", "VirtualService init-target"] == names(second)
    apply(app, second)
    with app.users(60):
        served(app, "init-target-primary")
        ended = app.run(
            "rollout", "--config", str(settings), "--image", app.image("v2"), "--ladder", "50", "--min-requests", "20"
        )
    assert (0, "promoted") == (ended.exit_code, ended.results["outcome"]), ended.lines
    assert (
        app.image("v2") == app.deployment("init-target-primary")["spec"]["template"]["spec"]["containers"][0]["image"]
    )


def test_accounts_are_restricted_to_the_app(plain: Plain) -> None:
    """By resourceNames if RBAC supports names; `--no-rbac` leaves them out."""
    app = plain("init-narrow")
    roles = {one["metadata"]["name"]: one["rules"] for one in printed(app.run("init")) if one["kind"] == "Role"}
    assert {"canary-steps-reader-init-narrow", "canary-steps-walker-init-narrow", "canary-steps-sweeper"} == set(roles)
    patching = [rule for rule in roles["canary-steps-walker-init-narrow"] if "patch" in rule["verbs"]]
    named = {rule["resources"][0]: rule["resourceNames"] for rule in patching}
    assert {"deployments": ["init-narrow", "init-narrow-canary"], "virtualservices": ["init-narrow"]} == named
    assert set() == RBAC & {one["kind"] for one in printed(app.run("init", "--no-rbac"))}


def test_a_baseline_is_granted_where_it_is_asked_for(plain: Plain) -> None:
    """Named as the two arms are, and in the configuration, so that no step needs the flag."""
    app = plain("steady")
    documents = printed(app.run("init", "--baseline"))
    roles = [one for one in documents if one["kind"] == "Role" and "walker" in one["metadata"]["name"]]
    rules = [rule for role in roles for rule in role["rules"] if rule.get("resources") == ["deployments"]]
    config = next(one for one in documents if one["kind"] == "ConfigMap")["data"]["canary.yaml"]

    assert [["steady", "steady-canary", "steady-baseline"]] == [
        rule["resourceNames"] for rule in rules if "patch" in rule["verbs"]
    ]
    assert "true" == str(yaml.safe_load(config)["baseline"]).lower()


def test_the_printed_configuration_is_read_by_every_step(plain: Plain, tmp_path: Path) -> None:
    """canary.yaml as printed is accepted as it is."""
    app = plain("config")
    document = next(one for one in printed(app.run("init", "--stable", "config")) if one["kind"] == "ConfigMap")
    file = tmp_path / "canary.yaml"
    file.write_text(document["data"]["canary.yaml"])
    ended = app.run("rollback", "--run", "none", "--config", str(file), CANARY_APP="")
    assert 4 == ended.exit_code
    assert "VirtualService demo/config" in ended.error
    assert CONFIG_MAP.kind == document["kind"]


def test_what_prepare_would_still_refuse_is_reported(plain: Plain) -> None:
    """On stderr, beside the YAML: only a person can change the app's own objects."""
    app = plain("init-stuck")
    app.change(DEPLOYMENT, lambda item: item | {"spec": item["spec"] | {"revisionHistoryLimit": 0}})
    ended = app.run("init")
    assert "Service init-stuck-canary" in names(ended)
    assert "revisionHistoryLimit" in ended.events("init.not_enough")[0]["detail"]


def test_without_an_app_nothing_is_printed(plain: Plain) -> None:
    """Exit 4 with what was looked for."""
    app = plain("there")
    ended = app.run("init", "--app", "not-there")
    assert (4, "") == (ended.exit_code, ended.out)
    assert "Deployment demo/not-there" in ended.error
