"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta


class SteppedClock:
    """Call it for now (aware UTC). Starts on a Tuesday morning in Vienna, inside everybody's opening hours."""

    def __init__(self, start: datetime = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> datetime:
        """Moves on by `timedelta(**parts)`; returns the new now."""
        self.now += timedelta(**parts)
        return self.now

    def set(self, moment: datetime) -> datetime:
        """Jumps to a moment."""
        self.now = moment.astimezone(UTC)
        return self.now
