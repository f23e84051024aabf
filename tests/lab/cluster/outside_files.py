"""Files outside the lab's folder, whose paths containerd, kubelet and the CNI library do not let us choose."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from tests.lab.cluster.addresses import DOCKER_CGROUP, POD_NETWORK, STATE

_RESULTS = Path("/var/lib/cni/results")
_PLUGINS = Path("/var/lib/kubelet/device-plugins")
_LOGS = Path("/var/log/containers")
_SHIMS = Path("/run/containerd/s")
_DOCKER_PLUGINS = Path("/run/docker/plugins")
_CGROUPS = Path("/sys/fs/cgroup")


def remove() -> None:
    """Remove our files there, and folders that become empty; no container may run any more."""
    _remove_files(_of_pods(), below=_RESULTS)
    _remove_files(_shim_sockets(), below=_SHIMS)
    _remove_files((link for link in _LOGS.glob("*.log") if str(STATE) in str(link.readlink())), below=_LOGS)
    _remove_files(_PLUGINS.glob("kubelet.sock"), below=_PLUGINS)
    _remove_files((), below=_DOCKER_PLUGINS)
    for name in ("kubepods", DOCKER_CGROUP):
        for top in (*_CGROUPS.glob(name), *_CGROUPS.glob(f"*/{name}")):
            for folder in sorted(top.glob("**/"), key=lambda path: len(path.parts), reverse=True):
                _remove_if_empty(folder)


def _of_pods() -> Iterable[Path]:
    """Return the results of the network plugins for pods of our network."""
    for found in _RESULTS.glob(f"{POD_NETWORK}-*-eth0"):
        sandbox = found.name.removeprefix(f"{POD_NETWORK}-").removesuffix("-eth0")
        yield from (found, _RESULTS / f"cni-loopback-{sandbox}-lo")


def _shim_sockets() -> Iterable[Path]:
    for address in (STATE / "containerd" / "state").glob("io.containerd.runtime.v2.task/*/*/address"):
        yield Path(address.read_text().removeprefix("unix://"))


def _remove_files(files: Iterable[Path], below: Path) -> None:
    for path in list(files):
        path.unlink(missing_ok=True)
    for folder in (below, below.parent):
        _remove_if_empty(folder)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
