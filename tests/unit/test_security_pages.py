"""docs/security.md and docs/tenants.md name what exists: tests, pages, components, and sentences of the policy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = {name: (ROOT / name).read_text(encoding="utf-8") for name in
         ("docs/security.md", "docs/tenants.md", "docs/permissions.md", "SECURITY.md")}  # fmt: skip
POLICY = "\n".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "workflows/components/admission-policy").glob("*.yaml")
)


@pytest.mark.parametrize("page", PAGES)
def test_every_path_and_link_leads_somewhere(page: str) -> None:
    """A proof that does not exist proves nothing."""
    text = PAGES[page]
    links = [one for one in re.findall(r"\]\(([^)]+)\)", text) if not one.startswith("https://")]
    files = {(ROOT / page).parent / one.partition("#")[0] for one in links if not one.startswith("#")}
    files |= {ROOT / one for one in re.findall(r"`((?:tests|workflows|tekton|charts)/[\w./-]*)`", text)}
    assert set() == {str(one) for one in files if not one.exists()}
    sections = {one.partition("#")[::2] for one in links if "#" in one}
    assert set() == {
        one for one in sections if one[1] not in _headings((ROOT / page).parent / (one[0] or Path(page).name))
    }


def _headings(page: Path) -> set[str]:
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9]+", "-", one.lower()) for one in found}


def test_every_threat_has_a_proof() -> None:
    """The last column of the table of threats is a test."""
    table = PAGES["docs/security.md"].partition("| attack |")[2].partition("\n\n")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")][1:]
    assert len(rows) > 10
    assert [] == [row for row in rows if not re.search(r"\| `tests/[\w/.]+` \|$", row)]


def test_the_quoted_refusal_is_the_policys_own() -> None:
    """Readers search the page for the sentence that they see."""
    quoted = " ".join(re.search(r"denies it: ([^`]+?)spec\.hosts", PAGES["docs/security.md"])[1].split())  # type: ignore[index] # else it fails
    assert quoted in POLICY


def test_every_yaml_on_the_pages_can_be_read() -> None:
    """And the patch of the sweeper's role fits the component."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGES["docs/tenants.md"], re.MULTILINE | re.DOTALL)
    documents = [one for block in blocks for one in yaml.safe_load_all(block)]
    target = next(one["patches"][0]["target"] for one in documents if "patches" in one)
    component = (ROOT / "workflows/components/sweep-all-namespaces/cluster-role.yaml").read_text(encoding="utf-8")
    roles = [one for one in yaml.safe_load_all(component) if one["kind"] == target["kind"]]
    assert [target["name"]] == [one["metadata"]["name"] for one in roles]
