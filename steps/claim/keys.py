"""Names of what we write into `metadata`: annotation keys per app, and the one label."""

import hashlib

from steps.model.run import APPROVAL_PREFIX, CLAIM_PREFIX, RECORD_PREFIX, STATE_PREFIX

_LONGEST_APP = 40
_HASH_LENGTH = 8


def shorten_app(app: str) -> str:
    """Return the app as keys carry it: more than 40 characters are cut and hashed (a key's name part has 63)."""
    if len(app) <= _LONGEST_APP:
        return app
    digest = hashlib.sha256(app.encode()).hexdigest()[:_HASH_LENGTH]
    return f"{app[: _LONGEST_APP - _HASH_LENGTH - 1]}-{digest}"


def claim_key(app: str) -> str:
    """Return the annotation that holds the token."""
    return CLAIM_PREFIX + shorten_app(app)


def state_key(app: str) -> str:
    """Return the annotation that holds the state."""
    return STATE_PREFIX + shorten_app(app)


def record_key(app: str) -> str:
    """Return the annotation that holds the record of the last run."""
    return RECORD_PREFIX + shorten_app(app)


def approval_key(app: str) -> str:
    """Return the annotation by which a person approves a run."""
    return APPROVAL_PREFIX + shorten_app(app)
