"""Command `python -m tools.supply_chain.audit`: known vulnerabilities of all packages in the lock files.

A vulnerability ends it with 1. If the database cannot be asked, it says in capitals that nothing was audited, and ends
with 0, since that is nobody's fault who changed the code; with --required it ends with 3.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools.supply_chain.image_lock import ROOT

LOCKS: Final = ("requirements.lock", "requirements-dev.lock", "requirements-ansible.lock")
ACCEPTED: Final[Mapping[str, str]] = {}
"""Id of a vulnerability that does not concern us → why not."""

FOUND, BROKEN, UNAUDITED = 1, 2, 3
_UNREACHABLE: Final = ("ConnectionError", "Timeout", "ServiceError", "ConnectTimeoutError", "HTTPError", "SSLError")


@dataclass(frozen=True)
class Audit:
    """How an audit ended.

    Args:
        lines: what to print.
        code: exit code: 0 clean, 1 vulnerable, 2 the tool failed, 3 not all packages were audited.
    """

    lines: Sequence[str]
    code: int


def audit(locks: Sequence[Path], osv_url: str = "") -> Audit:
    """Ask the OSV database about every package of lock files.

    Args:
        locks: the files, with hashes.
        osv_url: another address of the database, "" for the public one.
    """
    done = subprocess.run(_command(locks, osv_url), check=False, capture_output=True, text=True)  # noqa: S603 - ours
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
        if any(word in last for word in _UNREACHABLE):
            return Audit([_nothing(f"the vulnerability database does not answer: {last[:300]}")], UNAUDITED)
        return Audit([f"pip-audit failed: {last[:1000]}"], BROKEN)
    return _judged(packages)


def _command(locks: Sequence[Path], osv_url: str) -> list[str]:
    command = [str(Path(sys.executable).with_name("pip-audit")), "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--vulnerability-service", "osv"]
    command += ["--osv-url", osv_url] if osv_url else []
    for one in ACCEPTED:
        command += ["--ignore-vuln", one]
    for lock in locks:
        command += ["--requirement", str(lock)]
    return command


def _judged(packages: Sequence[Mapping[str, Any]]) -> Audit:
    skipped = sorted({str(one["name"]) for one in packages if "skip_reason" in one})
    found = [
        f"{one['name']} {one['version']}: {flaw['id']}, fixed in {', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in packages
        for flaw in one.get("vulns", ())
    ]
    if found:
        return Audit([f"{len(found)} known vulnerabilities:", *found], FOUND)
    if skipped or not packages:
        return Audit([_nothing(f"of {len(packages)} packages, {len(skipped)} are unknown: {skipped[:5]}")], UNAUDITED)
    return Audit([f"{len(packages)} packages audited, no known vulnerability"], 0)


def _nothing(why: str) -> str:
    return f"NOT AUDITED: {why}. This says nothing about vulnerabilities; run it again where the database is reachable."


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.supply_chain.audit", description=__doc__)
    parser.add_argument("--osv-url", default="", help="address of another OSV database")
    parser.add_argument("--required", action="store_true", help="fail if not all packages could be audited")
    given = parser.parse_args()
    ended = audit([ROOT / one for one in LOCKS], given.osv_url)
    sys.stdout.writelines(f"{line}\n" for line in ended.lines)
    sys.exit(0 if ended.code == UNAUDITED and not given.required else ended.code)


if __name__ == "__main__":
    main()
