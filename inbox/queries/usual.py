"""What came against what usually comes: arrivals by hour beside the median of that hour's class over four weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crisis_playbook import usual
from inbox.models import Account, Arrivals

HOUR = timedelta(hours=1)
LOOKED_BACK = timedelta(days=28)
WRITTEN = "%Y-%m-%dT%H"
LISTENED = 6
"""Hours an account's silence is judged by."""
ENOUGH = 5.0
"""As many messages must usually come in that time before silence says anything."""


@dataclass(frozen=True, slots=True)
class Silence:
    """How much an account heard lately, against the usual of these hours."""

    hours: int
    came: int
    usually: float | None
    """None while the history is too short to know."""

    @property
    def suspicious(self) -> bool:
        """Next to nothing came where something should have."""
        return self.usually is not None and self.usually >= ENOUGH and self.came * 5 < self.usually


def usual_hours(session: Session, hours: Sequence[datetime], zone: tzinfo) -> list[float | None]:
    """What is usual in each of these full hours (aware UTC), all accounts together; None while it is not known."""
    if not hours:
        return []
    counts = _counts(session, None, min(hours) - LOOKED_BACK, max(hours)).get(None, {})
    since = session.scalar(select(func.min(Account.connected_at))) or max(hours)
    return [usual(counts, since, hour, HOUR, zone) for hour in hours]


def silences(session: Session, now: datetime, zone: tzinfo) -> dict[str, Silence]:
    """For each configured account by name: its last full hours against the usual."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    hours = [this_hour - number * HOUR for number in range(1, LISTENED + 1)]
    accounts = session.execute(select(Account.id, Account.name, Account.connected_at).where(Account.configured)).all()
    counts = _counts(session, [account.id for account in accounts], min(hours) - LOOKED_BACK, this_hour)
    found = {}
    for account in accounts:
        own = counts.get(account.id, {})
        usually = [usual(own, account.connected_at, hour, HOUR, zone) for hour in hours]
        known = [count for count in usually if count is not None]
        came = sum(own.get(hour, 0) for hour in hours)
        found[account.name] = Silence(LISTENED, came, sum(known) if len(known) == len(hours) else None)
    return found


def _counts(
    session: Session, accounts: Sequence[int] | None, since: datetime, until: datetime
) -> dict[int | None, dict[datetime, int]]:
    """Arrivals by account and hour; under None all accounts together where none are named."""
    query = select(Arrivals.account_id, Arrivals.hour, Arrivals.count).where(
        Arrivals.hour >= since.strftime(WRITTEN), Arrivals.hour <= until.strftime(WRITTEN)
    )
    if accounts is not None:
        query = query.where(Arrivals.account_id.in_(accounts))
    counts: dict[int | None, dict[datetime, int]] = {}
    for account_id, hour, count in session.execute(query):
        moment = datetime.strptime(hour, WRITTEN).replace(tzinfo=UTC)
        own = counts.setdefault(None if accounts is None else account_id, {})
        own[moment] = own.get(moment, 0) + count
    return counts
