"""What is proposed and what goes out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import PLAYBOOK_HASH, Base, Key, key, only, reference


class Suggestion(Base):
    """A step the playbook proposes to a person."""

    __tablename__ = "suggestions"
    __table_args__ = (
        UniqueConstraint("conversation_id", "kind", "template", "message_id"),
        Index("ix_suggestions_status", "status", "id"),
    )
    id: Mapped[int] = key()
    conversation_id: Mapped[int] = reference("conversations")
    message_id: Mapped[int] = reference("messages", index=True)
    kind: Mapped[str] = mapped_column(String(30))
    template: Mapped[str] = mapped_column(String(100))
    rule: Mapped[str] = mapped_column(String(100))
    place: Mapped[str] = mapped_column(default="")
    """file:line of the rule."""
    playbook: Mapped[str] = mapped_column(String(PLAYBOOK_HASH))
    way: Mapped[str] = mapped_column(String(30))
    """The best legal way when it was made."""
    text: Mapped[str]
    public_note: Mapped[str | None]
    why: Mapped[list[Any]]
    spans: Mapped[list[Any]] = mapped_column(default=list)
    points: Mapped[list[Any]] = mapped_column(default=list)
    status: Mapped[str] = mapped_column(String(10), default="open")
    """open, accepted, dismissed, overtaken."""
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]


class OutboxItem(Base):
    """One reply on its way: queued, sending, sent, failed, unknown, cancelled."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("conversation_id", "client_key"),
        Index("ix_outbox_due", "not_before", "id", **only("state IN ('queued','sending','unknown')")),
        Index("ix_outbox_state", "state", "id"),
        Index("ix_outbox_conversation", "conversation_id", "id"),
        Index("ix_outbox_automatic", "contact_id", "created_at"),
        Index("ix_outbox_account", "account_id", "sent_at"),
        Index("ix_outbox_message", "message_id", **only("message_id IS NOT NULL")),
    )
    id: Mapped[int] = key()
    account_id: Mapped[int] = reference("accounts")
    conversation_id: Mapped[int] = reference("conversations")
    contact_id: Mapped[int | None] = mapped_column(Key)
    client_key: Mapped[str] = mapped_column(String(200))
    text: Mapped[str]
    way: Mapped[str] = mapped_column(String(30))
    visibility: Mapped[str] = mapped_column(String(10))
    outside_window: Mapped[bool] = mapped_column(default=False)
    target_external_id: Mapped[str | None]
    recipient_external_id: Mapped[str | None]
    attachment_count: Mapped[int] = mapped_column(default=0)
    follows_id: Mapped[int | None] = reference("outbox", nullable=True, index=True)
    """Goes out only after this item was sent: parts of one answer, which the platform takes as several messages."""
    origin: Mapped[str] = mapped_column(String(10))
    """agent or automation."""
    author: Mapped[str | None] = mapped_column(String(200))
    rule: Mapped[str | None]
    template: Mapped[str | None]
    playbook: Mapped[str | None] = mapped_column(String(PLAYBOOK_HASH))
    because_of_message_id: Mapped[int | None] = mapped_column(Key)
    suggestion_id: Mapped[int | None] = mapped_column(Key)
    state: Mapped[str] = mapped_column(String(10), default="queued")
    reason: Mapped[str] = mapped_column(default="")
    needs_approval: Mapped[bool] = mapped_column(default=False)
    approved_by: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    lookups: Mapped[int] = mapped_column(default=0)
    """How often an uncertain send was looked for on the platform; before a machine speaks, how often a reading of the
    thread could not be believed."""
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    claim: Mapped[str | None] = mapped_column(String(40))
    attempted_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    external_id: Mapped[str | None] = mapped_column(index=True)
    message_id: Mapped[int | None] = mapped_column(Key)
    """The message it became."""


class Attachment(Base):
    """A picture or file a colleague or program gave us to send along; it belongs to one reply at most."""

    __tablename__ = "attachments"
    __table_args__ = (
        Index("ix_attachments_unused", "created_at", "id", **only("outbox_id IS NULL")),
        Index("ix_attachments_kept", "created_at", "id", **only("content IS NOT NULL")),
    )
    id: Mapped[int] = key()
    outbox_id: Mapped[int | None] = reference("outbox", nullable=True, index=True)
    position: Mapped[int] = mapped_column(default=0)
    """Its place among the reply's files, from 0."""
    uploaded_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    name: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(50))
    size: Mapped[int]
    """Bytes."""
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the content, hexadecimal."""
    alternative_text: Mapped[str] = mapped_column(default="")
    platform_id: Mapped[str | None]
    """Under which the platform holds it, until `platform_id_ends_at`."""
    platform_id_ends_at: Mapped[datetime | None]
    fetch_token: Mapped[str | None] = mapped_column(String(64), unique=True)
    """With it the platform may fetch the content, until `fetch_ends_at` and only while the reply is being sent."""
    fetch_ends_at: Mapped[datetime | None]
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """None once it is kept no longer. Last, and read only when asked for: it is large."""
