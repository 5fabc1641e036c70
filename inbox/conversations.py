"""What people do to a conversation. Each verb writes its event in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from inbox import events
from inbox.errors import NotThere, Refusal
from inbox.models import Conversation, ConversationLabel, Note, User

LONGEST_LABEL = 60
LONGEST_NOTE = 10_000
DAEMON = "daemon"


def get(session: Session, conversation_id: int, *, lock: bool = False) -> Conversation:
    """The conversation; raises NotThere.

    `lock`: as it is now, nobody else's to change until the transaction ends; rows that name it may be written.
    """
    if lock:
        conversation = session.get(
            Conversation, conversation_id, with_for_update={"key_share": True}, populate_existing=True
        )
    else:
        conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        raise NotThere(f"conversation {conversation_id}")
    return conversation


def assign(session: Session, conversation_id: int, assignee: str | None, actor: str, now: datetime) -> None:
    """Give it to a person (by e-mail address), to a team (by name), or to nobody."""
    get(session, conversation_id, lock=True)
    user_id, team = None, None
    if assignee is not None and "@" in assignee:
        user = session.scalars(
            select(User).where(User.email == assignee.lower(), User.disabled_at.is_(None))
        ).one_or_none()
        if user is None:
            raise Refusal(f"Nobody signs in as {assignee}. Add them with `user add`, or assign a team.", 422)
        user_id = user.id
    elif assignee:
        team = assignee[:LONGEST_LABEL]
    session.execute(
        update(Conversation).where(Conversation.id == conversation_id).values(assignee_id=user_id, team=team)
    )
    events.record(session, "assigned", now, conversation_id=conversation_id, actor=actor, to=assignee)


def change_labels(
    session: Session, conversation_id: int, add: Sequence[str], remove: Sequence[str], actor: str, now: datetime
) -> None:
    """Add and remove labels; one that is there already, or not there, changes nothing."""
    get(session, conversation_id)
    wanted = [label.strip() for label in add]
    if any(not label or len(label) > LONGEST_LABEL for label in wanted):
        raise Refusal(f"A label has 1 to {LONGEST_LABEL} characters.", 422)
    present = set(
        session.scalars(select(ConversationLabel.label).where(ConversationLabel.conversation_id == conversation_id))
    )
    added = [label for label in dict.fromkeys(wanted) if label not in present]
    removed = [label for label in dict.fromkeys(remove) if label in present]
    if added:
        session.execute(
            insert(ConversationLabel), [{"conversation_id": conversation_id, "label": label} for label in added]
        )
    if removed:
        session.execute(
            delete(ConversationLabel).where(
                ConversationLabel.conversation_id == conversation_id, ConversationLabel.label.in_(removed)
            )
        )
    if added or removed:
        events.record(
            session, "labelled", now, conversation_id=conversation_id, actor=actor, added=added, removed=removed
        )


def add_note(session: Session, conversation_id: int, text: str, actor: str, now: datetime) -> int:
    """Write something for colleagues; customers never see it. Returns the note's id."""
    get(session, conversation_id)
    text = text.replace("\x00", "").strip()
    if not text or len(text) > LONGEST_NOTE:
        raise Refusal(f"A note has 1 to {LONGEST_NOTE} characters.", 422)
    user_id = session.scalars(select(User.id).where(User.email == actor)).one_or_none()
    note_id = session.execute(
        insert(Note)
        .values(conversation_id=conversation_id, user_id=user_id, text=text, created_at=now)
        .returning(Note.id)
    ).scalar_one()
    events.record(session, "noted", now, conversation_id=conversation_id, actor=actor, note_id=note_id)
    return note_id


def snooze(session: Session, conversation_id: int, until: datetime, actor: str, now: datetime) -> None:
    """Put it aside until then, or until the customer writes again. The clock keeps running."""
    if until <= now:
        raise Refusal("Snoozing needs a time in the future.", 422)
    conversation = get(session, conversation_id, lock=True)
    conversation.status, conversation.snoozed_until = "snoozed", until
    events.record(session, "snoozed", now, conversation_id=conversation_id, actor=actor, until=until.isoformat())


def wake_due(session: Session, now: datetime, most: int = 100) -> int:
    """Bring back what was snoozed until now; how many."""
    due = (
        session.execute(
            select(Conversation.id)
            .where(Conversation.snoozed_until <= now)
            .limit(most)
            .with_for_update(skip_locked=True, key_share=True)
        )
        .scalars()
        .all()
    )
    for conversation_id in due:
        slept = session.execute(
            update(Conversation)
            .where(Conversation.id == conversation_id, Conversation.status == "snoozed")
            .values(status="open")
            .returning(Conversation.id)
        ).first()
        session.execute(update(Conversation).where(Conversation.id == conversation_id).values(snoozed_until=None))
        if slept is not None:
            events.record(session, "woke", now, conversation_id=conversation_id, actor=DAEMON)
    return len(due)


def resolve(session: Session, conversation_id: int, actor: str, now: datetime) -> None:
    """It is settled. A new message of the customer opens it again."""
    conversation = get(session, conversation_id, lock=True)
    conversation.status, conversation.snoozed_until = "resolved", None
    events.record(session, "resolved", now, conversation_id=conversation_id, actor=actor)


def reopen(session: Session, conversation_id: int, actor: str, now: datetime) -> None:
    """It is not settled after all."""
    conversation = get(session, conversation_id, lock=True)
    conversation.status, conversation.snoozed_until = "open", None
    events.record(session, "reopened", now, conversation_id=conversation_id, actor=actor)


def mark_read(session: Session, conversation_id: int, user_id: int) -> None:
    """Somebody has it open: nothing in it is new any more."""
    session.execute(
        update(Conversation).where(Conversation.id == conversation_id, Conversation.unread > 0).values(unread=0)
    )
