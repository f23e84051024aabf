"""istiod and the gateway's Envoy; it is upstream's Envoy, which gets Istio's metrics by an EnvoyFilter."""

import json

from tests.lab.cluster.addresses import GATEWAY, GATEWAY_ADMIN_PORT, GATEWAY_PORT, KUBECONFIG, STATE, program
from tests.lab.cluster.api import Api, Json, documents
from tests.lab.cluster.build import binary, definitions
from tests.lab.cluster.daemons import Daemon, answers, is_running, start
from tests.lab.embedded.mesh.metrics import access_log

_DISCOVERY, _HTTP = "127.0.0.1:15010", "127.0.0.1:15081"
_ISTIO = "networking.istio.io/v1"
_SELECTED = {"istio": "ingressgateway"}
_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"

UPSTREAM_LABELS = {
    "ep_workload": "%UPSTREAM_METADATA(istio:workload)%",
    "cl_services": "%CLUSTER_METADATA(istio:services)%",
}
"""What istiod tells Envoy about the endpoint and its service; Prometheus splits it into labels."""


def up(api: Api) -> None:
    """Install Istio's resources, start istiod and the gateway."""
    if not is_running("istiod"):
        api.apply(documents(*definitions("istio")))
    api.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "istio-system"}}])
    start(_istiod())
    api.apply([_gateway(), _metrics()], "istio-system")
    start(_envoy())


def _istiod() -> Daemon:
    config = STATE / "mesh.yaml"
    config.write_text(json.dumps({"enableAutoMtls": False, "accessLogFile": ""}))
    command = (
        str(binary("pilot-discovery")),
        "discovery",
        f"--kubeconfig={KUBECONFIG}",
        f"--meshConfig={config}",
        f"--grpcAddr={_DISCOVERY}",
        f"--httpAddr={_HTTP}",
        "--monitoringAddr=127.0.0.1:15014",
        "--secureGRPCAddr=",
        "--httpsAddr=",
        "--ctrlz_port=0",
    )
    environment = {
        "POD_NAMESPACE": "istio-system",
        "POD_NAME": "istiod-0",
        "CLUSTER_ID": "Kubernetes",
        "VALIDATION_WEBHOOK_CONFIG_NAME": "",
        "PILOT_DEBOUNCE_AFTER": "20ms",
        **dict.fromkeys(
            (
                "ENABLE_CA_SERVER",
                "INJECT_ENABLED",
                "PILOT_ENABLE_GATEWAY_API",
                "PILOT_ENABLE_IP_AUTOALLOCATE",
                "PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION",
                "PILOT_ENABLE_ALPN_FILTER",
                "PILOT_ENABLE_METADATA_EXCHANGE",
            ),
            "false",
        ),
    }
    return Daemon("istiod", command, answers(f"http://{_HTTP}/ready"), environment)


def _gateway() -> Json:
    port = {"number": GATEWAY_PORT, "name": "http", "protocol": "HTTP"}
    servers = [{"port": port, "hosts": ["*"], "bind": GATEWAY}]
    spec = {"selector": _SELECTED, "servers": servers}
    return {"apiVersion": _ISTIO, "kind": "Gateway", "metadata": {"name": "public"}, "spec": spec}


def _metrics() -> Json:
    manager = {"@type": f"type.googleapis.com/{_MANAGER}", "access_log": access_log("source", UPSTREAM_LABELS)}
    name = "envoy.filters.network.http_connection_manager"
    patch = {
        "applyTo": "NETWORK_FILTER",
        "match": {"context": "GATEWAY", "listener": {"filterChain": {"filter": {"name": name}}}},
        "patch": {"operation": "MERGE", "value": {"name": name, "typed_config": manager}},
    }
    spec = {"workloadSelector": {"labels": _SELECTED}, "configPatches": [patch]}
    version = "networking.istio.io/v1alpha3"
    return {"apiVersion": version, "kind": "EnvoyFilter", "metadata": {"name": "standard-metrics"}, "spec": spec}


def _envoy() -> Daemon:
    config = STATE / "gateway.json"
    config.write_text(json.dumps(_bootstrap(), indent=1))
    command = (program("envoy"), "-c", str(config), "--concurrency", "1", "--disable-hot-restart")
    ready = answers(f"http://{GATEWAY}:{GATEWAY_ADMIN_PORT}/ready")
    return Daemon("gateway", (*command, "--log-level", "warning", "--drain-time-s", "1"), ready)


def _bootstrap() -> Json:
    host, port = _DISCOVERY.split(":")
    place = {"endpoint": {"address": _address(host, int(port))}}
    protocol = {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    discovery = {
        "name": "xds",
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": protocol},
        "load_assignment": {"cluster_name": "xds", "endpoints": [{"lb_endpoints": [place]}]},
    }
    metadata = {
        "NAMESPACE": "istio-system",
        "LABELS": _SELECTED,
        "ISTIO_VERSION": "1.30.0",
        "CLUSTER_ID": "Kubernetes",
        "INSTANCE_IPS": GATEWAY,
    }
    aggregated = {"ads": {}, "resource_api_version": "V3"}
    stream = {
        "api_type": "GRPC",
        "transport_api_version": "V3",
        "grpc_services": [{"envoy_grpc": {"cluster_name": "xds"}}],
    }
    return {
        "node": {
            "id": f"router~{GATEWAY}~gateway-0.istio-system~istio-system.svc.cluster.local",
            "cluster": "istio-ingressgateway",
            "metadata": metadata,
        },
        "admin": {"address": _address(GATEWAY, GATEWAY_ADMIN_PORT)},
        # Histograms are published only at a flush.
        "stats_flush_interval": "1s",
        "stats_config": {"use_all_default_tags": False},
        "dynamic_resources": {"lds_config": aggregated, "cds_config": aggregated, "ads_config": stream},
        "static_resources": {"clusters": [discovery]},
    }


def _address(host: str, port: int) -> Json:
    return {"socket_address": {"address": host, "port_value": port}}
