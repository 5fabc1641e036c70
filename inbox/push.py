"""Steps 1 to 3 by being told: a webhook's body is verified and stored before it is understood."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.base import Page, Unreadable
from inbox import accounts, metrics, unreadable
from inbox.claims import Claiming, claim, claiming
from inbox.db import reading, writing
from inbox.models import Account, Push
from inbox.poll import store_page
from inbox.runtime import Runtime

log = structlog.get_logger("push")

LEASE = timedelta(seconds=30)


def challenge(runtime: Runtime, account_name: str, query: Mapping[str, str]) -> str | None:
    """The body that proves to the platform that this door is ours; None: not its question, or no such account."""
    connector = runtime.connectors.get(account_name)
    return connector.answer_challenge(query) if connector is not None else None


async def receive(runtime: Runtime, account_name: str, headers: Mapping[str, str], body: bytes, now: datetime) -> int:
    """Store a signed body, understand it later: 200 once it is on the disk, 401 for a signature that does not fit, 404
    for no such account."""
    connector = runtime.connectors.get(account_name)
    if connector is None:
        return 404
    if not connector.signature_fits({name.lower(): value for name, value in headers.items()}, body):
        return 401
    if not await asyncio.wrap_future(runtime.intake.store(account_name, body, now)):
        return 404
    runtime.wake()
    return 200


@cache
def _next() -> Claiming:
    return claiming(Push, [Push.processed_at.is_(None)], [Push.id])


def drain_one(runtime: Runtime) -> bool:
    """Understand and store the oldest waiting push; False when none is waiting."""
    now = runtime.clock()
    if not _waiting(runtime):
        return False
    with writing(runtime.sessions, repeatable=True) as session:
        push_id = claim(session, _next(), now, LEASE, runtime.process)
        if push_id is None:
            return False
        push = session.get_one(Push, push_id)
        account = session.get_one(Account, push.account_id)
        connector = runtime.connectors.get(account.name)
        if connector is None:
            _keep_unread(session, push, now)
            return True
        page = _read(connector.read_push, push.body, now)
        account = accounts.locked(session, push.account_id)
        result = store_page(session, account, page, connector, now, pushed=True)
        _finish(push, now)
    metrics.ingested(account.channel, "push", result.new)
    log.info("push stored", account=account.name, new=result.new, unreadable=len(page.unreadable))
    return True


def _keep_unread(session: Session, push: Push, now: datetime) -> None:
    """Nobody here can read it, because its account has left the configuration: shown, not thrown away."""
    text = push.body[: unreadable.LONGEST_RAW].decode("utf-8", "replace")
    item = Unreadable("push", "its account is not in the configuration any more", text)
    unreadable.store(session, push.account_id, [item], now)
    _finish(push, now)


def _waiting(runtime: Runtime) -> bool:
    with reading(runtime.sessions) as session:
        return session.execute(select(Push.id).where(Push.processed_at.is_(None)).limit(1)).first() is not None


def _read(read_push: object, body: bytes, now: datetime) -> Page:
    """A signed body that breaks the reader is our bug, and still no reason to lose it."""
    try:
        page: Page = read_push(body, now)  # type: ignore[operator]
    except Exception as error:
        log.exception("a signed push could not be read")
        text = body[: unreadable.LONGEST_RAW].decode("utf-8", "replace")
        return Page(cursor={}, unreadable=(Unreadable("push", f"the reader failed: {type(error).__name__}", text),))
    return page


def _finish(push: Push, now: datetime) -> None:
    """What it said is in the rows now; the raw body goes, so that deleted texts do not live on here."""
    push.processed_at, push.body = now, b""
    push.claim = push.claimed_until = None


def waiting(session: Session) -> int:
    """How many pushes are stored and not yet understood."""
    return len(session.execute(select(Push.id).where(Push.processed_at.is_(None)).limit(1000)).all())
