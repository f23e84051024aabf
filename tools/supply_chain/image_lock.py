"""The entries of requirements.lock that reach the image: the Dockerfile leaves some out, markers others."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

ROOT: Final = Path(__file__).parents[2]
LOCK: Final = ROOT / "requirements.lock"
_UNUSED: Final = re.compile(r"\{ unused = /(?P<pattern>.+?)/ \} !unused' requirements\.lock")
_IMAGE: Final = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "python_version": "3.13",
    "python_full_version": "3.13.0",
}
"""The values of markers in the image."""


def image_lock() -> str:
    """Return the part of requirements.lock that the image installs.

    Raises:
        ValueError: the Dockerfile does not say any more which packages it leaves out.
    """
    found = _UNUSED.search((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    if found is None:
        raise ValueError("the Dockerfile has no `unused = /…/` any more, by which it leaves packages out")
    unused = re.compile(found["pattern"])
    return "".join(entry for entry in _entries() if not unused.match(entry) and _is_for_image(entry))


def _entries() -> Iterator[str]:
    """Yield each package with its lines of hashes and comments."""
    yield from re.findall(r"^[a-z].*\n(?:[ ].*\n)*", LOCK.read_text(encoding="utf-8"), re.MULTILINE)


def _is_for_image(entry: str) -> bool:
    marker = Requirement(entry.partition("\\")[0]).marker
    return marker is None or marker.evaluate(_IMAGE)
