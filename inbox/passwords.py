"""Passwords: how they are stored and compared, and how guessing them is slowed down, on every process alike."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from inbox.errors import Refusal
from inbox.models import SignInAttempt

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST = 8
MOST = 1000
"""Characters. The upper bound keeps hashing from being a way to keep us busy."""

FAILURES_REMEMBERED = timedelta(minutes=15)
FREE_FAILURES = {"both": 5, "address": 20, "email": 50}
"""Failed sign-ins within the remembered time before waiting begins: from one address for one e-mail, from one address
for anybody, and for one e-mail from anywhere. Beyond that each failure doubles the wait, up to the remembered time."""


@cache
def hasher() -> PasswordHasher:
    """OWASP's second choice of parameters (2024), which spares small machines: 19 MiB, two passes, one lane."""
    # Loaded at the first sign-in: a process that only works never needs it.
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def nobodys_hash() -> str:
    """Compared for unknown people, so that an answer takes as long whether somebody exists or not."""
    return hasher().hash(secrets.token_urlsafe(16))


def check(password: str) -> None:
    """Raises `Refusal` for a password that is too short or too long."""
    if len(password) < LEAST:
        raise Refusal(f"The password is too short: it needs at least {LEAST} characters.", 422)
    if len(password) > MOST:
        raise Refusal(f"The password is too long: it may have at most {MOST} characters.", 422)


def hashed(password: str) -> str:
    """The argon2id hash with its salt and parameters."""
    return hasher().hash(password)


def matches(stored: str, password: str) -> bool:
    """Whether this is the password; slow by design (about 25 ms), so never call it inside a transaction."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return hasher().verify(stored, password[:MOST])
    except (VerificationError, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return hasher().check_needs_rehash(stored)


def wait_until(session: Session, email: str, address: str, now: datetime) -> datetime | None:
    """When the next attempt is allowed, or None when it is allowed now."""
    by_email, by_address = SignInAttempt.email == email, SignInAttempt.address == address
    scopes = {"both": by_email & by_address, "address": by_address, "email": by_email}
    latest: datetime | None = None
    for scope, condition in scopes.items():
        failures, last = session.execute(
            select(func.count(), func.max(SignInAttempt.at)).where(
                condition, SignInAttempt.at > now - FAILURES_REMEMBERED
            )
        ).one()
        beyond = failures - FREE_FAILURES[scope]
        if beyond < 0 or last is None:
            continue
        until = last + min(FAILURES_REMEMBERED, timedelta(seconds=2 ** min(beyond, 12)))
        if until > now and (latest is None or until > latest):
            latest = until
    return latest


def remember_failure(session: Session, email: str, address: str, now: datetime) -> None:
    """Writes down a failed attempt and forgets the old ones."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.at < now - FAILURES_REMEMBERED))
    session.add(SignInAttempt(email=email, address=address, at=now))


def forget_failures(session: Session, email: str, address: str) -> None:
    """The right password came from this address."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.email == email, SignInAttempt.address == address))
