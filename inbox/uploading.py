"""Before a reply with files leaves: what the platform wants to hold beforehand is brought there.

Nobody sees an upload, so all of this may be repeated, and the item is still certain not to have left.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from connectors.base import Connector, ConnectorError, Delivery, MediaFile, Unavailable, Uploaded, Way
from inbox import accounts, attachments, settling
from inbox.db import reading, writing
from inbox.models import Account, Attachment, OutboxItem
from inbox.runtime import Runtime
from inbox.settling import Attempt

log = structlog.get_logger("outbox")

LEASE = timedelta(minutes=4)
"""Longer than all files of one reply take with their time-outs."""
STILL_GOOD_FOR = timedelta(minutes=5)
"""A file that the platform forgets sooner is brought again."""


def bring(runtime: Runtime, connector: Connector, attempt: Attempt) -> tuple[MediaFile, ...] | None:
    """The files of a claimed item, ready to be sent; None when it does not leave now (its error is settled)."""
    item_id = attempt.item_id
    if not _hold(runtime, attempt):
        return None
    with reading(runtime.sessions) as session:
        item = session.get_one(OutboxItem, item_id)
        account = session.get_one(Account, item.account_id)
        taken = attachments.taken(runtime, account.channel, account.name, Way(item.way))
        files = [(file, file.content) for file in attachments.of_item(session, item_id)]
    if taken is None or any(content is None for _, content in files):
        gone = "An attachment is kept no longer. Upload it again and send a new reply."
        _give_up(runtime, attempt, gone)
        return None
    ready = []
    for file, content in files:
        one = attachments.media(runtime, file, content or b"")
        if taken.delivery is Delivery.UPLOADED and not _still_there(file, runtime.clock()):
            uploaded = _upload(runtime, connector, attempt, one, Way(item.way))
            if uploaded is None:
                return None
            _remember(runtime, account.id, file.id, uploaded)
            file.platform_id = uploaded.platform_id
        elif taken.delivery is Delivery.FETCHED:
            file.fetch_token = _lay_out(runtime, file.id)
        ready.append(attachments.media(runtime, file, content or b""))
    return tuple(ready)


def _hold(runtime: Runtime, attempt: Attempt) -> bool:
    """Uploads take longer than the words alone: the claim lasts for them. False when it was lost."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        held = session.execute(
            update(OutboxItem)
            .where(
                OutboxItem.id == attempt.item_id,
                OutboxItem.state == "sending",
                OutboxItem.claim == runtime.process,
                OutboxItem.attempts == attempt.number,
                OutboxItem.attempted_at.is_(None),
            )
            .values(claimed_until=now + LEASE)
            .returning(OutboxItem.id)
        )
        return held.first() is not None


def _still_there(file: Attachment, now: datetime) -> bool:
    """Whether the platform holds it from an earlier attempt."""
    ends_at = file.platform_id_ends_at
    return file.platform_id is not None and (ends_at is None or ends_at > now + STILL_GOOD_FOR)


def _upload(runtime: Runtime, connector: Connector, attempt: Attempt, file: MediaFile, way: Way) -> Uploaded | None:
    try:
        return connector.upload(file, way, runtime.clock())
    except ConnectorError as error:
        settling.settle_error(runtime, attempt, error)
    except Exception as error:
        log.exception("a connector broke while uploading", item=attempt.item_id)
        broken = Unavailable(f"the connector failed: {type(error).__name__}")
        settling.settle_error(runtime, attempt, broken)
    return None


def _remember(runtime: Runtime, account_id: int, attachment_id: int, uploaded: Uploaded) -> None:
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        account = accounts.locked(session, account_id)
        prices = runtime.channels[account.channel].capabilities.prices
        accounts.count_usage(session, account, uploaded.usage, prices, now)
        _note(session, attachment_id, platform_id=uploaded.platform_id, platform_id_ends_at=uploaded.expires_at)


def _lay_out(runtime: Runtime, attachment_id: int) -> str:
    """An address nobody can guess, for the minutes of this attempt."""
    token = secrets.token_urlsafe(32)
    with writing(runtime.sessions) as session:
        until = runtime.clock() + attachments.FETCHABLE_FOR
        _note(session, attachment_id, fetch_token=token, fetch_ends_at=until)
    return token


def _note(session: Session, attachment_id: int, **values: object) -> None:
    session.execute(update(Attachment).where(Attachment.id == attachment_id).values(**values))


def _give_up(runtime: Runtime, attempt: Attempt, reason: str) -> None:
    with writing(runtime.sessions) as session:
        item = session.get_one(OutboxItem, attempt.item_id, with_for_update=True)
        if attempt.is_in_hand(item):
            item.claim = item.claimed_until = None
            settling.fail(session, item, reason, runtime.clock())
