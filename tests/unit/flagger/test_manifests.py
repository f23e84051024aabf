"""Manifests of the shapes that teams have: the account of each is at the head of its file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.flagger_manifests import FILES, read_file

every_manifest = pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])

REMEDIES = {
    "ab-test": "Remove match and iterations. Write stepWeights",
    "blue-green": "Write stepWeights, for example [5, 25, 50]",
    "custom-metric": '"bad": {"metric": "payments_total", "match": {"result": "declined"}}',
    "daemonset": "make it a Deployment",
    "flags": "promote --unjudged",
    "gateway-api": "for Istio name `gateways`",
    "linkerd": "Keep Flagger for this app",
    "mirror": "a first weight of 1",
    "misspelt": "did you mean stepWeight",
    "nginx": "write `provider: istio` if the app is on Istio",
    "service": "make it a Deployment",
    "session-affinity": "keep Flagger for this app",
}
"""Manifests that are refused, with a part of the remedy."""


@every_manifest
def test_every_field_of_a_manifest_has_its_line_in_the_account(file: Path) -> None:
    """Nothing is dropped silently; the head of the file says what is expected."""
    head = [line.removeprefix("# ") for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
    expected = [line for line in head if line.partition(" ")[0] in {"taken", "replaced", "dropped", "refused"}]
    found = read_file(file)
    assert expected == [f"{one.fate} {one.path}" for one in found.account]
    settings = [line.removeprefix("settings: ") for line in head if line.startswith("settings: ")]
    assert settings == ([json.dumps(dict(found.settings)).replace('"', "")] if found.settings else [])


@every_manifest
def test_a_refusal_names_the_remedy(file: Path) -> None:
    """A manifest is refused or converted in full; the sentences say what to change."""
    said = " ".join(str(one) for one in read_file(file).refused)
    assert (file.stem in REMEDIES) == bool(said)
    assert REMEDIES.get(file.stem, "") in said
