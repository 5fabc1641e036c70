"""The API's door: who calls, and what they may do.

Programs come with `Authorization: Bearer TOKEN`. A person's session cookie opens reading only: a browser sends it
along by itself, so it must not be enough to write.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import AfterValidator
from starlette.exceptions import HTTPException
from starlette.requests import Request

from inbox import access
from inbox.access import Caller
from inbox.api.problems import LOCKED
from inbox.db import reading, writing
from inbox.row_ids import LARGEST_ID
from inbox.runtime import Runtime
from inbox.storable import storable

SESSION_COOKIE = "zuruf_session"
TOKEN_SEEN_EVERY = timedelta(minutes=5)
"""A token's use is written down at most this often."""

Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Limit = Annotated[int, Query(ge=1, le=200, description="How many items at most.")]
CursorText = Annotated[str | None, Query(max_length=500, description="next_cursor of the page before.")]
Words = Annotated[str, AfterValidator(storable)]
"""Text of a caller that every database takes."""


async def runtime_of(request: Request) -> Runtime:
    """What `create_app` was given."""
    runtime: Runtime = request.app.state.runtime
    return runtime


async def moment(request: Request) -> datetime:
    """Now, aware UTC, one for the whole call."""
    runtime: Runtime = request.app.state.runtime
    return runtime.clock()


Wired = Annotated[Runtime, Depends(runtime_of)]
Now = Annotated[datetime, Depends(moment)]


def reader(request: Request, runtime: Wired, now: Now) -> Caller:
    """Who may read: any token, or a person who has signed in. Raises 401."""
    token = bearer(request)
    if token is not None:
        return _caller(runtime, token, now)
    cookie = request.cookies.get(SESSION_COOKIE)
    if cookie:
        with reading(runtime.sessions) as session:
            found = access.signed_in(session, cookie, now)
        if found is not None:
            return Caller(found.person.email, found.person.role, found.person.id)
    raise HTTPException(401, "This call needs a token: send Authorization: Bearer TOKEN.", LOCKED)


def writer(request: Request, runtime: Wired, now: Now) -> Caller:
    """Who may write: any token; never a session cookie alone. Raises 401."""
    token = bearer(request)
    if token is None:
        raise HTTPException(
            401, "Writing needs a token: send Authorization: Bearer TOKEN. A session cookie is not enough.", LOCKED
        )
    return _caller(runtime, token, now)


def manager(caller: Annotated[Caller, Depends(writer)]) -> Caller:
    """Who may do what concerns everybody. Raises 403 for agents."""
    if not access.may(caller.role, "manager"):
        raise HTTPException(403, f"{caller.name} has the role {caller.role}; this needs the role manager.")
    return caller


Reader = Annotated[Caller, Depends(reader)]
Writer = Annotated[Caller, Depends(writer)]
Manager = Annotated[Caller, Depends(manager)]


def bearer(request: Request) -> str | None:
    """The token of the Authorization header, None without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def several(value: str | None, known: tuple[str, ...], name: str) -> tuple[str, ...]:
    """A filter's values, which may be separated by commas. Raises 422 for one that does not exist."""
    values = tuple(dict.fromkeys(part.strip() for part in (value or "").split(",") if part.strip()))
    for each in values:
        if known and each not in known:
            raise HTTPException(422, f"{name}: there is no {each!r}. Write one of: {', '.join(known)}.")
    if len(values) > 20:
        raise HTTPException(422, f"{name}: at most 20 values.")
    return values


def _caller(runtime: Runtime, token: str, now: datetime) -> Caller:
    with reading(runtime.sessions) as session:
        found = access.caller_of_token(session, token)
    if found is None:
        raise HTTPException(
            401, "This token is unknown or was revoked. Make one with `token add NAME`.", {**LOCKED, **_INVALID}
        )
    caller, used_at = found
    if used_at is None or used_at <= now - TOKEN_SEEN_EVERY:
        with writing(runtime.sessions) as session:
            access.touch_token(session, token, now)
    return caller


_INVALID = {"WWW-Authenticate": 'Bearer realm="Zuruf", error="invalid_token"'}
