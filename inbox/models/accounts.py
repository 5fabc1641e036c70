"""Signed-in accounts: their streams, what they use, and what they sent that is not (yet) a message."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Base, Key, key, only, reference


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
    """Pacing of sends, and limits that concern the whole account; see `Silence` for those that do not."""
    times_limited: Mapped[int] = mapped_column(default=0)
    """How often in a row a send was told that the whole account has to wait, or a look at the thread before one to."""
    stored_login: Mapped[str | None]
    """Refreshed credentials, encrypted; valid while `login_fingerprint` is that of the configured ones."""
    login_fingerprint: Mapped[str] = mapped_column(default="")
    login_expires_at: Mapped[datetime | None]
    login_checked_at: Mapped[datetime | None]
    login_claimed_until: Mapped[datetime | None]
    """A process refreshes this login; a refresh token works only once."""
    problems: Mapped[list[Any]] = mapped_column(default=list)
    """What was wrong with token, permissions or account at the last inspection, a sentence each."""
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
    times_limited: Mapped[int] = mapped_column(default=0)
    """How many of these failures were limits: each silence is longer than the last, other troubles add nothing."""
    last_success_at: Mapped[datetime | None]
    caught_up_at: Mapped[datetime | None]
    """When a walk last ended without more to read; None during the first import."""
    incomplete_since: Mapped[datetime | None]


class Silence(Base):
    """Until when a platform takes no more answers of one way from an account: a limit concerns what it concerns."""

    __tablename__ = "silences"
    account_id: Mapped[int] = mapped_column(Key, ForeignKey("accounts.id"), primary_key=True)
    way: Mapped[str] = mapped_column(String(30), primary_key=True)
    until: Mapped[datetime]
    times: Mapped[int]
    """How often in a row: each silence is longer than the last."""


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
    __table_args__ = (
        Index("ix_pushes_waiting", "id", **only("processed_at IS NULL")),
        Index("ix_pushes_received", "account_id", "received_at"),
    )
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
