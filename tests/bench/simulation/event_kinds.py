"""Outages of both arms, harm that is tolerated, canaries after an incident of stable, and plain faults."""

from dataclasses import replace

import numpy as np

from tests.bench.simulation.family import Family, Latency, Own, Shape, flat
from tests.bench.simulation.kinds import Kind, usual
from tests.bench.simulation.pod_kinds import ALL_LOADS, cluster
from tests.bench.simulation.troubles import between, plus, spell, spells

Rng = np.random.Generator
_STEADY = {"scrape_seconds": 15}


def _outage(family: Family, rng: Rng, begins: float, ends: float) -> Family:
    """Let both arms fail nearly everything for one to three minutes.

    The canary's outage begins and ends later than stable's by these parts of a scrape interval (< 0: earlier).
    """
    drawn, first, seconds = usual(family, rng), rng.uniform(30.0, 120.0), between(rng, (40, 180))
    share, before = rng.choice([1.0, rng.uniform(0.6, 1.0)]), between(rng, (0.0003, 0.003))
    late, last = begins * drawn.scrape_seconds, ends * drawn.scrape_seconds
    canary = spell(first + late, seconds - late + last, share, before)
    return replace(drawn, stable=spell(first, seconds, share, before), canary=canary)


def outage_earlier(family: Family, rng: Rng) -> Family:
    """Let a shared outage reach the canary about one scrape before stable."""
    return _outage(family, rng, -rng.uniform(0.4, 1.2), 0.0)


def outage_later(family: Family, rng: Rng) -> Family:
    """Let a shared outage reach the canary about one scrape later, and leave it later."""
    delay = rng.uniform(0.4, 1.2)
    return _outage(family, rng, delay, delay)


def outage_pod_by_pod(family: Family, rng: Rng) -> Family:
    """Let a shared outage reach and leave each pod at its own moment, within 25 s."""
    begins, seconds, share = rng.uniform(20.0, 120.0), between(rng, (40, 180)), rng.uniform(0.5, 1.0)

    def law(own: Rng, _: int) -> Own:
        first, last = own.uniform(0.0, 25.0, 2)
        return Own(fails=spell(begins + first, seconds - first + last, share))

    return usual(family, rng, pods=cluster(rng, law))


def outages_that_flap(family: Family, rng: Rng) -> Family:
    """Let both arms fail most requests for some seconds again and again, the canary a few seconds earlier."""
    every, seconds, share = rng.uniform(25.0, 60.0), rng.uniform(5.0, 15.0), rng.uniform(0.5, 1.0)
    ahead, first = rng.uniform(2.0, 10.0), rng.uniform(20.0, 90.0)

    def flapping(shift: float) -> Shape:
        return lambda times, _: np.where(
            (times + shift >= first) & ((times + shift - first) % every < seconds), share, 0.001
        )

    return usual(family, rng, stable=flapping(0.0), canary=flapping(ahead))


def few_more_errors(family: Family, rng: Rng) -> Family:
    """Let the canary fail .04 to .07 % more: below the difference that counts as harm."""
    share = between(rng, (0.00005, 0.0002))
    return usual(family, rng, stable=flat(share), canary=flat(share + rng.uniform(0.0004, 0.0007)))


def few_slow(family: Family, rng: Rng) -> Family:
    """Let .3 to .7 % of the canary's answers take 2 to 5 s: below the difference that counts as harm."""
    slow = Latency(slow_ratio=rng.uniform(0.003, 0.007), slow_ms=between(rng, (2000, 5000)))
    return usual(family, rng, latency=Latency(), canary_latency=slow)


def slow_tail(family: Family, rng: Rng) -> Family:
    """Let p99.9 be twenty times as slow, and nothing else."""
    slow = Latency(slow_ratio=rng.uniform(0.0008, 0.0015), slow_ms=between(rng, (2500, 4500)))
    return usual(family, rng, latency=Latency(), canary_latency=slow)


def few_empty(family: Family, rng: Rng) -> Family:
    """Let .3 to .6 % more of the canary's answers be nearly empty."""
    return usual(family, rng, small=0.002, canary_small=0.002 + rng.uniform(0.003, 0.006))


def few_missing(family: Family, rng: Rng) -> Family:
    """Let .3 to .6 % more of the canary's answers be 404."""
    share = between(rng, (0.002, 0.01))
    return usual(family, rng, missing=flat(share), canary_missing=flat(share + rng.uniform(0.003, 0.006)))


def _bad_canary(family: Family, rng: Rng, past: Shape, first_pod: Shape | None = None) -> Family:
    """Let the canary fail 5 to 20 % after something in stable's past."""
    usually = between(rng, (0.0003, 0.003))
    bad = flat(rng.uniform(0.05, 0.2))
    drawn = usual(family, rng, stable=plus(past, flat(usually)), canary=bad, first_pod=first_pod, **_STEADY)
    return replace(drawn, stable_pods=max(6, drawn.stable_pods))


def _before(rng: Rng, seconds: float) -> float:
    return float(rng.uniform(-590.0, -seconds))


def after_all_pods(family: Family, rng: Rng) -> Family:
    """Let all pods of stable fail 5 to 80 % for half a minute to four minutes."""
    seconds = between(rng, (30, 240))
    return _bad_canary(family, rng, spell(_before(rng, seconds), seconds, between(rng, (0.05, 0.8))))


def after_one_pod(family: Family, rng: Rng) -> Family:
    """Let one pod of stable fail 20 to 100 % for half a minute to four minutes."""
    seconds = between(rng, (30, 240))
    own = spell(_before(rng, seconds), seconds, between(rng, (0.2, 1.0)))
    return _bad_canary(family, rng, flat(0.0), own)


def after_two_incidents(family: Family, rng: Rng) -> Family:
    """Let all pods fail twice, and one of them once more by itself."""
    first, second = (spell(_before(rng, 60.0), between(rng, (15, 60)), between(rng, (0.05, 0.5))) for _ in range(2))
    return _bad_canary(family, rng, plus(first, second), spell(_before(rng, 90.0), 90.0, between(rng, (0.2, 1.0))))


def during_the_incident(family: Family, rng: Rng) -> Family:
    """Let stable's incident end only 5 to 40 s after the canary's first exposure."""
    begins = -between(rng, (20, 240))
    return _bad_canary(family, rng, spell(begins, rng.uniform(5.0, 40.0) - begins, between(rng, (0.05, 0.5))))


def after_bursts(family: Family, rng: Rng) -> Family:
    """Let stable's pods have bad minutes of their own all the time, also beside the canary."""
    every, share = between(rng, (600, 1500)), between(rng, (0.05, 0.3))
    law = cluster(rng, lambda own, _: Own(fails=spells(own, every, (20, 120), (share / 2, share))))
    return replace(_bad_canary(family, rng, flat(0.0)), pods=law)


def good_after_all_pods(family: Family, rng: Rng) -> Family:
    """Let a good canary follow an incident of all pods."""
    drawn = after_all_pods(family, rng)
    return replace(drawn, canary=flat(between(rng, (0.0003, 0.003))))


def good_after_one_pod(family: Family, rng: Rng) -> Family:
    """Let a good canary follow an incident of one pod."""
    return replace(after_one_pod(family, rng), canary=flat(between(rng, (0.0003, 0.003))))


def _errors(share: float) -> Kind:
    def vary(family: Family, rng: Rng) -> Family:
        return usual(family, rng, stable=flat(0.001), canary=flat(share), **_STEADY)

    return Kind(f"fails {100 * share:g} %", vary, fault=True)


def in_batches(family: Family, rng: Rng) -> Family:
    """Let the canary fail 5 %, several requests at once, so that luck lasts longer."""
    return usual(family, rng, stable=flat(0.001), canary=flat(0.05), batch=between(rng, (2, 6)), **_STEADY)


def twice_as_slow(family: Family, rng: Rng) -> Family:
    """Let the canary take twice as long."""
    return usual(family, rng, latency=Latency(), canary_latency=Latency(80.0), **_STEADY)


def bad_among_noise(family: Family, rng: Rng) -> Family:
    """Let the canary fail 3 to 10 % while pods of both arms differ for good and wander."""
    sigma = rng.uniform(0.3, 0.6)
    law = cluster(rng, lambda own, _: Own(factor=flat(float(own.lognormal(-sigma * sigma / 2, sigma)))))
    share = between(rng, (0.001, 0.004))
    return usual(family, rng, pods=law, stable=flat(share), canary=flat(rng.uniform(0.03, 0.1)), **_STEADY)


def good(family: Family, rng: Rng) -> Family:
    """Let both arms be the same, and nothing happen."""
    return usual(family, rng, **_STEADY)


KINDS = (
    Kind("good, nothing happens", good, rps=ALL_LOADS),
    Kind("an outage, the canary's earlier", outage_earlier, rps=ALL_LOADS),
    Kind("an outage, the canary's later", outage_later),
    Kind("an outage, pod by pod", outage_pod_by_pod, held_out=True),
    Kind("outages that flap", outages_that_flap, held_out=True),
    Kind("tolerated: few more errors", few_more_errors, rps=(100.0, 1000.0)),
    Kind("tolerated: few slow", few_slow, rps=(100.0, 1000.0)),
    Kind("tolerated: p99.9 alone", slow_tail, rps=(100.0, 1000.0)),
    Kind("tolerated: few empty", few_empty, rps=(100.0, 1000.0), held_out=True),
    Kind("tolerated: few 404", few_missing, rps=(100.0, 1000.0), held_out=True),
    Kind("good after an incident of all pods", good_after_all_pods),
    Kind("good after an incident of one pod", good_after_one_pod),
    Kind("5 to 20 % after an incident of all pods", after_all_pods, fault=True),
    Kind("5 to 20 % after an incident of one pod", after_one_pod, fault=True),
    Kind("5 to 20 % after two incidents", after_two_incidents, fault=True, held_out=True),
    Kind("5 to 20 % as an incident ends", during_the_incident, fault=True, held_out=True),
    Kind("5 to 20 %, pods with bad minutes", after_bursts, fault=True, held_out=True),
    Kind("5 %, failures in batches", in_batches, fault=True, held_out=True),
    *(_errors(share) for share in (0.005, 0.01, 0.02, 0.05, 0.2, 1.0)),
    Kind("takes twice as long", twice_as_slow, fault=True),
    Kind("3 to 10 %, pods that differ for good", bad_among_noise, fault=True, held_out=True),
)
