"""Kernel settings that the node's programs change for the whole machine: saved before, restored after."""

import json
from pathlib import Path

from tests.lab.cluster.addresses import STATE

_REMEMBERED = STATE / "kernel.json"
_ROOT = Path("/proc/sys")
_CHANGED = (
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/route_localnet",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)


def remember() -> None:
    """Save the settings, once."""
    if not _REMEMBERED.exists():
        found = {name: (_ROOT / name).read_text() for name in _CHANGED if (_ROOT / name).exists()}
        _REMEMBERED.write_text(json.dumps(found))


def forward_packets() -> None:
    """Let packets through to pods."""
    (_ROOT / "net/ipv4/ip_forward").write_text("1")


def restore() -> None:
    """Restore the settings."""
    if _REMEMBERED.exists():
        for name, value in json.loads(_REMEMBERED.read_text()).items():
            if (_ROOT / name).read_text() != value:
                (_ROOT / name).write_text(value)
