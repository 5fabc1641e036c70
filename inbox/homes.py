"""Which conversation a message belongs to, where a push could not tell and a poll can.

A push names only the parent of a reply, and says nothing of whose post it stands under. What is stored already helps:
a reply belongs where its parent is, a comment under somebody's post about us belongs to that post's conversation. What
a push filed by itself is moved when a poll shows where it belongs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from connectors.base import InboundMessage, Visibility
from inbox import threads
from inbox.models import (
    Account,
    Conversation,
    ConversationLabel,
    Event,
    Gap,
    Message,
    Note,
    Notice,
    OutboxItem,
    Presence,
    Suggestion,
)


def at_home(session: Session, account_id: int, pushed: Sequence[InboundMessage]) -> list[InboundMessage]:
    """The pushed messages, each with the conversation its parent or its post already has here."""
    public = [message for message in pushed if message.visibility is Visibility.PUBLIC]
    parents = {message.parent_id for message in public if message.parent_id is not None}
    posts = {message.subject.external_id for message in public if message.subject is not None}
    if not parents and not posts:
        return list(pushed)
    of_parent = dict(
        session.execute(
            select(Message.external_id, Conversation.external_id)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Message.account_id == account_id, Message.external_id.in_(parents))
        ).all()
    )
    of_post = set(
        session.scalars(
            select(Conversation.external_id).where(
                Conversation.account_id == account_id, Conversation.external_id.in_(posts)
            )
        )
    )
    found = []
    for message in pushed:
        home = of_parent.get(message.parent_id or "")
        if home is None and message.subject is not None and message.subject.external_id in of_post:
            home = message.subject.external_id
        found.append(message if home is None else replace(message, conversation_id=home))
    return found


def move_home(
    session: Session,
    account: Account,
    known: Mapping[str, Message],
    shown: Mapping[str, InboundMessage],
    people: Mapping[str, int],
    posts: Mapping[str, int],
) -> set[int]:
    """Move stored messages into the conversation a poll shows them in; returns the conversations that changed."""
    if not known:
        return set()
    spelled = dict(
        session.execute(
            select(Conversation.id, Conversation.external_id).where(
                Conversation.id.in_({row.conversation_id for row in known.values()})
            )
        ).all()
    )
    astray = {
        external_id: shown[external_id]
        for external_id, row in known.items()
        if (row.deleted_at is None or row.deletion_inferred)
        and spelled[row.conversation_id] != shown[external_id].conversation_id
    }
    if not astray:
        return set()
    homes = threads.find_or_add(session, account, list(astray.values()), people, posts)
    left = set()
    for external_id, message in astray.items():
        row, home = known[external_id], homes[message.conversation_id]
        left.add((row.conversation_id, home))
        row.conversation_id = home
    session.flush()
    for old, home in left:
        _give_up_if_empty(session, old, home)
    remaining = set(session.scalars(select(Conversation.id).where(Conversation.id.in_({old for old, _ in left}))))
    return remaining | {home for _, home in left}


def _give_up_if_empty(session: Session, old: int, home: int) -> None:
    """A conversation without messages never was one: what hangs on it goes along."""
    if session.execute(select(Message.id).where(Message.conversation_id == old).limit(1)).first() is not None:
        return
    for model in (Event, Note, Notice, OutboxItem, Suggestion, Gap):
        session.execute(update(model).where(model.conversation_id == old).values(conversation_id=home))
    session.execute(delete(ConversationLabel).where(ConversationLabel.conversation_id == old))
    session.execute(delete(Presence).where(Presence.conversation_id == old))
    session.execute(
        update(Conversation).where(Conversation.linked_conversation_id == old).values(linked_conversation_id=home)
    )
    session.execute(delete(Conversation).where(Conversation.id == old))
