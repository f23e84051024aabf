"""The node: containerd with a bridge network, kubelet and kube-proxy."""

import json
import subprocess
from pathlib import Path

import yaml

from tests.lab.cluster import kubeconfigs
from tests.lab.cluster.addresses import KUBECONFIG, NODE, NODE_NAME, POD_LINK, POD_NETWORK, POD_RANGE, STATE, program
from tests.lab.cluster.api import Api, Json
from tests.lab.cluster.build import binary
from tests.lab.cluster.certificates import CA, certificate, key
from tests.lab.cluster.daemons import Daemon, answers, start, wait_for

SOCKET = STATE / "containerd.sock"
PAUSE = "canary-steps-lab/pause:1"
_NETWORKS = STATE / "cni"
_KUBELET = STATE / "kubelet"
_NEVER = {"imagefs.available": "1%", "memory.available": "50Mi", "nodefs.available": "1%", "nodefs.inodesFree": "1%"}


def containers_up() -> None:
    """Start containerd, so that images can be given to it."""
    start(_containerd())


def up(api: Api) -> None:
    """Start the node and wait until it accepts pods."""
    start(_kubelet(), _kube_proxy())
    wait_for(lambda: _is_ready(api), 60, "the node to be ready")


def images(*arguments: str, given: bytes | None = None) -> str:
    """Run a command on the images of the node."""
    return ctr("images", *arguments, given=given)


def ctr(*arguments: str, given: bytes | None = None) -> str:
    """Run a command of containerd's client in kubelet's namespace."""
    command = (program("ctr"), f"--address={SOCKET}", "--namespace=k8s.io", *arguments)
    done = subprocess.run(command, input=given, check=False, capture_output=True)
    if done.returncode:
        raise RuntimeError(f"ctr {' '.join(arguments)} failed:\n{done.stderr[-2000:].decode(errors='replace')}")
    return done.stdout.decode()


def _containerd() -> Daemon:
    _write(_NETWORKS / "10-lab.conflist", json.dumps(_network()))
    folder = STATE / "containerd"
    config = _write(
        STATE / "containerd.toml",
        f"""
version = 2
root = "{folder / "root"}"
state = "{folder / "state"}"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs"]
[grpc]
address = "{SOCKET}"
[plugins."io.containerd.internal.v1.opt"]
path = "{folder / "opt"}"
[plugins."io.containerd.grpc.v1.cri"]
restrict_oom_score_adj = true
sandbox_image = "docker.io/{PAUSE}"
disable_tcp_service = true
netns_mounts_under_state_dir = true
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
Root = "{folder / "runc"}"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{_NETWORKS}"
""",
    )
    return Daemon("containerd", (program("containerd"), f"--config={config}"), SOCKET.is_socket)


def _network() -> Json:
    bridge = {
        "type": "bridge",
        "bridge": POD_LINK,
        "isGateway": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": POD_RANGE}]],
            "routes": [{"dst": "0.0.0.0/0"}],
            "dataDir": str(STATE / "addresses"),
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": POD_NETWORK, "plugins": [bridge, ports]}


def _kubelet() -> Daemon:
    config = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE,
        "healthzBindAddress": "127.0.0.1",
        "failCgroupV1": False,
        "failSwapOn": False,
        "cgroupDriver": "cgroupfs",
        "enforceNodeAllocatable": [],
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "authentication": {"x509": {"clientCAFile": str(CA)}, "webhook": {"enabled": True}},
        "tlsCertFile": str(certificate("kubelet")),
        "tlsPrivateKeyFile": str(key("kubelet")),
        "podLogsDir": str(STATE / "pod-logs"),
        "evictionHard": _NEVER,
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
    }
    command = (
        str(binary("kubelet")),
        f"--config={_write(STATE / 'kubelet.yaml', yaml.safe_dump(config))}",
        f"--kubeconfig={kubeconfigs.write(STATE / 'kubelet.kubeconfig', 'kubelet')}",
        f"--root-dir={_KUBELET}",
        f"--node-ip={NODE}",
        f"--hostname-override={NODE_NAME}",
    )
    return Daemon("kubelet", command, answers("http://127.0.0.1:10248/healthz"))


def _kube_proxy() -> Daemon:
    config = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clientConnection": {"kubeconfig": str(KUBECONFIG)},
        "hostnameOverride": NODE_NAME,
        "clusterCIDR": POD_RANGE,
        "bindAddress": NODE,
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        # The machine's own settings stay as they are.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "iptables": {"localhostNodePorts": False},
        "nodePortAddresses": ["primary"],
    }
    path = _write(STATE / "kube-proxy.yaml", yaml.safe_dump(config))
    return Daemon(
        "kube-proxy", (str(binary("kube-proxy")), f"--config={path}"), answers("http://127.0.0.1:10256/livez")
    )


def _is_ready(api: Api) -> bool:
    conditions = [item for node in api.items("v1", "Node") for item in node["status"].get("conditions", ())]
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _write(path: Path, text: str) -> Path:
    """Write a file if its content changed: kube-proxy ends when its file is touched."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    return path
