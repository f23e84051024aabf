"""The documents that init prints: objects with their purpose, and comments where a person has to edit."""

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from steps.cluster.kinds import Kind

_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object to apply.

    Args:
        kind: of object. namespace: where it goes. name: its name.
        body: everything below `metadata` ("spec", "data", "rules"), without apiVersion and kind.
        why: its purpose, one or two sentences.
        labels: of the object.
    """

    kind: Kind
    namespace: str
    name: str
    body: Mapping[str, Any]
    why: str
    labels: Mapping[str, str] | None = None

    @property
    def metadata(self) -> dict[str, Any]:
        """Its `metadata`."""
        labels = {"labels": dict(self.labels)} if self.labels else {}
        return {"name": self.name, "namespace": self.namespace, **labels}

    def as_text(self) -> str:
        """Return it as YAML under a comment."""
        full = {"apiVersion": self.kind.api_version, "kind": self.kind.name, "metadata": self.metadata, **self.body}
        text = yaml.dump(full, Dumper=_Dumper, sort_keys=False, width=_WIDTH, allow_unicode=True)
        return f"{_comment(self.why)}\n{text}"


@dataclass(frozen=True, slots=True)
class ManualEdit:
    """An edit for a person, since the object exists and must not be overwritten; printed as a comment."""

    text: str

    def as_text(self) -> str:
        """Return it as comment lines."""
        return f"{_comment(self.text)}\n"


Document = Manifest | ManualEdit


def as_yaml(findings: Iterable[Document]) -> str:
    """Return documents for `kubectl apply -f -`."""
    return "".join(f"---\n{one.as_text()}" for one in findings)


class _Dumper(yaml.SafeDumper):
    """Writes multi-line texts as blocks, and repeated objects without aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401 - any object may be repeated
        del data
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _comment(text: str) -> str:
    lines = [part for line in text.splitlines() for part in textwrap.wrap(line, _WIDTH, drop_whitespace=False) or [""]]
    return "\n".join(f"# {line}".rstrip() for line in lines)
