"""The images of the lab: a stand-in base, the product, the demo app, and those that hold one static program."""

import fcntl
import io
import json
import platform
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.lab.cluster import build, engine, node, packages
from tests.lab.cluster.addresses import STATE, program
from tests.lab.cluster.build import binary, say
from tests.lab.cluster.engine import docker
from tests.support.processes import ROOT

PUBLIC_BASE = "python:3.13-slim"
PRODUCT = "canary-steps:lab"
EXECUTOR = f"canary-steps-lab/argoexec:{build.module('argo').version}"
ENTRYPOINT = f"canary-steps-lab/tekton-entrypoint:{build.module('tekton').version}"
_STAND_IN_BASE = "canary-steps-lab/base:1"
_APP = "canary-steps-lab/app:1"
_GIVEN = STATE / "images.json"
"""Images on the node: reference → identity."""
_FROM_HOST = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf")
"""A host behind a proxy configures it for pip and OpenSSL here."""


def base() -> str:
    """Return the public base image if the engine has or gets it, else a stand-in that debootstrap makes once."""
    if _exists(PUBLIC_BASE) or (not engine.is_own() and _pulls(PUBLIC_BASE)):
        return PUBLIC_BASE
    if not _exists(_STAND_IN_BASE):
        packages.install("debootstrap")
        say(f"The engine has no {PUBLIC_BASE}; making a base image from Debian packages instead (once)")
        with tempfile.TemporaryDirectory() as folder:
            docker(
                "import",
                "--change",
                "ENV PATH=/usr/local/bin:/usr/bin:/bin",
                "-",
                _STAND_IN_BASE,
                given=_debian(Path(folder)),
            )
    return _STAND_IN_BASE


def product(tag: str = PRODUCT, base_image: str = "") -> str:
    """Build the image that the project ships."""
    with _one_at_a_time():
        docker("build", "--network=host", "--build-arg", f"BASE={base_image or base()}", "--tag", tag, ".", cwd=ROOT)
    return tag


@cache
def demo_app() -> str:
    """Build the demo app."""
    arguments = ("--network=host", "--build-arg", f"BASE={base()}", "--tag", _APP)
    docker("build", *arguments, "--file", "tests/lab/cluster/app.Dockerfile", "tests/lab/embedded/app", cwd=ROOT)
    return _APP


def version_of_app(reference: str, environment: dict[str, str]) -> str:
    """Build a version of the demo app, whose behaviour is set by its environment."""
    said = " ".join(f"{name}={json.dumps(value)}" for name, value in environment.items())
    docker("build", "--tag", reference, "-", given=f"FROM {demo_app()}\nENV {said}\n".encode())
    return reference


def executor() -> str:
    """Make the image of Argo's executor."""
    return _of_program(EXECUTOR, "/bin/argoexec", binary("argoexec"))


def entrypoint() -> str:
    """Make the image of Tekton's entrypoint."""
    return _of_program(ENTRYPOINT, "/ko-app/entrypoint", binary("tekton-entrypoint"))


def pause() -> str:
    """Make the pause image, which holds a pod's namespaces."""
    return _of_program(node.PAUSE, "/pause", build.pause())


def give_to_node(*references: str) -> None:
    """Copy images to the node, unless it has them already."""
    with _one_at_a_time():
        given = json.loads(_GIVEN.read_text()) if _GIVEN.exists() else {}
        identities = {one: docker("image", "inspect", "--format={{.Id}}", one).decode() for one in references}
        new = {one: identity for one, identity in identities.items() if given.get(one) != identity}
        if new:
            node.images("import", "-", given=docker("save", *new))
            _GIVEN.write_text(json.dumps(given | new))


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let parallel tests build shared images one after another."""
    build.CACHE.mkdir(parents=True, exist_ok=True)
    with (build.CACHE / "images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _of_program(reference: str, path: str, source: Path) -> str:
    if not _exists(reference):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(source, path)
        entrypoint = f"ENTRYPOINT {json.dumps([path])}"
        docker("import", "--change", entrypoint, "-", reference, given=archive.getvalue())
    return reference


def _exists(reference: str) -> bool:
    return docker("image", "ls", "--quiet", reference) != b""


def _pulls(reference: str) -> bool:
    try:
        docker("pull", "--quiet", reference)
    except RuntimeError:
        return False
    return True


def _debian(root: Path) -> bytes:
    """Return an archive of a small Debian with Python."""
    release = platform.freedesktop_os_release()
    suite = release["VERSION_CODENAME"] if release["ID"] == "debian" else "stable"
    packed = "--include=python3,python3-venv,ca-certificates"
    subprocess.run(
        (program("debootstrap"), "--variant=minbase", packed, suite, str(root)), check=True, capture_output=True
    )
    for path in map(Path, _FROM_HOST):
        if path.exists():
            (root / path.relative_to("/")).write_bytes(path.read_bytes())
    left_out = (
        "--exclude=./var/cache/apt/*",
        "--exclude=./var/lib/apt/lists/*",
        "--exclude=./dev/*",
        "--exclude=./proc/*",
    )
    return subprocess.run(("tar", "-C", str(root), "-c", *left_out, "."), check=True, capture_output=True).stdout


def main() -> None:
    """Build the product's image under its release name, on a base that may be given."""
    say(f"Built {product('canary-steps:latest', ''.join(sys.argv[1:]))}")


if __name__ == "__main__":
    main()
