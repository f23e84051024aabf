"""Names as Kubernetes allows them, checked before they reach a URL, a patch or a query."""

import hashlib
import re
from typing import Annotated

from pydantic import AfterValidator

from steps.settings.written_forms import (
    DESTINATION_SCHEMA,
    HOST_SCHEMA,
    LABEL_SCHEMA,
    QUALIFIED_SCHEMA,
    SUBDOMAIN_SCHEMA,
)

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_LIMIT = 63
_SUBDOMAIN_LIMIT = 253
_CANARY_SUFFIX, _BASELINE_SUFFIX = "-canary", "-baseline"


def _label(value: str) -> str:
    if value and (len(value) > _LABEL_LIMIT or not _LABEL.fullmatch(value)):
        raise ValueError(
            f"must be a Kubernetes name: at most {_LABEL_LIMIT} of a-z, 0-9 and '-',"
            " starting and ending with a-z or 0-9"
        )
    return value


def _subdomain(value: str) -> str:
    parts = value.split(".")
    if value and (len(value) > _SUBDOMAIN_LIMIT or not all(_LABEL.fullmatch(part) for part in parts)):
        raise ValueError(
            f"must be a Kubernetes object name: at most {_SUBDOMAIN_LIMIT} of a-z, 0-9, '-' and '.',"
            " starting and ending with a-z or 0-9"
        )
    return value


def _host(value: str) -> str:
    """Accept a host as Istio does: a name, `*`, or `*.` before a name."""
    _subdomain("" if value == "*" else value.removeprefix("*."))
    if value == "*.":
        raise ValueError("must name a domain after `*.`")
    return value


def _qualified(value: str) -> str:
    namespace, slash, name = value.rpartition("/")
    if slash:
        _label(namespace or "-")
    _subdomain(name or "-")
    return value


def _destination(value: str) -> str:
    host, slash, subset = value.partition("/")
    _subdomain(host)
    if slash:
        _label(subset or "-")
    return value


LabelName = Annotated[str, AfterValidator(_label), LABEL_SCHEMA]
"""An RFC 1123 label, or empty."""

SubdomainName = Annotated[str, AfterValidator(_subdomain), SUBDOMAIN_SCHEMA]
"""An RFC 1123 subdomain (most object names), or empty."""

HostName = Annotated[str, AfterValidator(_host), HOST_SCHEMA]
"""A host name as clients use it, which may begin with `*.`, or be `*`."""

QualifiedName = Annotated[str, AfterValidator(_qualified), QUALIFIED_SCHEMA]
"""`name` or `namespace/name`."""

DestinationName = Annotated[str, AfterValidator(_destination), DESTINATION_SCHEMA]
"""`host` or `host/subset`, or empty."""


def canary_name(stable: str) -> str:
    """Return the canary's name by convention: `shop` → `shop-canary`.

    It also becomes a label value and a Service name, which have at most 63 characters; a longer one is cut and made
    unique by six hex digits of its SHA-256.
    """
    return _suffixed(stable, _CANARY_SUFFIX)


def baseline_name(base: str) -> str:
    """Return the baseline's name by convention: `shop` → `shop-baseline`; cut as the canary's is."""
    return _suffixed(base, _BASELINE_SUFFIX)


def _suffixed(base: str, suffix: str) -> str:
    plain = f"{base}{suffix}"
    if len(plain) <= _LABEL_LIMIT:
        return plain
    digest = hashlib.sha256(base.encode()).hexdigest()[:6]
    kept = _LABEL_LIMIT - len(suffix) - len(digest) - 1
    return f"{base[:kept].rstrip('-.')}-{digest}{suffix}"
