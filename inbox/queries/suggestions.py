"""What the playbook proposes to people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from inbox.errors import NotThere
from inbox.models import Message, Suggestion
from inbox.queries.cursors import Cursor, bounded, decode
from inbox.queries.reply_views import SuggestionPage, SuggestionView


def suggestions(
    session: Session, *, status: str = "open", cursor: str | None = None, limit: int = 50
) -> SuggestionPage:
    """Those in one status: open ones oldest first, so that nobody waits for ever; decided ones newest first."""
    limit = bounded(limit)
    after = decode(cursor, f"suggestions {status}")
    query = _suggestions().where(Suggestion.status == status).limit(limit + 1)
    if status == "open":
        query = query.order_by(Suggestion.id)
        query = query if after is None else query.where(Suggestion.id > after.id)
    else:
        query = query.order_by(Suggestion.id.desc())
        query = query if after is None else query.where(Suggestion.id < after.id)
    found = _views(session.execute(query))
    more = len(found) > limit
    found = found[:limit]
    return SuggestionPage(found, Cursor(f"suggestions {status}", 0, found[-1].id).encode() if more else None)


def suggestion(session: Session, suggestion_id: int) -> SuggestionView:
    """One suggestion. Raises `NotThere`."""
    found = _views(session.execute(_suggestions().where(Suggestion.id == suggestion_id)))
    if not found:
        raise NotThere(f"suggestion {suggestion_id}")
    return found[0]


def open_suggestions_of(session: Session, conversation_id: int) -> list[SuggestionView]:
    """The open ones of one conversation, oldest first."""
    query = _suggestions().where(Suggestion.conversation_id == conversation_id, Suggestion.status == "open")
    return _views(session.execute(query.order_by(Suggestion.id)))


def _suggestions() -> Select[*tuple[Any, ...]]:
    return select(Suggestion, Message.text).join(Message, Message.id == Suggestion.message_id)


def _views(found: Iterable[Any]) -> list[SuggestionView]:
    return [
        SuggestionView(
            id=row.id,
            conversation_id=row.conversation_id,
            message_id=row.message_id,
            message_text=text,
            kind=row.kind,
            template=row.template,
            rule=row.rule,
            place=row.place,
            playbook=row.playbook,
            way=row.way,
            text=row.text,
            public_note=row.public_note,
            why=[str(sentence) for sentence in row.why],
            spans=[[int(start), int(end)] for start, end in row.spans],
            points=row.points,
            status=row.status,
            created_at=row.created_at,
            decided_at=row.decided_at,
            decided_by=row.decided_by,
        )
        for row, text in found
    ]
