"""Conversations over JSON: lists, one with everything, and what can be done to it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints
from starlette.exceptions import HTTPException

from crisis_playbook import KINDS, SEVERITIES, VISIBILITIES
from inbox import conversations as verbs
from inbox import replies
from inbox.api.door import CursorText, Id, Limit, Now, Reader, Wired, Words, Writer, several
from inbox.api.problems import UNREADABLE_OR_LARGE, documented
from inbox.db import reading, writing
from inbox.queries.conversation import conversation
from inbox.queries.conversations import STATUSES, Filters, conversations
from inbox.queries.outbox import outbox_item
from inbox.queries.reply_views import OutboxView, SuggestionView
from inbox.queries.rows import rows_in_order
from inbox.queries.views import ConversationPage, ConversationRow, EventView, GapView, LinkedView, MessageView, NoteView
from inbox.row_ids import LARGEST_ID
from inbox.runtime import Runtime

router = APIRouter(prefix="/conversations", tags=["conversations"])

LONGEST_SNOOZE = timedelta(days=5 * 366)

Filter = Annotated[str | None, Query(max_length=400)]
Short = Annotated[Words, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


@dataclass(frozen=True, slots=True)
class ConversationAnswer(ConversationRow):
    """A line of the list, and everything its page shows. `messages` are oldest first."""

    messages: list[MessageView]
    older_before: int | None
    """Pass as `before` to read older messages; null when there are none."""
    suggestions: list[SuggestionView]
    events: list[EventView]
    notes: list[NoteView]
    linked: list[LinkedView]
    outbox: list[OutboxView]
    """Replies that are queued, being sent, uncertain or failed."""
    gaps: list[GapView]
    version: int
    language: str | None


class ReplyIn(BaseModel):
    """A reply a person or program writes."""

    text: Words = Field("", max_length=64 * 1024)
    """May be empty where attachments say enough."""
    visibility: Literal["public", "private"]
    client_key: Annotated[Words, StringConstraints(min_length=1, max_length=200)]
    """Chosen by the caller; the same key twice is one reply."""
    seen_version: int | None = Field(None, ge=0, le=LARGEST_ID)
    """The conversation's `version` the text was written for: a conversation that moved on refuses it."""
    attachments: list[Annotated[int, Field(ge=1, le=LARGEST_ID)]] = Field(default=[], max_length=10)
    """Ids of uploaded attachments, in order. Where the platform takes text and attachment as two messages, send two
    replies."""


class AssignIn(BaseModel):
    """To whom: an e-mail address, a team's name, or null for nobody."""

    assignee: Short | None


class LabelsIn(BaseModel):
    """Labels to add and to remove; `labels` and `label` are other spellings of `add`."""

    add: list[Short] = Field(default=[], max_length=50)
    remove: list[Short] = Field(default=[], max_length=50)
    labels: list[Short] = Field(default=[], max_length=50)
    label: Short | None = None


class NoteIn(BaseModel):
    """A note for colleagues; customers never see it."""

    text: Words = Field(min_length=1, max_length=10_000)


class SnoozeIn(BaseModel):
    """Until when, as RFC 3339 with a zone."""

    until: AwareDatetime


@router.get("", responses=documented(401, 422))
def list_conversations(
    runtime: Wired,
    now: Now,
    caller: Reader,
    status: Filter = None,
    channel: Filter = None,
    account: Filter = None,
    kind: Filter = None,
    visibility: Filter = None,
    assignee: Annotated[
        str | None, Query(max_length=200, description="An e-mail address, a team's name, `me`, or `none`.")
    ] = None,
    label: Filter = None,
    severity: Filter = None,
    due: Literal["overdue", "soon", ""] = "",
    q: Annotated[str | None, Query(max_length=500, description="Words in messages; newest hit first.")] = None,
    sort: Literal["due", "newest"] = "due",
    cursor: CursorText = None,
    limit: Limit = 50,
) -> ConversationPage:
    """Conversations that fit every filter. Several values of one filter, separated by commas, mean any of them."""
    filters = Filters(
        status=several(status, STATUSES, "status"),
        channel=several(channel, tuple(runtime.channels), "channel"),
        account=several(account, (), "account"),
        kind=several(kind, KINDS, "kind"),
        visibility=several(visibility, VISIBILITIES, "visibility"),
        severity=several(severity, SEVERITIES, "severity"),
        label=several(label, (), "label"),
        assignee=caller.name if assignee == "me" else assignee or None,
        due=due or None,
        q=q,
    )
    with reading(runtime.sessions) as session:
        return conversations(session, filters, now, sort=sort, cursor=cursor, limit=limit)


@router.get("/{conversation_id}", responses=documented(401, 404, 422))
def read_conversation(
    runtime: Wired,
    now: Now,
    caller: Reader,
    conversation_id: Id,
    before: Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="Messages older than this one.")] = None,
) -> ConversationAnswer:
    """One conversation with its newest 200 messages, suggestions, timeline, notes, and what is on its way."""
    with reading(runtime.sessions) as session:
        found = conversation(session, conversation_id, now, before=before)
    row = {field.name: getattr(found.conversation, field.name) for field in fields(ConversationRow)}
    return ConversationAnswer(
        **row,
        messages=found.messages,
        older_before=found.older_before,
        suggestions=found.suggestions,
        events=found.events,
        notes=found.notes,
        linked=found.linked,
        outbox=found.outbox,
        gaps=found.gaps,
        version=found.version,
        language=found.language,
    )


@router.post(
    "/{conversation_id}/replies", status_code=202, responses=documented(*UNREADABLE_OR_LARGE, 401, 404, 409, 422)
)
def reply(runtime: Wired, now: Now, caller: Writer, conversation_id: Id, body: ReplyIn) -> OutboxView:
    """Queues a reply and answers at once; what the platform would refuse is refused here, with alternatives."""
    draft = replies.Draft(
        body.text,
        body.visibility,
        body.client_key,
        caller.name,
        seen_version=body.seen_version,
        attachment_ids=body.attachments,
    )
    with writing(runtime.sessions) as session:
        item = replies.reply(session, runtime, conversation_id, draft, now)
        answer = outbox_item(session, item.id)
    runtime.wake()
    return answer


@router.post("/{conversation_id}/assign", responses=documented(*UNREADABLE_OR_LARGE, 401, 404, 409, 422))
def assign(runtime: Wired, now: Now, caller: Writer, conversation_id: Id, body: AssignIn) -> ConversationRow:
    """Gives it to a person, to a team, or to nobody."""
    with writing(runtime.sessions) as session:
        verbs.assign(session, conversation_id, body.assignee, caller.name, now)
    return _row(runtime, conversation_id, now)


@router.post("/{conversation_id}/labels", responses=documented(*UNREADABLE_OR_LARGE, 401, 404, 409, 422))
def change_labels(runtime: Wired, now: Now, caller: Writer, conversation_id: Id, body: LabelsIn) -> ConversationRow:
    """Adds and removes labels."""
    added = [*body.add, *body.labels, *([body.label] if body.label else [])]
    with writing(runtime.sessions) as session:
        verbs.change_labels(session, conversation_id, added, body.remove, caller.name, now)
    return _row(runtime, conversation_id, now)


@router.post(
    "/{conversation_id}/notes", status_code=201, responses=documented(*UNREADABLE_OR_LARGE, 401, 404, 409, 422)
)
def add_note(runtime: Wired, now: Now, caller: Writer, conversation_id: Id, body: NoteIn) -> NoteView:
    """Writes a note for colleagues."""
    with writing(runtime.sessions) as session:
        note_id = verbs.add_note(session, conversation_id, body.text, caller.name, now)
    return NoteView(note_id, body.text, caller.name, now)


@router.post("/{conversation_id}/snooze", responses=documented(*UNREADABLE_OR_LARGE, 401, 404, 409, 422))
def snooze(runtime: Wired, now: Now, caller: Writer, conversation_id: Id, body: SnoozeIn) -> ConversationRow:
    """Puts it off until a time, at most five years ahead; a new message brings it back earlier."""
    if body.until - now > LONGEST_SNOOZE:
        raise HTTPException(422, "until: at most five years ahead.")
    with writing(runtime.sessions) as session:
        verbs.snooze(session, conversation_id, body.until, caller.name, now)
    return _row(runtime, conversation_id, now)


@router.post("/{conversation_id}/resolve", responses=documented(*UNREADABLE_OR_LARGE, 401, 404, 409, 422))
def resolve(runtime: Wired, now: Now, caller: Writer, conversation_id: Id) -> ConversationRow:
    """Says that it is done; a new message of the customer opens it again."""
    with writing(runtime.sessions) as session:
        verbs.resolve(session, conversation_id, caller.name, now)
    return _row(runtime, conversation_id, now)


@router.post("/{conversation_id}/reopen", responses=documented(*UNREADABLE_OR_LARGE, 401, 404, 409, 422))
def reopen(runtime: Wired, now: Now, caller: Writer, conversation_id: Id) -> ConversationRow:
    """Says that it is not done after all."""
    with writing(runtime.sessions) as session:
        verbs.reopen(session, conversation_id, caller.name, now)
    return _row(runtime, conversation_id, now)


def _row(runtime: Runtime, conversation_id: int, now: datetime) -> ConversationRow:
    with reading(runtime.sessions) as session:
        return rows_in_order(session, [conversation_id], now)[0]
