"""How long a stream or a way of answering is silent after a platform asked for it, and which others with it.

Platforms count calls by allowance: of an app, of one kind of list, of one use case. What draws on the same allowance
waits together, nothing asks by a side door for what was told to be left alone, and nothing else waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from connectors.base import Quota, RateLimited, Way
from connectors.base import Stream as Plan
from inbox.accounts import STOP_AT
from inbox.claims import NOW
from inbox.models import Account, OutboxItem, Silence, Stream

SILENCE = timedelta(seconds=60)
"""A limit without a time means at least this much silence, more each time."""
LONGEST_SILENCE = timedelta(hours=1)
_MOST_DOUBLINGS = 10


def silence(error: RateLimited, times: int, now: datetime) -> timedelta:
    """Until the told time, or ever longer: `times` counts how often this happened in a row, from 1."""
    if error.until is not None and error.until > now:
        return error.until - now
    return min(SILENCE * (1 << min(max(times, 1) - 1, _MOST_DOUBLINGS)), LONGEST_SILENCE)


def spread(
    session: Session,
    account: Account,
    stream: Stream,
    plans: Sequence[Plan],
    ways: Mapping[Way, str],
    error: RateLimited,
    until: datetime,
) -> None:
    """Silence every stream and way of answering the limit concerns besides the stream that met it; all of them where it
    is everything. `ways`: the connector's `way_allowances`.

    Streams count it too, so that the next silence is longer whoever is told to wait again.
    """
    others = [Stream.account_id == account.id, Stream.id != stream.id]
    if error.whole_account:
        account.writes_not_before = max(account.writes_not_before or until, until)
    else:
        told = error.allowances or {_allowance(plans, stream.name)}
        others.append(Stream.name.in_(_drawing_on(plans, told)))
        concerned = [way for way, allowance in ways.items() if allowance in error.allowances]
        _silence_ways(session, account, concerned, until)
    session.execute(update(Stream).where(*others, Stream.next_poll_at < until).values(next_poll_at=until))
    counts = {"failures": stream.failures, "times_limited": stream.times_limited}
    session.execute(update(Stream).where(*others, Stream.times_limited < stream.times_limited).values(**counts))


def answers_wait(
    session: Session,
    account: Account,
    plans: Sequence[Plan],
    ways: Mapping[Way, str],
    way: Way,
    error: RateLimited,
    now: datetime,
) -> datetime:
    """A send met a limit: silence what that limit concerns, and return until when the send itself waits.

    Everything of the account where the platform says so. Else the ways that draw on the same allowance, and the
    streams where the platform names one they draw on.
    """
    if error.whole_account:
        account.times_limited += 1
        until = now + silence(error, account.times_limited, now)
        account.writes_not_before = max(account.writes_not_before or until, until)
        concerned = Stream.account_id == account.id
    else:
        told = error.allowances or {ways.get(way, "")} - {""}
        times = session.execute(
            select(Silence.times).where(Silence.account_id == account.id, Silence.way == str(way))
        ).scalar_one_or_none()
        until = now + silence(error, (times or 0) + 1, now)
        _silence_ways(session, account, {way, *(one for one, name in ways.items() if name in told)}, until)
        concerned = (Stream.account_id == account.id) & Stream.name.in_(_drawing_on(plans, error.allowances))
    session.execute(update(Stream).where(concerned, Stream.next_poll_at < until).values(next_poll_at=until))
    return until


def _drawing_on(plans: Sequence[Plan], allowances: Iterable[str]) -> list[str]:
    told = set(allowances)
    return [plan.name for plan in plans if plan.allowance and plan.allowance in told]


def _silence_ways(session: Session, account: Account, ways: Iterable[Way], until: datetime) -> None:
    for way in ways:
        row = session.get(Silence, (account.id, str(way)))
        if row is None:
            session.add(Silence(account_id=account.id, way=str(way), until=until, times=1))
        else:
            row.until, row.times = max(row.until, until), row.times + 1


def answered(session: Session, account: Account, way: str, now: datetime) -> None:
    """A send succeeded: the next silence of this way is a short one again."""
    account.times_limited = 0
    over = (Silence.account_id == account.id, Silence.way == way, Silence.until <= now)
    session.execute(delete(Silence).where(*over))


def is_silent() -> ColumnElement[bool]:
    """Of an outbox item: the platform takes no more answers of its way for now. For `claims.claiming`."""
    return exists().where(
        Silence.account_id == OutboxItem.account_id, Silence.way == OutboxItem.way, Silence.until > NOW
    )


def resting(session: Session, account: Account, plans: Sequence[Plan], now: datetime) -> frozenset[str]:
    """The allowances to leave alone: those of streams that fail and wait, and those the platform calls used up."""
    waiting = session.scalars(
        select(Stream.name).where(
            Stream.account_id == account.id, Stream.active.is_(True), Stream.failures > 0, Stream.next_poll_at > now
        )
    ).all()
    used_up = {
        quota["name"]
        for quota in account.quotas or []
        if quota["used_percent"] >= STOP_AT and quota["resets_at"] and datetime.fromisoformat(quota["resets_at"]) > now
    }
    return frozenset({_allowance(plans, name) for name in waiting} | used_up) - {""}


def concerning(quotas: Sequence[Quota], plans: Sequence[Plan], name: str) -> list[Quota]:
    """Of the quotas an answer told, those this stream draws on: where its own is among them, the ones that are other
    streams' are not."""
    own = _allowance(plans, name)
    if own not in {quota.name for quota in quotas}:
        return list(quotas)
    foreign = {plan.allowance for plan in plans} - {own}
    return [quota for quota in quotas if quota.name not in foreign]


def _allowance(plans: Sequence[Plan], name: str) -> str:
    return next((plan.allowance for plan in plans if plan.name == name), "")
