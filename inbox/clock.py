"""Where time comes from: a function that returns now, passed in, so that tests and scenarios can step it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns now, aware and in UTC."""


def system_clock() -> datetime:
    """The machine's own time, aware and in UTC."""
    return datetime.now(UTC)
