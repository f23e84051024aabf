"""The documents that init prints: objects with their purpose, and comments where a person has to know or do more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from steps.cluster.kinds import Kind
from steps.manifests.comments import WIDTH, comment


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object to apply.

    Args:
        kind: of object. namespace: where it goes. name: its name.
        body: everything below `metadata` ("spec", "data", "rules"), without apiVersion and kind.
        why: its purpose, one or two sentences.
        labels: of the object. annotations: likewise.
        replaces: whether it is printed in full in place of one that exists.
        warning: what a person should know before it is applied, "" for nothing; it is logged too.
    """

    kind: Kind
    namespace: str
    name: str
    body: Mapping[str, Any]
    why: str
    labels: Mapping[str, str] | None = None
    annotations: Mapping[str, str] | None = None
    replaces: bool = False
    warning: str = ""

    @property
    def metadata(self) -> dict[str, Any]:
        """Its `metadata`."""
        marks = {"labels": dict(self.labels or {}), "annotations": dict(self.annotations or {})}
        return {"name": self.name, "namespace": self.namespace, **{key: value for key, value in marks.items() if value}}

    @property
    def full(self) -> dict[str, Any]:
        """The object as kubectl gets it."""
        return {"apiVersion": self.kind.api_version, "kind": self.kind.name, "metadata": self.metadata, **self.body}

    def as_text(self) -> str:
        """Return it as YAML under a comment."""
        text = yaml.dump(self.full, Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True)
        warning = f"{comment(f'Warning: {self.warning}')}\n" if self.warning else ""
        return f"{comment(self.why)}\n{warning}{text}"


@dataclass(frozen=True, slots=True)
class ManualEdit:
    """Something that a person has to do, since applying objects does not suffice; printed as a comment."""

    text: str

    def as_text(self) -> str:
        """Return it as comment lines."""
        return f"{comment(self.text)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a person should know and need not do; printed as a comment, and logged as a warning."""

    text: str

    def as_text(self) -> str:
        """Return it as comment lines."""
        return f"{comment(self.text)}\n"


Document = Manifest | ManualEdit | Note


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
