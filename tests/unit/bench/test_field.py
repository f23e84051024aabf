"""Kinds of the field: every number is drawn by seed, and each kind does what its name says."""

from itertools import groupby

import numpy as np
import pytest

from tests.bench.rules.canary_steps import read
from tests.bench.simulation.families import FAMILIES
from tests.bench.simulation.family import HISTORY_SECONDS, Family, Own, flat
from tests.bench.simulation.field import FIELD, KINDS
from tests.bench.simulation.incidents import LADDERS
from tests.bench.simulation.pod_kinds import cluster
from tests.bench.simulation.release import Release
from tests.bench.simulation.rollout import Rollout, rollout
from tests.bench.simulation.traffic import draw, ticks
from tests.bench.simulation.troubles import spells, wander

RNG = np.random.default_rng(1)


def requests(one: Rollout, more: str) -> float:
    """Return the requests at the end of the rollout that a selector names."""
    return one.number(f"sum(istio_requests_total{{{more}}})", 1800.0) or 0.0


def test_families_of_the_field_have_names_of_their_own_and_every_load_and_reporter() -> None:
    """And some kinds of good and of bad canaries were held out."""
    assert not set(FIELD) & {*FAMILIES, *LADDERS}
    assert len(FIELD) == sum(len(kind.rps) * len(kind.gateways) for kind in KINDS.values())
    held_out = {kind.fault for kind in KINDS.values() if kind.held_out}
    assert {True, False} == held_out


@pytest.mark.parametrize("kind", KINDS)
def test_equal_seeds_draw_equal_numbers_and_others_do_not(kind: str) -> None:
    """Every number differs from rollout to rollout; the traffic of all kinds can be drawn."""
    family = KINDS[kind].families()[0]
    first, again, other = family.drawn(1), family.drawn(1), family.drawn(2)
    assert (first.rps, first.stable_pods) == (again.rps, again.stable_pods)
    assert first.rps != other.rps
    pods = draw(first, np.random.default_rng(1), np.arange(-30.0, 30.0, 3.0))
    assert {"stable", "canary", "baseline"} == {pod.arm for pod in pods}
    assert family.fault == KINDS[kind].fault


def test_a_trouble_is_the_same_whichever_part_of_the_time_is_asked_for() -> None:
    """A rollout is drawn rung by rung."""
    times = ticks()
    for shape in (spells(np.random.default_rng(2), 300.0, (10, 60), (0.1, 0.5)), wander(RNG, 0.5, 120.0)):
        whole = shape(times, RNG)
        assert whole.std() > 0.0
        assert np.array_equal(whole[200:400], shape(times[200:400], RNG))


def test_wandering_has_a_mean_of_one() -> None:
    """So that the share of failures is what the family says."""
    means = [wander(np.random.default_rng(seed), 0.5, 60.0)(ticks(), RNG).mean() for seed in range(40)]
    assert np.mean(means) == pytest.approx(1.0, abs=0.05)


def test_fresh_pods_are_on_another_node_and_have_habits_of_their_own() -> None:
    """A bad node cannot be met twice in a row by a canary of one pod."""
    nodes = cluster(np.random.default_rng(3), lambda own, _: Own(slower=float(own.uniform(1.0, 2.0))), 4)
    assert len({nodes.node("canary", 0, generation) for generation in range(4)}) == 4
    assert nodes.pod("canary", 0).slower == nodes.pod("canary", 0).slower
    assert nodes.pod("canary", 0).slower != nodes.pod("canary", 0, 1).slower


def test_a_client_with_a_cookie_sends_all_its_requests_to_one_pod() -> None:
    """At any time it has one place; no request gets lost."""
    family = FIELD["a keep-alive client, 100 rps"].drawn(4)
    client, times = family.clients[0], ticks()
    assert client.place is not None
    places = [client.place(float(at), 0) for at in times]
    moves = len(list(groupby(places)))
    assert 1 < moves < len(times) / 5
    whole = sum(int((pod.good + pod.bad).sum()) for pod in draw(family, RNG) if pod.arm != "baseline")
    assert whole == pytest.approx(family.rps * 2400, rel=0.05)


def test_callers_that_bypass_the_route_meet_stable_alone_and_their_own_proxy_counts_them() -> None:
    """Whatever the weight is; the gateways do not see them."""
    one = rollout(FIELD["callers that bypass the route, 100 rps, gateways"], 5)
    at_source, at_pods = 'reporter="source"', 'reporter="destination"'
    assert not requests(one, f'{at_pods},source_workload="orders",destination_workload="shop-canary"')
    inside = requests(one, f'{at_source},source_workload="orders",instance="orders-0:15020"')
    assert inside == pytest.approx(requests(one, f'{at_pods},source_workload="orders"'), rel=0.03)
    assert inside == requests(one, f'{at_source},source_workload="orders"')


def test_an_outage_reaches_the_canary_before_stable() -> None:
    """By about a scrape; both arms fail."""
    family = FIELD["an outage, the canary's earlier, 100 rps"].drawn(6)
    times = np.arange(0.0, 400.0, 1.0)
    stable, canary = (shape(times, RNG) > 0.5 for shape in (family.stable, family.canary))
    lead = float(np.argmax(stable)) - float(np.argmax(canary))
    assert 0.3 < lead / family.scrape_seconds < 1.3


def test_what_a_release_settled_is_never_drawn_again_and_fresh_pods_take_the_place_of_old_ones() -> None:
    """Old pods are scraped no more; new ones begin at 0."""
    release = Release(Family("released", 100, canary=flat(0.5)), 7)
    first = release.run(10, 60)
    release.settle(60)
    release.replace_pods()
    later = release.run(5, 60)
    assert first.failed.tolist() == later.failed[: len(first.failed)].tolist()
    old = later.database.query('istio_requests_total{pod="canary-0"}[30m]', later.ended)
    fresh = later.database.query('istio_requests_total{pod="canary-1-0",response_code="503"}[30m]', later.ended)
    assert max(at for one in old for at, _ in one["values"]) < first.ended
    assert min(at for one in fresh for at, _ in one["values"]) > first.ended


def test_reading_begins_before_the_canary_also_in_the_field() -> None:
    """Ten minutes of stable are known."""
    one = rollout(FIELD["noisy neighbours, 100 rps, gateways"], 8)
    strata = read(one).metrics[0].series[0].strata
    assert one.started - strata[0].start > HISTORY_SECONDS - 60
