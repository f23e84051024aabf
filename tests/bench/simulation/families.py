"""The families: those on which the judge's rules were chosen, and (held out) those used only for measuring."""

from typing import Any

import numpy as np

from tests.bench.simulation.family import Family, Latency, Shape, Shares, Times, flat, line, steps

OUTAGE = steps(0.001, (450, 0.3), (510, 0.001))
BLACKOUT = steps(0.001, (450, 1.0), (570, 0.001))
COLD = steps(0.001, (0, 0.03), (90, 0.001))


def ramp(times: Times, _: np.random.Generator) -> Shares:
    """Return the canary's part on the ladder 5, 10, 25, 50 %."""
    return np.select([times < 450, times < 900, times < 1350], [0.05, 0.1, 0.25], 0.5)


def wave(times: Times, _: np.random.Generator) -> Shares:
    """Return errors that swing between .2 and .8 % every three minutes."""
    return 0.005 + 0.003 * np.sin(2 * np.pi * times / 180)


def hiccups(times: Times, rng: np.random.Generator) -> Shares:
    """Return a pod's own short outages: about one in ten minutes, 20 % of its requests for about 20 seconds."""
    found = np.zeros(len(times))
    for start in rng.uniform(times[0], times[-1], rng.poisson((times[-1] - times[0]) / 600)):
        found[(times >= start) & (times < start + rng.exponential(20))] = 0.2
    return found


def long_hiccups(times: Times, rng: np.random.Generator) -> Shares:
    """Return a pod's own outages of 30 to 120 s: one in a quarter of an hour, 20 % of its requests."""
    found = np.zeros(len(times))
    for start in rng.uniform(times[0], times[-1], rng.poisson((times[-1] - times[0]) / 900)):
        found[(times >= start) & (times < start + rng.uniform(30, 120))] = 0.2
    return found


def flicker(share: float, on: float, every: float) -> Shape:
    """Return `share` for `on` seconds in every `every`, else .1 %."""
    return lambda times, _: np.where((times >= 0) & (times % every < on), share, 0.001)


def bots(times: Times, rng: np.random.Generator) -> Shares:
    """Return the share of 404 in both arms: 1 %, and some minute-long bursts of 10 to 60 % caused by bots."""
    found = np.full(len(times), 0.01)
    for start in rng.uniform(times[0], times[-1], rng.poisson((times[-1] - times[0]) / 400)):
        found[(times >= start) & (times < start + rng.uniform(5, 60))] = rng.uniform(0.1, 0.6)
    return found


def _equal(share: float, rps: float, **more: Any) -> Family:
    return Family(f"equal {100 * share:g} %, {rps:g} rps", rps, flat(share), flat(share), **more)


def _bad(share: float, rps: float, *, gateways: int = 0) -> Family:
    where = ", gateways" if gateways else ""
    name = f"errors {100 * share:g} %, {rps:g} rps{where}"
    return Family(name, rps, canary=flat(share), fault=True, gateways=gateways)


NULLS = (
    *(_equal(0.001, rps) for rps in (1, 10, 100, 1000)),
    _equal(0.005, 10),
    _equal(0.005, 100),
    _equal(0.009, 100),
    _equal(0.02, 10),
    Family("batches of 10, 100 rps", 100, flat(0.005), flat(0.005), batch=10),
    Family("batches of 10, 100 rps, gateways", 100, flat(0.005), flat(0.005), batch=10, gateways=2),
    Family("batches of 10, no past, 100 rps", 100, flat(0.005), flat(0.005), batch=10, known_seconds=45),
    Family(
        "batches of 10, no past, 100 rps, gateways",
        100,
        flat(0.005),
        flat(0.005),
        batch=10,
        known_seconds=45,
        gateways=2,
    ),
    Family("shared outage, 100 rps", 100, OUTAGE, OUTAGE),
    Family("shared outage, 100 rps, gateways", 100, OUTAGE, OUTAGE, gateways=2),
    Family("drift .1 to 1 %, 100 rps", 100, line(0.001, 0.01), line(0.001, 0.01)),
    Family("ladder and drift, 100 rps", 100, line(0.001, 0.01), line(0.001, 0.01), part=ramp),
    Family("both cold, 100 rps", 100, COLD, COLD),
    Family("20 % more errors, 1000 rps", 1000, flat(0.001), flat(0.0012)),
    Family("2 % slower, 100 rps", 100, canary_latency=Latency(40.8)),
    Family("pods restart, 100 rps", 100, flat(0.005), flat(0.005), restart=(400, 700)),
    Family("5 % of scrapes fail, 100 rps", 100, flat(0.005), flat(0.005), gap=0.05),
    Family("pods with hiccups, 100 rps", 100, per_pod=hiccups),
    Family("pods with hiccups, 40 rps, gateways", 40, per_pod=hiccups, gateways=3, canary_pods=2),
    Family("equal 0.5 %, 100 rps, v. baseline", 100, flat(0.005), flat(0.005), baseline=True),
    Family("stable fails 30 %, canary good, 100 rps", 100, flat(0.3)),
    Family("30 % of answers are 404, 100 rps", 100, missing=flat(0.3)),
    Family("bots bring 404 to both, 100 rps", 100, missing=bots),
    Family("long hiccups, 3 pods, 60 rps", 60, per_pod=long_hiccups, stable_pods=3),
    Family("long hiccups, 10 pods, 200 rps", 200, per_pod=long_hiccups, stable_pods=10, canary_pods=2),
    Family("ladder and long hiccups, 100 rps", 100, per_pod=long_hiccups, part=ramp, canary_pods=3),
)

FAULTS = (
    *(_bad(share, 100) for share in (0.003, 0.005, 0.01, 0.02, 0.05, 0.2, 1.0)),
    *(_bad(share, 10) for share in (0.005, 0.01, 0.05, 0.2, 1.0)),
    *(_bad(share, 1) for share in (0.05, 0.2, 1.0)),
    *(_bad(share, rps, gateways=2) for rps in (10, 100) for share in (0.2, 1.0)),
    Family("30 % slower, 100 rps", 100, canary_latency=Latency(52), fault=True),
    Family("30 % slower, 10 rps", 10, canary_latency=Latency(52), fault=True),
    Family("twice as slow, 100 rps", 100, canary_latency=Latency(80), fault=True),
    Family("twice as slow, 10 rps", 10, canary_latency=Latency(80), fault=True),
    Family("2 % at 1.5 s, 100 rps", 100, canary_latency=Latency(slow_ratio=0.02), fault=True),
    Family("2 % at 1.5 s, 10 rps", 10, canary_latency=Latency(slow_ratio=0.02), fault=True),
    Family("10 % at 1.5 s, 10 rps", 10, canary_latency=Latency(slow_ratio=0.1), fault=True),
    Family("5 % empty, 100 rps", 100, canary_small=0.05, fault=True),
    Family("5 % empty, 10 rps", 10, canary_small=0.05, fault=True),
    Family("30 % empty, 1 rps", 1, canary_small=0.3, fault=True),
    Family("gRPC errors 5 %, 100 rps", 100, canary=flat(0.05), grpc=True, fault=True),
    Family("errors 1 %, 100 rps, v. baseline", 100, canary=flat(0.01), baseline=True, fault=True),
    Family("5 % from minute 10, 100 rps", 100, canary=steps(0.001, (600, 0.05)), fault=True),
    Family("404 to everything, 10 rps", 10, missing=flat(0.005), canary_missing=flat(1.0), fault=True),
    Family("404 to 5 %, 100 rps", 100, missing=flat(0.005), canary_missing=flat(0.05), fault=True),
)

HELD_OUT = (
    Family("long hiccups, 5 pods, 120 rps", 120, per_pod=long_hiccups, stable_pods=5, held_out=True),
    Family("one stable pod fails 3 %, 100 rps", 100, odd_pod=0.03, held_out=True),
    Family("shared outage, scrapes of 60 s, 100 rps", 100, OUTAGE, OUTAGE, scrape_seconds=60, held_out=True),
    Family("shared outage, 5 % of scrapes fail, 100 rps", 100, OUTAGE, OUTAGE, gap=0.05, held_out=True),
    Family("counters begin anew in an outage, 100 rps", 100, OUTAGE, OUTAGE, restart=(470, 490), held_out=True),
    Family("waves, 30 rps", 30, wave, wave, held_out=True),
    Family("waves, 300 rps, canary 1 %", 300, wave, wave, part=flat(0.01), held_out=True),
    Family("everything fails for 2 minutes in both, 60 rps", 60, BLACKOUT, BLACKOUT, held_out=True),
    Family(
        "batches of 30, 300 rps", 300, flat(0.003), flat(0.003), batch=30, canary_pods=3, stable_pods=9, held_out=True,
    ),
    Family(
        "trouble of all kinds, 50 rps", 50, flat(0.004), flat(0.004), batch=3, gap=0.1, restart=(300, 900),
        scrape_seconds=30, canary_pods=3, stable_pods=9, held_out=True,
    ),
    Family("stable fails all, canary good, 30 rps, gateways", 30, flat(1.0), gateways=2, held_out=True),
    Family("404 from 2 to 20 % in both, 100 rps", 100, missing=line(0.02, 0.2), held_out=True),
    Family("bots bring 404 to both, 30 rps, gateways", 30, missing=bots, gateways=2, held_out=True),
    Family("404 to everything, 100 rps, gateways", 100, missing=flat(0.02), canary_missing=flat(1.0), gateways=2,
           fault=True, held_out=True),
    Family("404 to 30 %, stable to 20 %, 100 rps", 100, missing=flat(0.2), canary_missing=flat(0.3), fault=True,
           held_out=True),
    Family("30 % for 15 s in 2 minutes, 1000 rps", 1000, canary=flicker(0.3, 15, 120), fault=True, held_out=True),
    Family("one pod of three fails 30 %, 60 rps", 60, canary=flat(0.3), canary_pods=3, bad_pods=1, fault=True,
           held_out=True),
    Family("creeping to 5 %, 50 rps", 50, canary=line(0.001, 0.05), fault=True, held_out=True),
    Family("2 % in batches of 5, 100 rps", 100, flat(0.002), flat(0.02), batch=5, fault=True, held_out=True),
    Family("all fail from minute 5, 20 rps, gateways", 20, canary=steps(0.001, (300, 1.0)), gateways=3, fault=True,
           held_out=True),
    Family("30 % fail, 100 rps, canary 1 %", 100, canary=flat(0.3), part=flat(0.01), fault=True, held_out=True),
    Family("3 % at 5 s, 30 rps", 30, canary_latency=Latency(slow_ratio=0.03, slow_ms=5000), fault=True, held_out=True),
    Family("1 to 4 %, 5 % of scrapes fail, 50 rps", 50, flat(0.01), flat(0.04), gap=0.05, fault=True, held_out=True),
)  # fmt: skip

FAMILIES = {family.name: family for family in (*NULLS, *FAULTS, *HELD_OUT)}
QUICK = (
    "equal 0.1 %, 10 rps",
    "equal 0.9 %, 100 rps",
    "batches of 10, 100 rps",
    "shared outage, 100 rps",
    "pods restart, 100 rps",
    "pods with hiccups, 100 rps",
    "one stable pod fails 3 %, 100 rps",
    "errors 0.5 %, 100 rps",
    "errors 20 %, 10 rps",
    "errors 100 %, 100 rps, gateways",
    "twice as slow, 10 rps",
    "5 % empty, 10 rps",
    "30 % fail, 100 rps, canary 1 %",
)
"""The families of `make bench`."""
