"""Envoy's bootstrap, listeners, clusters and endpoints as plain data."""

from __future__ import annotations

from pathlib import Path

from tests.lab.embedded.mesh import metrics
from tests.lab.embedded.mesh.policies import connect_timeout, outlier_detection, thresholds
from tests.lab.embedded.mesh.services import Cluster
from tests.support.kubernetes_api.kinds import Json

_TYPE = "type.googleapis.com/envoy"


def watched(path: Path) -> Json:
    """Return a config source that is read again when a file is moved into its folder."""
    return {
        "path_config_source": {"path": str(path), "watched_directory": {"path": str(path.parent)}},
        "resource_api_version": "V3",
    }


def bootstrap(name: str, admin: tuple[str, int], listeners: Path, clusters: Path) -> Json:
    """Return the bootstrap of one Envoy."""
    return {
        "node": {"id": name, "cluster": "lab"},
        "admin": {"address": _address(*admin)},
        "stats_flush_interval": "1s",
        "stats_config": {"use_all_default_tags": False},
        "dynamic_resources": {"lds_config": watched(listeners), "cds_config": watched(clusters)},
    }


def gateway_listener(address: tuple[str, int], routes: Path) -> Json:
    """Return the listener that users talk to."""
    by_file = {"rds": {"config_source": watched(routes), "route_config_name": "gateway"}}
    return _listener("gateway", address, by_file, metrics.access_log("source", metrics.source_labels()))


def sidecar_listener(pod: str, address: tuple[str, int], labels: dict[str, str]) -> Json:
    """Return the inbound listener of one pod."""
    everything = {"match": {"prefix": "/"}, "route": {"cluster": f"inbound|{pod}", "timeout": "0s"}}
    routes = {"name": "inbound", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [everything]}]}
    return _listener(f"sidecar-{pod}", address, {"route_config": routes}, metrics.access_log("destination", labels))


def _listener(name: str, address: tuple[str, int], routes: Json, access_log: list[Json]) -> Json:
    manager = {
        "@type": f"{_TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "access_log": access_log,
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_TYPE}.extensions.filters.http.router.v3.Router"},
            }
        ],
        **routes,
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {
        "@type": f"{_TYPE}.config.listener.v3.Listener",
        "name": name,
        "address": _address(*address),
        "filter_chains": [chain],
    }


def outbound_cluster(cluster: Cluster, endpoints: Path) -> Json:
    """Return a cluster whose endpoints come from a file; as in Istio there are no limits unless a rule sets some."""
    service_name, namespace = cluster.host.split(".")[:2]
    known = {"service": cluster.host, "service_name": service_name, "service_namespace": namespace}
    return {
        "@type": f"{_TYPE}.config.cluster.v3.Cluster",
        "name": cluster.name,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": watched(endpoints)},
        "connect_timeout": connect_timeout(cluster.policy),
        "lb_policy": "LEAST_REQUEST",
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "circuit_breakers": {"thresholds": [thresholds(cluster.policy)]},
        "metadata": {"filter_metadata": {"istio": known}},
        **outlier_detection(cluster.policy),
    }


def inbound_cluster(pod: str, address: tuple[str, int]) -> Json:
    """Return the way from a sidecar to its app."""
    place = {"lb_endpoints": [{"endpoint": {"address": _address(*address)}}]}
    return {
        "@type": f"{_TYPE}.config.cluster.v3.Cluster",
        "name": f"inbound|{pod}",
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": f"inbound|{pod}", "endpoints": [place]},
    }


def assignment(cluster: Cluster) -> Json:
    """Return the endpoints of a cluster with the identity that the metrics report."""
    return {
        "@type": f"{_TYPE}.config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": cluster.name,
        "endpoints": [
            {
                "lb_endpoints": [
                    {
                        "endpoint": {"address": _address(one.ip, one.port)},
                        "metadata": {"filter_metadata": {"istio": one.identity}},
                    }
                    for one in cluster.endpoints
                ]
            }
        ],
    }


def _address(host: str, port: int) -> Json:
    return {"socket_address": {"address": host, "port_value": port}}
