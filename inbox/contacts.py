"""People as an account sees them: found, named, opted out, exported, erased."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, insert, or_, select, tuple_, update
from sqlalchemy.orm import Session, undefer

from connectors.base import Author, InboundMessage, Visibility
from inbox import attachments, events, profiles, threads
from inbox.among import among
from inbox.errors import NotThere, Refusal
from inbox.models import (
    Attachment,
    Contact,
    Conversation,
    EarlierText,
    Message,
    MessageDecision,
    MessageLabel,
    Note,
    Notice,
    OutboxItem,
    Suggestion,
    Unreadable,
    table,
)

OPT_OUT = re.compile(
    r"\s*(?:@\w+\s+)*[^\w?@]*(?:bitte\s+|please\s+)?"
    r"(?:stop+|halt|abmelden|abmeldung|abbestellen|austragen|unsubscribe(?:\s+me)?|opt[\s-]?out|cancel\s+messages|quit"
    r"|keine\s+(?:weiteren\s+)?nachrichten(?:\s+mehr)?|no\s+more\s+messages"
    r"|stop\s+(?:messaging|messages|texting|all)(?:\s+me)?)"
    r"(?:[\s,]+(?:bitte|please|danke|thanks))?[^\w?]*",
    re.IGNORECASE,
)


def find_or_add(session: Session, account_id: int, messages: Sequence[InboundMessage], now: datetime) -> dict[str, int]:
    """The contact ids of everybody these messages name, by external id; names are brought up to date, and who writes
    to us in private can be reached again."""
    people: dict[str, Author] = {}
    wrote: dict[str, datetime] = {}
    for message in messages:
        if message.visibility is Visibility.PRIVATE and not message.own and (writer := message.author.external_id):
            wrote[writer] = max(wrote.get(writer, message.sent_at), message.sent_at)
        for author in (message.author, message.correspondent):
            if author is not None and author.external_id:
                people[author.external_id] = _with_what_is_known(author, people.get(author.external_id))
    if not people:
        return {}
    rows = session.execute(_KNOWN, {"account": account_id, "ids": people}).all()
    found = {row.external_id: row.id for row in rows}
    for row in rows:
        _bring_up_to_date(session, row, people[row.external_id], wrote.get(row.external_id))
    missing = [
        {
            "account_id": account_id,
            "external_id": external_id,
            "name": author.name,
            "handle": author.handle,
            "followers": author.followers,
            "created_at": now,
        }
        for external_id, author in people.items()
        if external_id not in found
    ]
    if missing:
        added = session.execute(_ADD, missing)
        found |= {external_id: contact_id for contact_id, external_id in added}
    return found


_CONTACTS = table(Contact)
_ADD = insert(_CONTACTS).returning(_CONTACTS.c.id, _CONTACTS.c.external_id)
_KNOWN = select(
    *(_CONTACTS.c[name] for name in ("id", "external_id", "name", "handle", "followers", "unavailable_at"))
).where(_CONTACTS.c.account_id == bindparam("account"), among(_CONTACTS.c.external_id))


def _with_what_is_known(author: Author, earlier: Author | None) -> Author:
    """The same person named fully in one message and by the id alone in the next."""
    if earlier is None:
        return author
    return Author(
        author.external_id,
        author.name if author.name is not None else earlier.name,
        author.handle if author.handle is not None else earlier.handle,
        author.followers if author.followers is not None else earlier.followers,
    )


def _bring_up_to_date(session: Session, row: Any, author: Author, wrote_at: datetime | None) -> None:
    """What a platform withholds this time does not erase what it said before."""
    news: dict[str, Any] = {
        field: value
        for field in ("name", "handle", "followers")
        if (value := getattr(author, field)) is not None and value != getattr(row, field)
    }
    if wrote_at is not None and row.unavailable_at is not None and wrote_at > row.unavailable_at:
        news["unavailable_at"] = None
    if news:
        session.execute(update(Contact).where(Contact.id == row.id, Contact.erased_at.is_(None)).values(**news))


def name_authors(
    session: Session, known: Mapping[str, Message], shown: Iterable[InboundMessage], people: Mapping[str, int]
) -> set[int]:
    """Name who wrote stored messages that came without an author (Graph withholds it now and then); returns their
    conversations. What could not be decided without a person is decided again."""
    named = set()
    for message in shown:
        row, contact_id = known[message.external_id], people.get(message.author.external_id or "")
        if row.contact_id is not None or contact_id is None or row.direction != "inbound" or message.own:
            continue
        row.contact_id, row.author_name = contact_id, message.author.name or message.author.handle
        if not row.history:
            row.triaged_at = None
        named.add(row.conversation_id)
    return named


def asks_to_stop(text: str) -> bool:
    """Whether a message is nothing but the wish to hear no more: STOP, stopp, abmelden, unsubscribe and the like."""
    return OPT_OUT.fullmatch(text) is not None


def _get(session: Session, contact_id: int) -> Contact:
    contact = session.get(Contact, contact_id)
    if contact is None:
        raise NotThere(f"contact {contact_id}")
    return contact


def opt_out(session: Session, contact_id: int, actor: str, now: datetime) -> None:
    """From now on no automation speaks to this person on this account."""
    contact = _get(session, contact_id)
    if contact.opted_out_at is None:
        contact.opted_out_at = now
        _tell_conversations(session, contact_id, "contact_opted_out", actor, now)


def opt_in(session: Session, contact_id: int, actor: str, now: datetime) -> None:
    """Undo an opt-out; only ever done by a person."""
    contact = _get(session, contact_id)
    if contact.opted_out_at is not None:
        contact.opted_out_at = None
        _tell_conversations(session, contact_id, "contact_opted_in", actor, now)


def _tell_conversations(session: Session, contact_id: int, kind: str, actor: str, now: datetime) -> None:
    for conversation_id in session.scalars(select(Conversation.id).where(Conversation.contact_id == contact_id)):
        events.record(session, kind, now, conversation_id=conversation_id, actor=actor)


def export(session: Session, contact_id: int) -> dict[str, Any]:
    """Everything held about one person on one channel, as data that `json` can write (GDPR articles 15 and 20).

    Of public threads only what the person and we said: what others wrote there is theirs (article 15, 4).
    """
    contact = _get(session, contact_id)
    conversations = session.scalars(select(Conversation).where(Conversation.contact_id == contact_id)).all()
    said = _said(contact_id, [row.id for row in conversations])
    messages = session.scalars(select(Message).where(said).order_by(Message.sent_at, Message.id)).all()
    notes = session.scalars(select(Note).where(Note.conversation_id.in_([row.id for row in conversations]))).all()
    files = session.scalars(
        select(Attachment)
        .join(OutboxItem, OutboxItem.id == Attachment.outbox_id)
        .where(OutboxItem.conversation_id.in_([row.id for row in conversations]))
        .options(undefer(Attachment.content))
        .order_by(Attachment.id)
    ).all()
    return {
        "contact": {
            "id": contact.id,
            "external_id": contact.external_id,
            "name": contact.name,
            "handle": contact.handle,
            "opted_out_at": _text(contact.opted_out_at),
            "created_at": _text(contact.created_at),
        },
        "conversations": [
            {"id": row.id, "kind": row.kind, "visibility": row.visibility, "status": row.status}
            for row in conversations
        ],
        "messages": [
            {
                "conversation_id": row.conversation_id,
                "direction": row.direction,
                "origin": row.origin,
                "text": row.text,
                "sent_at": _text(row.sent_at),
                "deleted_at": _text(row.deleted_at),
                "attachments": row.attachments,
            }
            for row in messages
        ],
        "notes": [{"text": note.text, "created_at": _text(note.created_at)} for note in notes],
        "attachments": [_file(file) for file in files],
    }


def _file(file: Attachment) -> dict[str, Any]:
    content = base64.b64encode(file.content).decode() if file.content is not None else None
    return {
        "name": file.name,
        "content_type": file.content_type,
        "alternative_text": file.alternative_text,
        "created_at": _text(file.created_at),
        "content_base64": content,
    }


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def erase(session: Session, contact_id: int, actor: str, now: datetime) -> None:
    """Remove what identifies one person: name, handle, every text of theirs and ours to them, drafts, search index.

    The rows stay, empty, so that counts and our own accountability do; conversations under legal hold are refused.
    """
    contact = _get(session, contact_id)
    conversations = list(session.scalars(select(Conversation).where(Conversation.contact_id == contact_id)))
    ids = [conversation.id for conversation in conversations]
    said = session.execute(select(Message.id, Message.conversation_id).where(_said(contact_id, ids))).all()
    touched = {*ids, *(row.conversation_id for row in said)}
    if session.scalars(select(Conversation.id).where(Conversation.id.in_(touched), Conversation.legal_hold)).first():
        raise Refusal("A conversation of this person is under legal hold. Lift the hold first.", 409)
    _stop_sending(session, ids, now)
    redact(session, [row.id for row in said], now)
    _erase_drafts(session, ids)
    threads.refresh(session, touched, now)
    for conversation in conversations:
        events.record(session, "contact_erased", now, conversation_id=conversation.id, actor=actor)
    profiles.unlink(session, contact_id, actor, now)
    contact.name = contact.handle = contact.followers = None
    contact.external_id = f"erased-{contact.id}"
    contact.erased_at = now


def _said(contact_id: int, conversation_ids: Sequence[int]) -> ColumnElement[bool]:
    """Of messages: what this person wrote anywhere, and the rest of their private conversations and our answers."""
    between_us = or_(Message.visibility == "private", Message.direction == "outbound")
    return or_(Message.contact_id == contact_id, and_(Message.conversation_id.in_(conversation_ids), between_us))


def _stop_sending(session: Session, conversation_ids: list[int], now: datetime) -> None:
    """Nothing goes out any more to somebody who is erased; what is just leaving is waited for."""
    open_items = session.scalars(
        select(OutboxItem)
        .where(OutboxItem.conversation_id.in_(conversation_ids), OutboxItem.state.in_(("queued", "sending", "unknown")))
        .with_for_update()
    ).all()
    if any(item.state != "queued" for item in open_items):
        raise Refusal("A reply to this person is just being sent. Try again in a minute.", 409)
    for item in open_items:
        item.state, item.reason, item.needs_approval = "cancelled", "The person was erased.", False
        events.record(
            session, "reply_cancelled", now, conversation_id=item.conversation_id, outbox_id=item.id, reason=item.reason
        )
    session.execute(update(Conversation).where(Conversation.id.in_(conversation_ids)).values(held_replies=0))


def _erase_drafts(session: Session, conversation_ids: list[int]) -> None:
    session.execute(
        update(Suggestion)
        .where(Suggestion.conversation_id.in_(conversation_ids))
        .values(text="", public_note=None, why=[], spans=[], points=[])
    )
    session.execute(update(OutboxItem).where(OutboxItem.conversation_id.in_(conversation_ids)).values(text=""))
    attachments.redact(session, select(OutboxItem.id).where(OutboxItem.conversation_id.in_(conversation_ids)))
    session.execute(delete(Note).where(Note.conversation_id.in_(conversation_ids)))
    session.execute(update(Notice).where(Notice.conversation_id.in_(conversation_ids)).values(body=""))


def redact(session: Session, message_ids: Iterable[int], now: datetime) -> None:
    """Remove what messages said, from everywhere it was kept: text, pictures, earlier versions, explanation, index."""
    ids = list(message_ids)
    if not ids:
        return
    session.execute(
        update(Message)
        .where(Message.id.in_(ids))
        .values(text="", attachments=[], author_name=None, permalink=None, look_again_at=None)
    )
    session.execute(update(Message).where(Message.id.in_(ids), Message.deleted_at.is_(None)).values(deleted_at=now))
    session.execute(delete(EarlierText).where(EarlierText.message_id.in_(ids)))
    session.execute(delete(MessageDecision).where(MessageDecision.message_id.in_(ids)))
    session.execute(delete(MessageLabel).where(MessageLabel.message_id.in_(ids)))
    session.execute(update(Suggestion).where(Suggestion.message_id.in_(ids)).values(why=[], spans=[], points=[]))
    session.execute(update(OutboxItem).where(OutboxItem.message_id.in_(ids)).values(text=""))
    attachments.redact(session, select(OutboxItem.id).where(OutboxItem.message_id.in_(ids)))
    places = select(Message.conversation_id).where(Message.id.in_(ids))
    session.execute(update(Notice).where(Notice.conversation_id.in_(places)).values(body=""))
    names = select(Message.account_id, Message.external_id).where(Message.id.in_(ids))
    session.execute(
        update(Unreadable).where(tuple_(Unreadable.account_id, Unreadable.external_id).in_(names)).values(raw="")
    )
