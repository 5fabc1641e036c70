"""Replies of which nobody knows whether they went out: read back before anything else, settled within 45 seconds."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.base import (
    ConnectorError,
    RateLimited,
    Unavailable,
)
from inbox import accounts, metrics, outbox, resting, settling
from inbox.claims import NOW, Claiming, claim, claiming
from inbox.db import writing
from inbox.models import Account, OutboxItem
from inbox.runtime import Runtime

log = structlog.get_logger("outbox")


def reconcile_one(runtime: Runtime) -> bool:
    """Settle one reply of which nobody knows whether it went out, by reading back; False when there is none."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        _take_over_abandoned(session, now)
        item_id = claim(session, _next(), now, outbox.LEASE, runtime.process)
        if item_id is None:
            return False
        item = session.get_one(OutboxItem, item_id)
        account = session.get_one(Account, item.account_id)
        reply = outbox.reply_of(session, runtime, item)
    connector = runtime.connectors.get(account.name)
    try:
        if connector is None:
            raise Unavailable("this account is not in the configuration")
        receipt = connector.find_own(reply, now)
    except ConnectorError as error:
        _look_later(runtime, item_id, error)
        return True
    except Exception as error:
        log.exception("a connector broke while reading back", item=item_id)
        _look_later(runtime, item_id, Unavailable(f"the connector failed: {type(error).__name__}"))
        return True
    if receipt is not None:
        settling.settle_receipt(runtime, item_id, receipt)
    else:
        _not_found(runtime, item_id)
    return True


@cache
def _next() -> Claiming:
    due = [
        OutboxItem.state == "unknown",
        OutboxItem.not_before <= NOW,
        OutboxItem.lookups < len(settling.LOOKUPS),
        outbox.has_its_turn(),
    ]
    return claiming(OutboxItem, due, [OutboxItem.not_before])


def _take_over_abandoned(session: Session, now: datetime) -> None:
    """Items whose process died: back to the queue if nothing had left, else in doubt."""
    abandoned = session.scalars(
        select(OutboxItem)
        .where(OutboxItem.state == "sending", OutboxItem.claimed_until <= now)
        .with_for_update(skip_locked=True)
    ).all()
    for item in abandoned:
        item.claim = item.claimed_until = None
        if item.attempted_at is None:
            item.state, item.reason, item.not_before = "queued", "", now
        else:
            settling.doubt(item, "The program ended while it was being sent.", now)
    session.flush()


def _look_later(runtime: Runtime, item_id: int, error: ConnectorError) -> None:
    """The platform does not answer: the doubt stays, no look has been used up. Ever more rarely as time goes by."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        account, item = settling.locked(session, item_id)
        doubted_for = now - (item.attempted_at or now)
        until = now + min(max(timedelta(seconds=5), doubted_for / 4), settling.LONGEST_WAIT)
        if isinstance(error, RateLimited):
            told = now + resting.silence(error, 1, now)
            until = told if error.until is not None else max(until, told)
        accounts.count_usage(session, account, error.usage, runtime.channels[account.channel].capabilities.prices, now)
        if item.state == "unknown":
            item.not_before, item.claim, item.claimed_until = until, None, None
            item.reason = f"It may have gone out. The platform cannot be asked: {error}"[:1000]


def _not_found(runtime: Runtime, item_id: int) -> None:
    """Not there yet. After the last look it is settled as not delivered; only a person sends it again."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        item = session.get_one(OutboxItem, item_id, with_for_update=True)
        if item.state != "unknown":
            return
        settling.one_look_more(session, item, now)
        channel = settling.channel_of(session, item.account_id)
    if item.state == "failed":
        metrics.sent(channel, item.origin, "failed")
