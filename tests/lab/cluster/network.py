"""The lab's part of the machine's network: one address, forwarding to pods, and taking both away again."""

import re
import subprocess
from pathlib import Path

from tests.lab.cluster.places import NODE, NODE_LINK, POD_LINK, STATE, program

_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
_REMEMBERED = STATE / "ip_forward"
_OURS = re.compile(r"\bKUBE-|\bCNI-|cali|canary")
_TABLES = ("filter", "nat", "mangle")


def up() -> None:
    """Give the node its address, and let packets through to pods."""
    if not Path(f"/sys/class/net/{NODE_LINK}").exists():
        _ip("link", "add", NODE_LINK, "type", "bridge")
        _ip("address", "add", f"{NODE}/32", "dev", NODE_LINK)
        _ip("link", "set", NODE_LINK, "up")
    if not _REMEMBERED.exists():
        _REMEMBERED.write_text(_FORWARDING.read_text())
    _FORWARDING.write_text("1")


def down() -> None:
    """Take away links, pods' network namespaces and packet filter rules, those of a crashed lab too."""
    for link in (NODE_LINK, POD_LINK):
        if Path(f"/sys/class/net/{link}").exists():
            _ip("link", "delete", link)
    _forget_rules()
    if _REMEMBERED.exists():
        _FORWARDING.write_text(_REMEMBERED.read_text())


def _forget_rules() -> None:
    """Load the rules anew without those that kube-proxy, kubelet and the CNI plugins made."""
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
