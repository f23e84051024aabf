"""One guarded write: read, decide, patch with tests; start again if the object changed in between."""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final

import structlog

from steps.cluster.api import Cluster, Object, Operation
from steps.cluster.kinds import Kind
from steps.cluster.refusals import Conflict, Unstorable
from steps.errors import NotFound, TemporaryError
from steps.model.run import ObjectName

log: structlog.stdlib.BoundLogger = structlog.get_logger()

Decide = Callable[[Object], Sequence[Operation]]
SmallerPatches = Callable[[Object, Sequence[Operation]], Iterable[Sequence[Operation]]]

_SHORTEST_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 1.0


class GuardedWriter:
    """Writes to objects of one kind.

    Attributes:
        cluster: the API server.
        uids: of the objects read so far; an Event must name it to be listed with its object.

    Args:
        cluster: the API server.
        kind: of the objects.
        retry_seconds: how long to retry a write that meets other writers (>= 0).
        remedy: a sentence for an object that does not exist.
        smaller: what to send in place of a patch that the API server does not store, the most complete first.
    """

    def __init__(
        self,
        cluster: Cluster,
        kind: Kind,
        retry_seconds: float,
        remedy: str = "",
        smaller: SmallerPatches = lambda _, __: (),
    ) -> None:
        self.cluster, self._kind, self._smaller = cluster, kind, smaller
        self._retry_seconds, self._remedy = retry_seconds, remedy
        self.uids: dict[ObjectName, str] = {}

    def read(self, name: ObjectName) -> Object:
        """Return an object.

        Raises:
            NotFound: it does not exist.
        """
        try:
            obj = self.cluster.get(self._kind, name.namespace, name.name)
        except NotFound as error:
            raise NotFound(error.action, f"{error.cause} {self._remedy}".rstrip()) from error
        self.uids[name] = str(obj["metadata"].get("uid") or "")
        return obj

    def write(self, name: ObjectName, decide: Decide) -> Object:
        """Write what `decide` returns for an object; send nothing if it returns nothing.

        Args:
            name: the object.
            decide: returns operations, with their tests, for the object as read; called again after a conflict. What it
                raises ends the write.

        Returns:
            The object as it is after that.

        Raises:
            TemporaryError: others kept changing the object for `retry_seconds`.
        """
        deadline = time.monotonic() + self._retry_seconds
        pause = _SHORTEST_PAUSE_SECONDS
        while True:
            obj = self.read(name)
            operations = decide(obj)
            if not operations:
                return obj
            try:
                written = self._send(name, obj, operations)
                if is_same(obj, written):
                    return written
            except Conflict as conflict:
                if time.monotonic() + pause > deadline:
                    cause = f"it kept changing for {self._retry_seconds:.0f} s ({conflict.cause}). Run the step again."
                    raise TemporaryError(conflict.action, cause) from conflict
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
            pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)

    def _send(self, name: ObjectName, obj: Object, operations: Sequence[Operation]) -> Object:
        """Send a patch; if it is not stored, send what of it may be sent alone.

        Raises:
            Unstorable: nothing of it was stored. Conflict: the object changed since it was read.
        """
        try:
            return self.cluster.patch(self._kind, name.namespace, name.name, operations)
        except Unstorable as error:
            for smaller in self._smaller(obj, operations):
                if all(one["op"] == "test" for one in smaller):
                    continue
                with suppress(Unstorable):
                    written = self.cluster.patch(self._kind, name.namespace, name.name, smaller)
                    log.warning("claim.written_in_part", object=str(name), cause=error.cause)
                    return written
            raise


def is_same(one: Object, other: Object) -> bool:
    """Return whether both are one object, not one that was deleted and made anew under its name."""
    uids = one["metadata"].get("uid"), other["metadata"].get("uid")
    return None in uids or uids[0] == uids[1]
