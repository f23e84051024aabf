"""Token services, to which most registries send a client for a token before it may read."""

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from steps.errors import PermanentError
from steps.http_client.client import HttpClient
from steps.http_client.limits import Answer, AnswerTooLargeError, Limits
from steps.registry.access import AuthorizationHeader, Challenge, RegistryAccess
from steps.registry.json_body import json_object
from steps.registry.registry_errors import error_of_answer, error_of_exception
from steps.registry.trusted_hosts import may_get_credentials

_CLIENT: Final = "canary-steps"
_MAX_BYTES: Final = 1 << 18
_SHOWN: Final = 200


def fetch_token(challenge: Challenge, registry: str, access: RegistryAccess, client: HttpClient, doing: str) -> str:
    """Return a token for the challenge of a registry.

    Args:
        challenge: the scope, and the URL of the token service.
        registry: host of the registry, to which the service must belong.
        access: credentials and timeouts.
        client: keeps connections.
        doing: for the message.

    Raises:
        TemporaryError: the token service is failing.
        PermanentError: it refuses, is not a token service, or not one of this registry.
    """
    where = _checked(challenge.realm, registry, access, doing)
    try:
        answer = _send(challenge, access, client)
    except (requests.RequestException, OSError) as fault:
        raise error_of_exception(doing, where, fault) from fault
    except AnswerTooLargeError:
        answer = Answer(HTTPStatus.OK, {}, b"")
    if answer.status != HTTPStatus.OK:
        raise error_of_answer(doing, where, answer, challenge.scope, access.who)
    body = json_object(answer.content)
    token = body.get("token") or body.get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise PermanentError(doing, f"{where} returned no token: it is not a token service, or of another kind")
    return token


def _checked(realm: str, registry: str, access: RegistryAccess, doing: str) -> str:
    """Return the service's name for messages, if it may get the credentials."""
    if may_get_credentials(realm, registry, access.auth_hosts, plain_http=access.plain_http):
        return f"the token service {urlsplit(realm).hostname}"
    cause = f"the registry {registry} names the token service {realm[:_SHOWN]!r}"
    if not realm.lower().startswith("https://") and not access.plain_http:
        help_text = "fix the registry's configuration, or set --registry-plain-http"
        raise PermanentError(doing, f"{cause}, and credentials go over https only: {help_text}")
    help_text = "if it is right, name its host with --registry-auth-hosts"
    raise PermanentError(doing, f"{cause}, which is not on its own host, so it gets no credentials: {help_text}")


def _send(challenge: Challenge, access: RegistryAccess, client: HttpClient) -> Answer:
    credentials = access.credentials
    wanted = {"service": challenge.service, "scope": challenge.scope}
    limits = Limits(access.timeout_seconds, _MAX_BYTES)
    options: dict[str, Any] = {"verify": access.verify}
    if credentials is not None and credentials.identity_token:
        grant = {"grant_type": "refresh_token", "refresh_token": credentials.identity_token, "client_id": _CLIENT}
        form = {**wanted, **grant}
        return client.send("POST", challenge.realm, limits, data=form, auth=AuthorizationHeader(), **options)
    header = AuthorizationHeader(credentials.basic if credentials is not None else "")
    return client.send("GET", challenge.realm, limits, params=wanted, auth=header, **options)
