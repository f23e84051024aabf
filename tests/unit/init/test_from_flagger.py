"""init --from: what Flagger's Canary declares is printed for an app that has nothing yet, and then released with it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.flagger_app import FlaggerApp
from tests.support.flagger_manifests import FILES, FOLDER, Json, canary, read_file
from tests.support.flagger_objects import left_by_flagger
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE
from tests.support.shape_cluster import FIELD

GATED = {"webhooks"}
"""Manifests whose gates a rollout refuses."""
CONVERTED = [file for file in FILES if not read_file(file).refused]
IN_ALL_RUNS = {"istio-basic", "other-target-name"}
every_converted = pytest.mark.parametrize(
    "file",
    [
        pytest.param(file, id=file.stem, marks=() if file.stem in IN_ALL_RUNS else (pytest.mark.full,))
        for file in CONVERTED
    ],
)


def app_of(folder: Path, file: Path) -> FlaggerApp:
    """Return the app of a manifest."""
    return FlaggerApp(folder, list(filter(None, yaml.safe_load_all(file.read_text(encoding="utf-8")))))


@every_converted
def test_a_manifest_is_enough_for_an_app_and_its_first_release(tmp_path: Path, file: Path) -> None:
    """From a Deployment alone: init twice, apply, and a rollout with the manifest as configuration."""
    app = app_of(tmp_path, file)
    found = app.printed()
    apex = app.manifest.service.name
    services = {f"Service {name}" for name in (apex, f"{apex}-primary", f"{apex}-canary")}
    assert services | {f"Deployment {app.app}-primary", f"VirtualService {apex}"} <= set(found)
    assert "---\n" not in app.init(), "a third init prints nothing"
    if file.stem in GATED:
        return
    assert "promoted" == app.rollout().results["outcome"]
    primary = app.cluster.world.store.get(DEPLOYMENT, FIELD, f"{app.app}-primary")
    assert "registry.example/team/app:2" == primary["spec"]["template"]["spec"]["containers"][0]["image"]
    assert 0 == app.cluster.world.store.get(DEPLOYMENT, FIELD, app.app)["spec"]["replicas"]


def test_a_bad_version_is_rolled_back(tmp_path: Path) -> None:
    """By the manifest's own settings."""
    app = app_of(tmp_path, FOLDER / "istio-basic.yaml")
    app.printed()
    assert ("rolled-back", 5) == ((end := app.rollout(1.0)).results["outcome"], end.exit_code)
    primary = app.cluster.world.store.get(DEPLOYMENT, FIELD, "checkout-primary")
    assert "registry.example/team/app:1" == primary["spec"]["template"]["spec"]["containers"][0]["image"]


def test_the_route_is_as_declared(tmp_path: Path) -> None:
    """Match, rewrite, timeout, retries, headers and CORS; hosts and gateways as Flagger would write them."""
    spec = app_of(tmp_path, FOLDER / "gateways-hosts-match-retries.yaml").printed()["VirtualService storefront"]["spec"]
    assert (["store.example.org", "storefront"], ["ingress/public", "mesh"]) == (spec["hosts"], spec["gateways"])
    [route] = spec["http"]
    declared = yaml.safe_load((FOLDER / "gateways-hosts-match-retries.yaml").read_text().partition("---\n")[2])
    for field in ("match", "rewrite", "timeout", "retries", "headers", "corsPolicy"):
        assert declared["spec"]["service"][field] == route[field]
    arms = [(one["destination"]["host"], one["weight"]) for one in route["route"]]
    assert [("storefront-primary", 100), ("storefront-canary", 0)] == arms


def test_each_host_gets_the_declared_traffic_policy(tmp_path: Path) -> None:
    """One DestinationRule a host, as Flagger has it."""
    found = app_of(tmp_path, FOLDER / "gateways-hosts-match-retries.yaml").printed()
    for arm in ("primary", "canary"):
        spec = found[f"DestinationRule storefront-{arm}"]["spec"]
        assert (f"storefront-{arm}", 7) == (
            spec["host"], spec["trafficPolicy"]["outlierDetection"]["consecutive5xxErrors"]
        )  # fmt: skip


def test_a_delegate_has_no_hosts_and_no_gateways(tmp_path: Path) -> None:
    """Istio refuses them there."""
    spec = app_of(tmp_path, FOLDER / "delegation.yaml").printed()["VirtualService search"]["spec"]
    assert {"http"} == set(spec)


def test_services_are_as_declared(tmp_path: Path) -> None:
    """Ports, discovered ports, protocol, labels and annotations; the apex selects primary."""
    found = app_of(tmp_path, FOLDER / "autoscaler.yaml").printed()
    apex, primary = found["Service images"], found["Service images-primary"]
    assert ({"team": "media"}, {"app": "images-primary"}) == (apex["metadata"]["labels"], apex["spec"]["selector"])
    assert {"example.org/owner": "media"} == primary["metadata"]["annotations"]
    assert {80, 8080, 9102} == {port["port"] for port in apex["spec"]["ports"]}
    declared = {"headless": True, "appProtocol": "http", "portName": "web", "targetPort": "web", "name": "front"}
    other = FlaggerApp(tmp_path, [canary(service={**declared, "trafficDistribution": "PreferClose"})]).printed()
    [port] = other["Service front"]["spec"]["ports"]
    assert {"name": "web", "port": 80, "targetPort": "web", "appProtocol": "http"} == port
    assert ("None", "PreferClose") == (
        other["Service front"]["spec"]["clusterIP"], other["Service front-canary"]["spec"]["trafficDistribution"]
    )  # fmt: skip
    assert "clusterIP" not in other["Service front-canary"]["spec"]


def settings_in(found: dict[str, Json], app: str) -> tuple[Json, str]:
    """Return the settings and the text of the ConfigMap's canary.yaml."""
    text = found[f"ConfigMap canary-steps-{app}"]["data"]["canary.yaml"]
    return yaml.safe_load(text), text


def test_the_config_map_holds_the_settings_and_the_account(tmp_path: Path) -> None:
    """A run with it and a run with the manifest have the same settings."""
    app = app_of(tmp_path, FOLDER / "metric-templates.yaml")
    given, text = settings_in(app.printed(), "catalog")
    assert {name.replace("-", "_"): value for name, value in given.items()} == {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in app.manifest.converted.settings.items()
    }
    assert "# spec.analysis.threshold = 5: dropped: one sequential test" in text
    assert "# From Flagger's Canary field/catalog:" in text


def test_probes_of_webhooks_are_printed_for_a_person_to_check(tmp_path: Path) -> None:
    """As comments: a path of a test is not always one of the pods."""
    given, text = settings_in(app_of(tmp_path, FOLDER / "webhooks.yaml").printed(), "profile")
    assert "probes" not in given
    assert (
        "# probes:\n# - name: smoke\n#   path: /token\n#   method: POST\n#   body: anon\n#   contains: token\n" in text
    )


def test_what_flagger_left_is_kept(tmp_path: Path) -> None:
    """Objects that exist are not printed again: their fields are live, with users on them."""
    live = [one for one in yaml.safe_load_all((FOLDER.parent / "shapes/flagger-target-named.yaml").read_text()) if one]
    made = canary(targetRef={"apiVersion": "apps/v1", "kind": "Deployment", "name": "podinfo"})
    app = FlaggerApp(tmp_path, [made], [one for one in live if one["metadata"]["name"] != "podinfo" or
                                        one["kind"] != "Deployment"])  # fmt: skip
    before = app.cluster.world.store.get(VIRTUAL_SERVICE, FIELD, "podinfo")["spec"]
    assert ["ConfigMap canary-steps-podinfo"] == list(app.printed())
    assert before == app.cluster.world.store.get(VIRTUAL_SERVICE, FIELD, "podinfo")["spec"]


def test_what_flagger_still_owns_is_named(tmp_path: Path) -> None:
    """Its objects go with the Canary unless they are orphaned; a person has to know before the first release."""
    owner = {"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "name": "shop", "uid": "1", "controller": True}
    left = left_by_flagger("shop", FIELD, "registry.example/team/app:1", owner)
    live = [one for one in left if one["metadata"]["name"] != "shop" or one["kind"] != "Deployment"]
    printed = " ".join(FlaggerApp(tmp_path, [canary()], live).init().replace("\n# ", " ").split())
    assert "Canary shop of Flagger owns Deployment shop-primary, Service shop, Service shop-canary" in printed
    assert "`kubectl delete canary shop --cascade=orphan`" in printed
    free = left_by_flagger("shop", FIELD, "registry.example/team/app:1")
    free = [one for one in free if one["metadata"]["name"] != "shop" or one["kind"] != "Deployment"]
    (tmp_path / "free").mkdir()
    assert "of Flagger owns" not in FlaggerApp(tmp_path / "free", [canary()], free).init()
