"""Messages and progress that Argo's users see beside the release itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.argo.workflow import Workflow, is_at_rest
from tests.e2e.kubectl import kubectl
from tests.e2e.setup import compose, configure, install
from tests.lab.cluster.lab import ClusterLab
from tests.lab.embedded.load import Load
from tests.support import manifests
from tests.support.kubernetes_api.kinds import DEPLOYMENT, SERVICE

pytestmark = [pytest.mark.e2e, pytest.mark.full]

LISTENER = """
import http.server
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        print(self.rfile.read(int(self.headers["Content-Length"])).decode(), flush=True)
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("", 8080), Hook).serve_forever()
"""


def test_a_webhook_gets_the_outcome_of_a_release(lab: ClusterLab, users: Load, tmp_path: Path) -> None:
    """After the restore; the URL is in a Secret and in no workflow."""
    install(lab, compose(tmp_path, "notifications"))
    _listen(lab)
    address = lab.get(SERVICE, "hook")["spec"]["clusterIP"]  # the lab has no DNS
    url = f"http://{address}/services/secret-part"
    kubectl(lab, "create", "secret", "generic", "canary-steps-webhook", f"--from-literal=url={url}")
    release = Workflow.release(lab, "errors", "canary-release-lean", weights="[50]")
    assert release.wait_for_end() == "Failed"
    assert release.ran[-3:] == ["rollback", "report", "notify"]
    assert release.result("notify", "outcome") == "sent"
    [message] = [json.loads(line) for line in _heard(lab)]
    assert message["text"].splitlines()[0] == f"*{lab.namespace}/shop*: rolled-back"
    for part in ("failed v. stable", "workflow: Failed", f"workflow {lab.namespace}/{release.name}"):
        assert part in message["text"]
    assert "secret-part" not in kubectl(lab, "get", "workflow", release.name, "-o", "json")


def test_a_webhook_without_its_secret_does_not_affect_the_release(lab: ClusterLab, users: Load, tmp_path: Path) -> None:
    """The step reports it at once, and the release ends as it would otherwise."""
    install(lab, compose(tmp_path, "notifications"))
    release = Workflow.release(lab, "v2", "canary-release-lean", weights="[50]")
    assert release.wait_for_end() == "Succeeded"
    assert release.exit_code("notify") == 2
    assert is_at_rest(lab)


def test_a_report_without_an_artifact_repository_does_not_affect_the_release(
    lab: ClusterLab, users: Load, tmp_path: Path
) -> None:
    """The component needs one; without it the report's node ends in error and the text is in its log."""
    install(lab, compose(tmp_path, "report-artifact"))
    release = Workflow.release(lab, "v2", "canary-release-lean", weights="[50]")
    assert release.wait_for_end(400) == "Succeeded"
    assert release.node("report")["phase"] == "Error"
    assert is_at_rest(lab)


def test_progress_is_shown_while_a_rung_is_judged(lab: ClusterLab, users: Load) -> None:
    """Argo's executor reads the file every three seconds and publishes it once a minute."""
    configure(lab, min_seconds=150)
    release = Workflow.release(lab, "v2", "canary-release-lean", weights="[50]")
    release.wait_for_node("analyze")

    def is_partly_done() -> bool:
        done, _, whole = str(release.node("analyze").get("progress", "")).partition("/")
        return whole == "100" and 0 < int(done) < 100

    lab.wait_for(is_partly_done, 150, "progress of analyze")
    release.stop()
    assert release.wait_for_end() == "Failed"
    assert is_at_rest(lab)


def _listen(lab: ClusterLab) -> None:
    item = manifests.deployment("hook", "demo/shop:v1", 1, {"app": "hook"})
    [container] = item["spec"]["template"]["spec"]["containers"]
    container["command"] = ["/venv/bin/python", "-c", LISTENER]
    container["readinessProbe"] = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}
    lab.apply([(SERVICE, manifests.service("hook", {"app": "hook"})), (DEPLOYMENT, item)])
    lab.wait_until_rolled_out("hook")


def _heard(lab: ClusterLab) -> list[str]:
    return [line for line in kubectl(lab, "logs", "deployment/hook").splitlines() if line.startswith("{")]
