"""Whether an answer of the API server is what was asked for. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from steps.cluster.connection import ApiResponse


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for.

    Args:
        kind: as YAML writes it. namespace: None for all.
        name: of the object; None for a list, and for a new object.
        is_list: whether all objects are asked for.
    """

    kind: str
    namespace: str | None
    name: str | None
    is_list: bool = False

    def differs_from(self, answer: ApiResponse) -> str:
        """Return how a successful answer differs from what was asked for, "" where it does not, and for an error."""
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            return ""
        body = answer.body
        if self.is_list:
            return "" if "items" in body and _is_list(body["items"]) else f"without a list of {self}"
        if not is_object(body):
            return f"without {self}"
        meta = body["metadata"]
        seen = Wanted(str(body.get("kind") or self.kind), meta.get("namespace") or self.namespace, meta.get("name"))
        wanted = Wanted(self.kind, self.namespace, self.name or seen.name)
        return "" if seen == wanted else f"with {seen} in place of {wanted}"

    def __str__(self) -> str:
        place = "/".join(filter(None, (self.namespace, self.name)))
        return f"{self.kind} {place}".rstrip()


def objects_in(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the objects of a list's answer; what is not an object is left out."""
    return [item for item in body.get("items") or [] if is_object(item)]


def is_object(body: object) -> bool:
    """Return whether this can be an object of Kubernetes: it has metadata, and annotations and labels are texts."""
    if not isinstance(body, Mapping) or not isinstance(meta := body.get("metadata"), Mapping):
        return False
    return all(_are_texts(meta.get(part)) for part in ("annotations", "labels"))


def _are_texts(value: Any) -> bool:  # noqa: ANN401 - JSON
    return value is None or (isinstance(value, Mapping) and all(isinstance(one, str) for one in value.values()))


def _is_list(value: object) -> bool:
    return value is None or isinstance(value, list)
