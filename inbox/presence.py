"""Who has a conversation open, and who is writing there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from inbox.models import Presence


def seen(session: Session, conversation_id: int, user_id: int, now: datetime, *, writing: bool) -> None:
    """This person has the conversation open now; `writing` is true while they type an answer. Writes no event."""
    values = {"seen_at": now, "writing_at": now if writing else None}
    if _updated(session, conversation_id, user_id, values):
        return
    try:
        with session.begin_nested():
            session.add(Presence(conversation_id=conversation_id, user_id=user_id, **values))
            session.flush()
    except IntegrityError:
        _updated(session, conversation_id, user_id, values)


def _updated(session: Session, conversation_id: int, user_id: int, values: dict[str, datetime | None]) -> bool:
    mine = (Presence.conversation_id == conversation_id, Presence.user_id == user_id)
    if session.scalar(select(Presence.user_id).where(*mine)) is None:
        return False
    session.execute(update(Presence).where(*mine).values(**values))
    return True
