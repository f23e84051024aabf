"""The token on Deployments: it follows the token on the VirtualServices, and every write of a Deployment tests it."""

from collections.abc import Iterable, Sequence
from typing import Final

import structlog

from steps.claim.annotations import annotations_of, expect_managers, remove_managed_fields
from steps.claim.errors import ClaimCorrupt
from steps.claim.guarded_write import Decide, GuardedWriter
from steps.claim.token import Token, is_later, parse_token
from steps.cluster import json_patch
from steps.cluster.api import Cluster, Object, Operation
from steps.cluster.kinds import DEPLOYMENT
from steps.errors import NotFound, NotOwnerError, PermanentError, StepError
from steps.model.run import ObjectName, Phase

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RETRY_SECONDS: Final = 10.0


class ClaimedDeployments:
    """Deployments under the token of one application's claim.

    Args:
        cluster: the API server.
        key: the claim annotation, `canary-steps.io/claim.<app>`.
        retry_seconds: how long to retry a write that meets other writers (>= 0).
    """

    def __init__(self, cluster: Cluster, key: str, retry_seconds: float = RETRY_SECONDS) -> None:
        self._cluster = cluster
        self._writer = GuardedWriter(cluster, DEPLOYMENT, retry_seconds)
        self.key = key
        self._path = ("metadata", "annotations", key)

    def write(self, namespace: str, name: str, token: str | None, decide: Decide) -> Object:
        """Read a Deployment, ask `decide` what to write, and write all of it or nothing.

        Args:
            namespace: of the Deployment.
            name: of the Deployment.
            token: of the claim; None for a step without a claim, which refuses Deployments that a claim owns.
            decide: gets the Deployment as read, returns JSON Patch operations, none if there is nothing to do; called
                again after a conflict.

        Raises:
            NotOwnerError: there is something to write, and the Deployment carries another token, or none.
            ClaimCorrupt: there is something to write, and its token cannot be read.
            NotFound: no such Deployment.
            TemporaryError: others kept changing it.
        """

        def guarded(found: Object) -> list[Operation]:
            current = annotations_of(found).get(self.key)
            operations = _decided(decide, found, self._lost(found, token))
            if not operations:
                return []
            test = [] if token is None else [json_patch.expect(current, *self._path)]
            if current != token:
                test.append({"op": "replace", "path": json_patch.pointer(*self._path), "value": token})
            return [*test, *operations]

        return self._writer.write(ObjectName(namespace, name), guarded)

    def write_token(
        self, namespace: str, names: Iterable[str], new: str, old: str | None = None, *, repair: bool = False
    ) -> list[str]:
        """Write a token to Deployments; those that do not exist are skipped.

        A token is replaced if it is `old`, has a lower epoch, or is an earlier phase of the same run. So a slow
        writer of an older claim cannot take a Deployment back.

        Args:
            namespace: of the Deployments.
            names: Deployments.
            new: the token to write.
            old: the token that it follows, None if there was none.
            repair: replace a token that cannot be read.

        Returns:
            The Deployments whose unreadable token was replaced.

        Raises:
            NotOwnerError: a Deployment carries a later token, or lost the token of this run.
            ClaimCorrupt: a Deployment carries a token that cannot be read, and `repair` is False.
            TemporaryError: others kept changing it.
        """
        repaired = []
        for name in sorted(set(names)):
            previous = self._write_token(ObjectName(namespace, name), new, old, repair=repair)
            if previous is not None:
                log.warning("claim.token_repaired", deployment=f"{namespace}/{name}", previous=previous, token=new)
                repaired.append(name)
        return repaired

    def remove_token(self, namespace: str, names: Iterable[str], token: str) -> None:
        """Remove our token from Deployments; other tokens and missing Deployments are left as they are.

        The fields that we wrote become nobody's in the same patch, so that the next server-side apply of the team meets
        no conflict with us. If the API server refuses that, the token is removed without it.
        """

        def removal(found: Object) -> list[Operation]:
            if annotations_of(found).get(self.key) != token:
                return []
            return [json_patch.expect(token, *self._path), json_patch.remove(*self._path)]

        def disowning(found: Object) -> list[Operation]:
            operations = removal(found)
            return [*operations, *expect_managers(found), *remove_managed_fields(found)] if operations else []

        for name in sorted(set(names)):
            try:
                self._disown(ObjectName(namespace, name), disowning, removal)
            except NotFound:
                continue

    def disown(self, namespace: str, names: Iterable[str]) -> None:
        """Make the fields that we wrote outside a run nobody's, unless a run claimed the Deployment by now."""

        def disowning(found: Object) -> list[Operation]:
            return [] if self.key in annotations_of(found) else [*expect_managers(found), *remove_managed_fields(found)]

        for name in sorted(set(names)):
            try:
                self._disown(ObjectName(namespace, name), disowning, lambda _: [])
            except NotFound:
                continue

    def _disown(self, name: ObjectName, disowning: Decide, removal: Decide) -> None:
        try:
            self._writer.write(name, disowning)
        except NotFound:
            raise
        except PermanentError as error:
            log.warning("release.not_disowned", deployment=str(name), cause=error.cause)
            self._writer.write(name, removal)

    def highest_epoch(self, namespace: str, names: Iterable[str]) -> int:
        """Return the highest epoch that Deployments carry, 0 for none; the next claim needs a higher one.

        Raises:
            ClaimCorrupt: a Deployment carries a token that cannot be read.
        """
        found = [self._cluster.find(DEPLOYMENT, namespace, name) for name in sorted(set(names))]
        tokens = [self._token_of(entry) for entry in found if entry is not None]
        return max((token.epoch for token in tokens if token is not None), default=0)

    def _token_of(self, found: Object) -> Token | None:
        text = annotations_of(found).get(self.key)
        if text is None:
            return None
        try:
            return parse_token(text)
        except ValueError as error:
            raise self._corrupt(found, text) from error

    def _corrupt(self, found: Object, text: str) -> ClaimCorrupt:
        namespace, name = found["metadata"].get("namespace"), found["metadata"]["name"]
        cause = (
            f"its annotation {self.key} is {text!r}, which is not run:epoch:phase, so its owner is unknown. If no"
            f" run releases this app, remove it: kubectl annotate deployment -n {namespace} {name} {self.key}-"
            " (rollback --any-run and sweep replace it)."
        )
        return ClaimCorrupt(f"reading the claim on Deployment {namespace}/{name}", cause)

    def _lost(self, found: Object, token: str | None) -> StepError | None:
        """Return why a write under `token` is not allowed, None if it is."""
        text = annotations_of(found).get(self.key)
        if text == token:
            return None
        try:
            current = self._token_of(found)
        except ClaimCorrupt as error:
            return error
        if current is not None and token is not None and _lags(current, parse_token(token)):
            return None
        name = f"{found['metadata'].get('namespace')}/{found['metadata']['name']}"
        return NotOwnerError(f"writing Deployment {name}", self._whose(text, token))

    def _write_token(self, name: ObjectName, new: str, old: str | None, *, repair: bool) -> str | None:
        """Write a token to one Deployment; return the unreadable text that it replaced."""
        unreadable: list[str] = []

        def follow(found: Object) -> list[Operation]:
            unreadable.clear()
            text = annotations_of(found).get(self.key)
            if text == new:
                return []
            try:
                current = self._token_of(found)
            except ClaimCorrupt:
                if not repair:
                    raise
                unreadable.append(str(text))
                return self._put(found, new)
            if not _follows(current, parse_token(new), parse_token(old) if old else None):
                raise NotOwnerError(f"claiming Deployment {name}", self._whose(text, new))
            return self._put(found, new)

        try:
            self._writer.write(name, follow)
        except NotFound:
            return None
        return unreadable[0] if unreadable else None

    def _put(self, found: Object, new: str) -> list[Operation]:
        meta = found["metadata"]
        if meta.get("annotations"):
            # A JSON Patch cannot test that a token is absent, only that the whole map is as it was read. A test of the
            # resourceVersion would hardly ever hold: controllers write the status of a Deployment all the time.
            return [
                json_patch.expect(meta["annotations"], "metadata", "annotations"),
                json_patch.add(new, *self._path),
            ]
        version = json_patch.expect(meta.get("resourceVersion"), "metadata", "resourceVersion")
        return [
            *([version] if "resourceVersion" in meta else []),
            json_patch.add({}, "metadata", "annotations"),
            json_patch.add(new, *self._path),
        ]

    def _whose(self, current: str | None, wanted: str | None) -> str:
        if current is None:
            return f"its annotation {self.key} is gone: the run {wanted} lost it, or a person took over"
        return (
            f"its annotation {self.key} says {current}, this run is {wanted or 'without a claim'}. "
            f"Removing the annotation by hand takes it over."
        )


def _decided(decide: Decide, found: Object, lost: StepError | None) -> Sequence[Operation]:
    """Allow a lost token if there is nothing to write: a step killed after it removed the token must be repeatable."""
    try:
        operations = decide(found)
    except StepError as error:
        if lost is not None:
            raise lost from error
        raise
    if operations and lost is not None:
        raise lost
    return operations


def _same_claim(one: Token, other: Token) -> bool:
    return (one.run, one.epoch) == (other.run, other.epoch)


def _lags(current: Token, token: Token) -> bool:
    """Return whether a Deployment missed a change of phase of the same claim: the step was killed before that."""
    return _same_claim(current, token) and is_later(token.phase, current.phase)


def _follows(current: Token | None, new: Token, old: Token | None) -> bool:
    if current is None:
        continues = old is not None and _same_claim(old, new)
        # A rollback must also work for a run that was killed between its claim and its first token on a Deployment.
        return not continues or not is_later(Phase.ROLLING_BACK, new.phase)
    if current == old:
        return True
    return current.epoch < new.epoch or (_same_claim(current, new) and not is_later(current.phase, new.phase))
