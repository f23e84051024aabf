"""What the policy refuses on a VirtualService, with a sentence that names the field; and what weights may do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.admission.accounts import MANAGER, OTHERS, PREFIXED, Guarded, refusal
from tests.contract.admission.objects import TOKEN, virtual_service
from tests.support.api_client import MERGE_PATCH, Json

ROUTES = "virtualservices"
HTTP = "/spec/http"
WEIGHTS_ONLY = "This account may change weights only, and the request changes "
_ANNOTATION = "This account may change annotations canary-steps.io/* only, and the request changes "
_LABEL = "This account may change the label canary-steps.io/claimed only, and the request changes "
_DESTINATIONS = WEIGHTS_ONLY + "destinations in spec.http[2].route, or there are more than 100"


def replaced(path: str, value: Any) -> list[Json]:  # noqa: ANN401 - JSON
    """Return the patch that replaces or adds one value."""
    return [{"op": "add", "path": path, "value": value}]


def removed(path: str) -> list[Json]:
    """Return the patch that removes one value."""
    return [{"op": "remove", "path": path}]


REFUSED: dict[str, tuple[list[Json], str]] = {
    "host": (replaced("/spec/hosts", ["till"]), f"{WEIGHTS_ONLY}spec.hosts"),
    "gateway": (removed("/spec/gateways"), f"{WEIGHTS_ONLY}spec.gateways"),
    "export": (replaced("/spec/exportTo", ["."]), f"{WEIGHTS_ONLY}spec.exportTo"),
    "weights of tcp": (replaced("/spec/tcp/0/route/0/weight", 1), f"{WEIGHTS_ONLY}spec.tcp"),
    "match": (replaced(f"{HTTP}/0/match/0/uri/prefix", "/"), f"{WEIGHTS_ONLY}spec.http[0].match"),
    "name": (replaced(f"{HTTP}/0/name", "lead"), f"{WEIGHTS_ONLY}spec.http[0].name"),
    "redirect": (replaced(f"{HTTP}/1/redirect/uri", "/x"), f"{WEIGHTS_ONLY}spec.http[1].redirect"),
    "timeout": (replaced(f"{HTTP}/2/timeout", "1s"), f"{WEIGHTS_ONLY}spec.http[2].timeout"),
    "no timeout": (removed(f"{HTTP}/2/timeout"), f"{WEIGHTS_ONLY}spec.http[2].timeout"),
    "retries": (replaced(f"{HTTP}/2/retries/attempts", 9), f"{WEIGHTS_ONLY}spec.http[2].retries"),
    "mirror": (replaced(f"{HTTP}/2/mirror", {"host": "spy"}), f"{WEIGHTS_ONLY}spec.http[2].mirror"),
    "fault": (replaced(f"{HTTP}/2/fault", {"abort": {"httpStatus": 500}}), f"{WEIGHTS_ONLY}spec.http[2].fault"),
    "destination": (replaced(f"{HTTP}/2/route/1/destination/host", "spy"), _DESTINATIONS),
    "subset": (replaced(f"{HTTP}/2/route/1/destination/subset", "v2"), _DESTINATIONS),
    "headers": (removed(f"{HTTP}/2/route/0/headers"), _DESTINATIONS),
    "one more destination": (replaced(f"{HTTP}/2/route/-", {"destination": {"host": "spy"}}), _DESTINATIONS),
    "one destination less": (removed(f"{HTTP}/2/route/1"), _DESTINATIONS),
    "no destinations": (removed(f"{HTTP}/2/route"), f"{WEIGHTS_ONLY}spec.http[2].route"),
    "one more route": (
        replaced(f"{HTTP}/0", {"route": [{"destination": {"host": "spy"}}]}),
        "This account may change weights only, and the request adds or removes routes of spec.http",
    ),
    "other order": ([{"op": "move", "from": f"{HTTP}/0", "path": f"{HTTP}/2"}], f"{WEIGHTS_ONLY}spec.http[0]."),
    "annotation": (replaced("/metadata/annotations/team.example~1owner", "x"), f"{_ANNOTATION}team.example/owner"),
    "new annotation": (replaced("/metadata/annotations/a", "x"), f"{_ANNOTATION}a"),
    "lookalike": (
        replaced("/metadata/annotations/canary-steps.io.evil~1a", "x"),
        f"{_ANNOTATION}canary-steps.io.evil/a",
    ),
    "no annotations": (removed("/metadata/annotations"), f"{_ANNOTATION}team.example/owner"),
    "label": (replaced("/metadata/labels/team", "x"), f"{_LABEL}team"),
    "no labels": (removed("/metadata/labels"), f"{_LABEL}team"),
    "finalizer": (
        replaced("/metadata/finalizers", ["example.com/never"]),
        "This account may not change metadata.ownerReferences or metadata.finalizers",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_foreign_field_of_a_virtual_service_is_refused_by_name(guarded: Guarded, case: str) -> None:
    """In a patch that sets a weight, too: nothing of it is written."""
    operations, expected = REFUSED[case]
    guarded.store(ROUTES, virtual_service())
    for before in ([], replaced(f"{HTTP}/0/route/1/weight", 30)):
        answer = guarded.account("walker").patch(ROUTES, "shop", [*before, *operations], fieldManager=MANAGER)
        assert refusal(answer).startswith(expected), answer.body
    assert virtual_service()["spec"] == guarded.admin.get(ROUTES, "shop").body["spec"]


def test_a_route_cannot_be_replaced_by_a_copy_of_another(guarded: Guarded) -> None:
    """Routes are compared place by place: equal content elsewhere does not help."""
    guarded.store(ROUTES, virtual_service())
    copy = [{"op": "copy", "from": f"{HTTP}/0", "path": f"{HTTP}/2"}, {"op": "remove", "path": f"{HTTP}/3"}]
    answer = guarded.account("walker").patch(ROUTES, "shop", copy, fieldManager=MANAGER)
    assert refusal(answer).startswith(f"{WEIGHTS_ONLY}spec.http[2].")


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_every_version_of_the_api_is_covered(guarded: Guarded, version: str) -> None:
    """A policy that names one version would be evaded by another."""
    guarded.store(ROUTES, virtual_service())
    walker = guarded.account("walker")
    path = walker.path(ROUTES, "shop").replace("/v1/", f"/{version}/")
    answer = walker.call("PATCH", path, {"spec": {"hosts": ["till"]}}, kind=MERGE_PATCH, fieldManager=MANAGER)
    assert f"{WEIGHTS_ONLY}spec.hosts" == refusal(answer)


def test_weights_are_set_where_there_were_none(guarded: Guarded) -> None:
    """On several routes at once, with annotations and the label."""
    stored = virtual_service(claimed=False)
    for entry in stored["spec"]["http"][0]["route"]:
        del entry["weight"]
    guarded.store(ROUTES, stored)
    weights = [(route, side, weight) for route in (0, 2) for side, weight in ((0, 95), (1, 5))]
    operations = [
        *(one for route, side, weight in weights for one in replaced(f"{HTTP}/{route}/route/{side}/weight", weight)),
        *replaced("/metadata/annotations/canary-steps.io~1claim.shop", "one:1:prepared"),
        *replaced("/metadata/labels/canary-steps.io~1claimed", "true"),
    ]
    answer = guarded.account("walker").patch(ROUTES, "shop", operations, fieldManager=MANAGER)
    assert "" == refusal(answer)
    assert 5 == answer.body["spec"]["http"][2]["route"][1]["weight"]


def test_our_entry_of_managed_fields_may_go_and_no_other_may_come(guarded: Guarded) -> None:
    """As at the end of a run; an emptied list belongs to nobody."""
    guarded.store(ROUTES, virtual_service())
    walker = guarded.account("walker")
    weighed = walker.patch(ROUTES, "shop", replaced(f"{HTTP}/0/route/1/weight", 30), fieldManager=MANAGER)
    assert "" == refusal(weighed)
    place = next(at for at, one in enumerate(weighed.body["metadata"]["managedFields"]) if one["manager"] == MANAGER)
    assert "" == refusal(
        walker.patch(ROUTES, "shop", removed(f"/metadata/managedFields/{place}"), fieldManager=MANAGER)
    )
    answer = walker.patch(ROUTES, "shop", replaced(f"{HTTP}/0/route/1/weight", 50), fieldManager="somebody")
    assert "This account may add no other entry to metadata.managedFields than that of canary-steps" == refusal(answer)
    for path, value in (("/metadata/managedFields", [{}]), (f"{HTTP}/0/route/1/weight", 40)):
        assert "" == refusal(walker.patch(ROUTES, "shop", replaced(path, value), fieldManager=MANAGER))


def test_the_sweeper_writes_only_what_a_run_has_claimed(guarded: Guarded) -> None:
    """A claim in the same request counts: a sweep that completes a killed undo makes one."""
    sweeper, back = guarded.account("sweeper"), replaced(f"{HTTP}/0/route/1/weight", 0)
    guarded.store(ROUTES, virtual_service())
    assert "" == refusal(sweeper.patch(ROUTES, "shop", back, fieldManager=MANAGER))
    guarded.store(ROUTES, virtual_service(claimed=False))
    claimed = [{"op": "add", "path": f"/metadata/annotations/{key.replace('/', '~1')}", "value": value}
               for key, value in TOKEN.items()]  # fmt: skip
    assert "" == refusal(sweeper.patch(ROUTES, "shop", claimed, dryRun="All", fieldManager=MANAGER))
    for operations in (back, replaced("/metadata/annotations/canary-steps.io~1last.shop", "x")):
        said = refusal(sweeper.patch(ROUTES, "shop", operations, fieldManager=MANAGER))
        assert said.startswith("The sweeper may only write a VirtualService that a run has claimed"), said


def test_accounts_with_a_prefix_are_ours_and_others_are_not(guarded: Guarded) -> None:
    """As kustomize and Helm name them; everybody else is free."""
    guarded.store(ROUTES, virtual_service())
    hosts = replaced("/spec/hosts", ["till"])
    named = guarded.account(PREFIXED).patch(ROUTES, "shop", hosts, fieldManager=MANAGER)
    assert f"{WEIGHTS_ONLY}spec.hosts" == refusal(named)
    for name in OTHERS:
        assert "" == refusal(guarded.account(name).patch(ROUTES, "shop", hosts))
    assert "" == refusal(guarded.admin.patch(ROUTES, "shop", hosts))
