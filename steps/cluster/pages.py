"""A long list in pages, so that neither the API server nor this process holds all of it at once."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import Kind
from steps.cluster.refusals import Expired
from steps.cluster.wanted import objects_in
from steps.errors import NotFound, TemporaryError

_MOST_RESTARTS: Final = 5


def pages_of(cluster: Cluster, kind: Kind, namespace: str | None, *, size: int = 50) -> Iterator[list[Object]]:
    """Yield the metadata of all objects of a namespace (None: of all) page by page; nothing if the kind is unknown.

    An object may come twice; one that is made or deleted meanwhile may be missing.

    Args:
        cluster: the API server.
        kind: of the objects.
        namespace: where to look.
        size: objects of a page (> 0); the annotations of each have at most 256 KiB.

    Raises:
        TemporaryError: the API server forgot the list (410) again and again, or its pages have no end.
    """
    with suppress(NotFound):
        yield from _pages(cluster, kind, namespace, size)


def _pages(cluster: Cluster, kind: Kind, namespace: str | None, size: int) -> Iterator[list[Object]]:
    token, restarts = "", 0
    while True:
        try:
            body = cluster.list_page(kind, namespace, {"limit": str(size), **({"continue": token} if token else {})})
        except Expired as error:
            # The list was compacted meanwhile. The answer may have a token for the rest; else it begins anew.
            restarts += 1
            if restarts > _MOST_RESTARTS:
                raise
            token = error.go_on
            continue
        yield objects_in(body)
        before, token = token, str((body.get("metadata") or {}).get("continue") or "")
        if not token:
            return
        if token == before:
            cause = "the API server gave the same page twice. Run the step again."
            raise TemporaryError(f"listing {kind.plural}", cause)
