"""Edits, deletions and hidings of messages, whatever the order in which we hear of them.

An announced change carries its own time and the latest wins. A deletion is final, unless it was only inferred from a
list and the platform shows the message again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from connectors.base import Change, ChangeKind, InboundMessage, Listing
from inbox import contacts, echoes, events, unreadable
from inbox.among import among
from inbox.models import Conversation, EarlierText, EarlyChange, Message, Subject
from inbox.storable import storable

MOST_ASKED = 50
"""Of what one uncertain list lacks."""
BELIEVED_AFTER = timedelta(seconds=60)
"""A deletion that is not certain is final when it is told again this much later."""


def follow(session: Session, row: Message, message: InboundMessage, now: datetime, *, pushed: bool) -> bool:
    """Bring a stored message up to what the platform shows now; True when anything changed.

    A push tells what was, perhaps late: it never overwrites. What a poll shows, is.
    """
    if pushed:
        return False
    if row.deleted_at is not None:
        if not row.deletion_inferred:
            return False
        row.deleted_at, row.deletion_inferred = None, False
        row.attachments = [{"type": a.type, "url": a.url, "name": a.name} for a in message.attachments]
        _edit(session, row, storable(message.text), message.edited_at or row.sent_at, keep_earlier=False)
        events.record(session, "message_shown_again", now, conversation_id=row.conversation_id, message_id=row.id)
        return True
    changed = False
    ours = row.direction == "outbound" and echoes.same_text(message.text, row.text)
    if storable(message.text) != row.text and not ours:
        _edit(session, row, storable(message.text), message.edited_at or now, keep_earlier=True)
        events.record(session, "message_edited", now, conversation_id=row.conversation_id, message_id=row.id)
        changed = True
    if message.hidden is not None and message.hidden != row.hidden:
        _set_hidden(session, row, message.hidden, now, now)
        changed = True
    if message.can_reply_privately is not None:
        row.can_reply_privately = message.can_reply_privately
    if message.summons_us is not None:
        row.summons_us = message.summons_us
    return changed


def _edit(session: Session, row: Message, text: str, at: datetime, *, keep_earlier: bool) -> None:
    if keep_earlier:
        session.add(EarlierText(message_id=row.id, text=row.text, replaced_at=at))
        row.edited_at = at
    row.text = text
    if row.direction == "inbound" and not row.history:
        row.triaged_at = None


def _set_hidden(session: Session, row: Message, hidden: bool, at: datetime, now: datetime) -> None:
    row.hidden, row.hidden_changed_at = hidden, at
    kind = "message_hidden" if hidden else "message_shown"
    events.record(session, kind, now, conversation_id=row.conversation_id, message_id=row.id)


def apply(session: Session, account_id: int, changes: Sequence[Change], now: datetime) -> set[int]:
    """Apply announced changes; those of messages not here yet are kept for their arrival. Returns conversations."""
    if not changes:
        return set()
    rows = {
        row.external_id: row
        for row in session.scalars(
            select(Message).where(
                Message.account_id == account_id, Message.external_id.in_({change.external_id for change in changes})
            )
        )
    }
    touched = set()
    for change in changes:
        row = rows.get(change.external_id)
        if row is None:
            _remember(session, account_id, change)
        elif _apply_one(session, row, change, now):
            touched.add(row.conversation_id)
    return touched


def _apply_one(session: Session, row: Message, change: Change, now: datetime) -> bool:
    kind, at, text = change.kind, change.at, change.text
    if kind == ChangeKind.DELETED:
        if row.deleted_at is not None:
            row.deletion_inferred = (
                row.deletion_inferred and not change.certain and at - row.deleted_at < BELIEVED_AFTER
            )
            return False
        _delete(session, [row], at, now, inferred=not change.certain)
        return True
    if row.deleted_at is not None:
        return False
    if kind == ChangeKind.EDITED:
        if text is None or storable(text) == row.text or (row.edited_at is not None and at < row.edited_at):
            return False
        _edit(session, row, storable(text), at, keep_earlier=True)
        events.record(session, "message_edited", now, conversation_id=row.conversation_id, message_id=row.id)
        return True
    hidden = kind == ChangeKind.HIDDEN
    if row.hidden_changed_at is not None and at < row.hidden_changed_at:
        return False
    if hidden == row.hidden:
        row.hidden_changed_at = at
        return False
    _set_hidden(session, row, hidden, at, now)
    return True


def _delete(session: Session, rows: Iterable[Message], at: datetime, now: datetime, *, inferred: bool) -> None:
    rows = list(rows)
    for row in rows:
        row.deleted_at, row.deletion_inferred = at, inferred
        # Looked at again for its conversation's clock: another message may be the one that waits now.
        row.triaged_at = None
        events.record(session, "message_deleted", now, conversation_id=row.conversation_id, message_id=row.id)
    session.flush()
    contacts.redact(session, [row.id for row in rows], now)
    for row in rows:
        session.refresh(row)


def _remember(session: Session, account_id: int, change: Change) -> None:
    values: dict[str, Any] = {"at": change.at, "text": None if change.text is None else storable(change.text)}
    if change.kind is ChangeKind.DELETED:
        # What it said before is gone too.
        session.execute(
            delete(EarlyChange).where(
                EarlyChange.account_id == account_id,
                EarlyChange.external_id == change.external_id,
                EarlyChange.kind == str(ChangeKind.EDITED),
            )
        )
    same = (
        EarlyChange.account_id == account_id,
        EarlyChange.external_id == change.external_id,
        EarlyChange.kind == str(change.kind),
    )
    earlier = session.execute(select(EarlyChange.at).where(*same)).scalar_one_or_none()
    if earlier is None:
        session.execute(
            insert(EarlyChange).values(
                account_id=account_id, external_id=change.external_id, kind=str(change.kind), **values
            )
        )
    elif earlier < change.at:
        session.execute(update(EarlyChange).where(*same).values(**values))


def apply_early(session: Session, account_id: int, external_ids: Sequence[str], now: datetime) -> set[int]:
    """Apply what was announced about messages before they arrived."""
    if not external_ids:
        return set()
    waiting = session.scalars(_EARLY, {"account": account_id, "ids": external_ids}).all()
    if not waiting:
        return set()
    changes = [Change(row.external_id, ChangeKind(row.kind), row.at, row.text) for row in waiting]
    session.execute(delete(EarlyChange).where(EarlyChange.id.in_([row.id for row in waiting])))
    return apply(session, account_id, changes, now)


_EARLY = (
    select(EarlyChange)
    .where(EarlyChange.account_id == bindparam("account"), among(EarlyChange.external_id))
    .order_by(EarlyChange.at)
)


def apply_listings(session: Session, account_id: int, listings: Sequence[Listing], now: datetime) -> set[int]:
    """What we hold within a completely listed range and the platform no longer shows has been deleted; where the list
    is not certain, each is asked for first."""
    touched: set[int] = set()
    for listing in listings:
        place = Subject if listing.by_subject else Conversation
        scope = session.execute(
            select(place.id).where(place.account_id == account_id, place.external_id == listing.scope)
        ).scalar_one_or_none()
        if scope is None:
            continue
        column = Conversation.subject_id if listing.by_subject else Conversation.id
        held = session.execute(
            select(Message.id, Message.external_id)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(
                column == scope,
                Message.deleted_at.is_(None),
                Message.sent_at >= listing.oldest,
                Message.sent_at <= listing.newest,
            )
        ).all()
        missing = {row.id: row.external_id for row in held if row.external_id not in listing.external_ids}
        if not listing.certain:
            unreadable.drop_pointers(session, account_id, listing.external_ids)
            unreadable.store_pointers(session, account_id, list(missing.values())[-MOST_ASKED:], now)
        elif missing:
            rows = session.scalars(select(Message).where(Message.id.in_(list(missing)))).all()
            _delete(session, rows, now, now, inferred=True)
            touched |= {row.conversation_id for row in rows}
    return touched
