"""What is not needed any more goes: old conversations where the shop says so, raw bodies, old events, used-up rows.

Nothing under legal hold goes, and nothing that still waits for a person. One call removes one small batch, so that no
transaction is long; the database's own search index follows by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from inbox import attachments, events
from inbox.db import writing
from inbox.models import (
    AccountUsage,
    Arrivals,
    Attachment,
    Backtest,
    ChargedResource,
    Contact,
    Conversation,
    ConversationLabel,
    EarlierText,
    EarlyChange,
    Event,
    Gap,
    Message,
    MessageDecision,
    MessageLabel,
    Note,
    Notice,
    OutboxItem,
    Presence,
    Push,
    SignIn,
    SignInAttempt,
    Suggestion,
    Unreadable,
)
from inbox.runtime import Runtime
from inbox.settings import RetentionSettings

log = structlog.get_logger("retention")

BATCH = 500
CONVERSATIONS = 50
"""In one batch; each may hold hundreds of messages."""
FILES = 20
"""In one batch; each may be large."""
UNUSED = timedelta(days=1)
"""How long an uploaded attachment waits for its reply to be sent off."""
ARRIVALS = timedelta(days=90)
"""The usual of an hour is told from 28 days."""
USAGE = timedelta(days=400)
"""What an account cost, a year and a month back."""


def retire_one(runtime: Runtime) -> bool:
    """Removes one batch of what is too old; False when nothing is. Called once an hour, again while it says True."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        for what, step in _steps(runtime.settings.retention):
            removed = step(session, now)
            if removed:
                log.info("removed what is no longer kept", what=what, count=removed)
                return True
    return False


def _steps(keep: RetentionSettings) -> Iterable[tuple[str, Callable[[Session, datetime], int]]]:
    if keep.messages is not None:
        kept = keep.messages
        yield "conversations", lambda session, now: remove_conversations(session, now - kept, now)
    yield (
        "webhook bodies",
        lambda session, now: _rows(session, Push, Push.id, _since(Push.processed_at, now, keep.pushes)),
    )
    yield (
        "unreadable items",
        lambda session, now: _rows(session, Unreadable, Unreadable.id, _since(Unreadable.settled_at, now, keep.pushes)),
    )
    yield (
        "attachments nobody sent",
        lambda session, now: _rows(session, Attachment, Attachment.id, _unused(now)),
    )
    if keep.attachments is not None:
        shown = keep.attachments
        yield "contents of attachments", lambda session, now: attachments.forget(session, now - shown, FILES)
    yield "events", lambda session, now: _rows(session, Event, Event.id, _since(Event.at, now, keep.events))
    yield (
        "notices",
        lambda session, now: _rows(session, Notice, Notice.id, _since(Notice.created_at, now, timedelta(days=30))),
    )
    yield (
        "backtests",
        lambda session, now: _rows(session, Backtest, Backtest.id, _since(Backtest.asked_at, now, timedelta(days=30))),
    )
    yield (
        "changes of messages that never came",
        lambda session, now: _rows(
            session, EarlyChange, EarlyChange.id, _since(EarlyChange.at, now, timedelta(days=30))
        ),
    )
    yield (
        "failed sign-ins",
        lambda session, now: _rows(
            session, SignInAttempt, SignInAttempt.id, _since(SignInAttempt.at, now, timedelta(days=1))
        ),
    )
    yield (
        "ended sign-ins",
        lambda session, now: _rows(session, SignIn, SignIn.token_hash, _since(SignIn.expires_at, now, timedelta(0))),
    )
    yield "presences", lambda session, now: _all(session, Presence, _since(Presence.seen_at, now, timedelta(days=1)))
    yield (
        "charged resources",
        lambda session, now: _all(session, ChargedResource, ChargedResource.day < _day(now - timedelta(days=2))),
    )
    yield "hours", lambda session, now: _all(session, Arrivals, Arrivals.hour < _day(now - ARRIVALS))
    yield "days of usage", lambda session, now: _all(session, AccountUsage, AccountUsage.day < _day(now - USAGE))


def remove_conversations(session: Session, before: datetime, now: datetime) -> int:
    """Deletes some conversations whose last message is older than `before`, with everything in them and the people who
    have no other. Left alone: legal hold, somebody waiting, a reply on its way, a sleeping one. Returns how many."""
    on_its_way = exists().where(
        OutboxItem.conversation_id == Conversation.id, OutboxItem.state.in_(("queued", "sending", "unknown"))
    )
    rows = session.execute(
        select(Conversation.id, Conversation.contact_id)
        .where(
            Conversation.last_message_at < before,
            Conversation.legal_hold.is_(False),
            Conversation.waiting_since.is_(None),
            Conversation.snoozed_until.is_(None),
            ~on_its_way,
        )
        .order_by(Conversation.last_message_at)
        .limit(CONVERSATIONS)
        # To whom somebody writes in this very moment is left alone: what arrives must not go with what is old.
        .with_for_update(skip_locked=True)
    ).all()
    ids = [row.id for row in rows]
    if not ids:
        return 0
    authors = session.scalars(select(Message.contact_id).where(Message.conversation_id.in_(ids)).distinct())
    people = {one for one in (*(row.contact_id for row in rows), *authors) if one is not None}
    _remove_messages(session, ids)
    items = select(OutboxItem.id).where(OutboxItem.conversation_id.in_(ids))
    session.execute(delete(Attachment).where(Attachment.outbox_id.in_(items)))
    for model in (ConversationLabel, Note, OutboxItem, Gap, Event, Presence):
        session.execute(delete(model).where(model.conversation_id.in_(ids)))
    linked = update(Conversation).where(Conversation.linked_conversation_id.in_(ids))
    session.execute(linked.values(linked_conversation_id=None))
    session.execute(delete(Conversation).where(Conversation.id.in_(ids)))
    _remove_lonely_contacts(session, sorted(people))
    events.record(session, "conversations_retired", now, actor="daemon", count=len(ids), older_than=before.isoformat())
    return len(ids)


def _remove_messages(session: Session, conversation_ids: Sequence[int]) -> None:
    messages = select(Message.id).where(Message.conversation_id.in_(conversation_ids)).scalar_subquery()
    # Suggestions refer to messages and conversations alike.
    session.execute(delete(Suggestion).where(Suggestion.conversation_id.in_(conversation_ids)))
    for model in (EarlierText, MessageDecision, MessageLabel):
        session.execute(delete(model).where(model.message_id.in_(messages)))
    session.execute(delete(Message).where(Message.conversation_id.in_(conversation_ids)))


def _remove_lonely_contacts(session: Session, ids: Sequence[int]) -> None:
    """An opt-out outlives the history: it is what keeps us from writing again."""
    other = aliased(Contact)
    session.execute(
        delete(Contact).where(
            Contact.id.in_(ids),
            Contact.opted_out_at.is_(None),
            ~exists().where(Conversation.contact_id == Contact.id),
            ~exists().where(Message.contact_id == Contact.id),
            ~exists().where(other.linked_to_id == Contact.id),
        )
    )


def _since(column: Any, now: datetime, kept: timedelta | None) -> ColumnElement[bool]:
    """Older than it is kept; never, when it is kept for ever."""
    return and_(column.is_not(None), column < now - kept) if kept is not None else or_(False)


def _unused(now: datetime) -> ColumnElement[bool]:
    return and_(Attachment.outbox_id.is_(None), Attachment.created_at < now - UNUSED)


def _rows(session: Session, model: Any, key: Any, condition: ColumnElement[bool]) -> int:
    """Deletes at most one batch."""
    ids = list(session.scalars(select(key).where(condition).limit(BATCH)))
    if ids:
        session.execute(delete(model).where(key.in_(ids)))
    return len(ids)


def _all(session: Session, model: Any, condition: ColumnElement[bool]) -> int:
    """Deletes all at once: small rows with a short life."""
    return len(session.execute(delete(model).where(condition).returning(*model.__mapper__.primary_key)).all())


def _day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d")
