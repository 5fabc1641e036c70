"""Suggestions over JSON: what the playbook proposes, accepted or dismissed."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from inbox import suggestions as verbs
from inbox.api.door import CursorText, Id, Limit, Now, Reader, Wired, Words, Writer
from inbox.api.problems import UNREADABLE_OR_LARGE, documented
from inbox.db import reading, writing
from inbox.queries.outbox import outbox_item
from inbox.queries.reply_views import OutboxView, SuggestionPage, SuggestionView
from inbox.queries.suggestions import suggestion, suggestions

router = APIRouter(prefix="/suggestions", tags=["suggestions"])


class AcceptIn(BaseModel):
    """What to send, where it differs from what was proposed."""

    text: Words | None = Field(None, min_length=1, max_length=64 * 1024)
    public_note: Words | None = Field(None, max_length=64 * 1024)


class Accepted(BaseModel):
    """The suggestion as it stands now, and the replies it became."""

    suggestion: SuggestionView
    items: list[OutboxView]


@router.get("", responses=documented(401, 422))
def list_suggestions(
    runtime: Wired,
    caller: Reader,
    status: Literal["open", "accepted", "dismissed", "overtaken"] = "open",
    cursor: CursorText = None,
    limit: Limit = 50,
) -> SuggestionPage:
    """Open ones oldest first; decided ones newest first."""
    with reading(runtime.sessions) as session:
        return suggestions(session, status=status, cursor=cursor, limit=limit)


@router.post("/{suggestion_id}/accept", status_code=202, responses=documented(*UNREADABLE_OR_LARGE, 401, 404, 409, 422))
def accept(runtime: Wired, now: Now, caller: Writer, suggestion_id: Id, body: AcceptIn | None = None) -> Accepted:
    """Queues what was proposed, or the edited text; answers with the outbox items."""
    body = body or AcceptIn()
    with writing(runtime.sessions) as session:
        items = verbs.accept(session, runtime, suggestion_id, body.text, caller.name, now, public_note=body.public_note)
        answer = Accepted(
            suggestion=suggestion(session, suggestion_id), items=[outbox_item(session, item.id) for item in items]
        )
    runtime.wake()
    return answer


@router.post("/{suggestion_id}/dismiss", responses=documented(*UNREADABLE_OR_LARGE, 401, 404, 409, 422))
def dismiss(runtime: Wired, now: Now, caller: Writer, suggestion_id: Id) -> SuggestionView:
    """Says that this was not the moment; the report learns which rules are too eager."""
    with writing(runtime.sessions) as session:
        verbs.dismiss(session, suggestion_id, caller.name, now)
        return suggestion(session, suggestion_id)
