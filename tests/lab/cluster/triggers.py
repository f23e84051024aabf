"""Tekton Triggers: its interceptors and event listeners outside the cluster, and a registry that reports pushes.

There is no controller of Triggers: it would only turn EventListeners into Deployments of the program started here.
"""

import json
import socket
from pathlib import Path

from tests.lab import docker_registry
from tests.lab.cluster import build, kubeconfigs
from tests.lab.cluster.addresses import INTERCEPTORS_PORT, KUBECONFIG, LISTENER_PORT, REGISTRY, STATE, program
from tests.lab.cluster.api import Api, Json, documents
from tests.lab.cluster.build import binary, definitions
from tests.lab.cluster.daemons import Daemon, answers, start, stop, wait_for
from tests.lab.cluster.lock import one_at_a_time
from tests.lab.cluster.tekton import NAMESPACE

_SERVICE = "tekton-triggers-core-interceptors"
_SECRET = f"{_SERVICE}-certs"
_ALPHA = "triggers.tekton.dev/v1alpha1"
_INTERCEPTORS = ("cel", "github")


@one_at_a_time()
def up(api: Api) -> None:
    """Build what is missing, then start the interceptors, which serve all namespaces."""
    build.build(("triggers",))
    api.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}])
    api.apply(documents(*definitions("triggers")))
    wait_for(lambda: _knows(api), what="the kinds of Triggers")
    known = {item["metadata"]["name"] for item in api.items("v1", "Secret", NAMESPACE)}
    if _SECRET not in known:
        api.apply([{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": _SECRET}}], NAMESPACE)
        api.apply(map(_interceptor, _INTERCEPTORS))
    start(_interceptors())
    wait_for(lambda: _are_trusted(api), what="certificates of the interceptors")


def listen(api: Api, name: str, namespace: str, number: int, account: str = "canary-push") -> str:
    """Start the program of an EventListener with the rights of its account, and return its URL.

    Args:
        api: the API server.
        name: of the EventListener.
        namespace: of the EventListener.
        number: of its port, from 0; the registry reports pushes to 0.
        account: ServiceAccount it runs as.
    """
    port = LISTENER_PORT + number
    config = _kubeconfig(api, account, namespace, STATE / f"listener-{number}.kubeconfig")
    hosts = STATE / "listener-hosts"
    hosts.write_text(f"127.0.0.1 localhost\n127.0.0.1 {_SERVICE}.{NAMESPACE}.svc\n")
    flags = (f"-el-name={name}", f"-el-namespace={namespace}", f"-port={port}", f"-kubeconfig={config}")
    # It finds the interceptors by a name of the cluster, which is only in its own view of /etc/hosts.
    seeing = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', str(hosts))
    command = (program(seeing[0]), *seeing[1:], str(binary("triggers-sink")), *flags)
    environment = {
        "NAMESPACE": namespace,
        "NAME": name,
        "SYSTEM_NAMESPACE": NAMESPACE,
        "EL_EVENT": "disable",
        "KUBECONFIG": str(config),
        "METRICS_PROMETHEUS_PORT": str(port + 50),
        "K_LOGGING_CONFIG": json.dumps({"zap-logger-config": json.dumps(_LOGGED)}),
    }
    url = f"http://127.0.0.1:{port}"
    end(number)  # one of a test that was killed
    start(Daemon(_listener(number), command, answers(f"{url}/live"), environment))
    return url


def end(number: int) -> None:
    """End the program of an EventListener."""
    stop(_listener(number))


def registry_up(token: str) -> str:
    """Start a registry that reports pushes to the first listener; return its host."""
    folder = STATE / "registry"
    config = folder / "config.yml"
    before = config.read_text() if config.exists() else ""
    notify = (f"http://127.0.0.1:{LISTENER_PORT}", token)
    docker_registry.configuration(folder, REGISTRY, notify=notify)
    if config.read_text() != before:
        stop("registry")
    words = docker_registry.command(docker_registry.get(), config)
    start(Daemon("registry", words, answers(f"http://{REGISTRY}/v2/")))
    return REGISTRY


_LOGGED = {
    "level": "info",
    "encoding": "json",
    "outputPaths": ["stdout"],
    "errorOutputPaths": ["stderr"],
    "encoderConfig": {"timeKey": "ts", "levelKey": "level", "messageKey": "msg"},
}


def _listener(number: int) -> str:
    return f"triggers-listener-{number}"


def _interceptor(name: str) -> Json:
    service = {"name": _SERVICE, "namespace": NAMESPACE, "path": name, "port": INTERCEPTORS_PORT}
    metadata = {"name": name, "labels": {"server/type": "https"}}
    return {
        "apiVersion": _ALPHA,
        "kind": "ClusterInterceptor",
        "metadata": metadata,
        "spec": {"clientConfig": {"service": service}},
    }


def _interceptors() -> Daemon:
    environment = {
        "SYSTEM_NAMESPACE": NAMESPACE,
        "KUBERNETES_MIN_VERSION": "v1.28.0",
        "CONFIG_LOGGING_NAME": "config-logging",
        "CONFIG_OBSERVABILITY_NAME": "config-observability",
        "METRICS_DOMAIN": "tekton.dev/triggers",
        "INTERCEPTOR_TLS_SVC_NAME": _SERVICE,
        "INTERCEPTOR_TLS_SECRET_NAME": _SECRET,
    }
    command = (str(binary("triggers-interceptors")), f"-kubeconfig={KUBECONFIG}")
    # Its certificate has a name that is not known here, so we can only check that it answers.
    return Daemon("triggers-interceptors", command, _listens, environment)


def _listens() -> bool:
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", INTERCEPTORS_PORT)) == 0


def _knows(api: Api) -> bool:
    kinds = [item["metadata"]["name"] for item in api.items("apiextensions.k8s.io/v1", "CustomResourceDefinition")]
    return "clusterinterceptors.triggers.tekton.dev" in kinds and bool(api.path(_ALPHA, "ClusterInterceptor"))


def _are_trusted(api: Api) -> bool:
    found = [api.get(_ALPHA, "ClusterInterceptor", name)["spec"]["clientConfig"] for name in _INTERCEPTORS]
    return all(one.get("caBundle") for one in found)


def _kubeconfig(api: Api, account: str, namespace: str, path: Path) -> Path:
    """Write a kubeconfig with the token of a ServiceAccount."""
    place = api.path("v1", "ServiceAccount", namespace)
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}}
    token = api.call("POST", f"{place}/{account}/token", request)["status"]["token"]
    return kubeconfigs.write_token(path, account, token, namespace)
