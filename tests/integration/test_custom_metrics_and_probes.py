"""Evidence beside the standard metrics, on the lab: a custom metric, probes of real pods, a recording."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Deploy
from tests.integration.lab_app import LabApp
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE

pytestmark = pytest.mark.integration

CLIENT_ERRORS = """\
metrics:
  - name: client-errors
    bad: {metric: istio_requests_total, match: {reporter: source}, match-regex: {response_code: "4.."}}
    all: {metric: istio_requests_total, match: {reporter: source}}
    arm-label: destination_workload
    namespace-label: destination_workload_namespace
"""
PROBES = """\
probe-interval-seconds: 0.3
probes:
  - {name: front-page, path: /, min-body-bytes: 100, contains: xx}
"""


def config(tmp_path: Path, text: str) -> str:
    """Write a canary.yaml; returns the flag that names it."""
    path = tmp_path / "canary.yaml"
    path.write_text(text)
    return f"--config={path}"


def prepared(deploy: Deploy, name: str, **knobs: Any) -> LabApp:
    """Deploy an app and prepare v2 with these knobs."""
    app = deploy(name)
    app.push("v2", **knobs)
    app.prepared()
    return app


def test_a_custom_metric_fails_a_canary_and_its_recording_says_when(deploy: Deploy, tmp_path: Path) -> None:
    """Answers of 404 are good by the standard metric; the recording is replayed without a cluster."""
    app = prepared(deploy, "custom", error_ratio=1.0, error_status=404)
    recording = tmp_path / "run.jsonl.gz"
    with app.users(60):
        ended = app.run("analyze", "--run=one", "--weight=20", f"--record={recording}", config(tmp_path, CLIENT_ERRORS))
    replayed = app.run("replay", str(recording), "--format=json")
    usual, strict = (json.loads(app.run("replay", str(recording), "--format=json", f"--alpha={alpha}").out)
                     for alpha in ("0.01", "0.0000000001"))  # fmt: skip

    assert (5, "fail") == (ended.exit_code, ended.results["verdict"])
    assert "bad in client-errors" in ended.results["reason"]
    assert (100, 0) == app.weights()
    assert (0, "fail") == (replayed.exit_code, replayed.results["verdict"])
    # The run may have looked at stable's next scrapes, which a recording of the rung does not know.
    assert ended.results["reason"].startswith(replayed.results["reason"])
    assert "fail" in usual["rungs"][0]["fell"]
    assert strict["rungs"][0]["fell"].get("fail", {"at": 1e12})["at"] >= usual["rungs"][0]["fell"]["fail"]["at"]


def test_an_unknown_metric_never_passes(deploy: Deploy, tmp_path: Path) -> None:
    """A misspelt name ends inconclusive, and the reason names it."""
    app = prepared(deploy, "slip")
    mistaken = CLIENT_ERRORS.replace("istio_requests_total", "istio_request_total")
    with app.users(60):
        ended = app.run("analyze", "--run=one", "--weight=50", "--timeout-seconds=4", config(tmp_path, mistaken))

    assert (6, "inconclusive") == (ended.exit_code, ended.results["verdict"])
    assert "no series of stable and canary for the metric client-errors" in ended.results["reason"]


def test_probes_find_an_empty_body_without_users(deploy: Deploy, tmp_path: Path) -> None:
    """The step `probe` alone, and inside analyze with a retreat."""
    app = prepared(deploy, "probed", empty_ratio=1.0)
    flag = config(tmp_path, PROBES)
    alone = app.run("probe", flag)
    within = app.run("analyze", "--run=one", "--weight=5", flag)

    assert (5, "fail") == (alone.exit_code, alone.results["verdict"])
    assert "probe front-page failed 3 times in a row on the canary (probed-canary-" in alone.results["reason"]
    assert "an empty body, at least 100 bytes are expected" in alone.results["reason"]
    assert (5, "fail") == (within.exit_code, within.results["verdict"])
    assert "probe front-page failed 3 times" in within.results["reason"]
    assert (100, 0) == app.weights()


def test_probes_pass_a_good_canary_and_blame_nobody_for_a_shared_outage(deploy: Deploy, tmp_path: Path) -> None:
    """Both arms fail while their database is down: inconclusive."""
    app = deploy("shared")
    app.lab.override("shared", uses_database=True)
    app.lab.override("shared-canary", uses_database=True)
    app.prepared()
    flag = config(tmp_path, PROBES)
    good = app.run("probe", flag)
    app.lab.database(up=False)
    try:
        bad = app.run("probe", flag, "--probe-deadline-seconds=2")
    finally:
        app.lab.database(up=True)

    assert (0, "pass") == (good.exit_code, good.results["verdict"])
    assert (6, "inconclusive") == (bad.exit_code, bad.results["verdict"])
    assert "fails on both arms (canary: status 503" in bad.results["reason"]


def test_the_probe_step_needs_probes(deploy: Deploy) -> None:
    """Without probes nothing can pass."""
    ended = deploy("unasked", wait=False).run("probe")

    assert (2, "") == (ended.exit_code, ended.results["verdict"])
    assert "probes: there are none" in ended.error


def test_a_misspelt_metric_is_refused_before_anything_is_written(deploy: Deploy, tmp_path: Path) -> None:
    """Prepare knows stable's series; a failure that never happened yet is only a warning."""
    app = deploy("spelt")
    mistaken = app.run(
        "prepare", config(tmp_path, CLIENT_ERRORS.replace("all: {metric: istio_r", "all: {metric: itsio_r"))
    )
    unlabelled = app.run("prepare", config(tmp_path, CLIENT_ERRORS.replace("destination_workload\n", "workload\n")))
    untouched = app.writes()
    teapots = config(tmp_path, CLIENT_ERRORS.replace('"4.."', '"418"'))
    right = app.run("prepare", "--run=one", f"--image={app.image('v2')}", teapots)

    assert ([4, 4, 0], []) == ([one.exit_code for one in (mistaken, unlabelled, right)], untouched)
    assert "metric client-errors: Prometheus has no series itsio_requests_total at all" in mistaken.error
    assert "check match, arm-label and namespace-label" in unlabelled.error
    details = [str(line["detail"]) for line in right.events("prepare.warning")]
    assert ["yet. That is fine if no event was ever bad" in line for line in details] == [True]


def test_a_probe_that_stable_fails_is_refused_before_anything_is_written(deploy: Deploy, tmp_path: Path) -> None:
    """It could never pass, unless only the new version can."""
    app = deploy("probed-first")
    demanding = PROBES.replace("min-body-bytes: 100", "min-body-bytes: 99999")
    flags = ("--run=one", f"--image={app.image('v2')}")
    refused = app.run("prepare", *flags, config(tmp_path, demanding))
    untouched = app.writes()
    new = app.run("prepare", *flags, config(tmp_path, demanding.replace("path: /,", "path: /, stable-may-fail: true,")))

    assert ((4, []), (0, "ready")) == ((refused.exit_code, untouched), (new.exit_code, new.results["outcome"]))
    assert "probe front-page fails on stable (probed-first-" in refused.error
    assert "a body of 800 bytes, at least 99999 bytes are expected" in refused.error
    assert "which its settings allow" in str(new.events("prepare.warning"))


def through_gateway(app: LabApp, tmp_path: Path) -> str:
    """Lead a header to each arm alone, above the weighted route; returns the flag of a canary.yaml that uses it."""

    def change(item: dict[str, Any]) -> dict[str, Any]:
        arms = {"canary": app.canary, "stable": app.name}
        single = [
            {
                "match": [{"headers": {"x-probe": {"exact": arm}}}],
                "route": [{"destination": {"host": host, "port": {"number": 80}}}],
            }
            for arm, host in arms.items()
        ]
        return {**item, "spec": {**item["spec"], "http": [*single, *item["spec"]["http"]]}}

    app.change(VIRTUAL_SERVICE, change)
    gateway = (
        f'probe-gateway-url: {app.lab.gateway_url}\nprobe-canary-header: "x-probe: canary"\n'
        'probe-stable-header: "x-probe: stable"\n'
    )
    probes = PROBES.replace("path: /,", f"path: /, headers: {{Host: {app.name}}},")
    return config(tmp_path, gateway + probes)


def test_probes_reach_each_arm_through_a_gateway(deploy: Deploy, tmp_path: Path) -> None:
    """By header and at weight 0; the weighted route is not touched, and prepare tries stable the same way."""
    app = deploy("gated")
    app.push("v2", empty_ratio=1.0)
    flag = through_gateway(app, tmp_path)
    app.prepared("one", "v2", flag)
    bad = app.run("probe", flag)
    app.run("rollback", "--run=one", flag)
    app.push("v3")
    app.prepared("two", "v3", flag)
    good = app.run("probe", flag)

    assert (5, "fail") == (bad.exit_code, bad.results["verdict"])
    assert (
        "probe front-page failed 3 times in a row on the canary (gateway) while stable passed" in bad.results["reason"]
    )
    assert (0, "pass") == (good.exit_code, good.results["verdict"])
    assert (100, 0) == app.weights(route=2)


def test_unreachable_pods_are_reported_with_a_remedy(deploy: Deploy, tmp_path: Path) -> None:
    """A closed port looks like STRICT mTLS: prepare refuses, and a step that is run nevertheless says so."""
    app = deploy("closed")
    app.prepared()
    flag = config(tmp_path, PROBES.replace("path: /,", "path: /, port: 9,"))
    step = app.run("probe", flag, "--probe-deadline-seconds=2")
    app.mark()
    refused = app.run("prepare", "--run=one", f"--image={app.image('v2')}", flag)

    assert ((6, "inconclusive"), 4) == ((step.exit_code, step.results["verdict"]), refused.exit_code)
    assert "pods in STRICT mTLS cannot be probed directly: set --probe-gateway-url" in step.results["reason"]
    assert "Pods behind STRICT mTLS close plain connections: set --probe-gateway-url" in refused.error
