"""Prepare's refusals change nothing and have an exit code, object, field, value and remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.conftest import Deploy, deploy_to
from tests.integration.lab_app import LabApp
from tests.lab.embedded.lab import EmbeddedLab
from tests.support.kubernetes_api.kinds import DEPLOYMENT, DESTINATION_RULE, SERVICE, VIRTUAL_SERVICE, VOLUME_CLAIM
from tests.support.step_run import StepResult

pytestmark = pytest.mark.integration
Json = dict[str, Any]


@pytest.fixture(scope="module")
def shop(shared_lab: EmbeddedLab, tmp_path_factory: pytest.TempPathFactory) -> LabApp:
    """Return an app that all refusals may share, as none of them changes it."""
    return deploy_to(shared_lab, "refused", tmp_path_factory.mktemp("refused"))


@pytest.fixture(autouse=True)
def _untouched(shop: LabApp) -> Iterator[None]:
    shop.mark()
    yield
    assert [] == [(call.verb, call.path) for call in shop.writes()]


def refused(app: LabApp, *flags: str, image: str = "v2", code: int = 4) -> str:
    """Run a prepare that must be refused before its first write; return what it says."""
    ended: StepResult = app.run("prepare", "--image", app.image(image), *flags)
    assert code == ended.exit_code, ended.lines
    assert [] == [(call.verb, call.path) for call in app.writes()]
    # The run's id is reported as soon as it is chosen, so that a cleanup knows it.
    assert {"run"} == {name for name, value in ended.results.items() if value}
    return ended.error


def spec_with(**fields: object) -> Callable[[Json], Json]:
    """Return a change of some fields of a spec."""
    return lambda item: {**item, "spec": {**item["spec"], **fields}}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--virtual-service=nosuch"], ["VirtualService demo/nosuch", "not found", "--virtual-service"]),
        (["--route=nosuch"], ["no route named nosuch", "It has: primary → refused 100, refused-canary 0"]),
        (
            ["--canary-destination=nosuch"],
            ["refused and nosuch", "It has: primary → refused 100, refused-canary 0", "host: nosuch\n      weight: 0"],
        ),
        (
            ["--stable=nosuch", "--stable-destination=refused", "--canary-destination=refused-canary"],
            ["Deployment demo/nosuch", "does not exist", "Check the name and the namespace"],
        ),
        (["--container=nosuch"], ["nosuch", "app"]),
        (["--namespace=default"], ["VirtualService default/refused", "not found"]),
    ],
)
def test_an_unknown_name_is_refused_with_the_existing_ones(shop: LabApp, flags: list[str], said: list[str]) -> None:
    """Route, host, VirtualService, Deployment, container, namespace."""
    error = refused(shop, *flags)
    assert [] == [part for part in said if part not in error], error


def test_an_unknown_app_is_refused(shop: LabApp) -> None:
    """A typo in the app's name is answered with the object that was looked for."""
    ended = shop.run("prepare", "--app", "refusedd", "--image", shop.image("v2"))
    assert 4 == ended.exit_code
    assert "VirtualService demo/refusedd" in ended.error


def test_an_unknown_subset_is_refused_with_the_lines_to_add(deploy: Deploy) -> None:
    """Otherwise Envoy would answer 503 to the canary's share."""
    app = deploy("subsets", topology="subsets")
    rule = app.lab.api.store.get(DESTINATION_RULE, "demo", "subsets")
    app.change(
        DESTINATION_RULE, lambda item: {**item, "spec": {**rule["spec"], "subsets": rule["spec"]["subsets"][:1]}}
    )
    error = refused(app, "--stable-destination=subsets/stable", "--canary-destination=subsets/canary")
    assert "DestinationRule demo/subsets has no subset canary (stable)" in error
    assert "- name: canary" in error


def test_a_missing_service_of_the_canary_is_refused(deploy: Deploy) -> None:
    """With its name, and the command that prints it."""
    app = deploy("serviceless")
    app.lab.api.store.delete(SERVICE, "demo", "serviceless-canary")
    error = refused(app)
    assert "Service demo/serviceless-canary" in error
    assert "`canary-steps init` prints it" in error


def test_the_running_image_is_a_noop_that_touches_nothing(shop: LabApp) -> None:
    """Exit 0, so that a pipeline may release the same commit twice."""
    ended = shop.run("prepare", "--image", shop.image("v1"))
    assert (0, "noop", "") == (ended.exit_code, ended.results["outcome"], ended.results["run"])
    assert [shop.image("v1")] * 2 == [ended.results["stable-image"], ended.results["canary-image"]]
    assert [] == shop.writes()
    rollout = shop.run("rollout", "--image", shop.image("v1"))
    assert (0, "noop") == (rollout.exit_code, rollout.results["outcome"])


def test_without_prometheus_prepare_refuses_before_traffic_moves(shop: LabApp) -> None:
    """Temporary (3), with the address that was tried."""
    error = refused(shop, "--prometheus-url=http://127.0.0.1:9", code=3)
    assert "Prometheus at http://127.0.0.1:9" in error
    assert "refuses connections: it is down, or the port is wrong" in error


def test_another_server_at_prometheus_address_is_distinguished_from_none(shop: LabApp) -> None:
    """A login page or another program: permanent (4), with what may be missing in the address."""
    error = refused(shop, "--prometheus-url", shop.lab.gateway_url)
    assert "has no query API there (404): check its base path" in error


def test_a_prometheus_that_does_not_know_stable_is_refused(shop: LabApp) -> None:
    """Nothing could be compared; the sentence names label, value and namespace."""
    error = refused(shop, "--stable-label-value=stranger")
    assert 'destination_workload="stranger" in namespace demo' in error
    assert "send it some traffic" in error


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"strategy": {"type": "Recreate"}},
            "spec.strategy.type is Recreate: an update takes all its pods down",
        ),
        ({"paused": True}, "spec.paused is true: no update would reach its pods. Run `kubectl rollout resume"),
        ({"revisionHistoryLimit": 0}, "spec.revisionHistoryLimit is 0"),
    ],
)
def test_a_deployment_that_cannot_be_released_safely_is_refused(shop: LabApp, changed: Json, said: str) -> None:
    """Recreate, paused, no history: object, field, value, remedy."""
    before = shop.deployment()["spec"]
    shop.change(DEPLOYMENT, spec_with(**changed))
    try:
        error = refused(shop)
    finally:
        shop.change(DEPLOYMENT, lambda item: {**item, "spec": before})
    assert "Deployment demo/refused: " in error
    assert said in error


def pod_spec_with(**fields: object) -> Callable[[Json], Json]:
    """Return a change of some fields of a pod template's spec."""

    def change(item: Json) -> Json:
        item["spec"]["template"]["spec"] |= fields
        return item

    return change


def test_a_volume_that_one_node_mounts_is_refused(deploy: Deploy) -> None:
    """ReadWriteOnce: the canary's pods would hang, or take the disk away."""
    app = deploy("disk")
    app.lab.api.store.create(
        VOLUME_CLAIM, "demo", {"metadata": {"name": "disk-data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    )
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "disk-data"}}]
    app.change(DEPLOYMENT, pod_spec_with(volumes=volumes))
    app.lab.wait_until_rolled_out("disk")
    app.mark()
    error = refused(app)
    assert "PersistentVolumeClaim disk-data has spec.accessModes ReadWriteOnce" in error
    assert "Use a ReadWriteMany" in error


def test_several_containers_need_a_name(deploy: Deploy) -> None:
    """Without --container nobody knows which image is meant; the names are listed."""
    app = deploy("pair", wait=False)
    containers = app.deployment()["spec"]["template"]["spec"]["containers"]
    app.change(DEPLOYMENT, pod_spec_with(containers=[*containers, {**containers[0], "name": "helper"}]))
    error = refused(app, "--stable-label-value=refused")
    assert [] == [part for part in ("app", "helper", "--container") if part not in error], error


def test_selectors_that_overlap_are_refused_with_the_lines_to_add(deploy: Deploy) -> None:
    """A Service that picks both arms' pods would send users to the canary at weight 0."""
    app = deploy("overlap")
    app.change(SERVICE, spec_with(selector={"app": "overlap"}), "overlap-canary")
    error = refused(app)
    assert "also matches the pods of" in error
    assert 'set in Service overlap-canary:\nselector:\n  app: "overlap-canary"' in error


def test_weights_that_do_not_sum_to_a_hundred_are_refused(deploy: Deploy) -> None:
    """An absent weight counts 0."""
    app = deploy("sums")

    def change(item: Json) -> Json:
        item["spec"]["http"][0]["route"][0]["weight"] = 90
        return item

    app.change(VIRTUAL_SERVICE, change)
    app.mark()
    error = refused(app)
    assert "the weights in spec.http[0].route are 90 and 0" in error
    assert "Make them sum to 100: stable 100, canary 0" in error


def test_a_bad_setting_is_refused_before_anything_is_asked(shop: LabApp) -> None:
    """Exit 2 without a single request, every result file written, the reason in it."""
    asked = len(shop.lab.api.faults.log)
    ended = shop.run("rollout", "--image", shop.image("v2"), "--ladder", "10,5")
    assert (2, "bad-settings") == (ended.exit_code, ended.code)
    assert "--ladder = '10,5': must ascend" in ended.results["reason"]
    assert {"run", "verdict", "reason", "judgement", "outcome"} == set(ended.results)
    assert [] == [call for call in shop.lab.api.faults.log[asked:] if shop.concerns(call)]


def test_a_target_port_that_no_container_has_is_refused(deploy: Deploy) -> None:
    """Its users would get 503 from the first weight on; Kubernetes accepts such a Service without a word."""
    app = deploy("portless")
    ports = [{"name": "http", "port": 80, "targetPort": "web"}]
    app.change(SERVICE, spec_with(ports=ports), app.canary)
    error = refused(app)
    assert "Port 80 (http) of Service demo/portless-canary has targetPort web, but no container" in error
    assert "they have http 8080 in container app" in error


def test_a_port_of_the_route_that_the_service_lacks_is_refused(deploy: Deploy) -> None:
    """Named with the ports that there are."""
    app = deploy("other-port")
    app.change(SERVICE, spec_with(ports=[{"name": "http", "port": 8000, "targetPort": "http"}]), app.canary)
    error = refused(app)
    assert (
        "VirtualService demo/other-port, route primary sends requests to port 80 of Service demo/other-port-can"
        in error
    )
    assert "which has 8000 (http)" in error


@pytest.mark.parametrize("ladder", ["[]", "[5, 5, 1000]", "[50, 10]", "[0]", "abc"])
def test_a_ladder_that_cannot_be_climbed_is_refused(shop: LabApp, ladder: str) -> None:
    """Exit 2, before the first request."""
    ended = shop.run("prepare", "--image", shop.image("v2"), CANARY_LADDER=ladder)
    assert (2, []) == (ended.exit_code, shop.writes())
    assert f"CANARY_LADDER = {ladder!r}: " in ended.error
