"""Good canaries whose pods, nodes or clients differ from others, for a time or for good."""

import numpy as np

from tests.bench.simulation.clients import internal, sticky
from tests.bench.simulation.cluster import Cluster, PodLaw
from tests.bench.simulation.family import Family, Own, flat
from tests.bench.simulation.kinds import Kind, usual
from tests.bench.simulation.troubles import between, plus, spells, wander

ALL_LOADS = (10.0, 100.0, 1000.0)
Rng = np.random.Generator


def cluster(rng: Rng, law: PodLaw, nodes: int | None = None) -> Cluster:
    """Return a cluster of 3 to 8 nodes (default) whose pods follow a law."""
    return Cluster(int(rng.integers(1 << 31)), nodes or int(rng.integers(3, 9)), law)


def bad_minutes(family: Family, rng: Rng) -> Family:
    """Let each pod have spells of its own, 20 to 150 s long."""
    every, share = between(rng, (600, 2400)), between(rng, (0.05, 0.4))
    law = cluster(rng, lambda own, _: Own(fails=spells(own, every, (20, 150), (share / 2, share))))
    return usual(family, rng, pods=law)


def noisy_neighbours(family: Family, rng: Rng) -> Family:
    """Let each node have spells in which its pods fail and are slow."""
    every, fails, slow = between(rng, (500, 1500)), between(rng, (0.01, 0.15)), between(rng, (0.03, 0.3))
    count = int(rng.integers(3, 9))
    nodes = [rng.spawn(1)[0] for _ in range(count)]
    lasting = [
        Own(fails=spells(nodes[i], every, (20, 180), (fails / 3, fails)), slow=spells(nodes[i], every, (20, 180),
            (slow / 3, slow))) for i in range(count)
    ]  # fmt: skip
    return usual(family, rng, pods=cluster(rng, lambda _, node: lasting[node], count))


def wandering(family: Family, rng: Rng) -> Family:
    """Let each pod's rate of failures wander, with a memory of one to five minutes."""
    sigma, seconds, share = rng.uniform(0.4, 0.9), between(rng, (60, 300)), flat(between(rng, (0.002, 0.008)))
    law = cluster(rng, lambda own, _: Own(factor=wander(own, sigma, seconds)))
    return usual(family, rng, pods=law, stable=share, canary=share)


def hiccups_of_some(family: Family, rng: Rng) -> Family:
    """Let one pod in three have short outages every few minutes."""
    every, share = between(rng, (120, 400)), between(rng, (0.1, 0.6))
    quiet = Own()

    def law(own: Rng, _: int) -> Own:
        return Own(fails=spells(own, every, (5, 25), (share / 2, share))) if own.random() < 1 / 3 else quiet

    return usual(family, rng, pods=cluster(rng, law))


def pauses(family: Family, rng: Rng) -> Family:
    """Let each pod stop for some seconds every few minutes: most of its requests are slow, and some fail."""
    every, slow = between(rng, (60, 240)), between(rng, (0.3, 0.9))

    def law(own: Rng, _: int) -> Own:
        return Own(
            fails=spells(own, 2 * every, (2, 6), (0.01, 0.08)), slow=spells(own, every, (2, 8), (slow / 2, slow))
        )

    return usual(family, rng, pods=cluster(rng, law))


def refused(family: Family, rng: Rng) -> Family:
    """Let each pod refuse everything for 3 to 12 s, about once in a quarter of an hour."""
    every = between(rng, (600, 1800))
    return usual(family, rng, pods=cluster(rng, lambda own, _: Own(fails=spells(own, every, (3, 12), (0.9, 1.0)))))


def shards(family: Family, rng: Rng) -> Family:
    """Let each pod use one of a few replicas of a database, which have bad minutes and wander."""
    count = int(rng.integers(2, 5))
    every, share = between(rng, (900, 2400)), between(rng, (0.02, 0.2))
    replicas = [
        Own(fails=spells(one, every, (30, 240), (share / 3, share)), factor=wander(one, 0.5, 120.0))
        for one in rng.spawn(count)
    ]
    return usual(family, rng, pods=cluster(rng, lambda own, _: replicas[int(own.integers(count))]))


def lognormal(family: Family, rng: Rng) -> Family:
    """Let pods differ for good by a lognormal factor."""
    sigma, share = rng.uniform(0.3, 0.6), flat(between(rng, (0.003, 0.009)))
    law = cluster(rng, lambda own, _: Own(factor=flat(float(own.lognormal(-sigma * sigma / 2, sigma)))))
    return usual(family, rng, pods=law, stable=share, canary=share)


def bad_node(family: Family, rng: Rng) -> Family:
    """Let one node of four to six make its pods fail more for good."""
    count, share = int(rng.integers(4, 7)), between(rng, (0.005, 0.05))
    bad = int(rng.integers(count))
    law = cluster(rng, lambda _, node: Own(fails=flat(share if node == bad else 0.0)), count)
    return usual(family, rng, pods=law)


def old_machines(family: Family, rng: Rng) -> Family:
    """Let half of the nodes be slower for good."""
    slower = rng.uniform(1.1, 1.4)
    return usual(family, rng, pods=cluster(rng, lambda _, node: Own(slower=slower if node % 2 else 1.0)))


def zones(family: Family, rng: Rng) -> Family:
    """Let the nodes of one zone of three fail two to four times as much for good."""
    factor, share = rng.uniform(2.0, 4.0), flat(between(rng, (0.001, 0.004)))
    law = cluster(rng, lambda _, node: Own(factor=flat(1.0 if node % 3 else factor)), 6)
    return usual(family, rng, pods=law, stable=share, canary=share)


def keep_alive(family: Family, rng: Rng) -> Family:
    """Let one client with about a fifth of the traffic keep its connection to a pod, and fail more than others."""
    share = between(rng, (0.001, 0.004))
    fails = flat(share * rng.uniform(2.0, 6.0))
    client = sticky(rng, between(rng, (0.12, 0.3)), fails, seconds=between(rng, (60, 600)))
    return usual(family, rng, clients=(client,), stable=flat(share), canary=flat(share))


def broken_users(family: Family, rng: Rng) -> Family:
    """Let a few users with cookies fail most of their requests, whichever arm they are on."""
    users = int(rng.integers(3, 9))
    fails = rng.uniform(0.4, 1.0, users)
    clients = tuple(sticky(rng, between(rng, (0.0003, 0.003)), flat(float(one))) for one in fails)
    return usual(family, rng, clients=clients)


def sessions(family: Family, rng: Rng) -> Family:
    """Let half of the traffic come from 30 sessions, each on one pod, whose shares of failures differ widely."""
    sigma, share, count = rng.uniform(0.7, 1.2), between(rng, (0.002, 0.006)), 30
    fails = np.minimum(0.3, share * rng.lognormal(-sigma * sigma / 2, sigma, count))
    clients = tuple(sticky(rng, 0.5 / count, flat(float(one)), seconds=300.0) for one in fails)
    return usual(family, rng, clients=clients, stable=flat(share), canary=flat(share))


def bypass(family: Family, rng: Rng) -> Family:
    """Let internal callers, who fail less than users, call stable without the route."""
    share = between(rng, (0.004, 0.009))
    callers = internal(rng.uniform(0.3, 0.6), flat(share * rng.uniform(0.05, 0.4)))
    return usual(family, rng, clients=(callers,), stable=flat(share), canary=flat(share))


def bypass_in_bursts(family: Family, rng: Rng) -> Family:
    """Let a job in the mesh call stable without the route for a minute every few minutes, without failures."""
    share = between(rng, (0.004, 0.009))
    load = spells(rng, between(rng, (200, 400)), (30, 120), (1.0, 4.0))
    callers = internal(rng.uniform(0.2, 0.4), flat(share * rng.uniform(0.0, 0.3)), load=load)
    return usual(family, rng, clients=(callers,), stable=flat(share), canary=flat(share))


def batch_job(family: Family, rng: Rng) -> Family:
    """Let a job come to both arms every few minutes: more traffic, and a part of it fails."""
    every, seconds, load = between(rng, (120, 400)), (10.0, 45.0), rng.uniform(0.5, 2.0)
    moments, share = spells(rng, every, seconds, (1.0, 1.0)), between(rng, (0.02, 0.15))
    fails = plus(flat(between(rng, (0.0003, 0.003))), lambda times, own: share * moments(times, own))
    return usual(family, rng, load=lambda times, own: 1.0 + load * moments(times, own), stable=fails, canary=fails)


def sticky_job(family: Family, rng: Rng) -> Family:
    """Let a job come every few minutes over one connection, so that one pod gets all of it."""
    load = spells(rng, between(rng, (200, 500)), (10, 45), (1.0, 3.0))
    job = sticky(rng, between(rng, (0.02, 0.1)), flat(between(rng, (0.01, 0.1))), seconds=120.0, load=load)
    return usual(family, rng, clients=(job,))


KINDS = (
    Kind("pods with bad minutes", bad_minutes, rps=ALL_LOADS),
    Kind("noisy neighbours", noisy_neighbours, rps=ALL_LOADS),
    Kind("wandering pods", wandering, rps=ALL_LOADS),
    Kind("hiccups of one pod in three", hiccups_of_some),
    Kind("pods that differ for good", lognormal, lasting=True, rps=ALL_LOADS),
    Kind("a bad node", bad_node, lasting=True),
    Kind("a keep-alive client", keep_alive, lasting=True, rps=ALL_LOADS),
    Kind("broken users with cookies", broken_users, lasting=True),
    Kind("callers that bypass the route", bypass, rps=ALL_LOADS),
    Kind("a batch job on both arms", batch_job),
    Kind("pods that pause", pauses, held_out=True),
    Kind("pods that refuse everything for seconds", refused, held_out=True),
    Kind("pods on replicas of a database", shards, held_out=True),
    Kind("old and new machines", old_machines, held_out=True, lasting=True),
    Kind("a zone that fails more", zones, held_out=True, lasting=True),
    Kind("30 sessions that stick", sessions, held_out=True, lasting=True),
    Kind("a job that bypasses the route", bypass_in_bursts, held_out=True),
    Kind("a batch job over one connection", sticky_job, held_out=True),
)
