"""Who may come in: people with passwords and sign-ins, programs with tokens, and what each of them may do.

Nothing secret is stored: passwords as argon2id (see `passwords`), the secrets of sign-ins and tokens as SHA-256. All
times are aware UTC and come in as `now`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from inbox import events, passwords
from inbox.db import reading, writing
from inbox.errors import NotThere, Refusal
from inbox.models import ApiToken, SignIn, User
from inbox.runtime import Sessions

Role = Literal["agent", "manager", "admin"]
ROLES: tuple[Role, ...] = ("agent", "manager", "admin")
"""In growing power: whoever may do what a manager may, may do what an agent may."""

IDLE = timedelta(hours=24)
"""A sign-in that was not used for this long has ended."""
ABSOLUTE = timedelta(days=14)
"""A sign-in ends after this long however much it is used."""
SEEN_EVERY = timedelta(minutes=1)
"""A use is written down at most this often, so that reading a page does not write."""
TOKEN_PREFIX = "zrf_"  # noqa: S105 - the public mark of our tokens, which lets secret scanners find them


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in."""

    id: int
    email: str
    name: str
    role: Role
    language: str | None
    signature: str
    created_at: datetime
    disabled_at: datetime | None

    @property
    def shown_name(self) -> str:
        """What colleagues read: the name, or the part of the address before the @."""
        return self.name or self.email.split("@")[0]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with a running sign-in."""

    person: Person
    csrf: str
    """Every unsafe form of this sign-in carries it."""
    expires_at: datetime
    stale: bool
    """Its use was not written down lately: call `touch`."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls the API: the name that stands in timelines, and the role."""

    name: str
    role: Role
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class TokenRow:
    """An API token as it may be shown: without its secret, which nobody has any more."""

    id: int
    name: str
    role: Role
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignInAnswer:
    """What became of a sign-in: a person and the cookie's secret, or a time to wait for, or neither."""

    person: Person | None = None
    secret: str | None = None
    wait_until: datetime | None = None


def may(role: str, needed: Role) -> bool:
    """Whether `role` has at least the power of `needed`; an unknown role has none."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed)


def digest(secret: str) -> str:
    """What is stored of a random secret. It has 256 bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


# -- people ----------------------------------------------------------------------------------------------------------


def add_user(
    session: Session,
    email: str,
    password: str,
    role: str,
    now: datetime,
    *,
    name: str = "",
    language: str | None = None,
    actor: str | None = None,
) -> Person:
    """Lets somebody sign in. Raises `Refusal` for an unknown role, an address in use, or a password too short."""
    email = _email(email)
    checked_role = _role(role)
    passwords.check(password)
    if session.scalar(select(User.id).where(User.email == email)) is not None:
        raise Refusal(f"{email} is already a user. Change the role or the password instead.", 409)
    user = User(
        email=email,
        name=name.strip(),
        password_hash=passwords.hashed(password),
        role=checked_role,
        language=language,
        created_at=now,
    )
    session.add(user)
    session.flush()
    events.record(session, "user_added", now, actor=actor, email=email, role=checked_role)
    return _person(user)


def set_password(session: Session, email: str, password: str, now: datetime, *, actor: str | None = None) -> None:
    """Replaces the password and ends every sign-in of this person. Raises `NotThere` or `Refusal`."""
    passwords.check(password)
    user = _user(session, email)
    user.password_hash = passwords.hashed(password)
    end_sign_ins(session, user.id)
    events.record(session, "password_changed", now, actor=actor, email=user.email)


def change_role(session: Session, email: str, role: str, now: datetime, *, actor: str | None = None) -> None:
    """Gives somebody another role from the next request on. Raises `NotThere` or `Refusal`."""
    user = _user(session, email)
    checked_role = _role(role)
    if user.role == "admin" and checked_role != "admin":
        _keep_one_admin(session, user)
    user.role = checked_role
    events.record(session, "role_changed", now, actor=actor, email=user.email, role=checked_role)


def change_profile(session: Session, user_id: int, *, name: str, language: str | None, signature: str) -> None:
    """What people may change about themselves. Raises `NotThere`."""
    user = session.get(User, user_id)
    if user is None:
        raise NotThere(f"user {user_id}")
    user.name, user.language, user.signature = name.strip(), language, signature.strip()


def disable(session: Session, email: str, now: datetime, *, actor: str | None = None) -> None:
    """Ends somebody's access at once and keeps their name in the history. Raises `NotThere`, or `Refusal` for the
    last admin."""
    user = _user(session, email)
    if user.role == "admin":
        _keep_one_admin(session, user)
    user.disabled_at = user.disabled_at or now
    end_sign_ins(session, user.id)
    events.record(session, "user_disabled", now, actor=actor, email=user.email)


def enable(session: Session, email: str, now: datetime, *, actor: str | None = None) -> None:
    """Lets a disabled person in again. Raises `NotThere`."""
    user = _user(session, email)
    user.disabled_at = None
    events.record(session, "user_enabled", now, actor=actor, email=user.email)


def people(session: Session, *, disabled: bool = False) -> list[Person]:
    """Everybody who may sign in, by e-mail; also those who no longer may where `disabled` is true."""
    query = select(User).order_by(User.email)
    if not disabled:
        query = query.where(User.disabled_at.is_(None))
    return [_person(user) for user in session.scalars(query)]


def person_by_email(session: Session, email: str) -> Person | None:
    """The person with this address, disabled or not."""
    user = session.scalar(select(User).where(User.email == email.strip().lower()))
    return None if user is None else _person(user)


# -- signing in ------------------------------------------------------------------------------------------------------


def sign_in(sessions: Sessions, email: str, password: str, address: str, now: datetime) -> SignInAnswer:
    """Checks a password and starts a sign-in; `address` is the network address the attempt came from.

    Takes the same time for unknown people. The password is verified outside any transaction, because that is slow by
    design and would hold up every writer.
    """
    email = email.strip().lower()[:200]
    address = address[:60]
    nobodys = passwords.nobodys_hash()
    with reading(sessions) as session:
        wait_until = passwords.wait_until(session, email, address, now)
        user = session.scalar(select(User).where(User.email == email, User.disabled_at.is_(None)))
        stored = nobodys if user is None else user.password_hash
        person = None if user is None else _person(user)
    if wait_until is not None:
        return SignInAnswer(wait_until=wait_until)
    right = passwords.matches(stored, password)
    with writing(sessions) as session:
        if person is None or not right:
            passwords.remember_failure(session, email, address, now)
            return SignInAnswer()
        passwords.forget_failures(session, email, address)
        if passwords.outdated(stored):
            session.execute(update(User).where(User.id == person.id).values(password_hash=passwords.hashed(password)))
        return SignInAnswer(person=person, secret=start_sign_in(session, person.id, now))


def verify(sessions: Sessions, email: str, password: str, address: str, now: datetime) -> Person | None:
    """The person whose password this is, or None; throttled like `sign_in`, but without starting a sign-in."""
    answer = sign_in(sessions, email, password, address, now)
    if answer.secret is not None:
        with writing(sessions) as session:
            end_sign_in(session, answer.secret)
    return answer.person


def start_sign_in(session: Session, user_id: int, now: datetime) -> str:
    """Starts a sign-in and returns the cookie's secret, of which only the hash is kept."""
    session.execute(delete(SignIn).where(or_(SignIn.expires_at <= now, SignIn.seen_at <= now - IDLE)))
    secret = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            token_hash=digest(secret),
            user_id=user_id,
            csrf=secrets.token_urlsafe(32),
            created_at=now,
            seen_at=now,
            expires_at=now + ABSOLUTE,
        )
    )
    return secret


def signed_in(session: Session, secret: str | None, now: datetime) -> SignedIn | None:
    """Who this cookie belongs to, or None when it is unknown, idle for too long, over, or of a disabled person."""
    if not secret or len(secret) > 200:
        return None
    found = session.execute(
        select(SignIn, User).join(User, User.id == SignIn.user_id).where(SignIn.token_hash == digest(secret))
    ).one_or_none()
    if found is None:
        return None
    row, user = found
    if user.disabled_at is not None or row.expires_at <= now or row.seen_at <= now - IDLE:
        return None
    return SignedIn(_person(user), row.csrf, row.expires_at, stale=row.seen_at <= now - SEEN_EVERY)


def touch(session: Session, secret: str, now: datetime) -> None:
    """Writes down that a sign-in was used. Call it when `SignedIn.stale` is true."""
    session.execute(update(SignIn).where(SignIn.token_hash == digest(secret)).values(seen_at=now))


def end_sign_in(session: Session, secret: str) -> None:
    """Signs out."""
    session.execute(delete(SignIn).where(SignIn.token_hash == digest(secret)))


def end_sign_ins(session: Session, user_id: int) -> None:
    """Signs somebody out everywhere."""
    session.execute(delete(SignIn).where(SignIn.user_id == user_id))


def csrf_matches(expected: str, given: str | None) -> bool:
    """Compares in constant time; a missing token never matches."""
    return bool(given) and hmac.compare_digest(expected.encode(), str(given).encode())


def new_visitor() -> str:
    """A random mark for a browser that has not signed in yet; goes into an HttpOnly cookie."""
    return secrets.token_urlsafe(24)


def visitor_csrf(visitor: str) -> str:
    """The CSRF token of the sign-in form: only a page of ours that saw the visitor's cookie can know it."""
    return digest(f"csrf of visitor {visitor}")


# -- programs --------------------------------------------------------------------------------------------------------


def add_token(session: Session, name: str, role: str, now: datetime, *, actor: str | None = None) -> str:
    """Makes an API token and returns it, once; only its hash is kept. Raises `Refusal` for a name in use."""
    name = name.strip()
    if not name or len(name) > 100:
        raise Refusal("A token needs a name of 1 to 100 characters; it stands in timelines as the author.", 422)
    checked_role = _role(role)
    if session.scalar(select(ApiToken.id).where(ApiToken.name == name)) is not None:
        raise Refusal(f"A token named {name} exists already, or did. Choose another name.", 409)
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    session.add(ApiToken(name=name, token_hash=digest(secret), role=checked_role, created_at=now))
    events.record(session, "token_added", now, actor=actor, name=name, role=checked_role)
    return secret


def revoke_token(session: Session, name: str, now: datetime, *, actor: str | None = None) -> None:
    """Ends a token at once; its name stays in the history. Raises `NotThere`."""
    token = session.scalar(select(ApiToken).where(ApiToken.name == name))
    if token is None:
        raise NotThere(f"token {name}")
    token.revoked_at = token.revoked_at or now
    events.record(session, "token_revoked", now, actor=actor, name=name)


def tokens(session: Session) -> list[TokenRow]:
    """Every token there is or was, by name."""
    return [
        TokenRow(row.id, row.name, _role(row.role), row.created_at, row.used_at, row.revoked_at)
        for row in session.scalars(select(ApiToken).order_by(ApiToken.name))
    ]


def caller_of_token(session: Session, secret: str) -> tuple[Caller, datetime | None] | None:
    """Whose token this is and when its use was last written down, or None when it is unknown or revoked."""
    if not secret or len(secret) > 200:
        return None
    row = session.scalar(select(ApiToken).where(ApiToken.token_hash == digest(secret), ApiToken.revoked_at.is_(None)))
    return None if row is None else (Caller(row.name, _role(row.role)), row.used_at)


def touch_token(session: Session, secret: str, now: datetime) -> None:
    """Writes down that a token was used."""
    session.execute(update(ApiToken).where(ApiToken.token_hash == digest(secret)).values(used_at=now))


# -- inside ----------------------------------------------------------------------------------------------------------


def _person(user: User) -> Person:
    return Person(
        user.id,
        user.email,
        user.name,
        _role(user.role),
        user.language,
        user.signature,
        user.created_at,
        user.disabled_at,
    )


def _user(session: Session, email: str) -> User:
    user = session.scalar(select(User).where(User.email == email.strip().lower()))
    if user is None:
        raise NotThere(f"user {email}")
    return user


def _email(email: str) -> str:
    email = email.strip().lower()
    before, at, after = email.partition("@")
    if not (before and at and after) or len(email) > 200 or any(character.isspace() for character in email):
        raise Refusal(f"{email!r} is not an e-mail address. Write it like anna@shop.example.", 422)
    return email


def _role(role: str) -> Role:
    for known in ROLES:
        if role == known:
            return known
    raise Refusal(f"There is no role {role!r}. The roles are {_listed(ROLES)}.", 422)


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _keep_one_admin(session: Session, leaving: User) -> None:
    others = select(User.id).where(User.role == "admin", User.disabled_at.is_(None), User.id != leaving.id).limit(1)
    if leaving.disabled_at is None and session.scalar(others) is None:
        raise Refusal(f"{leaving.email} is the last admin. Make somebody else an admin first.", 409)
