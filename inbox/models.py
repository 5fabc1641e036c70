"""Every row there is. All state is rows; all due-ness is a column; a row never acts, only verbs do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time, stored as whole microseconds since 1970: the same order and speed on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuses a naive time: it would be some other moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone reached the database: {value!r}")
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Back to an aware UTC time."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


# SQLite gives an autoincrementing key only to the type INTEGER.
Key = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can speak of them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: UtcDateTime,
        int: Integer,
        str: Text,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


def key() -> Mapped[int]:
    """A primary key."""
    return mapped_column(Key, primary_key=True)


def only(condition: str) -> dict[str, Any]:
    """Makes an index partial, on both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def reference(target: str, *, nullable: bool = False, index: bool = False) -> Mapped[Any]:
    """A foreign key to `table.id`."""
    return mapped_column(Key, ForeignKey(f"{target}.id"), nullable=nullable, index=index)


# -- accounts --------------------------------------------------------------------------------------------------------


class Account(Base):
    """One signed-in page or handle. Found by its configured name; history hangs on it."""

    __tablename__ = "accounts"
    id: Mapped[int] = key()
    name: Mapped[str] = mapped_column(String(200), unique=True)
    channel: Mapped[str] = mapped_column(String(20))
    external_id: Mapped[str] = mapped_column(String(100))
    human_agent: Mapped[bool] = mapped_column(default=False)
    """The app holds the platform's human-agent feature: people may answer after the ordinary window."""
    enterprise: Mapped[bool] = mapped_column(default=False)
    """The account's contract lets programs answer posts that did not summon us (X)."""
    configured: Mapped[bool] = mapped_column(default=True)
    """False: no longer in the configuration; kept for its history, not polled."""
    connected_at: Mapped[datetime]
    history_since: Mapped[datetime]
    """The first import reaches back to here; what was written before `connected_at` is history."""
    health: Mapped[str] = mapped_column(String(20), default="ok")
    health_detail: Mapped[str] = mapped_column(default="")
    health_since: Mapped[datetime | None]
    limited_until: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    writes_blocked_at: Mapped[datetime | None]
    writes_not_before: Mapped[datetime | None]
    """Pacing and rate limits of sends."""
    stored_login: Mapped[str | None]
    """Refreshed credentials, encrypted; valid while `login_fingerprint` is that of the configured ones."""
    login_fingerprint: Mapped[str] = mapped_column(default="")
    login_expires_at: Mapped[datetime | None]
    login_checked_at: Mapped[datetime | None]
    login_claimed_until: Mapped[datetime | None]
    """A process refreshes this login; a refresh token works only once."""
    quotas: Mapped[list[Any]] = mapped_column(default=list)
    """The latest [{name, used_percent, resets_at}] told by the platform."""


class Stream(Base):
    """One thing polled for an account: cursor, clock and claim."""

    __tablename__ = "streams"
    __table_args__ = (UniqueConstraint("account_id", "name"),)
    id: Mapped[int] = key()
    account_id: Mapped[int] = reference("accounts")
    name: Mapped[str] = mapped_column(String(60))
    cursor: Mapped[dict[str, Any] | None]
    active: Mapped[bool] = mapped_column(default=True)
    every_seconds: Mapped[float]
    next_poll_at: Mapped[datetime] = mapped_column(index=True)
    claimed_until: Mapped[datetime | None]
    claim: Mapped[str | None] = mapped_column(String(40))
    failures: Mapped[int] = mapped_column(default=0)
    last_success_at: Mapped[datetime | None]
    caught_up_at: Mapped[datetime | None]
    """When a walk last ended without more to read; None during the first import."""
    incomplete_since: Mapped[datetime | None]


class AccountUsage(Base):
    """What one account used on one UTC day: calls and charged resources, with their price."""

    __tablename__ = "account_usage"
    __table_args__ = (UniqueConstraint("account_id", "day", "resource"),)
    id: Mapped[int] = key()
    account_id: Mapped[int] = reference("accounts")
    day: Mapped[str] = mapped_column(String(10))
    resource: Mapped[str] = mapped_column(String(40))
    count: Mapped[int] = mapped_column(default=0)
    cost: Mapped[float] = mapped_column(default=0.0)


class ChargedResource(Base):
    """A resource a platform charged today: read again the same UTC day it costs nothing."""

    __tablename__ = "charged_resources"
    account_id: Mapped[int] = mapped_column(Key, ForeignKey("accounts.id"), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    resource: Mapped[str] = mapped_column(String(40), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(300), primary_key=True)


class Arrivals(Base):
    """How many messages of customers an account received in one hour (UTC, `YYYY-MM-DDTHH`)."""

    __tablename__ = "arrivals"
    account_id: Mapped[int] = mapped_column(Key, ForeignKey("accounts.id"), primary_key=True)
    hour: Mapped[str] = mapped_column(String(13), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    only_by_poll: Mapped[int] = mapped_column(default=0)
    """Those no push announced, although the account has pushes."""


class Push(Base):
    """A signed webhook body: stored before it is understood."""

    __tablename__ = "pushes"
    __table_args__ = (Index("ix_pushes_waiting", "id", **only("processed_at IS NULL")),)
    id: Mapped[int] = key()
    account_id: Mapped[int] = reference("accounts")
    received_at: Mapped[datetime]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))
    claimed_until: Mapped[datetime | None]
    claim: Mapped[str | None] = mapped_column(String(40))
    processed_at: Mapped[datetime | None]


class Unreadable(Base):
    """An item a platform sent that could not be translated. Shown until somebody has looked."""

    __tablename__ = "unreadable"
    __table_args__ = (UniqueConstraint("account_id", "digest"),)
    id: Mapped[int] = key()
    account_id: Mapped[int] = reference("accounts")
    stream: Mapped[str] = mapped_column(String(60))
    external_id: Mapped[str | None]
    reason: Mapped[str]
    raw: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64))
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)
    settled_at: Mapped[datetime | None]


class Gap(Base):
    """Messages a platform will not show us any more."""

    __tablename__ = "gaps"
    __table_args__ = (UniqueConstraint("account_id", "digest"),)
    id: Mapped[int] = key()
    account_id: Mapped[int] = reference("accounts")
    conversation_id: Mapped[int | None] = reference("conversations", nullable=True, index=True)
    after: Mapped[datetime | None]
    before: Mapped[datetime | None]
    reason: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64))
    seen_at: Mapped[datetime]


class EarlyChange(Base):
    """An edit, deletion or hiding of a message that has not arrived yet."""

    __tablename__ = "early_changes"
    __table_args__ = (UniqueConstraint("account_id", "external_id", "kind"),)
    id: Mapped[int] = key()
    account_id: Mapped[int] = reference("accounts")
    external_id: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    text: Mapped[str | None]


class Pointer(Base):
    """An id a push only pointed at, to be looked at through the platform."""

    __tablename__ = "pointers"
    __table_args__ = (UniqueConstraint("account_id", "external_id"),)
    id: Mapped[int] = key()
    account_id: Mapped[int] = reference("accounts")
    external_id: Mapped[str] = mapped_column(String(400))
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)


# -- people and conversations ----------------------------------------------------------------------------------------


class Contact(Base):
    """A person as one account sees them."""

    __tablename__ = "contacts"
    __table_args__ = (UniqueConstraint("account_id", "external_id"),)
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
    linked_conversation_id: Mapped[int | None] = mapped_column(Key, index=True)
    """The private thread of a public complaint, or back."""
    legal_hold: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    """Grows with every message or change, so that a composer notices that the thread moved on."""


class ConversationLabel(Base):
    """A label on a conversation."""

    __tablename__ = "conversation_labels"
    __table_args__ = (Index("ix_conversation_labels_conversation", "conversation_id"),)
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
    playbook: Mapped[str] = mapped_column(String(64))
    rules: Mapped[list[Any]]
    undecided: Mapped[list[Any]]
    severity: Mapped[str] = mapped_column(String(10))
    complaint: Mapped[str] = mapped_column(String(10))
    score: Mapped[float]
    explanation: Mapped[dict[str, Any]]
    """{why: [sentence], points: [{reason, points}], labels: [], automatic_reply, held_back: reason}"""


class MessageLabel(Base):
    """A label the playbook gave to one message; what alarms count."""

    __tablename__ = "message_labels"
    __table_args__ = (Index("ix_message_labels_when", "label", "at"),)
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


class Suggestion(Base):
    """A step the playbook proposes to a person."""

    __tablename__ = "suggestions"
    __table_args__ = (
        UniqueConstraint("conversation_id", "kind", "template", "message_id"),
        Index("ix_suggestions_status", "status", "id"),
    )
    id: Mapped[int] = key()
    conversation_id: Mapped[int] = reference("conversations", index=True)
    message_id: Mapped[int] = reference("messages")
    kind: Mapped[str] = mapped_column(String(30))
    template: Mapped[str] = mapped_column(String(100))
    rule: Mapped[str] = mapped_column(String(100))
    place: Mapped[str] = mapped_column(default="")
    """file:line of the rule."""
    playbook: Mapped[str] = mapped_column(String(64))
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
    attachment_url: Mapped[str | None]
    origin: Mapped[str] = mapped_column(String(10))
    """agent or automation."""
    author: Mapped[str | None] = mapped_column(String(200))
    rule: Mapped[str | None]
    template: Mapped[str | None]
    playbook: Mapped[str | None]
    because_of_message_id: Mapped[int | None] = mapped_column(Key)
    suggestion_id: Mapped[int | None] = mapped_column(Key)
    state: Mapped[str] = mapped_column(String(10), default="queued")
    reason: Mapped[str] = mapped_column(default="")
    needs_approval: Mapped[bool] = mapped_column(default=False)
    approved_by: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    lookups: Mapped[int] = mapped_column(default=0)
    """How often an uncertain send was looked for on the platform."""
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    claim: Mapped[str | None] = mapped_column(String(40))
    attempted_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    external_id: Mapped[str | None] = mapped_column(index=True)
    message_id: Mapped[int | None] = mapped_column(Key)
    """The message it became."""


# -- our own people --------------------------------------------------------------------------------------------------


class User(Base):
    """Somebody who signs in."""

    __tablename__ = "users"
    id: Mapped[int] = key()
    email: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str]
    role: Mapped[str] = mapped_column(String(10))
    """agent, manager, admin."""
    language: Mapped[str | None] = mapped_column(String(5))
    signature: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class SignIn(Base):
    """A server-side session: the cookie holds a secret, we hold its hash."""

    __tablename__ = "sign_ins"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = reference("users", index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiToken(Base):
    """A program's key to the API."""

    __tablename__ = "api_tokens"
    id: Mapped[int] = key()
    name: Mapped[str] = mapped_column(String(100), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SignInAttempt(Base):
    """A failed sign-in, so that guessing slows down on every process alike."""

    __tablename__ = "sign_in_attempts"
    id: Mapped[int] = key()
    email: Mapped[str] = mapped_column(String(200), index=True)
    address: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime]


class Presence(Base):
    """Who has a conversation open, and who is writing."""

    __tablename__ = "presence"
    conversation_id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = mapped_column(Key, primary_key=True)
    seen_at: Mapped[datetime]
    writing_at: Mapped[datetime | None]


class CannedResponse(Base):
    """A text people insert by `/name`."""

    __tablename__ = "canned_responses"
    __table_args__ = (UniqueConstraint("name", "language"),)
    id: Mapped[int] = key()
    name: Mapped[str] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(5))
    text: Mapped[str]
    uses: Mapped[int] = mapped_column(default=0)


# -- playbook and crises ---------------------------------------------------------------------------------------------


class PlaybookVersion(Base):
    """One playbook as it was written: draft, in review, active, retired, or a draft that was discarded."""

    __tablename__ = "playbook_versions"
    id: Mapped[int] = key()
    hash: Mapped[str] = mapped_column(String(64), index=True)
    files: Mapped[dict[str, Any]]
    """{file name: content}"""
    status: Mapped[str] = mapped_column(String(10))
    """draft, review, active, retired, discarded."""
    author: Mapped[str] = mapped_column(String(200))
    reviewer: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class PlaybookProblem(Base):
    """Why the files in the playbook directory are not in force. One row while there is a problem."""

    __tablename__ = "playbook_problems"
    id: Mapped[int] = key()
    hash: Mapped[str] = mapped_column(String(64))
    mistakes: Mapped[list[Any]]
    seen_at: Mapped[datetime]


class PlaybookFiles(Base):
    """What the files in the playbook directory said when they last passed. One row."""

    __tablename__ = "playbook_files"
    id: Mapped[int] = key()
    hash: Mapped[str] = mapped_column(String(64))
    seen_at: Mapped[datetime]


class Crisis(Base):
    """Declared by an alarm or a person, owned by somebody, stood down by somebody."""

    __tablename__ = "crises"
    id: Mapped[int] = key()
    level: Mapped[int]
    title: Mapped[str]
    cause: Mapped[str]
    owner: Mapped[str | None] = mapped_column(String(200))
    declared_by: Mapped[str] = mapped_column(String(200))
    declared_at: Mapped[datetime]
    raised_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    stood_down_at: Mapped[datetime | None]
    stood_down_by: Mapped[str | None] = mapped_column(String(200))
    alarm: Mapped[str | None] = mapped_column(String(100))
    checklist: Mapped[list[Any]] = mapped_column(default=list)
    """[{text, done_by, done_at}]"""


class AlarmState(Base):
    """When an alarm last rang."""

    __tablename__ = "alarm_states"
    alarm: Mapped[str] = mapped_column(String(100), primary_key=True)
    rang_at: Mapped[datetime]


class Notice(Base):
    """Something our own people must be told: queued in the transaction of its cause, sent by its own unit of work."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("digest"),
        Index("ix_notices_waiting", "not_before", "id", **only("sent_at IS NULL")),
    )
    id: Mapped[int] = key()
    team: Mapped[str] = mapped_column(String(60))
    title: Mapped[str]
    body: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64))
    """The same cause notifies once."""
    conversation_id: Mapped[int | None] = mapped_column(Key)
    """Where to look."""
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    claim: Mapped[str | None] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
