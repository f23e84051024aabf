"""Whose a Deployment is: what its token and holder say about a claim that wants to write it. Pure."""

from collections.abc import Callable, Sequence

from steps.claim.annotations import annotations_of
from steps.claim.errors import ClaimCorrupt, LostDeployment
from steps.claim.marks import Holder, Mark, holder_on, is_held_by, mark_of, marks_on, put
from steps.claim.token import Token, is_later, parse_token
from steps.cluster.api import Object, Operation
from steps.errors import StepError

Refuse = Callable[[Object, Mark], None]
"""Raises if the claim behind a token on a Deployment still exists."""

Inherits = Callable[[Object, Mark], bool]
"""Returns whether a claim may write a Deployment whose token does not name its holder."""


class Ownership:
    """What one application's claim finds on Deployments.

    Args:
        key: the claim annotation, `canary-steps.io/claim.<app>`.
        holder: whose claim it is; None for those who do not put tokens there.
    """

    def __init__(self, key: str, holder: Holder | None) -> None:
        self._key, self._holder = key, holder

    def refuse_others(self, found: Object, new: Token, token: str, refuse: Refuse | None) -> None:
        """Refuse a Deployment that another claim holds.

        Args:
            found: the Deployment as read.
            new: the claim's token, also as `token`.
            token: its text.
            refuse: raises if the claim behind another token still exists; None lets a higher epoch of the app win.

        Raises:
            LostDeployment: it carries a later token of the app. ClaimCorrupt: a token cannot be read.
            What `refuse` raises.
        """
        for mark in marks_on(found):
            if mark.token is None:
                raise self.corrupt(found, mark)
            if mark.key == self._key and mark.token.is_same(new):
                if is_later(mark.token.phase, new.phase):
                    raise self.not_ours(found, token)
                continue
            if refuse is not None:
                refuse(found, mark)
            elif mark.key != self._key or mark.token.epoch >= new.epoch:
                raise self.not_ours(found, token, mark)

    def is_ours(self, found: Object, mark: Mark, new: Token, inherits: Inherits | None = None) -> bool:
        """Return whether the run of `new`, or an earlier owner of its claim, has put a mark on a Deployment."""
        named = self._holder is None or is_held_by(found, mark, self._holder)
        if mark.token is None:
            return named and holder_on(found) is not None
        if mark.token.is_same(new) and (named or holder_on(found) is None):
            return True
        if mark.token.epoch > new.epoch or (mark.token.epoch == new.epoch and mark.token.run != new.run):
            return False
        return named or (inherits is not None and inherits(found, mark))

    def is_marked(self, found: Object, token: str) -> bool:
        """Return whether a Deployment carries exactly this token, and this holder."""
        is_named = self._holder is None or holder_on(found) == self._holder
        return is_named and annotations_of(found).get(self._key) == token

    def marks(self, found: Object, token: str, gone: Sequence[str] = ()) -> list[Operation]:
        """Return the operations that write token and holder, and remove the annotations `gone`."""
        return put(found, self._key, token, self._holder, gone)

    def token_of(self, found: Object) -> Token | None:
        """Return the app's token on a Deployment, None without one.

        Raises:
            ClaimCorrupt: it cannot be read.
        """
        mark = mark_of(found, self._key)
        if mark is not None and mark.token is None:
            raise self.corrupt(found, mark)
        return mark.token if mark is not None else None

    def corrupt(self, found: Object, mark: Mark) -> ClaimCorrupt:
        """Return the error for a token that cannot be read."""
        namespace, name = found["metadata"].get("namespace"), found["metadata"]["name"]
        cause = (
            f"its annotation {mark.key} is {mark.text!r}, which is not run:epoch:phase, so its owner is unknown. If no"
            f" run releases this app, remove it: kubectl annotate deployment -n {namespace} {name} {mark.key}-"
            " (rollback --any-run and sweep replace it)."
        )
        return ClaimCorrupt(f"reading the claim on Deployment {namespace}/{name}", cause)

    def lost(self, found: Object, token: str | None) -> StepError | None:
        """Return why a write under `token` is not allowed, None if it is."""
        if token is None:
            marks = marks_on(found)
            if not marks:
                return None
            return self.corrupt(found, marks[0]) if marks[0].token is None else self.not_ours(found, None, marks[0])
        if annotations_of(found).get(self._key) == token:
            return None
        try:
            current = self.token_of(found)
        except ClaimCorrupt as error:
            return error
        if current is not None and _lags(current, parse_token(token)):
            return None
        return self.not_ours(found, token)

    def not_ours(self, found: Object, wanted: str | None, mark: Mark | None = None) -> LostDeployment:
        """Return the error for a Deployment that carries another token than the wanted one (None: any), or none."""
        mark = mark or mark_of(found, self._key)
        name = f"{found['metadata'].get('namespace')}/{found['metadata']['name']}"
        if mark is None:
            cause = f"its annotation {self._key} is gone: the run {wanted} lost it, or a person took over"
        else:
            cause = (
                f"its annotation {mark.key} says {mark.text}, this run is {wanted or 'without a claim'}. "
                f"Removing the annotation by hand takes it over."
            )
        return LostDeployment(f"writing Deployment {name}", cause, name, mark.text if mark is not None else None)


def _lags(current: Token, token: Token) -> bool:
    """Return whether a Deployment missed a change of phase of the same claim: the step was killed before that."""
    return current.is_same(token) and is_later(token.phase, current.phase)
