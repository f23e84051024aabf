"""What a notification is about: a release, and what only the workflow engine knows of it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from steps.outputs.report import Report

_YEAR_10000: Final = 253_402_300_800


def is_time(seconds: object) -> bool:
    """Return whether a time of the report can be one: people may have edited the annotation that holds it."""
    return isinstance(seconds, int | float) and 0 < seconds < _YEAR_10000


@dataclass(frozen=True, slots=True)
class News:
    """How a release ended, or how far it is.

    Args:
        report: of the release; its run is "" where none is known.
        now: unix seconds, the API server's.
        status: how the workflow ended, in the engine's words; "" where it did not say.
        link: to more details, "" for none.
    """

    report: Report
    now: float
    status: str = ""
    link: str = ""

    @property
    def time(self) -> float:
        """When it happened, unix seconds: the end, else the last change of the weight, else the start."""
        change = next((at for at, _ in reversed(self.report.weights)), 0.0)
        return next(filter(is_time, (self.report.ended, change, self.report.started)), self.now)

    @property
    def timestamp(self) -> str:
        """When it happened, as RFC 3339 has it, UTC."""
        return datetime.fromtimestamp(self.time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @property
    def id(self) -> str:
        """The same for the same news of the same run, however often it is sent."""
        return f"{self.report.run or 'no-run'}.{self.report.state}.{self.time:.1f}"

    @property
    def source(self) -> str:
        """Who says it, a URI reference: the app's releases."""
        return f"/canary-steps/namespaces/{self.report.namespace}/apps/{self.report.app}"

    @property
    def subject(self) -> str:
        """What it is about, `namespace/app`."""
        return f"{self.report.namespace}/{self.report.app}"

    @property
    def data(self) -> dict[str, Any]:
        """The report with what the engine said; a number that JSON does not have is null."""
        report = json.loads(self.report.as_json(), parse_constant=lambda _: None)
        return {**report, "status": self.status, "link": self.link}
