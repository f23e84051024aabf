"""Objects of the API server: get, list, create, patch, delete; errors have the types of `steps.errors`."""

import copy
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Self

from steps.cluster.connection import USER_AGENT, Connection
from steps.cluster.deadline import Deadline
from steps.cluster.kinds import ACCESS_REVIEW, Kind
from steps.cluster.refusals import body_or_error
from steps.cluster.served_versions import ServedVersions
from steps.cluster.wanted import Wanted, objects_in
from steps.errors import NotFound, TemporaryError

Object = dict[str, Any]
Operation = dict[str, Any]

_ASK_AGAIN_SECONDS = 0.1
"""A request may go to another server the next time."""


class Cluster:
    """The API server as the steps see it.

    Attributes:
        rehearsal: True where writes are only planned (`--dry-run`), so that there is nothing to wait for.
        planned: one line for each write that a dry run would have sent, in order.
    """

    is_dry_run = False
    planned_writes: Sequence[str] = ()

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._served = ServedVersions(connection)

    def without_retries(self, seconds: float = 2.0) -> Self:
        """Return this cluster for requests that must never delay a run: one attempt of at most `seconds` (> 0)."""
        other = copy.copy(self)
        other._connection = self._connection.without_retries(seconds)  # noqa: SLF001 - a copy of oneself
        return other

    def within(self, deadline: Deadline) -> Self:
        """Return this cluster for work that ends at a deadline: a later request is not sent."""
        other = copy.copy(self)
        other._connection = self._connection.within(deadline)  # noqa: SLF001 - a copy of oneself
        return other

    def now(self) -> float:
        """Return the API server's time in unix seconds."""
        return self._connection.now()

    def get(self, kind: Kind, namespace: str, name: str) -> Object:
        """Return one object.

        Raises:
            NotFound: it does not exist. Forbidden, TemporaryError: as in every method here.
        """
        doing = f"reading {kind.name} {namespace}/{name}"
        return self._asked("GET", kind, namespace, name, doing=doing)

    def find(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """Return one object, or None if it does not exist, or its kind does not (a CRD that is not installed)."""
        try:
            return self.get(kind, namespace, name)
        except NotFound:
            return None

    def list(self, kind: Kind, namespace: str | None, labels: str = "", *, from_cache: bool = False) -> list[Object]:
        """Return the objects of a namespace (None: of all) that match a label selector; [] if the kind is unknown.

        Args:
            kind: of the objects.
            namespace: where to look.
            labels: label selector, "" for all.
            from_cache: the API server may answer from its memory, which is cheap and at most moments old.
        """
        doing = f"listing {kind.plural} in {namespace or 'all namespaces'}"
        query = {"labelSelector": labels} if labels else {}
        if from_cache:
            query["resourceVersion"] = "0"
        try:
            body = self._asked("GET", kind, namespace, None, query, doing=doing)
        except NotFound:
            return []
        return objects_in(body)

    def list_page(self, kind: Kind, namespace: str | None, query: Mapping[str, str]) -> Object:
        """Return the answer to one request for a list of metadata; `pages_of` asks for all pages.

        Raises:
            Expired: the list of a `continue` token is gone. NotFound: the kind is unknown.
        """
        doing = f"listing {kind.plural} in {namespace or 'all namespaces'}"
        other = copy.copy(self)
        other._connection = self._connection.for_metadata()  # noqa: SLF001 - a copy of oneself
        return other._asked("GET", kind, namespace, None, query, doing=doing)  # noqa: SLF001 - as above

    def create(self, kind: Kind, namespace: str, body: Mapping[str, Any]) -> Object:
        """Create one object.

        Raises:
            Conflict: an object of this name exists.
        """
        doing = f"creating {kind.name} {namespace}/{body['metadata'].get('name', '')}"
        full = {"apiVersion": kind.api_version, "kind": kind.name, **body}
        return self._asked("POST", kind, namespace, None, {"fieldManager": USER_AGENT}, full, doing)

    def patch(self, kind: Kind, namespace: str, name: str, operations: Sequence[Operation]) -> Object:
        """Apply one JSON Patch (RFC 6902): all operations or none.

        Raises:
            Conflict: a `test` failed, or a path that must exist does not. NotFound: no such object.
        """
        doing = f"writing {kind.name} {namespace}/{name}"
        query = {"fieldManager": USER_AGENT}
        return self._asked("PATCH", kind, namespace, name, query, list(operations), doing)

    def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        """Delete the object with exactly this uid; it is fine if it is gone already."""
        doing = f"deleting {kind.name} {namespace}/{name}"
        body = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        path = kind.path(namespace, name)
        answer = self._connection.request("DELETE", path, body=body, doing=doing)
        if answer.status == HTTPStatus.NOT_FOUND:
            self._connection.pause(_ASK_AGAIN_SECONDS)
            answer = self._connection.request("DELETE", path, body=body, doing=doing)
        if answer.status != HTTPStatus.NOT_FOUND:
            body_or_error(answer, doing)

    def may(self, verb: str, kind: Kind, namespace: str, name: str = "") -> bool:
        """Return whether this account may use a verb on a resource (SelfSubjectAccessReview)."""
        doing = f"asking whether this account may {verb} {kind.plural} in {namespace}"
        attributes = {"verb": verb, "group": kind.group, "resource": kind.plural, "namespace": namespace, "name": name}
        body = {
            "apiVersion": ACCESS_REVIEW.api_version,
            "kind": ACCESS_REVIEW.name,
            "spec": {"resourceAttributes": attributes},
        }
        review = body_or_error(self._connection.request("POST", ACCESS_REVIEW.path(), body=body, doing=doing), doing)
        return bool(review.get("status", {}).get("allowed"))

    def _asked(
        self,
        method: str,
        kind: Kind,
        namespace: str | None,
        name: str | None,
        query: Mapping[str, str] | None = None,
        body: object = None,
        doing: str = "",
    ) -> Object:
        """Send a request about a kind, in the version that is served; return the object or the list that it asks for.

        An answer that says "gone", or has another object than the one asked for, is believed once a second one agrees.

        Raises:
            TemporaryError: two answers had something else than what was asked for.
        """
        asked = self._served.of(kind)
        path = asked.path(namespace, name)
        answer = self._connection.request(method, path, query, body, doing)
        if other := self._served.after(kind, asked, answer):
            path = other.path(namespace, name)
            answer = self._connection.request(method, path, query, body, doing)
        wanted = Wanted(kind.name, namespace, name, is_list=method == "GET" and name is None)
        if answer.status == HTTPStatus.NOT_FOUND or wanted.differs_from(answer):
            # One server of several may be behind, or a proxy answers in its place: a second one must agree.
            self._connection.pause(_ASK_AGAIN_SECONDS)
            answer = self._connection.request(method, path, query, body, doing)
        if difference := wanted.differs_from(answer):
            raise TemporaryError(doing, f"the API server answered {answer.status} twice, but {difference}.")
        return body_or_error(answer, doing)
