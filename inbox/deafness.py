"""Deafness: an account that answers every call and yet brings nothing, measured against what usually came."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from inbox.accounts import WORTH_TELLING
from inbox.db import writing
from inbox.models import Account, Arrivals
from inbox.runtime import Runtime

LOOKED_AT = 6
"""Whole hours that are compared; a quiet hour alone says nothing."""
WEEKS = 4
FEWEST = 12
"""Below so many usual messages in these hours silence is ordinary."""


def usual_and_came(session: Session, account_id: int, now: datetime) -> tuple[float, int]:
    """How many messages the last LOOKED_AT whole hours (UTC) brought in the same hours of earlier weeks, on average of
    the weeks that brought any, and how many came now."""
    counts = {
        row.hour: row.number
        for row in session.execute(
            select(Arrivals.hour, Arrivals.count.label("number")).where(
                Arrivals.account_id == account_id, Arrivals.hour >= _hour(now - timedelta(weeks=WEEKS, hours=LOOKED_AT))
            )
        )
    }
    sums = [
        sum(counts.get(_hour(now - timedelta(weeks=week, hours=hour)), 0) for hour in range(1, LOOKED_AT + 1))
        for week in range(WEEKS + 1)
    ]
    heard = [count for count in sums[1:] if count]
    return (sum(heard) / len(heard) if len(heard) > 1 else 0.0), sums[0]


def _hour(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H")


def listen(runtime: Runtime) -> None:
    """Write a hint into the `health_detail` of every account that is well and unusually silent; take it back later."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        for account in session.scalars(select(Account).where(Account.configured.is_(True), Account.health == "ok")):
            usual, came = usual_and_came(session, account.id, now)
            detail = account.health_detail
            if usual >= FEWEST and came == 0:
                detail = (
                    f"Unusually silent: about {usual:.0f} messages usually come in these {LOOKED_AT} hours, now none "
                    "did. Look in the platform's own app whether something waits there."
                )
            elif account.health_detail.startswith("Unusually silent"):
                detail = WORTH_TELLING["ok"]
            if detail != account.health_detail:
                session.execute(update(Account).where(Account.id == account.id).values(health_detail=detail))
