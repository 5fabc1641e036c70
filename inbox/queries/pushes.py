"""Whether the platforms' pushes arrive, and what only polling found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox.models import Account, Arrivals, Push

LATELY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class PushesView:
    """One account's pushes."""

    last_at: datetime | None
    """When the newest one that is still kept came; None: none came, or none is kept any more."""
    lately: int
    """How many came in the last day."""
    arrived: int
    """Customers' messages of the last seven days."""
    only_by_poll: int
    """Those of them that no push announced, although pushes come."""


def pushes(session: Session, now: datetime) -> dict[str, PushesView]:
    """By the name of each configured account."""
    names = {row.id: row.name for row in session.execute(select(Account.id, Account.name).where(Account.configured))}
    last = {
        row.account_id: row.last_at
        for row in session.execute(
            select(Push.account_id, func.max(Push.received_at).label("last_at")).group_by(Push.account_id)
        )
    }
    lately = {
        row.account_id: row.number
        for row in session.execute(
            select(Push.account_id, func.count().label("number"))
            .where(Push.received_at > now - LATELY)
            .group_by(Push.account_id)
        )
    }
    arrived = {
        row.account_id: (int(row.total), int(row.polled))
        for row in session.execute(
            select(
                Arrivals.account_id,
                func.sum(Arrivals.count).label("total"),
                func.sum(Arrivals.only_by_poll).label("polled"),
            )
            .where(Arrivals.hour > (now - WEEK).strftime("%Y-%m-%dT%H"))
            .group_by(Arrivals.account_id)
        )
    }
    return {
        name: PushesView(last.get(key), lately.get(key, 0), *arrived.get(key, (0, 0))) for key, name in names.items()
    }
