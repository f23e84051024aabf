"""A claim of two VirtualServices whose process is late: what it decided before its run ended is written nowhere."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest

from steps.claim.acquire import ClaimRequest
from steps.claim.claims import Claims
from steps.claim.errors import ClaimHeld
from steps.claim.record import load_record, promotion_of
from steps.cluster.api import Cluster, Object, Operation
from steps.cluster.connection import Connection
from steps.cluster.kinds import Kind
from steps.errors import NotOwnerError
from steps.model.run import Claim, Destination, ObjectName, Phase, RouteTarget, RunState, WorkloadState
from steps.model.workload import Topology
from steps.traffic.traffic import Traffic
from tests.support.killed_process import Killed
from tests.support.kubernetes_api.kinds import NAMESPACE, VIRTUAL_SERVICE
from tests.support.shop_namespace import (
    LAST,
    SHOP,
    TOKEN,
    ShopNamespace,
    plain_spec,
    record_of,
    take,
    two_arms,
)

SECOND = "shop-inner"
FAR = ObjectName("zeta", "shop-edge")
ARMS = Destination("shop.shop.svc.cluster.local"), Destination("shop-canary.shop.svc.cluster.local")
EXPIRED_SECONDS = 700.0
WORKLOADS = WorkloadState("shop", "shop", "shop-canary", topology=str(Topology.STABLE_NAMED))


class LateCluster(Cluster):
    """An API server as a process sees it that hangs before its first patch of one object.

    Args:
        connection: to the server.
        name: of the object.
        meanwhile: what others do before the patch arrives.
    """

    def __init__(self, connection: Connection, name: str, meanwhile: Callable[[], object]) -> None:
        super().__init__(connection)
        self._name, self._meanwhile = name, [meanwhile]

    def patch(self, kind: Kind, namespace: str, name: str, operations: Sequence[Operation]) -> Object:
        """Hang, then send the patch."""
        if name == self._name and self._meanwhile:
            self._meanwhile.pop()()
        return super().patch(kind, namespace, name, operations)


def late(shop: ShopNamespace, meanwhile: Callable[[], object], name: str = SECOND) -> Traffic:
    """Return the front class of a process that hangs before it writes a VirtualService."""
    cluster = LateCluster(shop.connection(), name, meanwhile)
    return Traffic(cluster, Claims(cluster, 2.0))


@pytest.fixture
def two(shop: ShopNamespace) -> ShopNamespace:
    """Return the namespace with two VirtualServices that are released together."""
    for name in ("shop", SECOND):
        shop.add(name, plain_spec(two_arms()))
    return shop


def marks(shop: ShopNamespace) -> list[str]:
    """Return the tokens on both, "" where there is none."""
    return [shop.annotations(name).get(TOKEN, "") for name in ("shop", SECOND)]


def claim_of(shop: ShopNamespace, run: str = "r1") -> Claim:
    """Return the claim of a run as another process finds it."""
    return shop.traffic().claims.held("shop", run, [SHOP])


def sweep(shop: ShopNamespace) -> None:
    """End the run as a sweep does, long after it was last alive."""
    shop.later(EXPIRED_SECONDS)
    traffic = shop.traffic()
    taken = traffic.take_over(claim_of(shop), "sweep", "it expired")
    traffic.claims.release(taken, record_of(taken))


def roll_back(shop: ShopNamespace) -> None:
    """End the run as its own exit handler does."""
    traffic = shop.traffic()
    back = traffic.retreat(claim_of(shop), "it was asked for")
    traffic.claims.release(back, record_of(back))


@pytest.mark.parametrize("end", [sweep, roll_back])
def test_a_prepare_that_hangs_between_two_virtual_services_claims_nothing_of_an_ended_run(
    two: ShopNamespace, end: Callable[[ShopNamespace], None]
) -> None:
    """Its patch of the second one was decided while its claim stood; it arrives when nobody holds anything."""
    with pytest.raises(NotOwnerError, match="no run holds the claim"):
        two.claim("r1", "shop", SECOND, traffic=late(two, lambda: end(two)))
    assert ["", ""] == marks(two)
    assert [False, False] == [two.is_marked(name) for name in ("shop", SECOND)]


def test_a_late_prepare_claims_nothing_for_the_next_run_either(two: ShopNamespace) -> None:
    """The next run claims both VirtualServices, and keeps them."""

    def next_run() -> None:
        sweep(two)
        two.claim("r2", "shop", SECOND)

    with pytest.raises((NotOwnerError, ClaimHeld)):
        two.claim("r1", "shop", SECOND, traffic=late(two, next_run))
    assert ["r2:3:prepared"] * 2 == marks(two)


def test_a_late_prepare_claims_nothing_while_the_rollback_of_its_run_is_under_way(two: ShopNamespace) -> None:
    """The rollback has passed the second VirtualService and not yet ended the claim of the first one."""
    back: list[Claim] = []

    def begin_rollback() -> None:
        back.append(two.traffic().retreat(claim_of(two), "it was asked for"))
        with pytest.raises(Killed):
            two.doomed(2).claims.release(back[0], record_of(back[0]))

    with pytest.raises(NotOwnerError):
        two.claim("r1", "shop", SECOND, traffic=late(two, begin_rollback))
    two.traffic().claims.release(back[0], record_of(back[0]))
    assert ["", ""] == marks(two)


def test_the_end_of_a_run_leaves_the_promotion_on_a_virtual_service_that_it_never_claimed(two: ShopNamespace) -> None:
    """That VirtualService was released alone before: what an undo needs is still there."""
    alone = two.traffic()
    before = alone.claims.update_state(two.claim("r0", SECOND), workloads=WORKLOADS)
    promotion = promotion_of(before, WORKLOADS, before.state.started)
    alone.claims.release(before, replace(record_of(before, "promoted"), promotion=promotion))
    with pytest.raises(NotOwnerError):
        two.claim("r1", "shop", SECOND, traffic=late(two, lambda: sweep(two)))
    record = load_record(two.annotations(SECOND)[LAST])
    assert ("sweep", "r0") == (record.run, record.promotion and record.promotion.run)


def test_a_virtual_service_that_a_person_took_over_gets_no_record(two: ShopNamespace) -> None:
    """Its token was removed by hand after the run had claimed everything: it is that person's."""
    claims = two.traffic().claims
    claim = claims.update_state(two.claim("r1", "shop", SECOND), workloads=WORKLOADS)
    two.edit(lambda obj: obj["metadata"]["annotations"].pop(TOKEN), SECOND)
    seen = two.get(SECOND)
    claims.release(claim, record_of(claim))
    assert seen == two.get(SECOND)
    assert [LAST] == list(two.annotations())


def test_an_undo_that_hangs_between_two_virtual_services_claims_nothing_of_an_ended_undo(two: ShopNamespace) -> None:
    """A sweep has ended it meanwhile, on both VirtualServices."""
    claims = two.traffic().claims
    promoted = claims.update_state(two.claim("r1", "shop", SECOND), workloads=WORKLOADS)
    promotion = promotion_of(promoted, WORKLOADS, promoted.state.started)
    claims.release(promoted, replace(record_of(promoted, "promoted"), promotion=promotion))

    def end() -> None:
        two.later(EXPIRED_SECONDS)
        traffic = two.traffic()
        taken = traffic.take_over(claim_of(two, "undo-1"), "sweep", "it expired")
        traffic.claims.complete_reopened(taken)
        traffic.claims.release(taken, record_of(taken, "undone"))

    with pytest.raises(NotOwnerError, match="no run holds the claim"):
        late(two, end).claims.reopen(undo_of(two, promoted))
    assert ["", ""] == marks(two)


def undo_of(shop: ShopNamespace, promoted: Claim) -> Claim:
    """Return the claim that an undo asks for."""
    now = shop.traffic().claims.now()
    state: RunState = replace(
        promoted.state, started=now, expires=now + 120.0, expiry_seconds=120.0, undoes=promoted.run, reason="undo"
    )
    return Claim("shop", "undo-1", promoted.epoch + 1, Phase.ROLLING_BACK, state)


@pytest.fixture
def far(shop: ShopNamespace) -> ShopNamespace:
    """Return the namespace with a VirtualService of its own and one in another namespace, released together."""
    shop.add("shop", plain_spec(two_arms(hosts=(ARMS[0].host, ARMS[1].host))))
    body = {"metadata": {"name": FAR.name}, "spec": plain_spec(two_arms(hosts=(ARMS[0].host, ARMS[1].host)))}
    shop.api.store.create(NAMESPACE, "", {"metadata": {"name": FAR.namespace}})
    shop.api.store.create(VIRTUAL_SERVICE, FAR.namespace, body, manager="kubectl-create")
    return shop


def far_marks(shop: ShopNamespace) -> Mapping[str, str]:
    """Return the annotations of the VirtualService in the other namespace."""
    return dict(shop.api.store.get(VIRTUAL_SERVICE, FAR.namespace, FAR.name)["metadata"].get("annotations") or {})


def promoted_far(shop: ShopNamespace) -> Claim:
    """Promote a run of both VirtualServices; return its claim."""
    traffic = shop.traffic()
    targets = traffic.resolve([RouteTarget(one, ()) for one in (SHOP, FAR)], *ARMS)
    claim = take(traffic, ClaimRequest("shop", "r1", targets, *ARMS, by="ann"))
    promoted = traffic.claims.update_state(claim, workloads=WORKLOADS)
    promotion = promotion_of(promoted, WORKLOADS, promoted.state.started)
    traffic.claims.release(promoted, replace(record_of(promoted, "promoted"), promotion=promotion))
    return promoted


def end_by_sweep(shop: ShopNamespace, run: str, *, released: bool) -> None:
    """Take a run over as a sweep does, which claims and writes nothing in other namespaces; end it, or not yet."""
    shop.later(EXPIRED_SECONDS)
    traffic = shop.traffic()
    taken = traffic.take_over(claim_of(shop, run), "sweep", "it expired")
    if taken.state.undoes:
        traffic.claims.complete_reopened(taken)
    if released:
        traffic.claims.release(taken, record_of(taken))


def take_far(shop: ShopNamespace, traffic: Traffic) -> Claim:
    """Claim both VirtualServices for a new run."""
    targets = traffic.resolve([RouteTarget(one, ()) for one in (SHOP, FAR)], *ARMS)
    return take(traffic, ClaimRequest("shop", "r2", targets, *ARMS, by="ann"))


def undo_far(shop: ShopNamespace, traffic: Traffic) -> Claim:
    """Claim both VirtualServices to undo a run."""
    return traffic.claims.reopen(undo_of(shop, promoted_far(shop)))


@pytest.mark.parametrize("released", [True, False], ids=["ended", "under way"])
@pytest.mark.parametrize(("claims", "run"), [(take_far, "r2"), (undo_far, "undo-1")], ids=["prepare", "undo"])
def test_a_late_claim_in_another_namespace_is_given_back(
    far: ShopNamespace, claims: Callable[[ShopNamespace, Traffic], Claim], run: str, *, released: bool
) -> None:
    """A sweep has taken the run over. It writes nothing there, since a stranger may have named that namespace."""
    with pytest.raises(NotOwnerError):
        claims(far, late(far, lambda: end_by_sweep(far, run, released=released), FAR.name))
    assert {} == far_marks(far)
    assert not far.annotations().get(TOKEN, "").startswith(run)


def test_a_late_claim_in_another_namespace_whose_process_died_is_removed_by_sweep(far: ShopNamespace) -> None:
    """It dies before it can give it back; weights and records stay as they are."""
    promoted, before = promoted_far(far), far.api.store.get(VIRTUAL_SERVICE, FAR.namespace, FAR.name)["spec"]

    class Dying(LateCluster):
        def patch(self, kind: Kind, namespace: str, name: str, operations: Sequence[Operation]) -> Object:
            written = super().patch(kind, namespace, name, operations)
            if name == FAR.name:
                raise Killed
            return written

    process = Dying(far.connection(), FAR.name, lambda: end_by_sweep(far, "undo-1", released=True))
    with pytest.raises(Killed):
        Claims(process, 2.0).reopen(undo_of(far, promoted))
    assert far_marks(far)[TOKEN].startswith("undo-1:")
    far.later(EXPIRED_SECONDS)
    traffic = far.traffic()
    for claim in traffic.claims.expired(None, []):
        taken = traffic.take_over(claim, "sweep-2", "it expired")
        traffic.claims.release(taken, record_of(taken))
    assert TOKEN not in far_marks(far)
    assert before == far.api.store.get(VIRTUAL_SERVICE, FAR.namespace, FAR.name)["spec"]
