"""Times as people read them, always in UTC."""

from datetime import UTC, datetime


def time_of_day(at: float) -> str:
    """Return unix seconds as a time of day in UTC: "09:30:00"."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


def date_and_time(at: float) -> str:
    """Return unix seconds as date and time: "2026-01-31 09:30:00 UTC"; "-" for 0, an unknown time."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else "-"
