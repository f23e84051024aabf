"""What must hold once every process ended, every claim expired, and sweep ran."""

from __future__ import annotations

from tests.schedules import hands
from tests.schedules.marks import marks, weights
from tests.schedules.topologies import BYSTANDERS, App, ScheduledCluster
from tests.schedules.watcher import Watcher, our_marks, ready_pods
from tests.support.kubernetes_api.kinds import DEPLOYMENT, VIRTUAL_SERVICE
from tests.support.shop_release import NAMESPACE


def give_back(world: ScheduledCluster) -> None:
    """Let people repair what only they can: create what they deleted, and remove hostile claims."""
    for name in world.services:
        hands.route(world, name, "")
        hands.forget(world, name, "")
    for app in world.apps:
        for name, other in ((app.stable, app.other), (app.other, app.stable)):
            if name:  # a release that makes its canary has no other arm
                # The arm of a swap that nobody is sent to is idle: people bring it back without pods, unless a run that
                # goes back waits for it, as sweep tells them.
                is_idle = _has_pods(world, other) and not _is_routed(world, app, name)
                is_idle = is_idle and not (name == app.stable and _is_claimed(world, app))
                hands.deploy(world, name, "0" if is_idle else "1")


def _is_routed(world: ScheduledCluster, app: App, host: str) -> bool:
    found = (weights(world.store.get(VIRTUAL_SERVICE, NAMESPACE, name)) for name in app.routed)
    return any(weight for one in found for (_, led), weight in one.items() if led == host)


def _is_claimed(world: ScheduledCluster, app: App) -> bool:
    return any(marks(world.store.get(VIRTUAL_SERVICE, NAMESPACE, name)) for name in app.routed)


def _has_pods(world: ScheduledCluster, name: str) -> bool:
    found = world.store.find(DEPLOYMENT, NAMESPACE, name)
    return found is not None and bool(found["spec"]["replicas"])


def move_users(world: ScheduledCluster) -> None:
    """Let people return users where they took a VirtualService over, or gave the canary weight outside any run.

    They send them to the side with pods, and stop what only their own route led to.
    """
    for name in world.services:
        item = world.store.get(VIRTUAL_SERVICE, NAMESPACE, name)
        if marks(item):
            continue
        if serves(world, name):
            hands.reset(world, name, "")
        elif any(_has_pods(world, app.other) for app in world.apps if app.other and name in app.routed):
            hands.weigh(world, name, "100")
        _stop_what_is_left(world, {host for (_, host), weight in weights(item).items() if weight})


def _stop_what_is_left(world: ScheduledCluster, hosts: set[str]) -> None:
    """Let people stop those Deployments that no route leads to any more, unless a run still holds them."""
    routed = [weights(world.store.get(VIRTUAL_SERVICE, NAMESPACE, name)) for name in world.services]
    used = {host for one in routed for (_, host), weight in one.items() if weight}
    for host in sorted(hosts - used):
        found = world.store.find(DEPLOYMENT, NAMESPACE, host)
        if found is not None and found["spec"]["replicas"] and not marks(found):
            world.change(host, replicas=0)


def serves(world: ScheduledCluster, name: str) -> bool:
    """Return whether stable has pods, which it has not where the other Deployment of a swap has taken its turn."""
    stables = [app.stable for app in world.apps if name in app.routed]
    return all(world.get(stable)["spec"]["replicas"] for stable in stables)


def leftovers(world: ScheduledCluster, watcher: Watcher, *, tampered: bool) -> list[str]:
    """Return a sentence for everything that a run left.

    Args:
        world: the cluster.
        watcher: knows what people broke.
        tampered: whether a person changed the names in a real claim, so that its Deployments are not known any more.
    """
    found = []
    for name in world.services:
        item = world.store.get(VIRTUAL_SERVICE, NAMESPACE, name)
        if (left := our_marks(item)) and not tampered:
            found.append(f"at the end VirtualService {name} still carries {', '.join(left)}")
        found += _strandings(world, watcher, name)
    for app in world.apps:
        found += _idle_with_pods(world, watcher, app) if app.other and not tampered else []
        found += _left_on(
            world, app.stable, app.canary, tampered=tampered or watcher.is_by_person("deployments", app.canary)
        )
    for namespace, name in BYSTANDERS:
        if world.store.get(DEPLOYMENT, namespace, name)["metadata"]["generation"] != 1:
            found.append(f"Deployment {namespace}/{name}, which is not part of any release, was changed")
    return list(dict.fromkeys(found))


def _strandings(world: ScheduledCluster, watcher: Watcher, name: str) -> list[str]:
    items = watcher.objects()
    item = world.store.get(VIRTUAL_SERVICE, NAMESPACE, name)
    sides = [host for (_, host), weight in weights(item).items() if weight and not ready_pods(items, NAMESPACE, host)]
    return [
        f"at the end users of VirtualService {name} are sent to {host}, which has no ready pod"
        for host in sides
        if (name, host) not in watcher.excused
    ]


def _idle_with_pods(world: ScheduledCluster, watcher: Watcher, app: App) -> list[str]:
    """Return the side of a swap that nobody is sent to, if it has pods.

    People may keep both up by their weights; and what they deployed themselves, no run stops.
    """
    routed = [weights(world.store.get(VIRTUAL_SERVICE, NAMESPACE, name)) for name in app.routed]
    used = {host for one in routed for (_, host), weight in one.items() if weight}
    idle = [name for name in (app.stable, app.other) if name not in used and world.get(name)["spec"]["replicas"]]
    idle = [name for name in idle if marks(world.get(name)) or not watcher.is_by_person("deployments", name)]
    return [f"at the end {name} still has pods, although nobody is sent to it" for name in idle]


def _left_on(world: ScheduledCluster, stable: str, canary: str, *, tampered: bool) -> list[str]:
    found = []
    items = [world.store.get(DEPLOYMENT, NAMESPACE, stable), world.store.find(DEPLOYMENT, NAMESPACE, canary)]
    for item in (one for one in items if one is not None):
        name = item["metadata"]["name"]
        if (left := our_marks(item)) and not tampered:
            found.append(f"at the end Deployment {name} still carries {', '.join(left)}")
    if not world.is_ready(stable):
        found.append(f"at the end {stable} is not rolled out on one version")
    routed = [weights(world.store.get(VIRTUAL_SERVICE, NAMESPACE, name)) for name in world.services]
    has_users = any(weight for one in routed for (_, host), weight in one.items() if host == canary)
    if items[1] is not None and items[1]["spec"]["replicas"] and not has_users and not tampered:
        found.append(f"at the end {canary} still has pods, although nobody is sent to it")
    return found
