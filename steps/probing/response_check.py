"""Compares a response with what a probe expects, and says in a few words what is wrong."""

import json
from typing import Any

from steps.probing.probe import Probe

_SHOWN = 60


def find_mismatch(probe: Probe, status: int, body: bytes, seconds: float) -> str:
    """Return the first thing that is wrong with a response, or "".

    `body` is the part that was read; `seconds` is the time from the request to the end of the body.
    """
    if status not in probe.statuses:
        return f"status {status} instead of {' or '.join(map(str, probe.statuses))}"
    if len(body) < probe.min_body_bytes:
        what = "an empty body" if not body else f"a body of {len(body)} bytes"
        return f"{what}, at least {probe.min_body_bytes} bytes are expected"
    if probe.contains and probe.contains.encode() not in body:
        return f"the body does not contain {_short(probe.contains)}"
    if probe.pointer is not None and (wrong := _json_complaint(probe.pointer, probe.value, body)):
        return wrong
    if probe.max_latency_ms is not None and seconds * 1000 > probe.max_latency_ms:
        return f"took {seconds * 1000:.0f} ms, at most {probe.max_latency_ms:g} ms are expected"
    return ""


def _json_complaint(pointer: str, value: object, body: bytes) -> str:
    try:
        found = follow_pointer(json.loads(body), pointer)
    except (ValueError, RecursionError):  # nested too deeply
        return "the body is not JSON"
    except LookupError:
        return f"the body has nothing at {pointer}"
    if json.dumps(found, sort_keys=True) == json.dumps(value, sort_keys=True):  # True is not 1 here
        return ""
    return f"{_short(json.dumps(found))} at {pointer} instead of {_short(json.dumps(value))}"


def follow_pointer(document: Any, pointer: str) -> Any:  # noqa: ANN401 - JSON
    """Follow a JSON Pointer (RFC 6901).

    Raises:
        LookupError: it leads nowhere.
    """
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, list):
            if not name.isdecimal():
                raise LookupError(name)
            document = document[int(name)]
        else:
            document = (document if isinstance(document, dict) else {})[name]
    return document


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
