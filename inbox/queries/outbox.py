"""Replies on their way, arrived, or not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from inbox.errors import NotThere
from inbox.models import Account, OutboxItem
from inbox.queries.attachments import files_of
from inbox.queries.cursors import Cursor, bounded, decode
from inbox.queries.reply_views import FileView, OutboxPage, OutboxView

State = Literal["queued", "sending", "sent", "failed", "unknown", "cancelled"]
UNSENT_LATELY = timedelta(hours=24)
MOST_UNSENT = 99
STATES: tuple[State, ...] = ("queued", "sending", "sent", "failed", "unknown", "cancelled")


def outbox(
    session: Session,
    *,
    state: str | None = None,
    conversation_id: int | None = None,
    held: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> OutboxPage:
    """Newest first; only those in `state`, of one conversation, or (`held`) waiting for a second person."""
    limit = bounded(limit)
    after = decode(cursor, "outbox")
    query = _items()
    if state:
        query = query.where(OutboxItem.state == state)
    if conversation_id is not None:
        query = query.where(OutboxItem.conversation_id == conversation_id)
    if held:
        query = query.where(OutboxItem.state == "queued", OutboxItem.needs_approval, OutboxItem.approved_by.is_(None))
    if after is not None:
        query = query.where(OutboxItem.id < after.id)
    found = _views(session, session.execute(query.order_by(OutboxItem.id.desc()).limit(limit + 1)))
    more = len(found) > limit
    found = found[:limit]
    return OutboxPage(found, Cursor("outbox", 0, found[-1].id).encode() if more else None)


def outbox_item(session: Session, item_id: int) -> OutboxView:
    """One item. Raises `NotThere`."""
    found = _views(session, session.execute(_items().where(OutboxItem.id == item_id)))
    if not found:
        raise NotThere(f"outbox item {item_id}")
    return found[0]


def unsent_lately(session: Session, now: datetime) -> int:
    """How many of the newest 99 failed or uncertain replies are of the last 24 hours: what somebody has to look at."""
    newest = (
        select(OutboxItem.created_at)
        .where(OutboxItem.state.in_(("failed", "unknown")))
        .order_by(OutboxItem.id.desc())
        .limit(MOST_UNSENT)
        .subquery()
    )
    lately = select(func.count()).select_from(newest).where(newest.c.created_at >= now - UNSENT_LATELY)
    return session.execute(lately).scalar_one()


def unsettled(session: Session, conversation_id: int) -> list[OutboxView]:
    """Of one conversation: what is queued, being sent, uncertain or failed, oldest first."""
    query = _items().where(
        OutboxItem.conversation_id == conversation_id,
        OutboxItem.state.in_(("queued", "sending", "unknown", "failed")),
    )
    return _views(session, session.execute(query.order_by(OutboxItem.id)))


def _items() -> Select[*tuple[Any, ...]]:
    return select(OutboxItem, Account.name, Account.channel).join(Account, Account.id == OutboxItem.account_id)


def _views(session: Session, found: Iterable[Any]) -> list[OutboxView]:
    rows = list(found)
    files = files_of(session, [item.id for item, _, _ in rows if item.attachment_count])
    return [outbox_view(item, account, channel, files.get(item.id, [])) for item, account, channel in rows]


def outbox_view(item: OutboxItem, account: str, channel: str, files: list[FileView]) -> OutboxView:
    """One row as it is shown."""
    return OutboxView(
        id=item.id,
        conversation_id=item.conversation_id,
        account=account,
        channel=channel,
        client_key=item.client_key,
        text=item.text,
        state=cast(State, item.state),
        reason=item.reason,
        attempts=item.attempts,
        not_before=item.not_before,
        external_id=item.external_id,
        way=item.way,
        visibility=item.visibility,
        origin=item.origin,
        author=item.author,
        rule=item.rule,
        template=item.template,
        needs_approval=item.needs_approval,
        approved_by=item.approved_by,
        created_at=item.created_at,
        sent_at=item.sent_at,
        message_id=item.message_id,
        attachments=files,
        follows_id=item.follows_id,
    )
