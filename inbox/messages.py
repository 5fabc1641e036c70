"""Hiding and showing somebody's public message: asked of the platform at once, because a person waits for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.base import ConnectorError, LoginExpired, Misconfigured, RateLimited, Refused, WritesBlocked
from inbox import accounts, events
from inbox.db import writing
from inbox.errors import NotThere, Refusal
from inbox.models import Account, Message
from inbox.runtime import Runtime

RETRY = timedelta(seconds=30)
SILENCE = timedelta(seconds=60)


def hide(session: Session, runtime: Runtime, message_id: int, hidden: bool, actor: str, now: datetime) -> None:
    """Mark a message as to be hidden or shown; `carry_out_one` asks the platform. Raises Refusal where it cannot."""
    message = session.get(Message, message_id, with_for_update=True)
    if message is None:
        raise NotThere(f"message {message_id}")
    account = session.get_one(Account, message.account_id)
    if not runtime.channels[account.channel].capabilities.can_hide:
        raise Refusal(f"{runtime.channels[account.channel].capabilities.title} cannot hide messages.", 409)
    if message.direction != "inbound" or message.visibility != "public" or message.deleted_at is not None:
        raise Refusal("Only somebody else's public message that still stands can be hidden.", 409)
    message.hide_wanted = hidden if hidden != message.hidden else None
    message.hide_asked_by, message.hide_due_at = actor, now
    runtime.wake()


def carry_out_one(runtime: Runtime) -> bool:
    """Ask a platform to hide or show one message; False when nothing is wanted. Safe to repeat."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        message = session.scalars(
            select(Message)
            .where(Message.hide_wanted.is_not(None), Message.hide_due_at <= now)
            .order_by(Message.hide_due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if message is None:
            return False
        wanted, actor = bool(message.hide_wanted), message.hide_asked_by
        message.hide_due_at = now + RETRY
        account = session.get_one(Account, message.account_id)
        if account.paused_at is not None or account.writes_blocked_at is not None or not accounts.may_sign_in(account):
            return True
    connector = runtime.connectors.get(account.name)
    if connector is None:
        return True
    try:
        usage = connector.hide(message.external_id, wanted, now)
    except ConnectorError as error:
        _give_up_or_wait(runtime, message.id, error, now)
        return True
    with writing(runtime.sessions) as session:
        account, row = _locked(session, message.id)
        row.hidden, row.hidden_changed_at = wanted, now
        row.hide_wanted = row.hide_due_at = None
        prices = runtime.channels[account.channel].capabilities.prices
        accounts.count_usage(session, account, usage, prices, now)
        kind = "message_hidden" if wanted else "message_shown"
        events.record(
            session, kind, now, conversation_id=row.conversation_id, actor=actor, message_id=row.id, by_us=True
        )
    return True


def _locked(session: Session, message_id: int) -> tuple[Account, Message]:
    account = accounts.locked(session, session.get_one(Message, message_id).account_id)
    return account, session.get_one(Message, message_id, with_for_update=True, populate_existing=True)


def _give_up_or_wait(runtime: Runtime, message_id: int, error: ConnectorError, now: datetime) -> None:
    """Refused for ever: say so in the timeline. Anything else is tried again; hiding twice does no harm."""
    with writing(runtime.sessions) as session:
        account, row = _locked(session, message_id)
        prices = runtime.channels[account.channel].capabilities.prices
        accounts.count_usage(session, account, error.usage, prices, now)
        if isinstance(error, (RateLimited, LoginExpired, WritesBlocked)):
            accounts.note_failure(session, account, error, now)
        if isinstance(error, RateLimited):
            row.hide_due_at = max(error.until or now + SILENCE, now + RETRY)
        if not isinstance(error, (Refused, Misconfigured)):
            return
        row.hide_wanted = row.hide_due_at = None
        events.record(
            session, "hide_refused", now, conversation_id=row.conversation_id, actor=row.hide_asked_by,
            message_id=row.id, reason=str(error)[:300],
        )  # fmt: skip
