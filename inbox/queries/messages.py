"""Messages as they are shown, with what belongs to each: delivery, decision, earlier texts. One query for each kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.models import Contact, Conversation, EarlierText, Message, MessageDecision, OutboxItem
from inbox.queries.views import AttachmentView, ContactRef, DecisionView, Delivery, EarlierTextView, MessageView

Origin = Literal["customer", "agent", "automation", "native"]


def message_views(session: Session, messages: Sequence[Message]) -> list[MessageView]:
    """The same messages in the same order."""
    if not messages:
        return []
    ids = [message.id for message in messages]
    contacts = _contacts(session, messages)
    sends = {item.message_id: item for item in session.scalars(select(OutboxItem).where(_became(messages)))}
    decisions = {
        row.message_id: row
        for row in session.scalars(select(MessageDecision).where(MessageDecision.message_id.in_(ids)))
    }
    earlier = _earlier_texts(session, ids)
    return [
        _view(
            message,
            _author(message, contacts, sends.get(message.id)),
            sends.get(message.id),
            decisions.get(message.id),
            earlier.get(message.id, []),
        )
        for message in messages
    ]


def _became(messages: Sequence[Message]) -> Any:
    """Outbox items that became one of these messages; found through the index on the conversation.

    A private reply to a comment is queued in the comment's conversation and comes back in the person's thread.
    """
    here = {message.conversation_id for message in messages}
    linked = select(Conversation.linked_conversation_id).where(Conversation.id.in_(here))
    ours = [message.id for message in messages if message.direction == "outbound"]
    return (OutboxItem.conversation_id.in_(here) | OutboxItem.conversation_id.in_(linked)) & OutboxItem.message_id.in_(
        ours
    )


def _contacts(session: Session, messages: Sequence[Message]) -> dict[int, ContactRef]:
    ids = {message.contact_id for message in messages if message.contact_id is not None}
    if not ids:
        return {}
    query = select(Contact.id, Contact.name, Contact.handle).where(Contact.id.in_(ids))
    return {row.id: ContactRef(row.id, row.name, row.handle) for row in session.execute(query)}


def _author(message: Message, contacts: dict[int, ContactRef], send: OutboxItem | None) -> ContactRef:
    if message.direction == "outbound":
        return ContactRef(None, (send.author if send else None) or message.author_name, None)
    if message.contact_id is not None and message.contact_id in contacts:
        return contacts[message.contact_id]
    return ContactRef(message.contact_id, message.author_name, None)


def _earlier_texts(session: Session, ids: Sequence[int]) -> dict[int, list[EarlierTextView]]:
    texts: dict[int, list[EarlierTextView]] = defaultdict(list)
    query = select(EarlierText).where(EarlierText.message_id.in_(ids)).order_by(EarlierText.id)
    for row in session.scalars(query):
        texts[row.message_id].append(EarlierTextView(row.text, row.replaced_at))
    return texts


def _view(
    message: Message,
    author: ContactRef,
    send: OutboxItem | None,
    decision: MessageDecision | None,
    earlier: list[EarlierTextView],
) -> MessageView:
    return MessageView(
        id=message.id,
        external_id=message.external_id,
        direction="outbound" if message.direction == "outbound" else "inbound",
        origin=cast(Origin, message.origin),
        visibility=message.visibility,
        text=message.text,
        sent_at=message.sent_at,
        edited_at=message.edited_at,
        deleted_at=message.deleted_at,
        hidden=message.hidden,
        attachments=[
            AttachmentView(str(each.get("type", "file")), each.get("url"), each.get("name"))
            for each in message.attachments
        ],
        author=author,
        delivery=None if send is None else Delivery(send.id, send.state, send.reason, send.attempts, send.sent_at),
        parent_external_id=message.parent_external_id,
        permalink=message.permalink,
        history=message.history,
        rule=send.rule if send else None,
        template=send.template if send else None,
        decision=None if decision is None else _decision(decision),
        earlier_texts=earlier,
    )


def _decision(row: MessageDecision) -> DecisionView:
    return DecisionView(
        row.playbook,
        [str(rule) for rule in row.rules],
        [str(rule) for rule in row.undecided],
        row.severity,
        row.complaint,
        row.score,
        [str(sentence) for sentence in row.why],
    )
