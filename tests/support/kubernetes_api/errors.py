"""Error answers of the API server, worded as the real one words them.

Clients read `code`, `reason` and `details`; people read `message`, and the steps pass it on.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.kubernetes_api.kinds import Json, Kind

GENERIC = {
    400: ("BadRequest", "the server rejected our request for an unknown reason"),
    401: ("Unauthorized", "Unauthorized"),
    403: ("Forbidden", "forbidden"),
    404: ("NotFound", "the server could not find the requested resource"),
    405: ("MethodNotAllowed", "the server does not allow this method on the requested resource"),
    409: ("Conflict", "the server reported a conflict"),
    415: ("UnsupportedMediaType", "the body of the request was in an unknown format"),
    422: ("Invalid", "the server rejected our request due to an error in our request"),
    429: ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
    500: ("InternalError", "an error on the server has prevented the request from succeeding"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: ("Timeout", "the server was unable to return a response in the time allotted"),
}


class ApiError(Exception):
    """An answer other than success; carries the `Status` body."""

    def __init__(self, code: int, message: str = "", *, reason: str = "", details: Json | None = None) -> None:
        """Fill in what the real server says for `code` where nothing better is given."""
        known_reason, known_message = GENERIC.get(code, ("Unknown", "unknown"))
        self.code = code
        self.message = message or known_message
        self.body: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": reason or known_reason,
            "details": details or {},
            "code": code,
        }
        super().__init__(f"{code} {self.message}")


def _details(kind: Kind, name: str, **more: object) -> Json:
    details: Json = {"name": name, "kind": kind.plural, **more}
    return details | ({"group": kind.group} if kind.group else {})


def not_found(kind: Kind, name: str) -> ApiError:
    """Return 404 for an object."""
    return ApiError(404, f'{kind.qualified} "{name}" not found', details=_details(kind, name))


def already_exists(kind: Kind, name: str) -> ApiError:
    """Return 409 for a POST of a name that is taken."""
    details = _details(kind, name)
    return ApiError(409, f'{kind.qualified} "{name}" already exists', reason="AlreadyExists", details=details)


def conflict(kind: Kind, name: str, why: str = "") -> ApiError:
    """Return 409 for a write based on an outdated object."""
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {kind.qualified} "{name}": {why}'
    return ApiError(409, message, details=_details(kind, name))


def invalid(kind: Kind, name: str, causes: Sequence[tuple[str, str]]) -> ApiError:
    """Return 422 for an object that fails validation; `causes` are (field path, what is wrong)."""
    said = [f"{path}: {what}" for path, what in causes]
    listed = said[0] if len(said) == 1 else "[" + ", ".join(said) + "]"
    qualified = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    details = _details(kind, name) | {"kind": kind.kind}
    details["causes"] = [{"reason": "FieldValueInvalid", "message": what, "field": path} for path, what in causes]
    return ApiError(422, f'{qualified} "{name}" is invalid: {listed}', details=details)


def forbidden(kind: Kind, name: str, namespace: str, *, user: str, verb: str, resource: str) -> ApiError:
    """Return 403 as RBAC words it; `resource` may name a subresource."""
    where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
    named = f'{kind.qualified} "{name}"' if name else kind.qualified
    message = (
        f'{named} is forbidden: User "{user}" cannot {verb} resource "{resource}" in API group "{kind.group}"{where}'
    )
    return ApiError(403, message, details=_details(kind, name))
