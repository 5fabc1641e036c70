"""One conversation with everything its page shows."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import literal, select, tuple_
from sqlalchemy.orm import Session

from inbox.errors import NotThere
from inbox.models import Account, Conversation, Gap, Message, Note, Presence, User, UtcDateTime
from inbox.queries.messages import message_views
from inbox.queries.outbox import unsettled
from inbox.queries.rows import rows_in_order
from inbox.queries.suggestions import open_suggestions_of
from inbox.queries.timeline import events_of
from inbox.queries.views import ConversationDetail, GapView, LinkedView, NoteView, Present

MOST_MESSAGES = 200
PRESENT_FOR = timedelta(seconds=45)
"""Who was not heard of for this long has gone."""
WRITING_FOR = timedelta(seconds=15)


def conversation(
    session: Session, conversation_id: int, now: datetime, *, before: int | None = None
) -> ConversationDetail:
    """The conversation with its newest 200 messages, or the 200 before the message with the id `before`.

    Raises `NotThere`.
    """
    row = session.get(Conversation, conversation_id)
    if row is None:
        raise NotThere(f"conversation {conversation_id}")
    messages, older_before = _messages(session, conversation_id, before)
    return ConversationDetail(
        conversation=rows_in_order(session, [conversation_id], now)[0],
        messages=message_views(session, messages),
        older_before=older_before,
        suggestions=open_suggestions_of(session, conversation_id),
        events=events_of(session, conversation_id),
        notes=_notes(session, conversation_id),
        linked=_linked(session, row),
        outbox=unsettled(session, conversation_id),
        gaps=_gaps(session, conversation_id),
        version=row.version,
        language=row.language,
        legal_hold=row.legal_hold,
        contact_id=row.contact_id,
    )


def conversation_of_message(session: Session, message_id: int) -> int:
    """The id of the conversation a message stands in. Raises `NotThere`."""
    found = session.scalar(select(Message.conversation_id).where(Message.id == message_id))
    if found is None:
        raise NotThere(f"message {message_id}")
    return found


def channel_of(session: Session, conversation_id: int) -> str:
    """The channel of a conversation. Raises `NotThere`."""
    found = session.scalar(select(Conversation.channel).where(Conversation.id == conversation_id))
    if found is None:
        raise NotThere(f"conversation {conversation_id}")
    return found


def present(session: Session, conversation_id: int, now: datetime, *, besides: int | None = None) -> list[Present]:
    """Who has the conversation open now, and who is writing, without the user `besides`."""
    query = (
        select(Presence, User)
        .join(User, User.id == Presence.user_id)
        .where(Presence.conversation_id == conversation_id, Presence.seen_at > now - PRESENT_FOR)
        .order_by(User.email)
    )
    return [
        Present(
            user.id,
            user.name or user.email.split("@")[0],
            row.writing_at is not None and row.writing_at > now - WRITING_FOR,
        )
        for row, user in session.execute(query)
        if user.id != besides
    ]


def _messages(session: Session, conversation_id: int, before: int | None) -> tuple[list[Message], int | None]:
    """Oldest first, and the id to go on from when there are older ones."""
    query = select(Message).where(Message.conversation_id == conversation_id)
    if before is not None:
        mark = session.get(Message, before)
        if mark is None or mark.conversation_id != conversation_id:
            raise NotThere(f"message {before} in conversation {conversation_id}")
        moment = literal(mark.sent_at, UtcDateTime())
        query = query.where(tuple_(Message.sent_at, Message.id) < tuple_(moment, literal(mark.id)))
    found = list(session.scalars(query.order_by(Message.sent_at.desc(), Message.id.desc()).limit(MOST_MESSAGES + 1)))
    more = len(found) > MOST_MESSAGES
    messages = found[:MOST_MESSAGES][::-1]
    return messages, messages[0].id if more else None


def _notes(session: Session, conversation_id: int) -> list[NoteView]:
    query = (
        select(Note, User.email)
        .outerjoin(User, User.id == Note.user_id)
        .where(Note.conversation_id == conversation_id)
        .order_by(Note.id)
    )
    return [NoteView(note.id, note.text, author, note.created_at) for note, author in session.execute(query)]


def _linked(session: Session, row: Conversation) -> list[LinkedView]:
    """In both directions: what this one points at, and what points at this one."""
    pointing = select(Conversation.id).where(Conversation.linked_conversation_id == row.id)
    ids = {*session.scalars(pointing), row.linked_conversation_id} - {None, row.id}
    if not ids:
        return []
    query = (
        select(Conversation, Account.name)
        .join(Account, Account.id == Conversation.account_id)
        .where(Conversation.id.in_(ids))
        .order_by(Conversation.id)
    )
    return [
        LinkedView(
            linked.id,
            account,
            linked.channel,
            linked.kind,
            linked.visibility,
            linked.status,
            linked.preview,
            linked.permalink,
            linked.last_message_at,
        )
        for linked, account in session.execute(query)
    ]


def _gaps(session: Session, conversation_id: int) -> list[GapView]:
    query = select(Gap).where(Gap.conversation_id == conversation_id).order_by(Gap.id)
    return [GapView(gap.after, gap.before, gap.reason) for gap in session.scalars(query)]
