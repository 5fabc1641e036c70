"""Reports over JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter
from pydantic import AwareDatetime

from inbox.api.door import Now, Reader, Wired
from inbox.api.problems import documented
from inbox.db import reading
from inbox.reports import By, ResponseTimes, response_times

router = APIRouter(prefix="/reports", tags=["reports"])

USUALLY = timedelta(days=28)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Nothing was written on these platforms before."""


@router.get("/response-times", responses=documented(401, 422))
def read_response_times(
    runtime: Wired,
    now: Now,
    caller: Reader,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    by: By = "channel",
) -> ResponseTimes:
    """How long people waited for a person's answer, over waits that began in [since, until); the last 28 days without
    both. Seconds; `business` counts only the shop's opening hours."""
    until = max(until or now, EARLIEST).astimezone(UTC)
    since = max(since or until - USUALLY, EARLIEST).astimezone(UTC)
    with reading(runtime.sessions) as session:
        return response_times(session, runtime, since, until, by, now)
