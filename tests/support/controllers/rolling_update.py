"""The arithmetic of a rolling update: how large each ReplicaSet should be now."""

from __future__ import annotations

import math

from tests.support.kubernetes_api.kinds import Json


def bounds(deployment: Json) -> tuple[int, int]:
    """Return (maxSurge, maxUnavailable) as numbers of pods."""
    rolling = deployment["spec"]["strategy"].get("rollingUpdate") or {}
    total = deployment["spec"]["replicas"]
    surge = _count(rolling.get("maxSurge", "25%"), total, up=True)
    unavailable = _count(rolling.get("maxUnavailable", "25%"), total, up=False)
    return (surge, unavailable) if surge or unavailable else (0, 1)


def _count(value: int | str, total: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    share = total * int(value.rstrip("%")) / 100
    return math.ceil(share) if up else math.floor(share)


def sizes(deployment: Json, new: Json | None, old: list[Json]) -> dict[str, int]:
    """Return the wanted size of each ReplicaSet by name; `old` is in order of age."""
    total = deployment["spec"]["replicas"]
    now = {one["metadata"]["name"]: int(one["spec"]["replicas"]) for one in [*old, *([new] if new else [])]}
    active = [one for one in old if one["spec"]["replicas"] > 0]
    if deployment["spec"].get("paused"):
        alone = [name for name, size in now.items() if size > 0] or ([new["metadata"]["name"]] if new else [])
        return now | ({alone[0]: total} if len(alone) == 1 else {})
    if new is None:
        return now
    name = new["metadata"]["name"]
    if deployment["spec"]["strategy"]["type"] == "Recreate":
        left = any(one.get("status", {}).get("replicas") or one["spec"]["replicas"] for one in old)
        return dict.fromkeys(now, 0) | {name: now[name] if left else total}
    surge, unavailable = bounds(deployment)
    room = total + surge - sum(now.values())
    grown = total if now[name] >= total else now[name] + max(0, min(room, total - now[name]))
    if grown != now[name]:
        return now | {name: grown}
    return _shrunk(now, new, active, least=total - unavailable)


def _shrunk(now: dict[str, int], new: Json, active: list[Json], *, least: int) -> dict[str, int]:
    """Remove old pods: first the unavailable ones, then those not needed to keep `least` available."""
    wanted = dict(now)
    unready = now[new["metadata"]["name"]] - _available(new)
    may_go = sum(now.values()) - least - unready
    if may_go <= 0:
        return wanted
    for one in active:
        broken = min(may_go, wanted[one["metadata"]["name"]] - _available(one))
        wanted[one["metadata"]["name"]] -= max(broken, 0)
        may_go -= max(broken, 0)
    spare = sum(_available(one) for one in [*active, new]) - least
    for one in active:
        cut = max(0, min(spare, wanted[one["metadata"]["name"]]))
        wanted[one["metadata"]["name"]] -= cut
        spare -= cut
    return wanted


def _available(replica_set: Json) -> int:
    return int(replica_set.get("status", {}).get("availableReplicas", 0))
