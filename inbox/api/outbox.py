"""The outbox over JSON: what is on its way, what failed, what is in doubt."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter

from inbox import outbox as verbs
from inbox.api.door import CursorText, Id, Limit, Now, Reader, Wired, Writer
from inbox.api.problems import UNREADABLE_OR_LARGE, documented
from inbox.db import reading, writing
from inbox.queries.outbox import outbox, outbox_item
from inbox.queries.reply_views import OutboxPage, OutboxView

router = APIRouter(prefix="/outbox", tags=["outbox"])


@router.get("", responses=documented(401, 422))
def list_outbox(
    runtime: Wired,
    caller: Reader,
    state: Literal["queued", "sending", "sent", "failed", "unknown", "cancelled", ""] = "",
    cursor: CursorText = None,
    limit: Limit = 50,
) -> OutboxPage:
    """Replies, newest first, with their reasons and attempts."""
    with reading(runtime.sessions) as session:
        return outbox(session, state=state or None, cursor=cursor, limit=limit)


@router.get("/{item_id}", responses=documented(401, 404, 422))
def read_item(runtime: Wired, caller: Reader, item_id: Id) -> OutboxView:
    """One reply."""
    with reading(runtime.sessions) as session:
        return outbox_item(session, item_id)


@router.post("/{item_id}/approve", responses=documented(*UNREADABLE_OR_LARGE, 401, 403, 404, 409, 422))
def approve(runtime: Wired, now: Now, caller: Writer, item_id: Id) -> OutboxView:
    """Lets a held reply go; somebody else than its author must do that."""
    with writing(runtime.sessions) as session:
        verbs.approve(session, item_id, caller.name, now)
        answer = outbox_item(session, item_id)
    runtime.wake()
    return answer


@router.post("/{item_id}/cancel", responses=documented(*UNREADABLE_OR_LARGE, 401, 404, 409, 422))
def cancel(runtime: Wired, now: Now, caller: Writer, item_id: Id) -> OutboxView:
    """Keeps a reply from being sent."""
    with writing(runtime.sessions) as session:
        verbs.cancel(session, item_id, caller.name, now)
        return outbox_item(session, item_id)


@router.post("/{item_id}/retry", responses=documented(*UNREADABLE_OR_LARGE, 401, 404, 409, 422))
def retry(runtime: Wired, now: Now, caller: Writer, item_id: Id) -> OutboxView:
    """Sends a failed or uncertain reply again, because a person says so."""
    with writing(runtime.sessions) as session:
        verbs.retry(session, item_id, caller.name, now)
        answer = outbox_item(session, item_id)
    runtime.wake()
    return answer
