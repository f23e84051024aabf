"""The shipped admission policy on a real API server."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator

import pytest

from tests.contract.admission.accounts import Guarded, refusal
from tests.contract.charts.rendered import ROOT, Json, kustomized
from tests.support.api_client import ApiClient, session_from

FOLDER = ROOT / "workflows" / "components" / "admission-policy"
_GROUP = "apis/admissionregistration.k8s.io/v1"
_PLURALS = {
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
}
_LONGEST_WAIT_SECONDS = 30.0


@pytest.fixture(scope="session")
def guarded() -> Iterator[Guarded]:
    """Return a scratch namespace of the cluster that CANARY_TEST_KUBECONFIG names, under the policy."""
    kubeconfig = os.environ.get("CANARY_TEST_KUBECONFIG")
    if not kubeconfig:
        pytest.skip("only a real API server evaluates an admission policy: make e2e runs this")
    session, host = session_from(kubeconfig)
    with session:
        admin = ApiClient(session, host, f"policy-{random.randrange(10**8)}")
        created = [path for path, item in _policies() if _created(admin, path, item)]
        assert 201 == admin.call("POST", "api/v1/namespaces", {"metadata": {"name": admin.namespace}}).code
        found = Guarded(admin, kubeconfig)
        found.allow_all()
        _wait_until_enforced(found)
        yield found
        admin.call("DELETE", f"api/v1/namespaces/{admin.namespace}")
        for path in reversed(created):
            admin.call("DELETE", path)


def _policies() -> Iterator[tuple[str, Json]]:
    for (kind, name), item in kustomized(FOLDER).items():
        yield f"{_GROUP}/{_PLURALS[kind]}/{name}", item


def _created(admin: ApiClient, path: str, item: Json) -> bool:
    """Create a policy or a binding; return False if the cluster has it, which then is brought up to date."""
    applied = {"fieldManager": "contract", "force": "true"}
    existed = admin.call("GET", path).code == 200
    answer = admin.call("PATCH", path, item, kind="application/apply-patch+yaml", **applied)
    assert answer.code in {200, 201}, answer.body
    return not existed


def _wait_until_enforced(guarded: Guarded) -> None:
    """Wait until the API server has compiled the policies, by writes that each of them refuses."""
    deadline = time.monotonic() + _LONGEST_WAIT_SECONDS
    reader, item = guarded.account("reader"), {"metadata": {"name": "enforced"}, "data": {}}
    while not refusal(reader.create("configmaps", item, dryRun="All")):
        assert time.monotonic() < deadline, "the policy is not enforced"
        time.sleep(0.1)
