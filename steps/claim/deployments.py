"""The token on Deployments: it follows the token on the VirtualServices, and every write of a Deployment tests it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from steps.claim.annotations import annotations_of, expect_managers, remove_managed_fields
from steps.claim.guarded_write import Decide, GuardedWriter
from steps.claim.marks import Holder, Mark, mark_of, marks_on, take_off
from steps.claim.ownership import Inherits, Ownership, Refuse
from steps.claim.token import is_later, parse_token
from steps.cluster import json_patch
from steps.cluster.api import Cluster, Object, Operation
from steps.cluster.kinds import DEPLOYMENT
from steps.errors import Interrupted, NotFound, PermanentError, StepError
from steps.model.run import ObjectName

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RETRY_SECONDS: Final = 10.0


@dataclass(slots=True)
class Secured:
    """What became of the Deployments of a run that goes back.

    Args:
        repaired: those whose unreadable token was replaced.
        left: those that do not belong to the run, and were not written → the token that they carry, "" for none.
    """

    repaired: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


class ClaimedDeployments:
    """Deployments under the token of one application's claim.

    Args:
        cluster: the API server.
        key: the claim annotation, `canary-steps.io/claim.<app>`.
        retry_seconds: how long to retry a write that meets other writers (>= 0).
        holder: whose claim it is, for those who put the token there; None for those who only write under it.
    """

    def __init__(
        self, cluster: Cluster, key: str, retry_seconds: float = RETRY_SECONDS, holder: Holder | None = None
    ) -> None:
        self._cluster = cluster
        self._ownership = Ownership(key, holder)
        self._writer = GuardedWriter(cluster, DEPLOYMENT, retry_seconds)
        self.key = key
        self._path = ("metadata", "annotations", key)

    def write(self, namespace: str, name: str, token: str | None, decide: Decide) -> Object:
        """Read a Deployment, ask `decide` what to write, and write all of it or nothing.

        Args:
            namespace: of the Deployment.
            name: of the Deployment.
            token: of the claim; None for a step without a claim, which refuses Deployments that any claim owns.
            decide: gets the Deployment as read, returns JSON Patch operations, none if there is nothing to do; called
                again after a conflict.

        Raises:
            LostDeployment: there is something to write, and the Deployment carries another token, or none.
            ClaimCorrupt: there is something to write, and its token cannot be read.
            NotFound: no such Deployment.
            TemporaryError: others kept changing it.
        """

        def guarded(found: Object) -> list[Operation]:
            current = annotations_of(found).get(self.key)
            operations = _decided(decide, found, self._ownership.lost(found, token))
            if not operations:
                return []
            test = [] if token is None else [json_patch.expect(current, *self._path)]
            if current != token:
                test.append({"op": "replace", "path": json_patch.pointer(*self._path), "value": token})
            return [*test, *operations]

        return self._writer.write(ObjectName(namespace, name), guarded)

    def take(self, namespace: str, names: Iterable[str], token: str, refuse: Refuse | None = None) -> None:
        """Write the token of a new claim to Deployments; those that do not exist are skipped.

        All apps' tokens whose claims are gone are removed by the same patch, which tests that none appeared meanwhile.

        Args:
            namespace: of the Deployments.
            names: Deployments; they are taken in sort order, so that of two runs one gets all of them.
            token: the token to write.
            refuse: raises if the claim behind another token still exists; None lets a higher epoch of the same app win.

        Raises:
            LostDeployment: a Deployment carries a later token of this app. ClaimCorrupt: a token cannot be read.
            What `refuse` raises. TemporaryError: others kept changing it.
        """
        new = parse_token(token)

        def decide(found: Object) -> list[Operation]:
            self._ownership.refuse_others(found, new, token, refuse)
            others = [mark.key for mark in marks_on(found) if mark.key != self.key]
            return (
                []
                if self._ownership.is_marked(found, token) and not others
                else self._ownership.marks(found, token, others)
            )

        for name in sorted(set(names)):
            self._put(ObjectName(namespace, name), decide)

    def move(self, namespace: str, names: Iterable[str], token: str) -> None:
        """Bring the token to a later phase of the same claim; Deployments that do not exist are skipped.

        Raises:
            LostDeployment: a Deployment carries another token, or none. ClaimCorrupt: its token cannot be read.
            TemporaryError: others kept changing it.
        """
        new = parse_token(token)

        def decide(found: Object) -> list[Operation]:
            current = self._ownership.token_of(found)
            if current is None or not current.is_same(new) or is_later(current.phase, new.phase):
                raise self._ownership.not_ours(found, token)
            return [] if self._ownership.is_marked(found, token) else self._ownership.marks(found, token)

        for name in sorted(set(names)):
            self._put(ObjectName(namespace, name), decide)

    def secure(
        self,
        namespace: str,
        names: Iterable[str],
        token: str,
        inherits: Inherits | None = None,
        *,
        repair: bool = False,
    ) -> Secured:
        """Write the token of a run that goes back to the Deployments that belong to it, and to no others.

        Annotations of a VirtualService can name any Deployment. One belongs to the run if the run itself has put its
        token there: it carries the token of this claim in any phase, or that of an earlier owner of the same claim (a
        lower epoch), and names the same holder. Where it names another one, or none, `inherits` decides.

        Args:
            namespace: of the Deployments.
            names: Deployments; those that do not exist are skipped.
            token: of the claim, in phase rolling-back.
            inherits: returns whether the claim may write a Deployment that does not name its holder; None for never.
            repair: replace a token that cannot be read, where the holder is this claim's.

        Raises:
            ClaimCorrupt: a Deployment carries a token that cannot be read, and `repair` is False.
            TemporaryError: others kept changing it.
        """
        result, new = Secured(), parse_token(token)

        for name in sorted(set(names)):

            def decide(found: Object, name: str = name) -> list[Operation]:
                result.left.pop(name, None)
                mark = mark_of(found, self.key)
                if mark is not None and mark.token is None and not repair:
                    raise self._ownership.corrupt(found, mark)
                if mark is None or not self._ownership.is_ours(found, mark, new, inherits):
                    others = [one.text for one in marks_on(found)]
                    result.left[name] = others[0] if others else ""
                    return []
                return [] if self._ownership.is_marked(found, token) else self._ownership.marks(found, token)

            previous = self._put(ObjectName(namespace, name), decide)
            if previous is not None and name not in result.left and previous.token is None:
                log.warning(
                    "claim.token_repaired", deployment=f"{namespace}/{name}", previous=previous.text, token=token
                )
                result.repaired.append(name)
        return result

    def carries(self, found: Object, token: str) -> bool:
        """Return whether a Deployment carries the token of a claim, in whatever phase."""
        mark, own = mark_of(found, self.key), parse_token(token)
        return mark is not None and mark.token is not None and mark.token.is_same(own)

    def remove_token(self, namespace: str, names: Iterable[str], token: str, *, inherited: bool = True) -> None:
        """Remove our token from Deployments, in whatever phase it was left; those of others stay.

        The fields that we wrote become nobody's in the same patch, so that the next server-side apply of the team meets
        no conflict with us. If the API server refuses that, the token is removed without it. One Deployment that cannot
        be written does not keep the token on the others.

        Args:
            namespace: of the Deployments.
            names: Deployments.
            token: of the claim.
            inherited: also remove the token of an earlier owner of the same claim. Not for a claim that was refused:
                the one it met may have an earlier epoch, and is alive.

        Raises:
            StepError: the first trouble, after all Deployments were tried.
        """
        new = parse_token(token)

        def removal(found: Object) -> list[Operation]:
            mark = mark_of(found, self.key)
            if mark is None or mark.token is None:
                return []
            is_ours = self._ownership.is_ours(found, mark, new) and (inherited or mark.token.is_same(new))
            return take_off(found, [self.key]) if is_ours else []

        def disowning(found: Object) -> list[Operation]:
            operations = removal(found)
            return [*operations, *expect_managers(found), *remove_managed_fields(found)] if operations else []

        troubles: list[StepError] = []
        for name in sorted(set(names)):
            try:
                self._disown(ObjectName(namespace, name), disowning, removal)
            except NotFound:
                continue
            except Interrupted:
                raise
            except StepError as error:
                troubles.append(error)
        if troubles:
            raise troubles[0]

    def disown(self, namespace: str, names: Iterable[str]) -> None:
        """Make the fields that we wrote outside a run nobody's, unless a run claimed the Deployment by now."""

        def disowning(found: Object) -> list[Operation]:
            return [] if marks_on(found) else [*expect_managers(found), *remove_managed_fields(found)]

        for name in sorted(set(names)):
            try:
                self._disown(ObjectName(namespace, name), disowning, lambda _: [])
            except NotFound:
                continue

    def highest_epoch(self, namespace: str, names: Iterable[str]) -> int:
        """Return the highest epoch that Deployments carry, 0 for none; the next claim needs a higher one.

        Raises:
            ClaimCorrupt: a Deployment carries a token that cannot be read.
        """
        found = [self._cluster.find(DEPLOYMENT, namespace, name) for name in sorted(set(names))]
        tokens = [self._ownership.token_of(entry) for entry in found if entry is not None]
        return max((token.epoch for token in tokens if token is not None), default=0)

    def _put(self, name: ObjectName, decide: Decide) -> Mark | None:
        """Write what `decide` returns; return the mark as it was read last, None without one or without Deployment."""
        seen: list[Mark | None] = [None]

        def remembered(found: Object) -> Sequence[Operation]:
            seen[0] = mark_of(found, self.key)
            return decide(found)

        try:
            self._writer.write(name, remembered)
        except NotFound:
            return None
        return seen[0]

    def _disown(self, name: ObjectName, disowning: Decide, removal: Decide) -> None:
        try:
            self._writer.write(name, disowning)
        except NotFound:
            raise
        except PermanentError as error:
            log.warning("release.not_disowned", deployment=str(name), cause=error.cause)
            self._writer.write(name, removal)


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
