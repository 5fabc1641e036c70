"""What pages and the API are given: frozen, complete, without a thread back into the database.

Field names are the contract's. Every time is aware UTC; a page shows it in the shop's zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from inbox.queries.reply_views import OutboxView, SuggestionView

ClockState = Literal["none", "running", "soon", "overdue"]
ClockKind = Literal["first_response", "next_response"]
Sort = Literal["due", "newest"]


@dataclass(frozen=True, slots=True)
class Clock:
    """Which response is awaited and how it stands. `soon` is defined in `inbox.queries.clocks`."""

    kind: ClockKind | None
    state: ClockState


@dataclass(frozen=True, slots=True)
class ContactRef:
    """The person of a conversation, as far as the platform tells."""

    id: int | None
    name: str | None
    handle: str | None


@dataclass(frozen=True, slots=True)
class SubjectRef:
    """The post a public conversation stands under."""

    external_id: str
    text: str | None
    permalink: str | None
    posted_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One line of a list."""

    id: int
    account: str
    channel: str
    kind: str
    visibility: str
    status: str
    severity: str
    contact: ContactRef
    subject: SubjectRef | None
    preview: str
    labels: list[str]
    assignee: str | None
    """An e-mail address, or the team's name while nobody in it has taken it; None while nobody has it."""
    team: str | None
    waiting_since: datetime | None
    due_at: datetime | None
    clock: Clock
    reply_window_ends_at: datetime | None
    unread: int
    external_id: str
    permalink: str | None
    last_message_at: datetime
    snoozed_until: datetime | None
    open_suggestions: int
    held_replies: int
    hold_replies: str | None
    """`for_approval`: a second person approves every reply."""
    history: bool
    """Nothing but messages from before the account was connected."""
    opted_out: bool
    """The person asked for no automatic messages."""


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """One page of a list; `next_cursor` is None on the last."""

    items: list[ConversationRow]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class QueueCount:
    """One entry of the left column. `count` stops at 100: `capped` then, shown as 99+."""

    queue: str
    count: int
    capped: bool


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """A picture, film, sticker or share; its address expires on most platforms."""

    type: str
    url: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one of our replies fared."""

    outbox_id: int
    state: str
    reason: str
    attempts: int
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What the playbook said about a message, and why."""

    playbook: str
    rules: list[str]
    undecided: list[str]
    severity: str
    complaint: str
    score: float
    why: list[str]
    """A sentence for each rule that applied or could not be decided."""


@dataclass(frozen=True, slots=True)
class EarlierTextView:
    """What a message said before it was edited."""

    text: str
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message, the customer's or ours. A deleted one has `deleted_at` and no text."""

    id: int
    external_id: str
    direction: Literal["inbound", "outbound"]
    origin: Literal["customer", "agent", "automation", "native"]
    visibility: str
    text: str
    sent_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    hidden: bool
    attachments: list[AttachmentView]
    author: ContactRef
    """Of ours: the name of who wrote it, where we know."""
    delivery: Delivery | None
    parent_external_id: str | None
    permalink: str | None
    history: bool
    rule: str | None
    """Of automatic replies: the rule and template that caused it."""
    template: str | None
    decision: DecisionView | None
    earlier_texts: list[EarlierTextView]


@dataclass(frozen=True, slots=True)
class NoteView:
    """What our own people wrote for each other."""

    id: int
    text: str
    author: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EventView:
    """One line of the timeline."""

    id: int
    kind: str
    at: datetime
    conversation_id: int | None
    account: str | None
    actor: str | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LinkedView:
    """The private thread of a public conversation, or back."""

    id: int
    account: str
    channel: str
    kind: str
    visibility: str
    status: str
    preview: str
    permalink: str | None
    last_message_at: datetime


@dataclass(frozen=True, slots=True)
class GapView:
    """Messages the platform will not show us any more, between two times."""

    after: datetime | None
    before: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class ConversationDetail:
    """Everything one conversation page shows. `messages` are oldest first: the newest 200 before `before`."""

    conversation: ConversationRow
    messages: list[MessageView]
    older_before: int | None
    """Pass as `before` to read the older messages; None when there are none."""
    suggestions: list[SuggestionView]
    """Open ones."""
    events: list[EventView]
    """The newest 200, oldest first."""
    notes: list[NoteView]
    linked: list[LinkedView]
    outbox: list[OutboxView]
    """What is not settled: queued, sending, unknown, failed."""
    gaps: list[GapView]
    version: int
    """Pass to `reply` as `seen_version`: it grows with every message or change."""
    language: str | None
    legal_hold: bool
    contact_id: int | None


@dataclass(frozen=True, slots=True)
class Present:
    """A colleague who has the conversation open."""

    user_id: int
    name: str
    writing: bool
