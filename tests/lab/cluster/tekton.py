"""Tekton Pipelines: its controller and its validating webhook outside the cluster, its entrypoint as an image.

The webhook is the real check of our YAML: the resource definitions alone let most mistakes pass.
"""

from tests.lab.cluster import build, images
from tests.lab.cluster.addresses import KUBECONFIG, NODE
from tests.lab.cluster.api import Api, Json, documents
from tests.lab.cluster.build import binary, definitions
from tests.lab.cluster.daemons import Daemon, answers, is_running, start, wait_for
from tests.lab.cluster.lock import one_at_a_time

NAMESPACE = "tekton-pipelines"
_SERVICE = "tekton-pipelines-webhook"
_WEBHOOK_PORT = 9443
_ADMISSION = "admissionregistration.k8s.io/v1"
_WEBHOOK = {"probes": 18081, "profiling": 18082, "metrics": 18083}
_CONTROLLER = {"probes": 18091, "profiling": 18092, "metrics": 18093}
"""All are used at all addresses; of the fixed port 8080 see reserved_port.py."""
_RESOLVERS = {"probes": 18071, "profiling": 18072, "metrics": 18073}
_RESOLVERS_NAMESPACE = "tekton-pipelines-resolvers"


@one_at_a_time()
def up(api: Api) -> None:
    """Build what is missing, then start webhook and controller, which watch all namespaces."""
    build.build(("tekton",))
    images.give_to_node(images.entrypoint())
    if not is_running("tekton-controller"):
        api.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}])
        api.apply(documents(*definitions("tekton")), NAMESPACE)
        api.apply(_service(), NAMESPACE)
    start(_webhook())
    wait_for(lambda: _is_trusted(api), what="the API server to trust Tekton's webhook")
    start(_controller())


@one_at_a_time()
def resolvers_up(api: Api) -> None:
    """Build what is missing, then start the resolvers of remote Tasks; the one for bundles needs only a registry."""
    build.build(("tekton-resolvers",))
    api.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _RESOLVERS_NAMESPACE}}])
    api.apply(documents(*definitions("tekton-resolvers")), _RESOLVERS_NAMESPACE)
    environment = {
        **_environment(_RESOLVERS),
        "SYSTEM_NAMESPACE": _RESOLVERS_NAMESPACE,
        "CONFIG_LEADERELECTION_NAME": "config-leader-election-resolvers",
        "METRICS_DOMAIN": "tekton.dev/resolution",
    }
    command = (str(binary("tekton-resolvers")), f"-kubeconfig={KUBECONFIG}")
    # Its probes have the fixed port 8080, which is reserved; it works without them.
    ready = answers(f"http://127.0.0.1:{_RESOLVERS['metrics']}/metrics")
    start(Daemon("tekton-resolvers", command, ready, environment))


def _service() -> list[Json]:
    """Return the name by which the API server calls the webhook, which runs outside the cluster."""
    ports = [{"name": "https", "port": 443, "targetPort": _WEBHOOK_PORT}]
    place = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": _SERVICE, "labels": {"kubernetes.io/service-name": _SERVICE}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [NODE]}],
        "ports": [{"name": "https", "port": _WEBHOOK_PORT}],
    }
    return [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": _SERVICE}, "spec": {"ports": ports}}, place]


def _is_trusted(api: Api) -> bool:
    """Return whether the webhook has registered its rules and its certificate authority with the API server."""
    found = api.get(_ADMISSION, "ValidatingWebhookConfiguration", "validation.webhook.pipeline.tekton.dev")
    return all(one.get("rules") and one["clientConfig"].get("caBundle") for one in found["webhooks"])


def _webhook() -> Daemon:
    environment = {
        "CONFIG_LEADERELECTION_NAME": "config-leader-election-webhook",
        "WEBHOOK_PORT": str(_WEBHOOK_PORT),
        "WEBHOOK_ADMISSION_CONTROLLER_NAME": "webhook.pipeline.tekton.dev",
        "WEBHOOK_SERVICE_NAME": _SERVICE,
        "WEBHOOK_SECRET_NAME": "webhook-certs",
        **_environment(_WEBHOOK),
    }
    command = (str(binary("tekton-webhook")), f"-kubeconfig={KUBECONFIG}", "-disable-ha")
    return Daemon("tekton-webhook", command, answers(f"http://127.0.0.1:{_WEBHOOK['probes']}/health"), environment)


def _controller() -> Daemon:
    environment = {"CONFIG_LEADERELECTION_NAME": "config-leader-election-controller", **_environment(_CONTROLLER)}
    # All must be set, but tasks without scripts, sidecars and workspaces use only the entrypoint.
    named = ("entrypoint", "nop", "sidecarlogresults", "workingdirinit", "shell")
    flags = (*(f"-{name}-image={images.ENTRYPOINT}" for name in named), f"-shell-image-win={images.ENTRYPOINT}")
    command = (str(binary("tekton-controller")), f"-kubeconfig={KUBECONFIG}", "-disable-ha", *flags)
    ready = answers(f"http://127.0.0.1:{_CONTROLLER['probes']}/readiness")
    return Daemon("tekton-controller", command, ready, environment)


def _environment(ports: dict[str, int]) -> dict[str, str]:
    return {
        "SYSTEM_NAMESPACE": NAMESPACE,
        "KUBERNETES_MIN_VERSION": "v1.28.0",
        "CONFIG_LOGGING_NAME": "config-logging",
        "CONFIG_OBSERVABILITY_NAME": "config-observability",
        "CONFIG_FEATURE_FLAGS_NAME": "feature-flags",
        "METRICS_DOMAIN": "tekton.dev/pipeline",
        "PROBES_PORT": str(ports["probes"]),
        "PROFILING_PORT": str(ports["profiling"]),
        "METRICS_PROMETHEUS_PORT": str(ports["metrics"]),
    }
