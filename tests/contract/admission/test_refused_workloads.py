"""What the policy refuses on Deployments and on everything else, with a sentence that names it."""

from __future__ import annotations

import pytest

from tests.contract.admission.accounts import MANAGER, ROLES, Guarded, refusal
from tests.contract.admission.objects import canary, virtual_service, workload
from tests.contract.admission.test_refused_routes import removed, replaced
from tests.support.api_client import MERGE_PATCH, Json

WORKLOADS = "deployments"
IMAGE = replaced("/spec/template/spec/containers/0/image", "spy:1")
SCALED = replaced("/spec/replicas", 9)
STAMP = replaced("/metadata/annotations/canary-steps.io~1claim.shop", "two:2:prepared")
_FIELDS = "This account may change replicas and template only, and the request changes spec."
_UNCLAIMED = "and the Deployment has no annotation canary-steps.io/claim.*, so no run has claimed it"
_SWEEPER = "The sweeper may only write a Deployment that a run has claimed"

REFUSED: dict[str, tuple[list[Json], str]] = {
    "strategy": (replaced("/spec/strategy", {"type": "Recreate"}), f"{_FIELDS}strategy"),
    "history": (replaced("/spec/revisionHistoryLimit", 0), f"{_FIELDS}revisionHistoryLimit"),
    "unpaused": (removed("/spec/paused"), f"{_FIELDS}paused"),
    "annotation": (
        replaced("/metadata/annotations/team.example~1owner", "x"),
        "This account may change annotations canary-steps.io/* only, and the request changes team.example/owner",
    ),
    "label": (replaced("/metadata/labels/team", "x"), "This account may not change metadata.labels"),
    "owner": (
        replaced("/metadata/ownerReferences", [{"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "0-0"}]),
        "This account may not change metadata.ownerReferences or metadata.finalizers",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_foreign_field_of_a_deployment_is_refused_by_name(guarded: Guarded, case: str) -> None:
    """Even while our token is on it."""
    operations, expected = REFUSED[case]
    guarded.store(WORKLOADS, workload())
    for account in ("walker", "sweeper"):
        answer = guarded.account(account).patch(WORKLOADS, "shop", operations, fieldManager=MANAGER)
        assert expected == refusal(answer)


def test_a_deployment_without_a_token_keeps_its_template_and_its_pods(guarded: Guarded) -> None:
    """A token in the same request does not count: the object must carry it before."""
    guarded.store(WORKLOADS, workload(claimed=False))
    walker = guarded.account("walker")
    for operations, field in ((IMAGE, "spec.template"), (SCALED, "spec.replicas")):
        for before in ([], STAMP):
            said = refusal(walker.patch(WORKLOADS, "shop", [*before, *operations], fieldManager=MANAGER))
            assert f"The request changes {field}, {_UNCLAIMED}" == said
    for operations in (STAMP, IMAGE, SCALED):
        assert "" == refusal(walker.patch(WORKLOADS, "shop", operations, fieldManager=MANAGER))


def test_the_sweeper_touches_no_deployment_without_a_token(guarded: Guarded) -> None:
    """Not to scale it down, not to change its image, and not to claim it: a memory that names it is not enough."""
    guarded.store(WORKLOADS, workload(claimed=False))
    down = replaced("/spec/replicas", 0)
    for operations in (down, IMAGE, STAMP, [*STAMP, *down], replaced("/metadata/annotations/canary-steps.io~1a", "x")):
        said = refusal(guarded.account("sweeper").patch(WORKLOADS, "shop", operations, fieldManager=MANAGER))
        assert "This account" in said or "so no run has claimed it" in said or said.startswith(_SWEEPER), said


def test_the_sweeper_writes_only_under_its_own_token(guarded: Guarded) -> None:
    """A living run's Deployment, which a foreign memory may name, carries another phase."""
    guarded.store(WORKLOADS, workload())
    sweeper, down = guarded.account("sweeper"), replaced("/spec/replicas", 0)
    for operations in (down, IMAGE, [*STAMP, *down]):
        said = refusal(sweeper.patch(WORKLOADS, "shop", operations, fieldManager=MANAGER))
        assert said.startswith("The sweeper may change a Deployment only after it took its run over"), said
    taken = replaced("/metadata/annotations/canary-steps.io~1claim.shop", "sweep:2:rolling-back")
    for operations in (taken, IMAGE, down, removed("/metadata/annotations/canary-steps.io~1claim.shop")):
        assert "" == refusal(sweeper.patch(WORKLOADS, "shop", operations, fieldManager=MANAGER))


def test_the_walker_lets_an_unclaimed_deployment_rest_and_no_more(guarded: Guarded) -> None:
    """`bootstrap` does so where people deploy the canary."""
    guarded.store(WORKLOADS, workload(claimed=False))
    walker = guarded.account("walker")
    assert "" == refusal(walker.patch(WORKLOADS, "shop", replaced("/spec/replicas", 0), fieldManager=MANAGER))
    assert refusal(walker.patch(WORKLOADS, "shop", replaced("/spec/replicas", 1), fieldManager=MANAGER))


def test_only_the_walker_creates_deployments_and_only_ours(guarded: Guarded) -> None:
    """Without pods and with the token, or as a part of a Deployment that exists."""
    guarded.remove(WORKLOADS, "shop-canary")
    walker, query = guarded.account("walker"), {"dryRun": "All", "fieldManager": MANAGER}
    assert "" == refusal(walker.create(WORKLOADS, canary(), **query))
    said = refusal(guarded.account("sweeper").create(WORKLOADS, canary(), **query))
    assert "No step does this with this account: CREATE deployments.apps shop-canary" == said
    with_pods, foreign, free = canary(), canary(), canary()
    with_pods["spec"]["replicas"] = 1
    foreign["metadata"]["labels"] = {}
    free["metadata"]["annotations"] = {}
    assert "spec.replicas 0" in refusal(walker.create(WORKLOADS, with_pods, **query))
    assert "app.kubernetes.io/managed-by=canary-steps" in refusal(walker.create(WORKLOADS, foreign, **query))
    assert "metadata.ownerReferences" in refusal(walker.create(WORKLOADS, free, **query))
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop", "uid": "0-0"}
    free["metadata"]["ownerReferences"] = [owner]
    assert "" == refusal(walker.create(WORKLOADS, free, **query))


@pytest.mark.parametrize("role", ROLES)
def test_no_account_deletes_or_writes_other_kinds(guarded: Guarded, role: str) -> None:
    """Whatever RBAC allows: here it allows everything."""
    account = guarded.account(role)
    guarded.store(WORKLOADS, workload())
    guarded.store("virtualservices", virtual_service())
    dry = {"dryRun": ["All"]}
    secret = {"metadata": {"name": "a"}, "stringData": {}}
    status = {"status": {"replicas": 3}}
    refused = {
        "DELETE deployments.apps shop": account.delete(WORKLOADS, "shop", dry),
        "DELETE virtualservices.networking.istio.io shop": account.delete("virtualservices", "shop", dry),
        "CREATE secrets a": account.create("secrets", secret, dryRun="All"),
        "CREATE configmaps a": account.create("configmaps", {"metadata": {"name": "a"}}, dryRun="All"),
        "UPDATE deployments/status.apps shop": account.call(
            "PATCH", f"{account.path(WORKLOADS, 'shop')}/status", status, kind=MERGE_PATCH, dryRun="All"
        ),
        "UPDATE deployments/scale.apps shop": account.call(
            "PATCH", f"{account.path(WORKLOADS, 'shop')}/scale", {"spec": {"replicas": 0}}, kind=MERGE_PATCH
        ),
    }
    for write, answer in refused.items():
        assert f"No step does this with this account: {write}" == refusal(answer)
    assert 200 == guarded.admin.get(WORKLOADS, "shop").code


@pytest.mark.parametrize("role", ["reader", "board"])
def test_accounts_that_only_read_write_nothing(guarded: Guarded, role: str) -> None:
    """Neither a weight nor a token."""
    guarded.store("virtualservices", virtual_service())
    guarded.store(WORKLOADS, workload())
    account = guarded.account(role)
    weight = replaced("/spec/http/0/route/1/weight", 0)
    said = refusal(account.patch("virtualservices", "shop", weight, fieldManager=MANAGER))
    assert "No step does this with this account: UPDATE virtualservices.networking.istio.io shop" == said
    said = refusal(account.patch(WORKLOADS, "shop", STAMP, fieldManager=MANAGER))
    assert "No step does this with this account: UPDATE deployments.apps shop" == said


def test_events_are_ours_and_about_virtual_services(guarded: Guarded) -> None:
    """So that no account of ours speaks for the kubelet."""
    about = {"kind": "VirtualService", "name": "shop", "namespace": guarded.admin.namespace}
    event = {"metadata": {"name": "shop.1"}, "involvedObject": about, "reason": "WeightSet", "type": "Normal",
             "reportingComponent": MANAGER, "reportingInstance": MANAGER}  # fmt: skip
    walker = guarded.account("walker")
    assert "" == refusal(walker.create("events", event, dryRun="All"))
    for other in ({"reportingComponent": "kubelet"}, {"involvedObject": {**about, "kind": "Pod"}}):
        said = refusal(walker.create("events", {**event, **other}, dryRun="All"))
        assert "This account may create Events of canary-steps on VirtualServices only" == said


def test_an_account_may_still_ask_what_it_may_do(guarded: Guarded) -> None:
    """Prepare asks for its permissions before anything moves."""
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    spec = {"resourceAttributes": {"verb": "patch", "group": "apps", "resource": WORKLOADS}}
    asked = guarded.account("walker").call(
        "POST", "apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {**review, "spec": spec}
    )
    assert 201 == asked.code
