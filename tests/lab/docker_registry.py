"""The registry of the distribution project, as Debian packages it: its configuration and its command."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml

from tests.lab.cluster.build import CACHE, say

PACKAGE = "docker-registry"
_KEPT = CACHE.parent / "bin" / PACKAGE


def find() -> str:
    """Return the program's path, "" if it is missing."""
    return shutil.which(PACKAGE) or (str(_KEPT) if _KEPT.exists() else "")


def get() -> str:
    """Return the program's path; if it is missing, root on Debian downloads and unpacks it (no service is started)."""
    if found := find():
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SystemExit(f"{PACKAGE} is not on PATH; install it, or run this as root on Debian, where it is fetched.")
    say(f"Fetching Debian's {PACKAGE} (once)")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        command = ("apt-get", "download", "--quiet", "--quiet", PACKAGE)
        if subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode:
            subprocess.run(("apt-get", "update", "--quiet", "--quiet"), check=True, capture_output=True)
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
        [package] = Path(folder).glob("*.deb")
        subprocess.run(("dpkg-deb", "--extract", str(package), "unpacked"), cwd=folder, check=True)
        _KEPT.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(Path(folder) / "unpacked" / "usr" / "bin" / PACKAGE, _KEPT)
    return str(_KEPT)


def configuration(
    folder: Path,
    address: str,
    *,
    notify: tuple[str, str] | None = None,
    htpasswd: Path | None = None,
    certificate: tuple[Path, Path] | None = None,
) -> Path:
    """Write a configuration, and return its path.

    Args:
        folder: for the configuration and what is pushed.
        address: host:port to listen on.
        notify: URL and bearer token of the listener to which pushes are reported.
        htpasswd: file with the users; None lets everybody read and write.
        certificate: certificate and key; None for plain HTTP.
    """
    http: dict[str, object] = {"addr": address, "secret": "of-the-lab"}
    if certificate is not None:
        http["tls"] = {"certificate": str(certificate[0]), "key": str(certificate[1])}
    storage = {"filesystem": {"rootdirectory": str(folder / "storage")}, "delete": {"enabled": True}}
    content: dict[str, object] = {"version": 0.1, "log": {"level": "warn"}, "storage": storage, "http": http}
    if htpasswd is not None:
        content["auth"] = {"htpasswd": {"realm": "lab", "path": str(htpasswd)}}
    if notify is not None:
        url, token = notify
        told = {"timeout": "5s", "threshold": 5, "backoff": "1s", "ignore": {"actions": ["pull", "mount", "delete"]}}
        headers = {"Authorization": [f"Bearer {token}"]}
        content["notifications"] = {"endpoints": [{"name": "canary-push", "url": url, "headers": headers, **told}]}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.yml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def command(program: str, config: Path) -> tuple[str, ...]:
    """Return the words that start it."""
    return program, "serve", str(config)
