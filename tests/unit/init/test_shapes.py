"""Every shape of a real app: what init prints makes it releasable, or it is refused; no user goes elsewhere by it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from steps.errors import PermanentError
from steps.survey.objects import Survey, name_of
from steps.traffic.routes import http_routes
from steps.workload.service_ports import tcp_ports
from tests.support.documents import yaml_objects
from tests.support.mesh_routes import users_pods, way, weights
from tests.support.shape_cluster import ShapeCluster

SHAPES = sorted((Path(__file__).parents[2] / "shapes").glob("*.yaml"))
every_shape = pytest.mark.parametrize("tried", SHAPES, ids=[path.stem for path in SHAPES], indirect=True)

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


@dataclass(frozen=True)
class Tried:
    """A shape on which init ran and was applied.

    Args:
        app: that was named.
        cluster: after that.
        before: what the survey saw at first. after: and then.
        refusal: what init said, "" where it printed objects.
    """

    app: str
    cluster: ShapeCluster
    before: Survey
    after: Survey
    refusal: str


@pytest.fixture(scope="module")
def tried(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """Run init on a shape for `--app` alone and apply what it prints, once for all tests of the shape."""
    shape: Path = request.param
    objects = yaml_objects(shape.read_text())
    cluster, app, refusal = ShapeCluster(tmp_path_factory.mktemp(shape.stem), *objects), app_of(shape), ""
    before = cluster.survey()
    try:
        cluster.apply(cluster.init(app))
    except PermanentError as error:
        refusal = str(error)
    return Tried(app, cluster, before, cluster.survey(), refusal)


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
def test_what_is_printed_makes_an_app_releasable(tried: Tried, request: pytest.FixtureRequest) -> None:
    """Applied once, neither doctor nor prepare refuses; or init refuses with a remedy."""
    stem = request.node.callspec.id
    if stem in REFUSED:
        assert REFUSED[stem] in tried.refusal
        return
    problems = {one.code for one in tried.cluster.problems(tried.app)}
    if stem in NAMED:
        assert problems <= {"sidecar-container"}
        return
    assert ({LEFT[stem]} if stem in LEFT else set()) == problems
    if stem not in LEFT:
        names = tried.cluster.names(tried.app)
        assert names.stable == tried.cluster.preflight(names).state.stable


@every_shape
def test_no_user_goes_elsewhere_by_applying_it(tried: Tried) -> None:
    """Each route's users, and those of each port in the mesh, get the pods that most of them had, at the same port."""
    services = {str(one["metadata"]["name"]) for one in tried.before.services}
    served = {key: pods for key, pods in route_users(tried.before).items() if pods}
    assert served == {key: pods for key, pods in route_users(tried.after).items() if key in served}
    ways = {key: found for key, found in port_ways(tried.before, services).items() if found != ((), key[1])}
    assert ways == {key: found for key, found in port_ways(tried.after, services).items() if key in ways}


@every_shape
def test_a_canary_has_no_user_before_a_release(tried: Tried) -> None:
    """Every released route gives stable 100 and the canary 0."""
    if tried.refusal:
        return
    names = tried.cluster.names(tried.app)
    released = [one for one in tried.after.virtual_services if name_of(one) in names.virtual_services]
    split = [weights(dict(body)) for one in released for body in http_routes(one) if len(body.get("route") or []) > 1]
    assert [{100, 0}] * len(split) == split
    assert split


@every_shape
def test_everything_else_of_a_virtual_service_stays_as_it_is(tried: Tried) -> None:
    """Matches, timeouts, retries, mirrors, headers, CORS, hosts, gateways, labels: only `route` lists differ."""
    after = {name_of(one): one for one in tried.after.virtual_services}
    for old in tried.before.virtual_services:
        new = after[name_of(old)]
        assert _without_routes(old["spec"]) == _without_routes(new["spec"])
        assert old["metadata"].get("labels") == new["metadata"].get("labels")


@every_shape
def test_a_second_run_has_nothing_to_print(tried: Tried) -> None:
    """What was applied is found."""
    assert tried.refusal or not tried.cluster.printed(tried.app)


def _without_routes(spec: dict[str, object]) -> dict[str, object]:
    http = [{key: value for key, value in body.items() if key != "route"} for body in http_routes({"spec": spec})]
    return {**spec, "http": http}


def test_at_least_thirty_shapes_need_no_further_word() -> None:
    """The others are refused, or ask for a decision."""
    assert len(SHAPES) - len({*REFUSED, *LEFT, *NAMED}) >= 30
