"""The bill of materials: what reaches the image, with hashes, the same bytes each time."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tools.supply_chain.image_lock import LOCK, ROOT, image_lock
from tools.supply_chain.sbom import write_sbom


@pytest.mark.full  # two runs of a tool that checks its output against a large schema; tests/image has one, too
def test_it_lists_what_reaches_the_image_and_is_the_same_each_time(tmp_path: Path) -> None:
    """With the hashes of the lock, and without a time, a number or a folder of this machine."""
    first, again = tmp_path / "new" / "one.json", tmp_path / "two.json"
    count = write_sbom(first)
    write_sbom(again)
    assert first.read_bytes() == again.read_bytes()
    found = json.loads(first.read_text())
    assert ("CycloneDX", "canary-steps") == (found["bomFormat"], found["metadata"]["component"]["name"])
    assert count == len(found["components"])
    [one] = [one for one in found["components"] if one["name"] == "structlog"]
    hashes = {one["content"] for reference in one["externalReferences"] for one in reference.get("hashes", [])}
    locked = LOCK.read_text().partition(f"structlog=={one['version']}")[2].partition("\n    #")[0]
    assert set(re.findall(r"sha256:([0-9a-f]{64})", locked)) == hashes != set()
    assert str(tmp_path) not in first.read_text()


def test_packages_that_the_dockerfile_leaves_out_are_not_listed() -> None:
    """Nor those that only other platforms need."""
    names = set(re.findall(r"^([a-z][a-z0-9-]*)==", image_lock(), re.MULTILINE))
    locked = set(re.findall(r"^([a-z][a-z0-9-]*)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert names < locked
    assert {"kubernetes", "requests", "pydantic"} <= names
    assert {"aiohttp", "yarl", "attrs"} <= locked - names
