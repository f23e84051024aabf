"""Canaries released after stable had an incident, and stables that fail while the canary is good.

All are rolled out by the whole default ladder (tests/bench/rules/ladder.py).
"""

from itertools import product

from tests.bench.simulation.family import USUAL, Family, Shape, flat, incident

ALL_PODS = {
    "3 min of 30 % on all pods": (incident(0.3, 180), False),
    "3 min of 10 % on all pods": (incident(0.1, 180), False),
    "90 s of 60 % on all pods": (incident(0.6, 90), True),
}
ONE_POD = {
    "3 min of one pod of nine": (incident(0.4, 180), False),
    "30 s of one pod of nine": (incident(0.4, 30), False),
    "100 s of one pod of nine, failing all": (incident(1.0, 100), True),
}
"""The incident in stable's last ten minutes, and whether this was held out while the judge was being changed."""


def _after(
    name: str, rps: float, share: float, *, gateways: int, held_out: bool, stable: Shape = USUAL,
    first_pod: Shape | None = None,
) -> Family:  # fmt: skip
    where = ", gateways" if gateways else ""
    return Family(
        f"{100 * share:g} % after {name}, {rps:g} rps{where}", rps, stable, flat(share), share > 0.01, held_out,
        first_pod=first_pod, stable_pods=9, gateways=gateways, kind=f"{100 * share:g} % after {name}",
    )  # fmt: skip


def _bad() -> list[Family]:
    found = []
    for rps, share, gateways in product((10.0, 100.0), (0.05, 0.2), (0, 2)):
        for name, (shape, held_out) in ALL_PODS.items():
            found.append(_after(name, rps, share, gateways=gateways, held_out=held_out, stable=shape))
        for name, (shape, held_out) in ONE_POD.items():
            found.append(_after(name, rps, share, gateways=gateways, held_out=held_out, first_pod=shape))
    return found


BAD = _bad()
GOOD = [
    *(
        _after("3 min of 30 % on all pods", 100, 0.001, gateways=gateways, held_out=False, stable=incident(0.3, 180))
        for gateways in (0, 2)
    ),
    *(
        _after("3 min of one pod of nine", 100, 0.001, gateways=gateways, held_out=False, first_pod=incident(0.4, 180))
        for gateways in (0, 2)
    ),
    Family("equal 0.1 %, 100 rps, whole ladder", 100),
    Family("equal 0.9 %, 100 rps, whole ladder", 100, flat(0.009), flat(0.009)),
    Family("batches of 10, 100 rps, whole ladder", 100, flat(0.005), flat(0.005), batch=10),
    Family("stable fails 100 %, whole ladder", 30, flat(1.0)),
    Family("stable fails 30 %, whole ladder, gateways", 100, flat(0.3), gateways=2),
]
LADDERS = {family.name: family for family in (*BAD, *GOOD)}
QUICK = (
    "5 % after 3 min of 30 % on all pods, 100 rps, gateways",
    "5 % after 3 min of 10 % on all pods, 10 rps, gateways",
    "5 % after 3 min of one pod of nine, 100 rps",
    "5 % after 3 min of one pod of nine, 10 rps",
    "20 % after 3 min of one pod of nine, 100 rps",
    "20 % after 30 s of one pod of nine, 100 rps, gateways",
    "equal 0.1 %, 100 rps, whole ladder",
    "stable fails 30 %, whole ladder, gateways",
)
"""The families of `make bench`."""
