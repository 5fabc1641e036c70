"""Accounts: how each fares, what it uses and costs, and what it could not read."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, cast

from sqlalchemy import Subquery, func, select
from sqlalchemy.orm import Session

from inbox.errors import NotThere
from inbox.models import Account, AccountUsage, Arrivals, Gap, Stream, Unreadable
from inbox.queries.account_views import (
    AccountView,
    CostView,
    HourCount,
    QuotaView,
    StreamView,
    UnreadableView,
)
from inbox.runtime import Channels

Health = Literal["ok", "reconnect", "limited", "paused", "blocked", "failing"]
CURRENCY = "USD"


def accounts(session: Session, channels: Channels, now: datetime, *, former: bool = False) -> list[AccountView]:
    """Every configured account, by name; also those no longer configured where `former` is true."""
    query = select(Account).order_by(Account.name)
    if not former:
        query = query.where(Account.configured)
    rows = list(session.scalars(query))
    ids = [row.id for row in rows]
    streams: dict[int, list[Stream]] = defaultdict(list)
    for stream in session.scalars(select(Stream).where(Stream.account_id.in_(ids)).order_by(Stream.name)):
        streams[stream.account_id].append(stream)
    costs = _costs(session, now)
    unreadable_counts = _counts(
        session, select(Unreadable.account_id).where(Unreadable.settled_at.is_(None)).subquery()
    )
    gap_counts = _counts(session, select(Gap.account_id).subquery())
    return [
        _view(
            row,
            streams.get(row.id, []),
            _cost(costs.get(row.id, 0.0), now),
            unreadable_counts.get(row.id, 0),
            gap_counts.get(row.id, 0),
            channels,
            now,
        )
        for row in rows
    ]


def account(session: Session, channels: Channels, name: str, now: datetime) -> AccountView:
    """One account by its configured name. Raises `NotThere`."""
    for view in accounts(session, channels, now, former=True):
        if view.name == name:
            return view
    raise NotThere(f"account {name}")


def lag_seconds(connected_at: datetime, streams: Sequence[Stream], now: datetime) -> float | None:
    """How long ago everything had last been read to its end, in seconds; None without active streams.

    A stream that is polled less often than the account's quickest is excused by the difference.
    """
    active = [stream for stream in streams if stream.active]
    if not active:
        return None
    quickest = min(stream.every_seconds for stream in active)
    lags = [
        (now - (stream.caught_up_at or connected_at)).total_seconds() - (stream.every_seconds - quickest)
        for stream in active
    ]
    return round(max(0.0, *lags), 3)


def unreadable_items(session: Session, *, account_name: str | None = None, limit: int = 100) -> list[UnreadableView]:
    """What could not be translated and nobody has looked at yet, newest first."""
    query = (
        select(Unreadable, Account.name)
        .join(Account, Account.id == Unreadable.account_id)
        .where(Unreadable.settled_at.is_(None))
        .order_by(Unreadable.id.desc())
        .limit(limit)
    )
    if account_name is not None:
        query = query.where(Account.name == account_name)
    return [
        UnreadableView(
            row.id,
            name,
            row.stream,
            row.external_id,
            row.reason,
            row.raw,
            row.first_seen_at,
            row.last_seen_at,
            row.times,
        )
        for row, name in session.execute(query)
    ]


def arrivals(session: Session, since: datetime, until: datetime) -> list[HourCount]:
    """Customers' messages of all accounts by hour (UTC), oldest first; hours without any are there with 0."""
    first = since.replace(minute=0, second=0, microsecond=0)
    hours = int((until - first).total_seconds() // 3600) + 1
    moments = [first + timedelta(hours=number) for number in range(max(0, min(hours, 24 * 366)))]
    query = (
        select(Arrivals.hour, func.sum(Arrivals.count).label("total"))
        .where(Arrivals.hour >= _hour(first), Arrivals.hour <= _hour(until))
        .group_by(Arrivals.hour)
    )
    counts = {row.hour: int(row.total) for row in session.execute(query)}
    return [HourCount(moment, counts.get(_hour(moment), 0)) for moment in moments]


def _hour(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H")


def _costs(session: Session, now: datetime) -> dict[int, float]:
    month = now.strftime("%Y-%m")
    query = (
        select(AccountUsage.account_id, func.sum(AccountUsage.cost).label("cost"))
        .where(AccountUsage.day >= f"{month}-01", AccountUsage.day <= f"{month}-31")
        .group_by(AccountUsage.account_id)
    )
    return {row.account_id: float(row.cost) for row in session.execute(query)}


def _cost(amount: float, now: datetime) -> CostView:
    """The forecast goes on at the month's average; on the first day it counts at least one full day."""
    days = calendar.monthrange(now.year, now.month)[1]
    gone = max(1.0, now.day - 1 + now.hour / 24 + now.minute / 1440)
    return CostView(now.strftime("%Y-%m"), round(amount, 4), round(amount / gone * days, 4), CURRENCY)


def _counts(session: Session, accounts_of: Subquery) -> dict[int, int]:
    column = accounts_of.c.account_id
    query = select(column, func.count().label("count")).group_by(column)
    return {row[0]: int(row[1]) for row in session.execute(query)}


def _view(
    row: Account,
    streams: list[Stream],
    cost: CostView,
    unreadable: int,
    gaps: int,
    channels: Channels,
    now: datetime,
) -> AccountView:
    connector = channels.get(row.channel)
    incomplete = [stream.incomplete_since for stream in streams if stream.active and stream.incomplete_since]
    return AccountView(
        name=row.name,
        channel=row.channel,
        channel_title=connector.capabilities.title if connector else row.channel,
        external_id=row.external_id,
        configured=row.configured,
        health=cast(Health, row.health),
        health_detail=row.health_detail,
        health_since=row.health_since,
        limited_until=row.limited_until,
        failing_since=row.failing_since,
        last_success_at=row.last_success_at,
        lag_seconds=lag_seconds(row.connected_at, streams, now),
        incomplete_since=min(incomplete) if incomplete else None,
        problems=[str(each) for each in row.problems],
        quota=[_quota(each) for each in row.quotas],
        cost_this_month=cost,
        login_expires_at=row.login_expires_at,
        unreadable=unreadable,
        gaps=gaps,
        blind_spots=list(connector.capabilities.blind_spots) if connector else [],
        streams=[
            StreamView(
                stream.name,
                stream.active,
                stream.every_seconds,
                stream.next_poll_at,
                stream.failures,
                stream.last_success_at,
                stream.caught_up_at,
                stream.incomplete_since,
            )
            for stream in streams
        ],
    )


def _quota(stored: dict[str, object]) -> QuotaView:
    resets_at = stored.get("resets_at")
    return QuotaView(
        str(stored.get("name", "")),
        float(str(stored.get("used_percent", 0))),
        datetime.fromisoformat(str(resets_at)) if resets_at else None,
    )


def account_id(session: Session, name: str) -> int:
    """The number verbs know an account by. Raises NotThere."""
    found = session.scalar(select(Account.id).where(Account.name == name))
    if found is None:
        raise NotThere(f"account {name}")
    return found
