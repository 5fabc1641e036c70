"""The fewest rows that let a message stand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.models import Account, Conversation, Message

MOMENT = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)


def add_account(session: Session, **columns: Any) -> Account:
    """One account, `shop` unless named otherwise."""
    values = {
        "name": "shop",
        "channel": "facebook",
        "external_id": "1",
        "connected_at": MOMENT,
        "history_since": MOMENT,
    }
    account = Account(**{**values, **columns})
    session.add(account)
    session.flush()
    return account


def add_conversation(session: Session, external_id: str = "thread", **columns: Any) -> Conversation:
    """One conversation, with an account when there is none."""
    account = session.scalars(select(Account)).first() or add_account(session)
    values = {
        "account_id": account.id,
        "channel": account.channel,
        "external_id": external_id,
        "kind": "comment",
        "visibility": "public",
        "last_message_at": MOMENT,
        "queue_position": 0,
    }
    conversation = Conversation(**{**values, **columns})
    session.add(conversation)
    session.flush()
    return conversation


def add_message(session: Session, text: str, external_id: str | None = None, **columns: Any) -> Message:
    """One message of a customer, in the first conversation there is."""
    conversation = session.scalars(select(Conversation)).first() or add_conversation(session)
    values = {
        "account_id": conversation.account_id,
        "conversation_id": conversation.id,
        "external_id": external_id or f"message of {text}",
        "direction": "inbound",
        "origin": "customer",
        "visibility": "public",
        "text": text,
        "sent_at": MOMENT,
        "received_at": MOMENT,
    }
    message = Message(**{**values, **columns})
    session.add(message)
    session.flush()
    return message
