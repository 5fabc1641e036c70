"""Crises: running ones and those stood down."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from inbox.errors import NotThere
from inbox.models import Crisis, Event
from inbox.queries.house_views import ChecklistItem, CrisisView
from inbox.queries.timeline import first_event_id
from inbox.queries.views import EventView


def crises(
    session: Session, *, running_only: bool = False, now: datetime | None = None, limit: int = 100
) -> list[CrisisView]:
    """Running ones first, highest level first, then the newest. With `now`, one that has expired does not run."""
    query = select(Crisis).order_by(
        Crisis.stood_down_at.is_not(None), Crisis.stood_down_at.desc(), Crisis.level.desc(), Crisis.id.desc()
    )
    if running_only:
        query = query.where(Crisis.stood_down_at.is_(None))
        if now is not None:
            query = query.where(or_(Crisis.expires_at.is_(None), Crisis.expires_at > now))
    return [_view(row) for row in session.scalars(query.limit(limit))]


def crisis(session: Session, crisis_id: int) -> CrisisView:
    """One crisis. Raises `NotThere`."""
    row = session.get(Crisis, crisis_id)
    if row is None:
        raise NotThere(f"crisis {crisis_id}")
    return _view(row)


def crisis_events(session: Session, crisis_id: int) -> list[EventView]:
    """What happened to one crisis from its declaration to its end, oldest first."""
    found = crisis(session, crisis_id)
    query = select(Event).where(
        Event.id >= first_event_id(session, found.declared_at), Event.kind.startswith("crisis_")
    )
    if found.stood_down_at is not None:
        query = query.where(Event.id < first_event_id(session, found.stood_down_at + timedelta(seconds=1)))
    return [
        EventView(event.id, event.kind, event.at, event.conversation_id, None, event.actor, event.data)
        for event in session.scalars(query.order_by(Event.id))
        if event.data.get("crisis_id") == crisis_id
    ]


def _view(row: Crisis) -> CrisisView:
    return CrisisView(
        id=row.id,
        level=row.level,
        title=row.title,
        cause=row.cause,
        owner=row.owner,
        declared_by=row.declared_by,
        declared_at=row.declared_at,
        raised_at=row.raised_at,
        expires_at=row.expires_at,
        stood_down_at=row.stood_down_at,
        stood_down_by=row.stood_down_by,
        alarm=row.alarm,
        checklist=[
            ChecklistItem(str(each.get("text", "")), each.get("done_by"), each.get("done_at")) for each in row.checklist
        ],
    )
