"""Events: the timeline of one conversation, and what live pages follow."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from inbox.models import Account, Event
from inbox.queries.cursors import Cursor, bounded, decode
from inbox.queries.views import EventView

MOST_EVENTS = 200


def events_of(session: Session, conversation_id: int) -> list[EventView]:
    """The newest 200 of one conversation, oldest first."""
    query = _events().where(Event.conversation_id == conversation_id).order_by(Event.id.desc()).limit(MOST_EVENTS)
    return _views(session.execute(query))[::-1]


def latest_event_id(session: Session) -> int:
    """The newest id there is, 0 without any: where a live page begins to follow."""
    return session.scalar(select(func.max(Event.id))) or 0


def events_since(session: Session, event_id: int, *, late: Collection[int] = (), limit: int = 500) -> list[EventView]:
    """What happened after the event with this id, and those of the ids in `late` that are there by now; by id, at most
    `limit` (at most 1000)."""
    wanted = Event.id > event_id
    if late:
        wanted = or_(wanted, Event.id.in_(late))
    query = _events().where(wanted).order_by(Event.id).limit(max(1, min(limit, 1000)))
    return _views(session.execute(query))


def first_event_id(session: Session, moment: datetime) -> int:
    """The id of the first event at or after a moment, by bisection: events are appended in the order of time."""
    low, high = 0, latest_event_id(session) + 1
    while low < high:
        middle = (low + high) // 2
        found = session.execute(
            select(Event.id, Event.at).where(Event.id >= middle).order_by(Event.id).limit(1)
        ).one_or_none()
        if found is None or found.at >= moment:
            high = middle
        else:
            low = found.id + 1
    return low


def audit_log(session: Session, *, cursor: str | None = None, limit: int = 100) -> tuple[list[EventView], str | None]:
    """Everything that happened, newest first, with the cursor of the next page."""
    limit = bounded(limit)
    after = decode(cursor, "audit")
    query = _events().order_by(Event.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(Event.id < after.id)
    found = _views(session.execute(query))
    more = len(found) > limit
    found = found[:limit]
    return found, Cursor("audit", 0, found[-1].id).encode() if more else None


def _events() -> Select[*tuple[Any, ...]]:
    return select(Event, Account.name).outerjoin(Account, Account.id == Event.account_id)


def _views(found: Iterable[Any]) -> list[EventView]:
    return [
        EventView(event.id, event.kind, event.at, event.conversation_id, account, event.actor, event.data)
        for event, account in found
    ]
