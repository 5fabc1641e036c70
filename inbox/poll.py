"""Steps 1 to 3 of the straight line by asking: claim a stream that is due, ask the platform, store what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import structlog
from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.orm import Session, aliased

from connectors.base import (
    Connector,
    ConnectorError,
    LoginExpired,
    Misconfigured,
    Page,
    Poll,
    Quota,
    RateLimited,
    Refused,
    Unavailable,
    Unreadable,
)
from inbox import accounts, metrics, resting, second_looks, subjects, unreadable
from inbox.claims import NOW, Claiming, claim, claiming
from inbox.db import writing
from inbox.errors import UNEXPECTED
from inbox.ingest import Ingested, ingest
from inbox.models import Account, Message, Pointer, Stream, table
from inbox.runtime import Runtime
from inbox.second_looks import next_look

log = structlog.get_logger("poll")

LEASE = timedelta(seconds=90)
"""Longer than a page with all its time-outs; a process that dies loses the stream after it."""
LONGEST_BACKOFF = timedelta(minutes=5)
SLOW_FROM = 75
"""Percent of a platform's allowance."""
LEFT_FOR_LAST_LOOKS = 3
"""Calls of an allowance that polls leave to the reading of a thread before a machine speaks: X reads private messages
15 times in 15 minutes and no more."""
EMPTY = Page(cursor={})
AT_ONCE = 2
"""Streams of one account that are read at the same time: one that hangs must not take the threads of all."""
ASKED_FOR_A_DAY = timedelta(days=1)
"""What no list shows and what is there when asked for is not asked for again for so long."""
POINTS_TRIED = 12
"""How often something a platform only pointed at is asked for: over some eight hours."""
PUT_BACK = timedelta(minutes=1)
"""Clocks of several machines differ by less; one that is so far behind was put back."""
ACTIVE = timedelta(days=14)
THRIFTY_FROM = 0.75
"""Share of the month's budget from which on reading slows down."""


def poll_one(runtime: Runtime) -> bool:
    """Fetch and store one page of the stream that has waited longest; False when none is due."""
    now = runtime.clock()
    with writing(runtime.sessions, repeatable=True) as session:
        stream_id = claim(session, _next(), now, LEASE, runtime.process)
        if stream_id is None:
            return False
        stream = session.get_one(Stream, stream_id)
        account = session.get_one(Account, stream.account_id)
        connector = runtime.connectors.get(account.name)
        if connector is None or account.paused_at is not None:
            _put_off(session, stream, now + timedelta(seconds=stream.every_seconds))
            return True
        active, by_others = subjects.lately_active(session, account.id, now - ACTIVE)
        rest = resting.resting(session, account, connector.streams(), now)
        poll = Poll(now, account.history_since, active, by_others, rest)
    try:
        page = connector.fetch(stream.name, stream.cursor, poll)
    except ConnectorError as error:
        _note_failure(runtime, stream_id, error, runtime.clock())
    except Exception as error:
        log.exception("a connector broke while reading", account=account.name, stream=stream.name)
        _note_failure(runtime, stream_id, _our_bug(error), runtime.clock())
    else:
        metrics.polled(account.channel, (runtime.clock() - now).total_seconds())
        _store(runtime, stream_id, page, connector, runtime.clock())
    return True


@cache
def _next() -> Claiming:
    due = [Stream.active.is_(True), Stream.next_poll_at <= NOW, _has_its_turn()]
    return claiming(Stream, due, [Stream.next_poll_at])


def _has_its_turn() -> ColumnElement[bool]:
    """Of a stream: fewer than AT_ONCE others of its account are being read."""
    other = aliased(Stream)
    being_read = select(func.count()).where(other.account_id == Stream.account_id, other.claimed_until > NOW)
    return being_read.correlate(Stream).scalar_subquery() < AT_ONCE


def follow_clock(session: Session, now: datetime) -> None:
    """After a clock was put back: what was read at a time that is still to come is read again now, not then."""
    session.execute(_READ_IN_THE_FUTURE, {"now": now, "later": now + PUT_BACK})


_STREAMS = table(Stream)
_READ_IN_THE_FUTURE = (
    update(_STREAMS)
    .where(_STREAMS.c.last_success_at > bindparam("later"), _STREAMS.c.failures == 0)
    .values(next_poll_at=bindparam("now"), last_success_at=bindparam("now"))
)


def _our_bug(error: Exception) -> Unavailable:
    return Unavailable(f"Zuruf itself failed ({type(error).__name__}); the log says where. Please report it.")


def _put_off(session: Session, stream: Stream, until: datetime) -> None:
    session.execute(
        update(Stream).where(Stream.id == stream.id).values(next_poll_at=until, claimed_until=None, claim=None)
    )


def _store(runtime: Runtime, stream_id: int, page: Page, connector: Connector, now: datetime) -> None:
    """The page and the cursor in one transaction. A claim lost meanwhile changes nothing: storing is repeatable."""
    with writing(runtime.sessions, repeatable=True) as session:
        account, stream = _locked(session, stream_id)
        if stream.claim != runtime.process:
            log.warning("page dropped: the claim was lost, another process has the stream", stream=stream.name)
            return
        result = store_page(session, account, page, connector, now)
        stream.cursor = dict(page.cursor)
        stream.failures = stream.times_limited = 0
        stream.last_success_at = now
        stream.claim = stream.claimed_until = None
        quotas = resting.concerning(page.usage.quotas, connector.streams(), stream.name)
        more_at_once = page.more and max((q.used_percent for q in quotas), default=0.0) < accounts.STOP_AT
        stream.next_poll_at = now if more_at_once else now + _pace(session, account, stream, quotas, runtime, now)
        if not page.more:
            stream.caught_up_at, stream.incomplete_since = now, None
        accounts.note_success(session, account, now)
    metrics.ingested(account.channel, "poll", result.new)
    if result.new or result.changed:
        log.info("page stored", account=account.name, stream=stream.name, new=result.new, changed=result.changed)


def _locked(session: Session, stream_id: int) -> tuple[Account, Stream]:
    """The stream and its account, nobody else's to change until the transaction ends."""
    account = accounts.locked(session, session.get_one(Stream, stream_id).account_id)
    return account, session.get_one(Stream, stream_id, with_for_update=True, populate_existing=True)


def store_page(
    session: Session, account: Account, page: Page, connector: Connector, now: datetime, *, pushed: bool = False
) -> Ingested:
    """What every page needs, whichever door it came through."""
    accounts.count_usage(session, account, page.usage, connector.capabilities.prices, now)
    look_again = connector.capabilities.look_again_batch > 0
    try:
        with session.begin_nested():
            return ingest(session, account, page, now, pushed=pushed, look_again=look_again)
    except (DataError, IntegrityError, StatementError, *UNEXPECTED) as error:
        if isinstance(error, OperationalError):
            raise
        log.exception("a page cannot be stored whole; message by message now", account=account.name)
    return _store_piecemeal(session, account, page, now, pushed, look_again)


def _store_piecemeal(
    session: Session, account: Account, page: Page, now: datetime, pushed: bool, look_again: bool
) -> Ingested:
    """One item that the database will not take must not stop the others: it is shown as unreadable."""
    total = Ingested()
    rest = replace(page, messages=())
    for piece in (*(replace(EMPTY, messages=(message,)) for message in page.messages), rest):
        try:
            with session.begin_nested():
                stored = ingest(session, account, piece, now, pushed=pushed, look_again=look_again)
        except OperationalError:
            raise
        except (SQLAlchemyError, *UNEXPECTED) as error:
            log.exception("an item cannot be stored", account=account.name)
            items = [
                Unreadable(
                    "messages", f"it cannot be stored: {type(error).__name__}", repr(message), message.external_id
                )
                for message in piece.messages
            ]
            unreadable.store(
                session, account.id, items or [Unreadable("changes", "they cannot be stored", repr(piece))], now
            )
        else:
            total.new, total.changed = total.new + stored.new, total.changed + stored.changed
            total.conversations |= stored.conversations
    return total


def _pace(
    session: Session, account: Account, stream: Stream, quotas: Sequence[Quota], runtime: Runtime, now: datetime
) -> timedelta:
    """The time to the next poll: from 75 % of the allowance this stream draws on what is left, but for a few calls, is
    spread over the time until it is renewed, from 95 % on nothing is asked until then; and slower as the month's budget
    runs out."""
    every = timedelta(seconds=stream.every_seconds)
    share = _share_of_budget(session, account, runtime, now)
    if share is not None:
        every *= 1 if share < THRIFTY_FROM else 10 if share < 1 else 60
    fullest = max(quotas, key=lambda quota: quota.used_percent, default=None)
    if fullest is None or fullest.used_percent < SLOW_FROM:
        return every
    renewed = None if fullest.resets_at is None else max(fullest.resets_at - now, timedelta(seconds=1))
    if fullest.used_percent >= accounts.STOP_AT:
        return max(every, renewed or resting.LONGEST_SILENCE)
    if renewed is not None and fullest.remaining:
        return max(every, renewed / max(1, fullest.remaining - LEFT_FOR_LAST_LOOKS))
    slower = every * (1 + (fullest.used_percent - SLOW_FROM) / 5)
    return slower if renewed is None else max(every, min(slower, renewed))


def _share_of_budget(session: Session, account: Account, runtime: Runtime, now: datetime) -> float | None:
    """How much of the month's budget is spent; None without one."""
    settings = runtime.settings.account(account.name)
    if settings is None or settings.monthly_budget is None:
        return None
    return accounts.spent_this_month(session, account.id, now) / settings.monthly_budget


def _note_failure(runtime: Runtime, stream_id: int, error: ConnectorError, now: datetime) -> None:
    with writing(runtime.sessions) as session:
        account, stream = _locked(session, stream_id)
        connector = runtime.connectors[account.name]
        accounts.count_usage(session, account, error.usage, connector.capabilities.prices, now)
        stream.failures += 1
        stream.times_limited += isinstance(error, RateLimited)
        stream.incomplete_since = stream.incomplete_since or stream.last_success_at or account.connected_at
        stream.claim = stream.claimed_until = None
        until = now + _wait_after(error, stream, now)
        stream.next_poll_at = until
        if isinstance(error, RateLimited):
            ways = connector.capabilities.way_allowances
            resting.spread(session, account, stream, connector.streams(), ways, error, until)
        if stream.failures > 1 or not _passes_by_itself(error):
            accounts.note_failure(session, account, error, now, until=until)
    metrics.failed(account.channel, type(error).__name__)
    log.warning(
        "poll failed", account=account.name, stream=stream.name, error=str(error), kind=type(error).__name__,
        next_try=until,
    )  # fmt: skip


def _passes_by_itself(error: ConnectorError) -> bool:
    """One dropped connection is weather, not health."""
    return not isinstance(error, (RateLimited, LoginExpired, Misconfigured))


def _wait_after(error: ConnectorError, stream: Stream, now: datetime) -> timedelta:
    if isinstance(error, RateLimited):
        return resting.silence(error, stream.times_limited, now)
    # Also after a refused login: platforms refuse a good one now and then, and a mended one must be noticed.
    backoff = timedelta(seconds=min(stream.every_seconds, 30)) * (1 << min(stream.failures - 1, 10))
    return min(backoff, LONGEST_BACKOFF)


def look_again_one(runtime: Runtime) -> bool:
    """Ask for recent messages again where lists do not show edits and deletions; False when none is due."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        due = session.execute(
            select(Message.account_id).where(Message.look_again_at <= now).order_by(Message.look_again_at).limit(1)
        ).scalar_one_or_none()
        if due is None:
            return False
        account = session.get_one(Account, due)
        connector = runtime.connectors.get(account.name)
        batch = connector.capabilities.look_again_batch if connector is not None else 100
        rows = session.execute(
            select(Message.id, Message.external_id, Message.sent_at)
            .where(Message.account_id == account.id, Message.look_again_at <= now)
            .order_by(Message.look_again_at)
            .limit(batch)
        ).all()
        settings = runtime.settings.account(account.name)
        poll_every = settings.poll_every if settings is not None else second_looks.EVERY
        thrifty = (_share_of_budget(session, account, runtime, now) or 0) >= THRIFTY_FROM
        for row in rows:
            session.execute(
                update(Message)
                .where(Message.id == row.id)
                .values(look_again_at=next_look(row.sent_at, poll_every, now, thrifty=thrifty))
            )
        if connector is None or account.health in ("reconnect", "paused") or _limited(account, now):
            return True
        poll = Poll(now, account.history_since, subjects.of_messages(session, [row.id for row in rows]))
    try:
        page = connector.look_again([row.external_id for row in rows], poll)
    except ConnectorError as error:
        log.warning("looking again failed", account=account.name, error=str(error))
        _heed(runtime, account.id, error)
        return True
    with writing(runtime.sessions) as session:
        account = accounts.locked(session, account.id)
        store_page(session, account, page, connector, runtime.clock())
    return True


def _heed(runtime: Runtime, account_id: int, error: ConnectorError) -> None:
    """What a failed second look says about the account: the charge, and above all a wish that we wait."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        account = accounts.locked(session, account_id)
        prices = runtime.channels[account.channel].capabilities.prices
        accounts.count_usage(session, account, error.usage, prices, now)
        if isinstance(error, (RateLimited, LoginExpired)):
            accounts.note_failure(session, account, error, now)


def _limited(account: Account, now: datetime) -> bool:
    return account.limited_until is not None and account.limited_until > now


def look_at_one(runtime: Runtime) -> bool:
    """Fetch what a push only pointed at, and ask whether what only a push told is still there; False when nothing is
    waiting."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        pointer = session.scalars(
            select(Pointer).where(Pointer.due_at <= now).order_by(Pointer.due_at).limit(1)
        ).first()
        if pointer is None:
            return False
        pointer.attempts += 1
        pointer.due_at = now + timedelta(seconds=15) * 2 ** min(pointer.attempts, 8)
        account = session.get_one(Account, pointer.account_id)
        connector = runtime.connectors.get(account.name)
        if connector is None or account.health in ("reconnect", "paused") or _limited(account, now):
            pointer.attempts -= 1
            return True
        poll = Poll(now, account.history_since)
    try:
        page = connector.look_again([pointer.external_id], poll)
    except ConnectorError as error:
        log.warning("looking at a mention failed", account=account.name, error=str(error), attempts=pointer.attempts)
        _heed(runtime, account.id, error)
        if isinstance(error, Refused) or pointer.attempts >= POINTS_TRIED:
            _give_up(runtime, pointer, error)
        return True
    with writing(runtime.sessions) as session:
        account = accounts.locked(session, account.id)
        held = _held(session, pointer)
        if held:
            # Asked by its id alone it does not tell where it belongs; only whether it is gone.
            page = replace(page, messages=())
        store_page(session, account, page, connector, runtime.clock(), pushed=False)
        # Meanwhile a list may have shown it: then nothing waits any more.
        waiting = session.get(Pointer, pointer.id)
        if held and not page.changes and waiting is not None:
            waiting.due_at = now + ASKED_FOR_A_DAY
        else:
            unreadable.drop_pointers(session, account.id, [pointer.external_id])
    return True


def _held(session: Session, pointer: Pointer) -> bool:
    """Whether we hold it already."""
    found = session.execute(
        select(Message.id).where(Message.account_id == pointer.account_id, Message.external_id == pointer.external_id)
    )
    return found.first() is not None


def _give_up(runtime: Runtime, pointer: Pointer, error: ConnectorError) -> None:
    """The platform pointed at something and will not show it: a person has to look there."""
    with writing(runtime.sessions) as session:
        if not _held(session, pointer):
            item = Unreadable("mentions", f"the platform does not show it: {error}", "", pointer.external_id)
            unreadable.store(session, pointer.account_id, [item], runtime.clock())
        unreadable.drop_pointers(session, pointer.account_id, [pointer.external_id])
