"""People, posts, conversations and messages, with everything that hangs on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import KEY_ALONE, PLAYBOOK_HASH, Base, Key, key, only, reference


class Contact(Base):
    """A person as one account sees them."""

    __tablename__ = "contacts"
    __table_args__ = (
        UniqueConstraint("account_id", "external_id"),
        Index("ix_contacts_linked", "linked_to_id", **only("linked_to_id IS NOT NULL")),
    )
    id: Mapped[int] = key()
    account_id: Mapped[int] = reference("accounts")
    external_id: Mapped[str] = mapped_column(String(300))
    name: Mapped[str | None]
    handle: Mapped[str | None]
    followers: Mapped[int | None]
    opted_out_at: Mapped[datetime | None]
    unavailable_at: Mapped[datetime | None]
    """The platform said this person blocked us or cannot be reached."""
    erased_at: Mapped[datetime | None]
    linked_to_id: Mapped[int | None] = reference("contacts", nullable=True)
    created_at: Mapped[datetime]


class Subject(Base):
    """The post a public conversation stands under."""

    __tablename__ = "subjects"
    __table_args__ = (
        UniqueConstraint("account_id", "external_id"),
        Index("ix_subjects_activity", "account_id", "last_activity_at"),
    )
    id: Mapped[int] = key()
    account_id: Mapped[int] = reference("accounts")
    external_id: Mapped[str] = mapped_column(String(300))
    text: Mapped[str | None]
    permalink: Mapped[str | None]
    posted_at: Mapped[datetime | None]
    last_activity_at: Mapped[datetime]


class Conversation(Base):
    """A comment thread, a mention thread or a direct-message thread."""

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("account_id", "external_id"),
        Index("ix_conversations_queue", "status", "queue_position", "id"),
        Index("ix_conversations_all", "queue_position", "id"),
        Index("ix_conversations_assignee", "assignee_id", "status", "queue_position", "id"),
        Index("ix_conversations_channel", "channel", "status", "queue_position", "id"),
        Index("ix_conversations_account", "account_id", "status", "queue_position", "id"),
        Index("ix_conversations_severity", "severity", "status", "queue_position", "id"),
        Index("ix_conversations_newest", "status", "last_message_at", "id"),
        Index("ix_conversations_latest", "last_message_at", "id"),
        Index("ix_conversations_contact", "contact_id", "last_message_at"),
        Index("ix_conversations_suggestions", "queue_position", "id", **only("open_suggestions > 0")),
        Index("ix_conversations_held", "queue_position", "id", **only("held_replies > 0")),
        Index("ix_conversations_due", "due_at", **only("due_at IS NOT NULL")),
        Index("ix_conversations_due_under", "due_under", **only("waiting_since IS NOT NULL AND status != 'resolved'")),
        Index("ix_conversations_linked", "linked_conversation_id", **only("linked_conversation_id IS NOT NULL")),
        Index("ix_conversations_subject", "subject_id", **only("subject_id IS NOT NULL")),
        Index("ix_conversations_wake", "snoozed_until", **only("snoozed_until IS NOT NULL")),
    )
    id: Mapped[int] = key()
    account_id: Mapped[int] = reference("accounts")
    channel: Mapped[str] = mapped_column(String(20))
    """The account's, repeated here so that a list can be filtered on one index."""
    external_id: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(20))
    visibility: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(10), default="open")
    """open, pending (we answered), snoozed, resolved."""
    severity: Mapped[str] = mapped_column(String(10), default="none")
    contact_id: Mapped[int | None] = reference("contacts", nullable=True)
    subject_id: Mapped[int | None] = reference("subjects", nullable=True)
    permalink: Mapped[str | None]
    preview: Mapped[str] = mapped_column(default="")
    language: Mapped[str | None] = mapped_column(String(5))
    history: Mapped[bool] = mapped_column(default=False)
    """Nothing but messages from before we were connected."""
    last_message_at: Mapped[datetime]
    last_inbound_at: Mapped[datetime | None]
    last_human_reply_at: Mapped[datetime | None]
    first_replied_at: Mapped[datetime | None]
    waiting_since: Mapped[datetime | None]
    """The oldest message of the customer that nobody has answered."""
    due_at: Mapped[datetime | None]
    due_under: Mapped[str] = mapped_column(String(20), default="")
    """By which crisis' level and playbook `due_at` was worked out; empty until then."""
    clock_kind: Mapped[str | None] = mapped_column(String(20))
    """first_response or next_response while `waiting_since` is set."""
    breached_at: Mapped[datetime | None]
    """When the running clock's due time was noticed as passed."""
    reply_window_ends_at: Mapped[datetime | None]
    queue_position: Mapped[int] = mapped_column(BigInteger)
    """Most urgent first: see `conversations.queue_position`."""
    assignee_id: Mapped[int | None] = reference("users", nullable=True)
    team: Mapped[str | None] = mapped_column(String(60))
    unread: Mapped[int] = mapped_column(default=0)
    snoozed_until: Mapped[datetime | None]
    hold_replies: Mapped[str | None] = mapped_column(String(30))
    """`for_approval`: a second person approves every reply."""
    open_suggestions: Mapped[int] = mapped_column(default=0)
    held_replies: Mapped[int] = mapped_column(default=0)
    linked_conversation_id: Mapped[int | None] = mapped_column(Key)
    """The private thread of a public complaint, or back."""
    legal_hold: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    """Grows with every message or change, so that a composer notices that the thread moved on."""


class ConversationLabel(Base):
    """A label on a conversation."""

    __tablename__ = "conversation_labels"
    __table_args__ = (Index("ix_conversation_labels_conversation", "conversation_id"), KEY_ALONE)
    label: Mapped[str] = mapped_column(String(60), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(Key, ForeignKey("conversations.id"), primary_key=True)


class Message(Base):
    """Inbound or ours."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("account_id", "external_id"),
        Index("ix_messages_thread", "conversation_id", "sent_at", "id"),
        Index("ix_messages_untriaged", "id", **only("triaged_at IS NULL")),
        Index("ix_messages_look_again", "look_again_at", "account_id", **only("look_again_at IS NOT NULL")),
        Index("ix_messages_to_hide", "hide_due_at", **only("hide_wanted IS NOT NULL")),
        Index("ix_messages_sent", "sent_at"),
        Index("ix_messages_contact", "contact_id", **only("contact_id IS NOT NULL")),
    )
    id: Mapped[int] = key()
    account_id: Mapped[int] = reference("accounts")
    conversation_id: Mapped[int] = reference("conversations")
    external_id: Mapped[str] = mapped_column(String(300))
    direction: Mapped[str] = mapped_column(String(8))
    """inbound or outbound."""
    origin: Mapped[str] = mapped_column(String(10))
    """customer, agent, automation, native."""
    visibility: Mapped[str] = mapped_column(String(10))
    text: Mapped[str]
    sent_at: Mapped[datetime]
    received_at: Mapped[datetime]
    contact_id: Mapped[int | None] = reference("contacts", nullable=True)
    author_name: Mapped[str | None]
    parent_external_id: Mapped[str | None]
    permalink: Mapped[str | None]
    attachments: Mapped[list[Any]] = mapped_column(default=list)
    """[{type, url, name}]"""
    addressed: Mapped[bool] = mapped_column(default=True)
    summons_us: Mapped[bool | None]
    can_reply_privately: Mapped[bool | None]
    history: Mapped[bool] = mapped_column(default=False)
    pushed: Mapped[bool] = mapped_column(default=False)
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    deletion_inferred: Mapped[bool] = mapped_column(default=False)
    """Missing from a complete listing, not announced: undone when the platform shows the message again."""
    hidden: Mapped[bool] = mapped_column(default=False)
    hidden_changed_at: Mapped[datetime | None]
    hide_wanted: Mapped[bool | None]
    """True: to be hidden on the platform, False: to be shown; None: nothing is wanted."""
    hide_asked_by: Mapped[str | None] = mapped_column(String(200))
    hide_due_at: Mapped[datetime | None]
    triaged_at: Mapped[datetime | None]
    look_again_at: Mapped[datetime | None]
    """When to ask the platform for this message again, where listings do not show edits and deletions."""


class EarlierText(Base):
    """What a message said before it was edited."""

    __tablename__ = "earlier_texts"
    id: Mapped[int] = key()
    message_id: Mapped[int] = reference("messages", index=True)
    text: Mapped[str]
    replaced_at: Mapped[datetime]


class MessageDecision(Base):
    """What the playbook said about a message, and why. Only where it said something."""

    __tablename__ = "decisions"
    message_id: Mapped[int] = mapped_column(Key, ForeignKey("messages.id"), primary_key=True)
    playbook: Mapped[str] = mapped_column(String(PLAYBOOK_HASH))
    rules: Mapped[list[Any]]
    undecided: Mapped[list[Any]]
    severity: Mapped[str] = mapped_column(String(10))
    complaint: Mapped[str] = mapped_column(String(10))
    score: Mapped[float]
    why: Mapped[list[Any]]
    """A sentence for each rule that applied or could not be decided."""
    answers: Mapped[list[Any]]
    """Names of the prepared answers that fit."""


class MessageLabel(Base):
    """A label the playbook gave to one message; what alarms count."""

    __tablename__ = "message_labels"
    __table_args__ = (Index("ix_message_labels_when", "label", "at"), KEY_ALONE)
    message_id: Mapped[int] = mapped_column(Key, ForeignKey("messages.id"), primary_key=True)
    label: Mapped[str] = mapped_column(String(60), primary_key=True)
    at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(Key)
    contact_id: Mapped[int | None] = mapped_column(Key)


class Note(Base):
    """What our own people wrote for each other."""

    __tablename__ = "notes"
    id: Mapped[int] = key()
    conversation_id: Mapped[int] = reference("conversations", index=True)
    user_id: Mapped[int | None] = reference("users", nullable=True)
    text: Mapped[str]
    created_at: Mapped[datetime]


class Event(Base):
    """One line of a timeline. Append-only; also what live pages follow."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_conversation", "conversation_id", "id"),)
    id: Mapped[int] = key()
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    conversation_id: Mapped[int | None] = mapped_column(Key)
    account_id: Mapped[int | None] = mapped_column(Key)
    actor: Mapped[str | None] = mapped_column(String(200))
    """An e-mail address, `playbook`, `daemon`, or a token's name."""
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
