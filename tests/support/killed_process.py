"""A process that is killed at one of its requests to the API server."""

from typing import Any

from steps.cluster.connection import ApiResponse, Connection


class Killed(BaseException):
    """The process ended here."""


class KillableConnection(Connection):
    """A connection whose process is killed before or after its n-th request."""

    lives: int | None = None
    answered = True

    def request(self, *args: Any, **kwargs: Any) -> ApiResponse:
        """Send the request, unless the process is dead by now."""
        last = False
        if self.lives is not None:
            if self.lives <= 0:
                raise Killed
            self.lives -= 1
            last = self.lives == 0
        if last and not self.answered:
            raise Killed
        answer = super().request(*args, **kwargs)
        if last:
            raise Killed
        return answer
