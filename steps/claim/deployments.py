"""Writes to Deployments that only the owner of the claim can make."""

import time
from collections.abc import Callable, Iterable, Sequence

from steps.cluster.api import Cluster, Conflict, Object, Operation
from steps.cluster.json_patch import pointer
from steps.cluster.kinds import DEPLOYMENT
from steps.errors import NotOwnerError, StepError, TemporaryError
from steps.model.run import Phase

_ATTEMPTS = 12
_PAUSE_SECONDS = 0.2
_RANK = {str(phase): rank for rank, phase in enumerate(Phase)}

Decide = Callable[[Object], Sequence[Operation]]


class ClaimedDeployments:
    """Writes to Deployments under the token of one application's claim.

    Args:
        cluster: the API server.
        key: the claim annotation, `canary-steps.io/claim.<app>`.
    """

    def __init__(self, cluster: Cluster, key: str) -> None:
        self._cluster = cluster
        self.key = key
        self._path = pointer("metadata", "annotations", key)

    def write(self, namespace: str, name: str, token: str | None, decide: Decide) -> Object:
        """Read a Deployment, let `decide` say what to write, and write it as a whole or not at all.

        Args:
            namespace: of the Deployment.
            name: of the Deployment.
            token: of the claim; None for a step without one, which then refuses what a claim owns.
            decide: gets the Deployment as read, returns JSON Patch operations, none for nothing to do; it is asked
                again after a conflict.

        Raises:
            NotOwnerError: there is something to write, and the Deployment carries another token, or none.
            NotFound: no such Deployment.
            TemporaryError: it changed under every attempt.
        """
        for _ in range(_ATTEMPTS):
            found = self._cluster.get(DEPLOYMENT, namespace, name)
            current = self.token_of(found)
            lost = None
            if current != token and not _lags(current, token):
                lost = NotOwnerError(f"writing Deployment {namespace}/{name}", self._whose(current, token))
            operations = self._decided(decide, found, lost)
            if not operations:
                return found
            test = [] if token is None else [{"op": "test", "path": self._path, "value": current}]
            if current != token:
                test.append({"op": "replace", "path": self._path, "value": token})
            try:
                return self._cluster.patch(DEPLOYMENT, namespace, name, [*test, *operations])
            except Conflict:
                time.sleep(_PAUSE_SECONDS)
        raise self._unsettled(namespace, name)

    def stamp(self, namespace: str, names: Iterable[str], new: str, old: str | None = None) -> None:
        """Put a token on Deployments; those that do not exist are passed over.

        A token is replaced when it is `old`, of a lower epoch, or an earlier phase of the same run: so a slow
        writer of an older claim cannot take a Deployment back.

        Args:
            namespace: of the Deployments.
            names: Deployments.
            new: the token to put on.
            old: the token that is being followed up, None where the claim was free.

        Raises:
            NotOwnerError: a Deployment carries a later token, or lost the one this run had put on it.
            TemporaryError: it changed under every attempt.
        """
        for name in sorted(set(names)):
            self._stamp(namespace, name, new, old)

    def unstamp(self, namespace: str, names: Iterable[str], token: str) -> None:
        """Take our token off Deployments; other tokens and missing Deployments are left as they are."""
        for name in sorted(set(names)):
            found = self._cluster.find(DEPLOYMENT, namespace, name)
            if found is None or self.token_of(found) != token:
                continue
            test: Operation = {"op": "test", "path": self._path, "value": token}
            try:
                self._cluster.patch(DEPLOYMENT, namespace, name, [test, {"op": "remove", "path": self._path}])
            except Conflict:
                continue  # somebody else's by now

    def epoch(self, namespace: str, names: Iterable[str]) -> int:
        """Return the highest epoch that Deployments carry, 0 for none: the next claim must count on from there."""
        found = [self._cluster.find(DEPLOYMENT, namespace, name) for name in sorted(set(names))]
        return max((_parts(self.token_of(entry))[1] for entry in found if entry is not None), default=0)

    def token_of(self, deployment: Object) -> str | None:
        """Return the token a Deployment carries for this application."""
        annotations: dict[str, str] = deployment["metadata"].get("annotations") or {}
        return annotations.get(self.key)

    @staticmethod
    def _decided(decide: Decide, found: Object, lost: NotOwnerError | None) -> list[Operation]:
        """Let nothing-to-write pass without a token: a step killed after it took its token off must be repeatable."""
        try:
            operations = list(decide(found))
        except StepError as error:
            if lost is not None:
                raise lost from error
            raise
        if operations and lost is not None:
            raise lost
        return operations

    def _stamp(self, namespace: str, name: str, new: str, old: str | None) -> None:
        for _ in range(_ATTEMPTS):
            found = self._cluster.find(DEPLOYMENT, namespace, name)
            if found is None:
                return
            current = self.token_of(found)
            if current == new:
                return
            if not _follows(current, new, old):
                raise NotOwnerError(f"claiming Deployment {namespace}/{name}", self._whose(current, new))
            try:
                self._cluster.patch(DEPLOYMENT, namespace, name, self._put(found, new))
            except Conflict:
                time.sleep(_PAUSE_SECONDS)
            else:
                return
        raise self._unsettled(namespace, name)

    def _put(self, found: Object, new: str) -> list[Operation]:
        meta = found["metadata"]
        add: Operation = {"op": "add", "path": self._path, "value": new}
        if meta.get("annotations"):
            # A JSON Patch cannot test that a token is absent, but that the whole map is as it was read.
            return [{"op": "test", "path": "/metadata/annotations", "value": meta["annotations"]}, add]
        version: Operation = {
            "op": "test",
            "path": "/metadata/resourceVersion",
            "value": meta.get("resourceVersion"),
        }
        return [
            *([version] if "resourceVersion" in meta else []),
            {"op": "add", "path": "/metadata/annotations", "value": {}},
            add,
        ]

    def _whose(self, current: str | None, wanted: str | None) -> str:
        if current is None:
            return f"its annotation {self.key} is gone: the run {wanted} lost it, or a person took over"
        return (
            f"its annotation {self.key} says {current}, this run is {wanted or 'without a claim'}. "
            f"Removing the annotation by hand takes it over."
        )

    @staticmethod
    def _unsettled(namespace: str, name: str) -> TemporaryError:
        return TemporaryError(
            f"writing Deployment {namespace}/{name}",
            f"it changed under all of {_ATTEMPTS} attempts. Another writer is at work on it: find out who, run again.",
        )


def _parts(token: str | None) -> tuple[str, int, int]:
    run, _, rest = (token or "").partition(":")
    epoch, _, phase = rest.partition(":")
    return run, int(epoch) if epoch.isdigit() else 0, _RANK.get(phase, -1)


def _lags(current: str | None, token: str | None) -> bool:
    """Return whether a Deployment missed a change of phase of the same claim: the step was killed before its stamp."""
    run, epoch, rank = _parts(token)
    return token is not None and _parts(current)[:2] == (run, epoch) and _parts(current)[2] < rank


def _follows(current: str | None, new: str, old: str | None) -> bool:
    new_run, new_epoch, new_rank = _parts(new)
    if current is None:
        continues = old is not None and _parts(old)[0] == new_run and _parts(old)[1] == new_epoch
        # A rollback must also work for a run that was killed between its claim and its first stamp.
        return not continues or new_rank >= _RANK[Phase.ROLLING_BACK]
    if current == old:
        return True
    run, epoch, rank = _parts(current)
    return epoch < new_epoch or (run == new_run and epoch == new_epoch and rank <= new_rank)
