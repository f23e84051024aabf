"""Classes of answers that are compared in addition to failures, by the names in messages and settings."""

from enum import StrEnum


class AnswerClass(StrEnum):
    """A class of answers that are neither plain successes nor failures.

    GRPC_MISTAKES: the caller's mistakes: INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED,
    OUT_OF_RANGE. GRPC_REFUSED: PERMISSION_DENIED, UNAUTHENTICATED, RESOURCE_EXHAUSTED. NO_ANSWER: the caller gave up
    before the answer was complete (also CANCELLED), or its code is not a code of HTTP or gRPC.
    """

    REDIRECTS = "3xx"
    CLIENT_ERRORS = "4xx"
    GRPC_MISTAKES = "grpc-mistakes"
    GRPC_REFUSED = "grpc-refused"
    NO_ANSWER = "no-answer"
