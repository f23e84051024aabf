"""Command `python -m tools.supply_chain.sbom FILE`: the bill of materials of the image's Python packages.

It is CycloneDX as JSON, with the hashes of requirements.lock. The same lock gives the same bytes: without a time and
without a serial number.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.supply_chain.image_lock import ROOT, image_lock


def write_sbom(target: Path) -> int:
    """Write the bill of materials; return how many packages it lists."""
    lock = image_lock()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        # A file of this name, since the bill names it.
        path = Path(folder) / "requirements.lock"
        path.write_text(lock, encoding="utf-8")
        program = Path(sys.executable).with_name("cyclonedx-py")
        flags = ("--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--output-format", "JSON")
        # A lock does not say which packages the product itself asks for, and the tool warns of that.
        environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
        command = (str(program), "requirements", *flags, "--output-file", str(target), str(path))
        subprocess.run(command, check=True, env=environment)  # noqa: S603 - a program of our own environment
    return lock.count("==")


def main() -> None:
    """Read the command line."""
    target = Path(sys.argv[1])
    sys.stdout.write(f"{target}: {write_sbom(target)} packages\n")


if __name__ == "__main__":
    main()
