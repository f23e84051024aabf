"""Which class an answer belongs to, and which classes are compared: a canary that answers everything with 404 is worse.

The canary's share of a class is compared with stable's in the same scrapes. A service that always answers 30 % with 404
does no harm; a rise does.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from enum import IntEnum
from typing import Final

from steps.evidence.counters.strata import BadRatio
from steps.evidence.definitions.request_status import RequestStatus, request_status
from steps.model.answers import AnswerClass

HTTP: Final = "http"
GRPC: Final = "grpc"


class AnswerSlot(IntEnum):
    """Slots of the requests: each request is in exactly one.

    Attributes:
        GOOD: 1xx (a WebSocket is 101), 2xx, gRPC OK.
        BAD: a failure, see `request_status`.
        NONE: no response code was sent, and no flag says why: the caller left.
        UNCLEAR: an answer that the caller cut off, or whose code is not an HTTP or gRPC code.
    """

    GOOD = 0
    BAD = 1
    NONE = 2
    REDIRECT = 3
    CLIENT_ERROR = 4
    GRPC_MISTAKE = 5
    GRPC_REFUSED = 6
    UNCLEAR = 7


CLASSIFIED: Final = tuple(slot for slot in AnswerSlot if slot is not AnswerSlot.NONE)
"""Slots of requests that count as good or bad for the metric `errors`."""

_ABSENT: Final = frozenset({"", "-"})
_CODE: Final = re.compile(r"[1-5]\d\d")
_CLASSES: Final = {"1": AnswerSlot.GOOD, "2": AnswerSlot.GOOD, "3": AnswerSlot.REDIRECT, "4": AnswerSlot.CLIENT_ERROR}
_OK: Final = "0"
_MISTAKES: Final = frozenset({"3", "5", "6", "9", "10", "11"})
_REFUSED: Final = frozenset({"7", "8", "16"})
_GONE: Final = "DC"
"""Envoy's flag for a caller that closed the connection."""


def answer_slot(labels: Mapping[str, str]) -> AnswerSlot:
    """Classify a series of istio_requests_total."""
    found = request_status(labels)
    if found is not RequestStatus.GOOD:
        return AnswerSlot.BAD if found is RequestStatus.BAD else AnswerSlot.NONE
    status = labels.get("grpc_response_status", "")
    if status in _ABSENT or status == _OK:
        return _by_code(labels)
    if status in _MISTAKES:
        return AnswerSlot.GRPC_MISTAKE
    return AnswerSlot.GRPC_REFUSED if status in _REFUSED else AnswerSlot.UNCLEAR


def _by_code(labels: Mapping[str, str]) -> AnswerSlot:
    code = labels.get("response_code", "")
    if not _CODE.fullmatch(code):
        return AnswerSlot.UNCLEAR
    gone = _GONE in labels.get("response_flags", "").split(",")
    # A WebSocket (101) ends when one side closes it; any other answer that the caller left is incomplete.
    return AnswerSlot.UNCLEAR if gone and code.startswith("2") else _CLASSES.get(code[0], AnswerSlot.UNCLEAR)


def protocols(series: Iterable[Mapping[str, str]]) -> frozenset[str]:
    """Return the protocols of requests, by the labels of their series."""
    return frozenset(_protocol(labels) for labels in series)


def _protocol(labels: Mapping[str, str]) -> str:
    named = labels.get("request_protocol") == GRPC
    return GRPC if named or labels.get("grpc_response_status", "") not in _ABSENT else HTTP


def compared_classes(
    known: frozenset[str], ignored: Collection[str] = ()
) -> tuple[tuple[str, float | None, BadRatio], ...]:
    """Return (label, None, definition) of each class that is compared.

    The e-values of the classes are averaged, so each class weakens the others: only the protocols that stable has
    answered have classes (all protocols where none is known). Rare answers of the other protocol are counted in an
    existing class; they are never left out.

    Args:
        known: HTTP, GRPC, both or none.
        ignored: names of classes that are expected to rise.
    """
    if known == {HTTP}:
        classes = _HTTP_ALONE
    elif known == {GRPC}:
        classes = _GRPC_ALONE
    else:
        classes = _BOTH
    return tuple(
        (str(name), None, BadRatio(whole=tuple(AnswerSlot), bad=slots))
        for name, slots in classes.items()
        if name not in ignored
    )


_NONE: Final = (AnswerSlot.NONE, AnswerSlot.UNCLEAR)
_BOTH: Final = {
    AnswerClass.REDIRECTS: (AnswerSlot.REDIRECT,),
    AnswerClass.CLIENT_ERRORS: (AnswerSlot.CLIENT_ERROR,),
    AnswerClass.GRPC_MISTAKES: (AnswerSlot.GRPC_MISTAKE,),
    AnswerClass.GRPC_REFUSED: (AnswerSlot.GRPC_REFUSED,),
    AnswerClass.NO_ANSWER: _NONE,
}
_HTTP_ALONE: Final = {
    AnswerClass.REDIRECTS: (AnswerSlot.REDIRECT,),
    AnswerClass.CLIENT_ERRORS: (AnswerSlot.CLIENT_ERROR, AnswerSlot.GRPC_MISTAKE, AnswerSlot.GRPC_REFUSED),
    AnswerClass.NO_ANSWER: _NONE,
}
_GRPC_ALONE: Final = {
    AnswerClass.GRPC_MISTAKES: (AnswerSlot.GRPC_MISTAKE, AnswerSlot.REDIRECT, AnswerSlot.CLIENT_ERROR),
    AnswerClass.GRPC_REFUSED: (AnswerSlot.GRPC_REFUSED,),
    AnswerClass.NO_ANSWER: _NONE,
}
