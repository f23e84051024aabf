"""A connection whose answers a test decides; nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from steps.cluster.connection import ApiResponse, Connection

Answer = Callable[[str, str], ApiResponse]


class AnsweringConnection(Connection):
    """Stands for an API server.

    Attributes:
        asked: "GET /api/v1/…" of each request, in order.

    Args:
        answer: gets method and path.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer, self.asked = answer, list[str]()

    def request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None, doing: str = ""
    ) -> ApiResponse:
        """Answer as the test says."""
        del query, body, doing
        self.asked.append(f"{method} {path}")
        return self._answer(method, path)
