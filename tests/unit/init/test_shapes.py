"""Every shape of a real app: what init prints makes it releasable, or it is refused; no user goes elsewhere by it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from steps.errors import PermanentError
from steps.survey.objects import Survey, name_of
from steps.traffic.routes import http_routes
from steps.workload.service_ports import tcp_ports
from tests.support.mesh_routes import users_pods, way, weights
from tests.support.shape_cluster import ShapeCluster

SHAPES = sorted((Path(__file__).parents[2] / "shapes").glob("*.yaml"))
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=[path.stem for path in SHAPES])

REFUSED = {
    "daemonset": "DaemonSet agent",
    "rollout": "Rollout mailer",
    "statefulset": "StatefulSet store",
    "misspelt-label": "version=1",
    "subsets-50-50": "--stable-destination catalog/v1 --canary-destination catalog/v2",
    "three-versions-one-service": "--stable stars-v1",
    "two-pairs": "--canary-destination stars/v3",
}
"""Shapes for which init prints nothing, with a part of the remedy."""

LEFT = {"helm-labels": "manager", "policies-for-app-label": "unequal-object", "volume-rwo": "volume"}
"""Shapes with a problem that no printed object solves, by its code."""

NAMED = {"sidecar-in-template"}
"""Shapes for which a release needs a further flag, or leaves the sidecar's container out by itself."""


@pytest.fixture
def field(shape: Path, tmp_path: Path) -> ShapeCluster:
    """Return a cluster that holds the shape."""
    return ShapeCluster(tmp_path, *(one for one in yaml.safe_load_all(shape.read_text()) if one))


def app_of(shape: Path) -> str:
    """Return the app that a shape's head names."""
    start = "# app: "
    return next(line.removeprefix(start) for line in shape.read_text().splitlines() if line.startswith(start))


def route_users(survey: Survey) -> dict[tuple[str, int], tuple[str, ...]]:
    """Return the Deployments behind each route's heaviest destination."""
    return {
        (str(name_of(obj)), index): users_pods(survey, name_of(obj).namespace, dict(body))
        for obj in survey.virtual_services
        for index, body in enumerate(http_routes(obj))
    }


def port_ways(survey: Survey, services: set[str]) -> dict[tuple[str, int], object]:
    """Return where requests of the mesh for each port of some Services go."""
    known = [one for one in survey.services if one["metadata"]["name"] in services]
    asked = [(str(one["metadata"]["name"]), int(port["port"])) for one in known for port in tcp_ports(one)]
    return {one: way(survey, *one) for one in asked}


@every_shape
def test_what_is_printed_makes_an_app_releasable(shape: Path, field: ShapeCluster) -> None:
    """For `--app` alone: applied once, neither doctor nor prepare refuses; or init refuses with a remedy."""
    app = app_of(shape)
    if shape.stem in REFUSED:
        with pytest.raises(PermanentError) as refused:
            field.init(app)
        assert REFUSED[shape.stem] in str(refused.value)
        return
    field.apply(field.init(app))
    problems = {one.code for one in field.problems(app)}
    if shape.stem in NAMED:
        assert problems <= {"sidecar-container"}
        return
    assert ({LEFT[shape.stem]} if shape.stem in LEFT else set()) == problems
    if shape.stem not in LEFT:
        assert field.preflight(field.names(app)).state.stable


@every_shape
def test_no_user_goes_elsewhere_by_applying_it(shape: Path, field: ShapeCluster) -> None:
    """Each route's users, and those of each port in the mesh, get the pods that most of them had, at the same port."""
    before = field.survey()
    services = {str(one["metadata"]["name"]) for one in before.services}
    if shape.stem not in REFUSED:
        field.apply(field.init(app_of(shape)))
    after = field.survey()
    served = {key: pods for key, pods in route_users(before).items() if pods}

    assert served == {key: pods for key, pods in route_users(after).items() if key in served}
    ways = {key: found for key, found in port_ways(before, services).items() if found != ((), key[1])}
    assert ways == {key: found for key, found in port_ways(after, services).items() if key in ways}


@every_shape
def test_a_canary_has_no_user_before_a_release(shape: Path, field: ShapeCluster) -> None:
    """Every released route gives stable 100 and the canary 0."""
    if shape.stem in REFUSED:
        return
    app = app_of(shape)
    field.apply(field.init(app))
    names = field.names(app)
    released = [one for one in field.survey().virtual_services if name_of(one) in names.virtual_services]
    split = [weights(dict(body)) for one in released for body in http_routes(one) if len(body.get("route") or []) > 1]

    assert [{100, 0}] * len(split) == split
    assert split


@every_shape
def test_a_second_run_has_nothing_to_print(shape: Path, field: ShapeCluster) -> None:
    """What was applied is found."""
    if shape.stem in REFUSED:
        return
    field.apply(field.init(app_of(shape), rbac=False))
    assert [] == [one for one in yaml.safe_load_all(field.init(app_of(shape), rbac=False)) if one]


@every_shape
def test_everything_else_of_a_virtual_service_stays_as_it_is(shape: Path, field: ShapeCluster) -> None:
    """Matches, timeouts, retries, mirrors, headers, CORS, hosts, gateways, labels: only `route` lists differ."""
    before = {name_of(one): one for one in field.survey().virtual_services}
    if shape.stem not in REFUSED:
        field.apply(field.init(app_of(shape)))
    after = {name_of(one): one for one in field.survey().virtual_services}

    for name, old in before.items():
        assert _without_routes(old["spec"]) == _without_routes(after[name]["spec"])
        assert old["metadata"].get("labels") == after[name]["metadata"].get("labels")


def _without_routes(spec: dict[str, object]) -> dict[str, object]:
    http = [{key: value for key, value in body.items() if key != "route"} for body in http_routes({"spec": spec})]
    return {**spec, "http": http}


def test_at_least_thirty_shapes_need_no_further_word() -> None:
    """The others are refused, or ask for a decision."""
    assert len(SHAPES) - len({*REFUSED, *LEFT, *NAMED}) >= 30
