"""The classes of answers that are compared beside failures, by the names that people see and settings take."""

from enum import StrEnum


class AnswerClass(StrEnum):
    """What an answer was that is neither a plain success nor a failure.

    GRPC_MISTAKES: the caller's mistakes: INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED,
    OUT_OF_RANGE. GRPC_REFUSED: PERMISSION_DENIED, UNAUTHENTICATED, RESOURCE_EXHAUSTED. NO_ANSWER: the caller gave up
    before the answer was complete (also CANCELLED), or the answer's code is not one of HTTP's or gRPC's.
    """

    REDIRECTS = "3xx"
    CLIENT_ERRORS = "4xx"
    GRPC_MISTAKES = "grpc-mistakes"
    GRPC_REFUSED = "grpc-refused"
    NO_ANSWER = "no-answer"
