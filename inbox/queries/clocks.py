"""How a response clock stands, said once for Python and once for the database; a test holds the two together.

*Overdue*: the due time has passed. *Soon*: less than a quarter of the time given is left, but at least the last
15 minutes and at most the last hour, so that a short target warns in time and one that spans a night does not warn
all morning. *Running*: otherwise. *None*: nobody waits, no target fits, or somebody has resolved it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, and_, or_, type_coerce

from inbox.models import EPOCH, MICROSECOND, Conversation
from inbox.queries.views import Clock, ClockKind

SOON_AT_LEAST = timedelta(minutes=15)
SOON_AT_MOST = timedelta(hours=1)
SOON_PART = 4
"""Soon begins when one in this many parts of the time given is left."""


def clock(
    status: str, kind: str | None, waiting_since: datetime | None, due_at: datetime | None, now: datetime
) -> Clock:
    """The clock of one conversation at `now`."""
    if status == "resolved":
        return Clock(None, "none")
    named: ClockKind | None = None
    if kind == "first_response":
        named = "first_response"
    elif kind == "next_response":
        named = "next_response"
    if waiting_since is None or due_at is None:
        return Clock(named if waiting_since is not None else None, "none")
    if due_at <= now:
        return Clock(named, "overdue")
    return Clock(named, "soon" if due_at - now < _warning(waiting_since, due_at) else "running")


def is_overdue(now: datetime) -> ColumnElement[bool]:
    """The same as a condition on conversations that are not resolved."""
    # A waiting conversation's place in the queue is its due time in whole seconds, so the first condition, which every
    # index of the list has, bounds what is read, and the others are exact.
    return and_(
        Conversation.queue_position <= _seconds(now), Conversation.due_at.is_not(None), Conversation.due_at <= now
    )


def is_soon(now: datetime) -> ColumnElement[bool]:
    """The same as a condition on conversations that are not resolved; reads no more than the next hour of an index."""
    due = type_coerce(Conversation.due_at, BigInteger)
    since = type_coerce(Conversation.waiting_since, BigInteger)
    moment = (now - EPOCH) // MICROSECOND
    return and_(
        Conversation.queue_position.between(_seconds(now), _seconds(now + SOON_AT_MOST)),
        Conversation.due_at.is_not(None),
        Conversation.due_at > now,
        Conversation.due_at < now + SOON_AT_MOST,
        or_(Conversation.due_at < now + SOON_AT_LEAST, SOON_PART * (due - moment) < due - since),
    )


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _warning(waiting_since: datetime, due_at: datetime) -> timedelta:
    return min(SOON_AT_MOST, max(SOON_AT_LEAST, (due_at - waiting_since) / SOON_PART))
