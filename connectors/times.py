"""Times as platforms write them, and which of them can be meant."""

from __future__ import annotations

from datetime import UTC, datetime

_EARLIEST = datetime(2004, 1, 1, tzinfo=UTC)
"""Before anything on these platforms: an earlier time is no time."""
_LATEST = datetime(3000, 1, 1, tzinfo=UTC)
"""Far enough from the end of all calendars that everything can be reckoned from an earlier time."""


def iso_time(text: str) -> datetime | None:
    """Aware UTC from ISO 8601, which is UTC where it names no zone; None where it is no time, or cannot be meant."""
    try:
        found = datetime.fromisoformat(text)
        return possible(found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def possible(moment: datetime | None) -> datetime | None:
    """The same time, None where it cannot be meant: the year 1, or 9999, where a program knew no time."""
    return moment if moment is not None and _EARLIEST <= moment < _LATEST else None
