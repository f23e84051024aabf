"""VirtualServices as Envoy's routes, translated as istiod does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.lab.embedded.mesh.matches import Role, check, translated
from tests.lab.embedded.mesh.services import cluster_name, full_host
from tests.support.kubernetes_api.kinds import SERVICE, VIRTUAL_SERVICE, Json
from tests.support.kubernetes_api.store import Store

# Istio's defaults since 1.24 (pilot/pkg/networking/core/route/retry).
_RETRIES: Json = {
    "num_retries": 2,
    "retry_on": "connect-failure,refused-stream,unavailable,cancelled,reset-before-request",
    "retry_host_predicate": [
        {
            "name": "envoy.retry_host_predicates.previous_hosts",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
            },
        }
    ],
    "host_selection_retry_max_attempts": 5,
}


@dataclass(frozen=True)
class Ports:
    """The ports of all Services, and the one that users call."""

    of_services: dict[str, list[int]]
    called: int

    def default(self, host: str) -> int:
        """Return the port of a destination without a port: the Service's only one, or else the one that was called."""
        known = self.of_services.get(host, [])
        return known[0] if len(known) == 1 else self.called


def route_configuration(store: Store) -> Json:
    """Return the gateway's routes: one virtual host per host of a VirtualService, then one per plain service.

    Raises:
        UnknownFieldError: a VirtualService asks for what the lab cannot do.
    """
    ports = {
        full_host(service["metadata"]["name"], service["metadata"]["namespace"]): [port["port"] for port in given]
        for service in store.list(SERVICE)
        if (given := service["spec"].get("ports"))
    }
    taken: set[str] = set()
    hosts: list[Json] = []
    delegates = {
        (item["metadata"]["namespace"], item["metadata"]["name"]): item
        for item in store.list(VIRTUAL_SERVICE)
        if not item["spec"].get("hosts")
    }
    for item in store.list(VIRTUAL_SERVICE):
        namespace = item["metadata"]["namespace"]
        routes = _routes_of(item, ports, delegates)
        for host in item["spec"].get("hosts") or []:
            hosts += _virtual_host(f"{namespace}/{item['metadata']['name']}/{host}", host, namespace, routes, taken)
    for host, numbers in ports.items():
        plain = [{"match": {"prefix": "/"}, "route": _to(cluster_name(host, numbers[0]))}]
        hosts += _virtual_host(host, host, host.split(".")[1], plain, taken)
    return {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": "gateway",
        "ignore_port_in_host_matching": True,
        "virtual_hosts": hosts,
    }


def _virtual_host(name: str, host: str, namespace: str, routes: list[Json], taken: set[str]) -> list[Json]:
    """Return the virtual host unless all its domains are taken: Envoy refuses a configuration with duplicates."""
    full = full_host(host, namespace)
    domains = {host, full}
    if full.endswith(".svc.cluster.local"):
        short = full.split(".")[0]
        domains |= {short, f"{short}.{namespace}", f"{short}.{namespace}.svc"}
    free = sorted(domains - taken)
    taken |= domains
    return [{"name": name, "domains": free, "routes": routes}] if free else []


def _routes_of(item: Json, ports: dict[str, list[int]], delegates: dict[tuple[str, str], Json]) -> list[Json]:
    """Return the routes of a VirtualService that concern the lab's Envoy; without any its users get 404."""
    namespace, name = item["metadata"]["namespace"], item["metadata"]["name"]
    role = Role.of(item, ports.get(full_host((item["spec"].get("hosts") or [""])[0], namespace), []))
    found: list[Json] = []
    for number, (owner, rule) in enumerate(_rules(item, delegates)):
        matches = rule.get("match") or [{}]
        for match in matches:
            check(match, f"VirtualService {namespace}/{name}, http[{number}]")
        ours = [match for match in matches if role.concerns(match, namespace)]
        found += _routes(rule, ours, owner, Ports(ports, role.port))
    return found


def _rules(item: Json, delegates: dict[tuple[str, str], Json]) -> Iterator[tuple[str, Json]]:
    """Yield each rule with the namespace of its hosts; a delegate's match refines the one that led to it."""
    namespace = item["metadata"]["namespace"]
    for rule in item["spec"].get("http") or []:
        if "delegate" not in rule:
            yield namespace, rule
            continue
        owner = rule["delegate"].get("namespace") or namespace
        delegate = delegates.get((owner, rule["delegate"]["name"]))
        for inner in (delegate or {"spec": {}})["spec"].get("http") or []:
            pairs = [(outer, one) for outer in rule.get("match") or [{}] for one in inner.get("match") or [{}]]
            yield owner, {**inner, "match": [{**outer, **one} for outer, one in pairs]}


def _routes(rule: Json, matches: list[Json], namespace: str, ports: Ports) -> list[Json]:
    shared: Json = {"name": rule["name"]} if rule.get("name") else {}
    if "directResponse" in rule:
        answer = rule["directResponse"]
        text = (answer.get("body") or {}).get("string", "")
        shared["direct_response"] = {"status": answer["status"], "body": {"inline_string": text or " "}}
    elif "redirect" in rule:
        shared["redirect"] = {"path_redirect": rule["redirect"].get("uri", "/")}
    else:
        shared |= _action(rule, namespace, ports)
    return [{**shared, "match": translated(match)} for match in matches]


def _action(rule: Json, namespace: str, ports: Ports) -> Json:
    destinations = [
        {"name": _cluster(one["destination"], namespace, ports), "weight": one.get("weight", 0)}
        for one in rule.get("route") or []
    ]
    if len(destinations) == 1:
        return {"route": _to(destinations[0]["name"], rule)}
    weighted = [one for one in destinations if one["weight"] > 0]
    if not weighted:
        # The webhook of a real mesh refuses this; here a destination of weight 0 must receive nothing.
        return {"direct_response": {"status": 503}}
    action = _to("", rule)
    del action["cluster"]
    return {"route": {**action, "weighted_clusters": {"clusters": weighted}}}


def _cluster(destination: Json, namespace: str, ports: Ports) -> str:
    host = full_host(destination["host"], namespace)
    port = (destination.get("port") or {}).get("number") or ports.default(host)
    return cluster_name(host, port, destination.get("subset", ""))


def _to(cluster: str, rule: Json | None = None) -> Json:
    asked = (rule or {}).get("retries")
    retries = dict(_RETRIES)
    if asked is not None:
        retries["num_retries"] = asked.get("attempts", 0)
        retries |= {"retry_on": asked["retryOn"]} if "retryOn" in asked else {}
        retries |= {"per_try_timeout": asked["perTryTimeout"]} if "perTryTimeout" in asked else {}
    action: Json = {"cluster": cluster, "timeout": (rule or {}).get("timeout", "0s")}
    return action | ({"retry_policy": retries} if retries["num_retries"] else {})
