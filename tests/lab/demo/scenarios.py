"""The releases that the demo shows."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Scenario:
    """One release of the app `shop`.

    Args:
        name: for `make demo SCENARIO=name`.
        title: what a reader sees.
        image: reference in the lab's registry.
        expected: the outcome; the demo fails if it ends with another one.
        knobs: how this version behaves, see tests/lab/embedded/app/knobs.py.
        verdict: the verdict it must end with, if the outcome alone is not enough.
        flags: further flags of `canary-steps rollout`.
        database_fails: the database that both versions use goes down as soon as the canary has users.
    """

    name: str
    title: str
    image: str
    expected: str
    knobs: dict[str, float | str] = field(default_factory=dict)
    verdict: str = ""
    flags: tuple[str, ...] = ()
    database_fails: bool = False


SCENARIOS = (
    Scenario("good", "a good release", "demo/shop:v2", "promoted", {"uses_database": True}),
    Scenario("errors", "answers 500 to everything", "demo/shop:v3-errors", "rolled-back", {"error_ratio": 1.0}),
    Scenario(
        "slow",
        "slow for a tenth of the requests",
        "demo/shop:v4-slow",
        "rolled-back",
        {"slow_ratio": 0.1, "slow_ms": 400.0},
    ),
    Scenario(
        "empty",
        "status 200 with an empty body for all",
        "demo/shop:v5-empty",
        "rolled-back",
        {"empty_ratio": 1.0},
    ),
    Scenario(
        "missing-pages",
        "status 404 on a third of the pages, which the old version serves",
        "demo/shop:v6-missing-pages",
        "rolled-back",
        {"error_ratio": 1.0, "error_status": 404, "only_paths": "/orders"},
    ),
    Scenario(
        "database",
        "a good release, but the shared database fails",
        "demo/shop:v7-database",
        "rolled-back",
        {"uses_database": True},
        verdict="inconclusive",
        flags=("--timeout-seconds", "8"),
        database_fails=True,
    ),
)
RATE = 100.0
"""Requests per second of the users, all versions together."""
PATHS = ("/", "/orders", "/account")
"""The pages that users ask for in turn; the first version serves them all."""
SLOW_SECONDS = 0.3
"""An answer is slow for its user from this time."""
