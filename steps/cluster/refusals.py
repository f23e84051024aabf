"""What an answer of the API server that is not a success means, as the errors of `steps.errors`."""

from http import HTTPStatus
from typing import Any

from steps.cluster.connection import ApiResponse, is_too_large
from steps.cluster.denials import denial
from steps.errors import Denied, Forbidden, NotFound, PermanentError, TemporaryError


class Conflict(TemporaryError):  # noqa: N818 - named as the API names it
    """The object has changed since it was read (409, or a failed `test` of a JSON Patch): read it and decide again."""

    reason = "conflict"


class Unstorable(PermanentError):  # noqa: N818 - named after the fault
    """The API server does not store the object as it would be: it is invalid (422) or too large (413)."""

    reason = "unstorable"


class Expired(TemporaryError):  # noqa: N818 - named as the API names it
    """The API server no longer has the list that a page belongs to (410).

    Attributes:
        go_on: a token for the rest of the list as it is now, "" where the list has to be begun anew.
    """

    reason = "expired-list"

    def __init__(self, action: str, cause: str, go_on: str = "") -> None:
        super().__init__(action, cause)
        self.go_on = go_on


def body_or_error(answer: ApiResponse, doing: str) -> dict[str, Any]:
    """Return the body of an answer, or raise what it says: Forbidden, NotFound, Conflict or another of these."""
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return answer.body
    message = str(answer.body.get("message") or f"the API server answered {answer.status} without a message")
    raise _error(answer, doing, message)


def _error(answer: ApiResponse, doing: str, message: str) -> PermanentError | TemporaryError:
    if denied := denial(message):
        return Denied(doing, denied)
    match answer.status:
        case 404:
            return NotFound(doing, f"{message}. Check the name and the namespace.")
        case 401 | 403:
            remedy = (
                "The credentials were not accepted: check the service account or kubeconfig."
                if answer.status == HTTPStatus.UNAUTHORIZED.value
                else "Grant this verb on this resource to the account, see the README's RBAC."
            )
            return Forbidden(doing, f"{message}. {remedy}")
        case 409:
            return Conflict(doing, message)
        case 422 if _is_failed_test(answer):
            return Conflict(doing, f"the object has changed since it was read ({message})")
        case _:
            return _seldom(answer, doing, message)


def _seldom(answer: ApiResponse, doing: str, message: str) -> PermanentError | TemporaryError:
    if answer.status == HTTPStatus.GONE:
        return Expired(doing, message, str((answer.body.get("metadata") or {}).get("continue") or ""))
    is_refused = answer.status == HTTPStatus.UNPROCESSABLE_ENTITY or is_too_large(answer)
    return (Unstorable if is_refused else PermanentError)(doing, f"the API server answered {answer.status}: {message}")


def _is_failed_test(answer: ApiResponse) -> bool:
    """Return whether a patch did not apply; the other 422, for an invalid object, has `causes` in its details."""
    return not (answer.body.get("details") or {}).get("causes")
