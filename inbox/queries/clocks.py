"""How a response clock stands, said once for Python and once for the database; a test holds the two together.

*Overdue*: the due time has passed. *Soon*: less than a quarter of the time given is left, but at least the last
15 minutes and at most the last hour, so that a short target warns in time and one that spans a night does not warn
all morning. *Running*: otherwise. *None*: nobody waits, no target fits, or somebody has resolved it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, or_, type_coerce

from inbox.models import EPOCH, MICROSECOND, Conversation
from inbox.queries.views import Clock, ClockKind
from inbox.threads import CRISES_FIRST

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


def is_overdue() -> ColumnElement[bool]:
    """The same as a condition on conversations that are not resolved; execute with `moments(now)`."""
    # A waiting conversation's place in the queue is its due time in whole seconds, a crisis' place before all of these,
    # so the first condition, which every index of the list has, bounds what is read, and the others are exact.
    return and_(
        Conversation.queue_position <= _SECONDS,
        Conversation.due_at.is_not(None),
        type_coerce(Conversation.due_at, BigInteger) <= _NOW,
    )


def is_soon() -> ColumnElement[bool]:
    """The same as a condition on conversations that are not resolved; execute with `moments(now)`."""
    due = type_coerce(Conversation.due_at, BigInteger)
    since = type_coerce(Conversation.waiting_since, BigInteger)
    at_least, at_most = SOON_AT_LEAST // MICROSECOND, SOON_AT_MOST // MICROSECOND
    return and_(
        Conversation.due_at.is_not(None),
        due > _NOW,
        due - _NOW < at_most,
        or_(due - _NOW < at_least, SOON_PART * (due - _NOW) < due - since),
    )


def places_of_soon() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Where in the queue everything stands that is due soon, crises and all others: the next hour of an index each."""
    hour = int(SOON_AT_MOST.total_seconds()) + 1
    starts = (_SECONDS - CRISES_FIRST, _SECONDS)
    first, others = (Conversation.queue_position.between(start, start + hour) for start in starts)
    return first, others


def moments(now: datetime) -> dict[str, int]:
    """The parameters of the two conditions."""
    return {"now_seconds": int(now.timestamp()), "now_microseconds": (now - EPOCH) // MICROSECOND}


_SECONDS = bindparam("now_seconds", type_=BigInteger)
_NOW = bindparam("now_microseconds", type_=BigInteger)


def _warning(waiting_since: datetime, due_at: datetime) -> timedelta:
    return min(SOON_AT_MOST, max(SOON_AT_LEAST, (due_at - waiting_since) / SOON_PART))
