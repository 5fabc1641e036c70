"""X's rate limits: fixed windows a user, headers on every answer, 429 when `enforced`."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.sandbox.twitter_errors import rate_limit_exceeded
from connectors.sandbox.wire import Answer

WINDOW = timedelta(minutes=15)
DAY = timedelta(hours=24)
PER_WINDOW = {
    "GET users/:id/mentions": 300,
    "GET tweets/search/recent": 300,
    "GET users/me": 75,
    "GET dm_events": 15,
    "POST dm": 15,
    "POST tweets": 100,
    "DELETE tweets/:id": 50,
    "POST media/upload": 500,
    "POST media/metadata": 500,
    "PUT tweets/:id/hidden": 50,
    "POST users/:id/likes": 50,
    "GET tweets/:id": 900,
    "GET tweets": 900,
    "GET users/:id": 900,
    "GET users/:id/tweets": 900,
}
"""Calls in 15 minutes (docs.x.com rate-limits, 2026-08); the three direct-message lists share one."""
PER_DAY = {"POST dm": 1440}
_OTHERS = 300


class TwitterLimits:
    """Counts calls in windows of the sandbox's clock."""

    def __init__(self, enforced: bool) -> None:
        self.enforced = enforced
        self._windows: dict[tuple[str, timedelta], tuple[datetime, int]] = {}
        self._held: dict[str, datetime] = {}

    def take(self, label: str, now: datetime) -> tuple[dict[str, str], Answer | None]:
        """The headers of this call, and the 429 instead of an answer where the window is used up."""
        group = _group(label)
        limit = PER_WINDOW.get(group, _OTHERS)
        headers, spent = self._window(group, WINDOW, limit, now, "x-rate-limit-")
        if group in PER_DAY:
            more, day_spent = self._window(group, DAY, PER_DAY[group], now, "x-user-limit-24hour-")
            headers.update(more)
            spent = spent or day_spent
        return headers, rate_limit_exceeded() if spent and self.enforced else None

    def _window(
        self, group: str, length: timedelta, limit: int, now: datetime, prefix: str
    ) -> tuple[dict[str, str], bool]:
        started, used = self._windows.get((group, length), (now, 0))
        if now >= started + length or now < started:
            started, used = now, 0
        used += 1
        self._windows[(group, length)] = (started, used)
        remaining = max(0, limit - used) if self.enforced else limit - 1
        headers = {
            f"{prefix}limit": str(limit),
            f"{prefix}remaining": str(remaining),
            f"{prefix}reset": str(int((started + length).timestamp())),
        }
        return headers, used > limit


def _group(label: str) -> str:
    if label.startswith("GET dm_"):
        return "GET dm_events"
    if label.startswith("POST dm_"):
        return "POST dm"
    return label
