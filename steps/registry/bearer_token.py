"""Token services, to which most registries send a client for a token before it may read."""

from contextlib import closing
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from steps.errors import PermanentError
from steps.registry.access import AuthorizationHeader, Challenge, RegistryAccess
from steps.registry.bounded_body import read_json_object
from steps.registry.registry_errors import error_of_exception, error_of_response

_CLIENT: Final = "canary-steps"
_MAX_BYTES: Final = 1 << 18


def fetch_token(challenge: Challenge, access: RegistryAccess, session: requests.Session, doing: str) -> str:
    """Return a token for the challenge of a registry.

    Args:
        challenge: the scope, and the URL of the token service.
        access: credentials and timeouts.
        session: keeps connections.
        doing: for the message.

    Raises:
        TemporaryError: the token service is failing. PermanentError: it refuses, or is not a token service.
    """
    service = urlsplit(challenge.realm)
    where = f"the token service {service.hostname}"
    if service.scheme != "https" and not (service.scheme == "http" and access.plain_http):
        cause = f"its token service is {challenge.realm[:200]!r}, and credentials go over https only"
        raise PermanentError(doing, f"{cause}: fix the registry's configuration, or set --registry-plain-http")
    try:
        response = _send(challenge, access, session)
    except (requests.RequestException, OSError) as fault:
        raise error_of_exception(doing, where, fault) from fault
    with closing(response):
        if response.status_code != HTTPStatus.OK:
            raise error_of_response(doing, where, response, challenge.scope, access.who)
        body = read_json_object(response, _MAX_BYTES, access.timeout_seconds)
    token = body.get("token") or body.get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise PermanentError(doing, f"{where} returned no token: it is not a token service, or of another kind")
    return token


def _send(challenge: Challenge, access: RegistryAccess, session: requests.Session) -> requests.Response:
    credentials = access.credentials
    wanted = {"service": challenge.service, "scope": challenge.scope}
    options: dict[str, Any] = {"timeout": access.timeout_seconds, "verify": access.verify, "stream": True}
    if credentials is not None and credentials.identity_token:
        grant = {"grant_type": "refresh_token", "refresh_token": credentials.identity_token, "client_id": _CLIENT}
        form = {**wanted, **grant}
        return session.post(challenge.realm, form, auth=AuthorizationHeader(), allow_redirects=False, **options)
    header = AuthorizationHeader(credentials.basic if credentials is not None else "")
    return session.get(challenge.realm, params=wanted, auth=header, allow_redirects=False, **options)
