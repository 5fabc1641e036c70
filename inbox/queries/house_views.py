"""What pages and the API are given about the house: crises, people who write, prepared texts, the playbook; made as in
`views`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inbox.queries.views import ConversationRow


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One line of a crisis' checklist."""

    text: str
    done_by: str | None
    done_at: str | None
    """RFC 3339 in UTC, as it was stored."""


@dataclass(frozen=True, slots=True)
class CrisisView:
    """A crisis, running or stood down."""

    id: int
    level: int
    title: str
    cause: str
    owner: str | None
    declared_by: str
    declared_at: datetime
    raised_at: datetime
    expires_at: datetime | None
    stood_down_at: datetime | None
    stood_down_by: str | None
    alarm: str | None
    checklist: list[ChecklistItem]


@dataclass(frozen=True, slots=True)
class ProfileView:
    """Somebody on some account, in short."""

    id: int
    account: str
    channel: str
    name: str | None
    handle: str | None


@dataclass(frozen=True, slots=True)
class ContactView:
    """A person as one account sees them."""

    id: int
    account: str
    channel: str
    external_id: str
    name: str | None
    handle: str | None
    followers: int | None
    opted_out_at: datetime | None
    unavailable_at: datetime | None
    erased_at: datetime | None
    created_at: datetime
    profiles: list[ProfileView]
    """Other profiles of the same person, as somebody of ours decided."""
    conversations: list[ConversationRow]
    """The newest 50."""


@dataclass(frozen=True, slots=True)
class CannedResponseView:
    """A text people insert by `/name`."""

    id: int
    name: str
    language: str
    text: str
    uses: int


@dataclass(frozen=True, slots=True)
class PlaybookNow:
    """Which playbook decides, and why a newer one does not."""

    version: int | None
    hash: str | None
    author: str | None
    published_at: datetime | None
    problems: list[Any]
    """What is wrong with the files in the directory: [{file, line, message, fix}]; empty when they are in force."""
