"""Versions of the playbook, crises, and whom to tell."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Base, Key, key, only


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


class Backtest(Base):
    """A candidate playbook over stored messages against the one in force: how far it is, and what it found."""

    __tablename__ = "backtests"
    __table_args__ = (UniqueConstraint("candidate", "active", "days"),)
    id: Mapped[int] = key()
    version: Mapped[int]
    candidate: Mapped[str] = mapped_column(String(64))
    active: Mapped[str] = mapped_column(String(64))
    days: Mapped[int]
    asked_by: Mapped[str] = mapped_column(String(200))
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    """running, done, stopped, failed."""
    done: Mapped[int]
    total: Mapped[int]
    heard_at: Mapped[datetime]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The comparison without the messages' words."""


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
        Index("ix_notices_conversation", "conversation_id", **only("conversation_id IS NOT NULL")),
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
