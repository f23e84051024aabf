"""etcd, the API server, the controllers and the scheduler."""

from collections.abc import Callable

from tests.lab.cluster.addresses import API_PORT, KUBECONFIG, NODE, SERVICE_RANGE, STATE
from tests.lab.cluster.api import Api
from tests.lab.cluster.build import binary
from tests.lab.cluster.certificates import CA, certificate, key
from tests.lab.cluster.daemons import Daemon, answers, start, wait_for
from tests.lab.cluster.kubeconfigs import write

_ETCD, _ETCD_PEERS = "http://127.0.0.1:22379", "http://127.0.0.1:22380"
_API_HEALTH = f"https://{NODE}:{API_PORT}/readyz"
_MANAGER_PORT, _SCHEDULER_PORT = 10257, 10259


def up() -> Api:
    """Start all of it and return the client."""
    write(KUBECONFIG, "admin")
    start(_etcd())
    start(_api_server())
    start(_controller_manager(), _scheduler())
    api = Api(KUBECONFIG)
    wait_for(lambda: bool(api.items("v1", "ServiceAccount", "default")), what="the first service account")
    return api


def _etcd() -> Daemon:
    data = STATE / "etcd"
    command = (
        str(binary("etcd")),
        f"--data-dir={data}",
        f"--listen-client-urls={_ETCD}",
        f"--advertise-client-urls={_ETCD}",
        f"--listen-peer-urls={_ETCD_PEERS}",
        f"--initial-advertise-peer-urls={_ETCD_PEERS}",
        f"--initial-cluster=default={_ETCD_PEERS}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    )
    return Daemon("etcd", command, answers(f"{_ETCD}/health"))


def _api_server() -> Daemon:
    accounts = key("service-accounts")
    command = (
        str(binary("kube-apiserver")),
        f"--etcd-servers={_ETCD}",
        f"--bind-address={NODE}",
        f"--advertise-address={NODE}",
        f"--secure-port={API_PORT}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        f"--tls-cert-file={certificate('api-server')}",
        f"--tls-private-key-file={key('api-server')}",
        f"--client-ca-file={CA}",
        f"--kubelet-client-certificate={certificate('admin')}",
        f"--kubelet-client-key={key('admin')}",
        f"--service-account-key-file={accounts}",
        f"--service-account-signing-key-file={accounts}",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--kubelet-preferred-address-types=InternalIP",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged",
    )
    return Daemon("kube-apiserver", command, answers(_API_HEALTH, CA))


def _controller_manager() -> Daemon:
    command = (
        str(binary("kube-controller-manager")),
        f"--kubeconfig={KUBECONFIG}",
        f"--service-account-private-key-file={key('service-accounts')}",
        f"--root-ca-file={CA}",
        *_alone(_MANAGER_PORT),
    )
    return Daemon("kube-controller-manager", command, _healthy(_MANAGER_PORT))


def _scheduler() -> Daemon:
    command = (str(binary("kube-scheduler")), f"--kubeconfig={KUBECONFIG}", *_alone(_SCHEDULER_PORT))
    return Daemon("kube-scheduler", command, _healthy(_SCHEDULER_PORT))


def _alone(port: int) -> tuple[str, ...]:
    """Return flags of both: no leader election, since there is one of each."""
    return (
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--tls-cert-file={certificate('api-server')}",
        f"--tls-private-key-file={key('api-server')}",
    )


def _healthy(port: int) -> Callable[[], bool]:
    return answers(f"https://127.0.0.1:{port}/healthz", CA)
