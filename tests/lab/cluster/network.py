"""The lab's part of the machine's network: adds one address, and removes it with everything that others added."""

import re
import subprocess
from pathlib import Path

from tests.lab.cluster.addresses import NODE, NODE_LINK, POD_LINK, program

_OURS = re.compile(r"\bKUBE-|\bCNI-")
_TABLES = ("filter", "nat", "mangle")


def up() -> None:
    """Return the node its address."""
    if not Path(f"/sys/class/net/{NODE_LINK}").exists():
        _ip("link", "add", NODE_LINK, "type", "bridge")
        _ip("address", "add", f"{NODE}/32", "dev", NODE_LINK)
        _ip("link", "set", NODE_LINK, "up")


def down() -> None:
    """Remove links and packet filter rules."""
    for link in (NODE_LINK, POD_LINK):
        if Path(f"/sys/class/net/{link}").exists():
            _ip("link", "delete", link)
    _forget_rules()


def _forget_rules() -> None:
    """Reload the rules without those that kube-proxy, kubelet and the CNI plugins made."""
    for table in _TABLES:
        saved = subprocess.run(
            (program("iptables-save"), "-t", table), check=True, capture_output=True, text=True
        ).stdout.splitlines()
        kept = [line for line in saved if not _OURS.search(line)]
        if kept != saved:
            subprocess.run(
                (program("iptables-restore"), "-T", table), input="\n".join(kept) + "\n", check=True, text=True
            )


def _ip(*arguments: str) -> None:
    subprocess.run((program("ip"), *arguments), check=True)
