"""The lab's demo app can answer like any broken release, or not answer at all."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.lab.demo.scenarios import PATHS, SCENARIOS
from tests.lab.demo.screen import failed
from tests.lab.embedded.app.knobs import Knobs
from tests.lab.embedded.lab import EmbeddedLab
from tests.lab.embedded.releases import NAMES, release
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE, Json

pytestmark = pytest.mark.integration
GRPC = {"content-type": "application/grpc"}


@pytest.fixture(scope="module")
def lab() -> Iterator[EmbeddedLab]:
    """Return a lab with one pod of `shop`, whose knobs the tests change."""
    with EmbeddedLab() as lab:
        lab.registry.push("demo/shop:v1")
        lab.deploy_app(replicas=1)
        yield lab


@pytest.fixture(autouse=True)
def put_back(lab: EmbeddedLab) -> Iterator[None]:
    """Make the app healthy again after each test."""
    yield
    lab.override("shop")


def turn(lab: EmbeddedLab, **knobs: float | str | bool) -> float:
    """Change knobs of `shop`; return a time since which they are in force."""
    lab.override("shop", **knobs)
    # The app reads its knobs every tenth of a second.
    return time.time() + 0.3


@pytest.mark.parametrize("name", ["204", "302", "304", "401", "404", "410", "429", "502"])
def test_a_release_answers_one_status_to_everything(lab: EmbeddedLab, name: str) -> None:
    """Users see it, and Prometheus counts it for the workload; they do not follow a redirect."""
    since = turn(lab, **release(name))
    with lab.load(60) as load:
        load.wait_for(lambda view: len(view.since(since).records) >= 20)
    assert set(load.view().since(since).statuses()) == {int(name)}
    series = f'istio_requests_total{{destination_workload="shop",response_code="{name}"}}'
    lab.wait_for(lambda: lab.query(series), what=series)


@pytest.mark.parametrize("code", [0, 5, 7, 16])
def test_a_release_answers_one_grpc_status_to_everything(lab: EmbeddedLab, code: int) -> None:
    """At HTTP status 200, as gRPC has it."""
    since = turn(lab, **release(f"grpc-{code}"))
    with lab.load(60, headers=GRPC) as load:
        load.wait_for(lambda view: len(view.since(since).records) >= 20)
    seen = {(record.status, record.grpc_status) for record in load.view().since(since).records}
    assert seen == {(200, str(code))}
    series = f'istio_requests_total{{request_protocol="grpc",response_code="200",grpc_response_status="{code}"}}'
    lab.wait_for(lambda: lab.query(series), what=series)


def test_a_share_of_the_grpc_answers_may_have_the_status(lab: EmbeddedLab) -> None:
    """The others are OK."""
    since = turn(lab, grpc_status=16, grpc_ratio=0.5)
    with lab.load(100, headers=GRPC) as load:
        load.wait_for(lambda view: len(view.since(since).records) >= 200)
    answers = Counter(record.grpc_status for record in load.view().since(since).records)
    assert set(answers) == {"0", "16"}
    assert answers["16"] / answers.total() == pytest.approx(0.5, abs=0.15)


def test_a_hanging_release_never_answers(lab: EmbeddedLab) -> None:
    """A route's timeout ends it with 504 UT; the app serves again once it is healthy."""

    def impatient(item: Json) -> Json:
        item["spec"]["http"][0]["timeout"] = "0.2s"
        return item

    lab.api.store.change(VIRTUAL_SERVICE, "demo", "shop", impatient)
    turn(lab, **release("hang"))
    with lab.load(20) as load:
        load.wait_for(lambda view: view.statuses()[504] >= 5)
    series = 'istio_requests_total{response_code="504",response_flags="UT",destination_workload="shop"}'
    lab.wait_for(lambda: lab.query(series), what=series)
    since = turn(lab)
    with lab.load(40) as load:
        seen = load.wait_for(lambda view: len(view.since(since).records) >= 20)
    assert set(seen.since(since).statuses()) == {200}


def test_users_of_the_demo_see_404_on_some_pages_that_the_old_version_serves(lab: EmbeddedLab) -> None:
    """The demo's release; its table counts these users as failed, and none of the old version."""
    [scenario] = [one for one in SCENARIOS if one.name == "missing-pages"]
    with lab.load(60, paths=PATHS) as load:
        before = load.wait_for(lambda view: len(view.records) >= 60)
    assert failed(before) == 0
    since = turn(lab, **scenario.knobs)
    with lab.load(90, paths=PATHS) as load:
        load.wait_for(lambda view: len(view.since(since).records) >= 90)
    seen = load.view().since(since)
    assert seen.statuses()[404] / len(seen.records) == pytest.approx(1 / len(PATHS), abs=0.05)
    assert (seen.statuses()[404], 0) == (failed(seen), seen.failed())


def test_the_app_can_run_every_named_release() -> None:
    """A wrong name, or a status that no app can answer, is refused with the names that exist."""
    for name in NAMES:
        Knobs().changed(**release(name))
    for impossible in ("99", "600", "grpc-17"):
        with pytest.raises(ValueError, match="no app answers status"):
            release(impossible)
    for unknown in ("grpc-x", "teapot", ""):
        with pytest.raises(ValueError, match="no version is named"):
            release(unknown)
