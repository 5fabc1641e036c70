"""Our own people, and how they and their programs sign in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models.base import Base, Key, key, reference


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
