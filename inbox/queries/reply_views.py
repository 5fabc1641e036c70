"""What pages and the API are given about answers: proposed, on their way, arrived or not; made as in `views`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """A step the playbook proposes to a person, with the message and the words that caused it."""

    id: int
    conversation_id: int
    message_id: int
    message_text: str
    kind: str
    template: str
    rule: str
    place: str
    """file:line of the rule."""
    playbook: str
    way: str
    text: str
    public_note: str | None
    why: list[str]
    spans: list[list[int]]
    """[start, end) in characters of `message_text`: the words that decided."""
    points: list[Any]
    """[{reason, points}]"""
    status: str
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class SuggestionPage:
    """Suggestions, oldest first for open ones, newest first for decided ones."""

    items: list[SuggestionView]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class FileView:
    """A picture or file given to us for a reply."""

    id: int
    name: str
    content_type: str
    """Told from its bytes."""
    size: int
    """Bytes, after what its camera wrote into it was taken out."""
    alternative_text: str
    created_at: datetime
    kept: bool
    """Whether we still hold the bytes."""


@dataclass(frozen=True, slots=True)
class OutboxView:
    """One reply on its way, or arrived, or not."""

    id: int
    conversation_id: int
    account: str
    channel: str
    client_key: str
    text: str
    state: Literal["queued", "sending", "sent", "failed", "unknown", "cancelled"]
    reason: str
    attempts: int
    not_before: datetime
    external_id: str | None
    way: str
    visibility: str
    origin: str
    author: str | None
    rule: str | None
    template: str | None
    needs_approval: bool
    approved_by: str | None
    created_at: datetime
    sent_at: datetime | None
    message_id: int | None
    attachments: list[FileView]
    follows_id: int | None
    """Goes out only after this reply was sent: parts of one answer."""


@dataclass(frozen=True, slots=True)
class OutboxPage:
    """Outbox items, newest first."""

    items: list[OutboxView]
    next_cursor: str | None
