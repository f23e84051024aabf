"""What users saw, request by request, and a few summaries of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter


@dataclass(frozen=True)
class Record:
    """One request as its sender saw it."""

    sent: float
    """Unix time."""
    seconds: float
    status: int
    """0 where no answer came."""
    version: str
    """Header x-version; "-" where the proxy answered itself."""
    bytes: int
    grpc_status: str

    @property
    def failed(self) -> bool:
        """Return whether the request failed: no answer, a 5xx, or a gRPC error."""
        return self.status == 0 or self.status >= 500 or self.grpc_status not in {"-", "0"}

    @classmethod
    def parse(cls, line: str) -> Record:
        """Read a line of the generator."""
        sent, seconds, status, version, size, grpc = line.split()
        return cls(float(sent), float(seconds), int(status), version, int(size), grpc)


@dataclass(frozen=True)
class Seconds:
    """One second of traffic."""

    at: int
    by_version: dict[str, int]
    failed: int


@dataclass(frozen=True)
class View:
    """The requests so far; answers are computed from these alone."""

    records: tuple[Record, ...]

    def since(self, moment: float) -> View:
        """Return the requests sent since a Unix time."""
        return View(tuple(record for record in self.records if record.sent >= moment))

    def where(self, holds: Callable[[Record], bool]) -> View:
        """Return the requests for which `holds`."""
        return View(tuple(record for record in self.records if holds(record)))

    def failures(self) -> tuple[Record, ...]:
        """Return the failed requests; compared with (), a failed test shows each of them."""
        return self.where(attrgetter("failed")).records

    def failed(self, version: str | None = None) -> int:
        """Count failed requests, of one version or all."""
        return sum(record.failed for record in self.records if version in {None, record.version})

    def versions(self) -> Counter[str]:
        """Count requests by the version that answered."""
        return Counter(record.version for record in self.records)

    def statuses(self) -> Counter[int]:
        """Count requests by status."""
        return Counter(record.status for record in self.records)

    def share(self, version: str) -> float:
        """Return the ratio of requests that a version answered."""
        return self.versions()[version] / len(self.records) if self.records else 0.0

    def first_exposure(self, version: str) -> float | None:
        """Return when the first user to meet a version sent their request."""
        return min(self._times(version), default=None)

    def last_seen(self, version: str) -> float | None:
        """Return when the last user to meet a version sent their request."""
        return max(self._times(version), default=None)

    def exposed_seconds(self, version: str) -> float:
        """Return the time from first exposure to all users being back on other versions; 0 if never exposed."""
        first, last = self.first_exposure(version), self.last_seen(version)
        return 0.0 if first is None or last is None else last - first

    def latency_ms(self, quantile: float, version: str | None = None) -> float:
        """Return a quantile (0 to 1) of the time to the answer."""
        seen = sorted(record.seconds for record in self.records if version in {None, record.version})
        return 1000 * seen[min(int(quantile * len(seen)), len(seen) - 1)] if seen else 0.0

    def per_second(self) -> list[Seconds]:
        """Return what happened in each second, in order."""
        seconds: dict[int, list[Record]] = {}
        for record in self.records:
            seconds.setdefault(int(record.sent), []).append(record)
        return [
            Seconds(at, dict(Counter(r.version for r in records)), sum(r.failed for r in records))
            for at, records in sorted(seconds.items())
        ]

    def _times(self, version: str) -> Iterable[float]:
        return (record.sent for record in self.records if record.version == version)
