"""The version in which an older Istio serves its kinds: asked only after a path turned out not to exist."""

from http import HTTPStatus
from typing import Final

from steps.cluster.connection import ApiResponse, Connection
from steps.cluster.kinds import Kind

_OF_ISTIO: Final = ".istio.io"


class ServedVersions:
    """Which version of a kind is used instead of the one that this package knows it by.

    v1, v1beta1 and v1alpha3 of Istio's kinds have the same fields; a release of Istio serves some of them.

    Args:
        connection: to the API server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[Kind, Kind] = {}

    def of(self, kind: Kind) -> Kind:
        """Return the kind as it was found to be served, or as it is."""
        return self._known.get(kind, kind)

    def after(self, kind: Kind, asked: Kind, answer: ApiResponse) -> Kind | None:
        """Return the kind in the version to ask for after an answer, None where the answer stands.

        Args:
            kind: as this package knows it.
            asked: as it was asked for; another thread may have found the served version meanwhile.
            answer: to that.

        Raises:
            TemporaryError: the API server is in trouble.
        """
        is_object_missing = bool((answer.body.get("details") or {}).get("name"))
        if answer.status != HTTPStatus.NOT_FOUND or is_object_missing:
            return None
        if kind in self._known:
            return self._known[kind] if self._known[kind] != asked else None
        if not kind.group.endswith(_OF_ISTIO):
            return None
        self._known[kind] = found = self._discovered(kind)
        return found if found != kind else None

    def _discovered(self, kind: Kind) -> Kind:
        group = self._connection.request("GET", f"/apis/{kind.group}", doing=f"looking for a version of {kind.name}")
        preferred = (group.body.get("preferredVersion") or {}).get("version")
        others = [entry.get("version") for entry in group.body.get("versions") or []]
        for version in dict.fromkeys([kind.version, preferred, *others]):
            if version in {preferred, *others} and version and self._has(kind, str(version)):
                return Kind(kind.name, kind.group, str(version), kind.plural)
        return kind

    def _has(self, kind: Kind, version: str) -> bool:
        path = f"/apis/{kind.group}/{version}"
        answer = self._connection.request("GET", path, doing=f"looking for {kind.name} in {kind.group}/{version}")
        return any(entry.get("name") == kind.plural for entry in answer.body.get("resources") or [])
