"""Bodies that should be a JSON object."""

import json
from typing import Any


def json_object(content: bytes) -> dict[str, Any]:
    """Return a JSON object, or an empty one if the body is not one; never raises."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
