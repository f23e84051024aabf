"""What must hold when a way back has ended well: users on a ready arm, one version, nothing left of any run.

Two objects cannot be written in one transaction, so one thing may stay. An undo puts its token on the Deployments
before it claims the VirtualService. Where its process dies in between, cannot reach the API server any more, or may not
write such a Deployment any more, no claim leads to these tokens. They stop nobody: the next prepare or undo replaces
them.
"""

from __future__ import annotations

from collections.abc import Iterator

from steps.cluster.connection import USER_AGENT
from tests.faults.lab import Attempt, Lab
from tests.faults.views import canary_side, is_ready, marks_of, places_with_weight, selector_of, serves
from tests.faults.watch import Violation
from tests.support.kubernetes_api.kinds import DEPLOYMENT, POD, Json
from tests.support.shop_release import NAMESPACE


def check_ended(lab: Lab, end: Attempt, holder: str = "", *, led_elsewhere: bool = False) -> Iterator[Violation]:
    """Return what does not hold after a way back.

    Args:
        lab: in which the cluster came to rest.
        end: how the way back ended.
        holder: the run that holds the claim now, "" for none.
        led_elsewhere: another route led to the canary while a run began, which then keeps it up.
    """
    if end.exit_code != 0:
        yield Violation("exit code", f"the way back ended with {end.exit_code}: {end.error[:400]}")
        return
    yield from _check_marks(lab, holder)
    if lab.rests_at and not lab.world.outcome() and _is_as_left(lab):
        yield from _check_served(lab)  # no run ever claimed anything: all is as people left it
        return
    if lab.is_left_to_person and not holder:
        yield from _check_left(lab)
    else:
        yield from _check_users(lab)
    yield from _check_version(lab)
    if not holder:
        yield from _check_idle_arms(lab, lab.watch.kept if led_elsewhere else set())


def _is_as_left(lab: Lab) -> bool:
    """Return whether users are where people sent them before the release, or during it."""
    rests = {canary_side(one, lab.hosts[1]) for one in lab.virtual_services()} == {lab.rests_at}
    return rests or lab.routes() == lab.left


def serving(lab: Lab) -> str:
    """Return the arm that all users are on, "" if they are on both."""
    weights = {canary_side(one, lab.hosts[1]) for one in lab.virtual_services()}
    return {frozenset({0}): lab.stable, frozenset({100}): lab.canary}.get(frozenset(weights), "")


def _check_users(lab: Lab) -> Iterator[Violation]:
    found = serving(lab)
    if not found or (found == lab.canary and lab.world.given.get("topology") != "swap"):
        yield Violation("users on a ready arm", f"the weights stayed at {sorted(lab.world.weights())}")
        return
    if lab.has_lost_last_arm and lab.world.store.find(DEPLOYMENT, NAMESPACE, found) is None:
        return  # a person deleted the only Deployment that served
    place = lab.hosts[0 if found == lab.stable else 1]
    chosen = selector_of(lab.world.store, place)
    pods = [pod for pod in lab.world.store.list(POD, NAMESPACE) if serves(pod, chosen)]
    if not pods or not all(map(is_ready, pods)):
        yield Violation("users on a ready arm", f"users are on {found}, of whose {len(pods)} pods not all are ready")
    images = {pod["spec"]["containers"][0]["image"] for pod in pods}
    if len(images) > 1:
        yield Violation("one version", f"pods of {found} run {sorted(images)}")
    serves_now: Json | None = lab.world.store.find(DEPLOYMENT, NAMESPACE, found)
    wanted = serves_now["spec"]["replicas"] if serves_now else 0
    if wanted < lab.replicas:
        yield Violation("users on a ready arm", f"{found} serves with {wanted} pods, {lab.replicas} before")


def _check_left(lab: Lab) -> Iterator[Violation]:
    """A person's weights stay as they are; while a claim stood, that person's users are served, too.

    After a run, weight on an arm that stands down is that person's doing: nothing of ours runs that could start it.
    """
    if lab.routes() != lab.left:
        yield Violation("nobody else touched", f"a person left the routes {lab.left}, now they are {lab.routes()}")
    if not lab.over_at_edit:
        yield from _check_served(lab)


def _check_served(lab: Lab) -> Iterator[Violation]:
    for host in (host for host in lab.hosts if any(host in places_with_weight(one) for one in lab.virtual_services())):
        chosen = selector_of(lab.world.store, host)
        exists = lab.world.store.find(DEPLOYMENT, NAMESPACE, host.host) is not None
        pods = lab.world.store.list(POD, NAMESPACE)
        if exists and not any(serves(pod, chosen) and is_ready(pod) for pod in pods):
            yield Violation("users on a ready arm", f"{host.host} has weight and no ready pod")


def _check_version(lab: Lab) -> Iterator[Violation]:
    arms: list[Json | None] = [lab.world.store.find(DEPLOYMENT, NAMESPACE, name) for name in (lab.stable, lab.canary)]
    if arms == [None, None]:
        return  # a person deleted the Deployment before its copy was made
    if arms[0] is None:
        yield Violation("one version", f"Deployment {lab.stable} does not exist")
        return
    template = arms[0]["spec"]["template"]
    image = template["spec"]["containers"][0]["image"]
    if image not in lab.images:
        yield Violation("one version", f"stable has the image {image}")
    known = lab.templates.get(image)
    if known is not None and known != template:
        yield Violation("one version", f"stable has {image} with another template: {str(template)[:300]}")


def _check_marks(lab: Lab, holder: str) -> Iterator[Violation]:
    objects = [*lab.virtual_services(), *lab.world.store.list(DEPLOYMENT, NAMESPACE)]
    for one in objects:
        where = f"{one['kind']} {one['metadata']['name']}"
        marks, values = marks_of(one), (one["metadata"].get("annotations") or {})
        tokens = [values[key] for key in marks if ".io/claim." in key]
        if one["kind"] == "Deployment" and lab.undo_died and not holder and not lab.token():
            tokens = [token for token in tokens if not token.startswith("undo-")]
            marks = marks if tokens else []
        if not holder and marks:
            yield Violation("nothing left over", f"{where} still has {', '.join(sorted(marks))} {tokens}")
        if holder and any(token.split(":")[0] != holder for token in tokens):
            yield Violation("nothing left over", f"{where} has the token {tokens}, not of {holder}")
        if not holder and one["kind"] == "VirtualService" and _manages_routes(one):
            yield Violation("nothing left over", f"{where} names {USER_AGENT} as the manager of its routes")


def _manages_routes(item: Json) -> bool:
    """Return whether the next apply of a GitOps tool that changes a route would conflict with us."""
    entries = item["metadata"].get("managedFields") or []
    return any(one.get("manager") == USER_AGENT and "f:spec" in one.get("fieldsV1", {}) for one in entries)


def _check_idle_arms(lab: Lab, kept: set[str]) -> Iterator[Violation]:
    """What has no users has no pods; both arms stay up for a person who has taken over, who may need them."""
    found = serving(lab)
    idle = () if lab.is_left_to_person else (lab.canary if found == lab.stable else lab.stable,)
    for name in (*idle, f"{lab.stable}-baseline", f"{lab.canary}-baseline"):
        item: Json | None = lab.world.store.find(DEPLOYMENT, NAMESPACE, name)
        is_theirs = name in kept or (name in lab.started_by_people and name not in lab.watch.claimed)
        if item is not None and item["spec"]["replicas"] and not is_theirs:
            yield Violation("nothing left over", f"{name} still has {item['spec']['replicas']} pods without users")
