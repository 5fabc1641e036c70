"""What came of a send: sent, to be tried again, refused for ever, or in doubt. One function an outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

import structlog
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from connectors.base import (
    ConnectorError,
    LoginExpired,
    Misconfigured,
    NothingHappened,
    OutcomeUnknown,
    RateLimited,
    Receipt,
    RefusalReason,
    Refused,
    Way,
    WritesBlocked,
)
from inbox import accounts, attachments, echoes, events, last_look, metrics, refusals, resting, threads
from inbox.db import writing
from inbox.last_look import Doubt
from inbox.models import Account, Contact, Conversation, Message, OutboxItem, Stream
from inbox.runtime import Runtime

log = structlog.get_logger("outbox")

LOOKUPS = (timedelta(seconds=0), timedelta(seconds=4), timedelta(seconds=8), timedelta(seconds=12))
"""When an uncertain send is looked for on the platform: all within 30 s of the doubt."""
RETRIES = 8
LONGEST_WAIT = timedelta(minutes=10)
PART_BEFORE_FAILED = "Not sent: the message it belongs to was not delivered. Try that one again; this one follows it."
ALREADY_THERE = "The platform says it has this text already."
TOO_LATE = timedelta(hours=6)
"""An automatic reply that could not go out for so long is not wanted any more."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One claimed try at sending an item. Whoever is slow may lose the claim and be overtaken by another try, so what
    came of this one is settled only while it is the one in hand."""

    item_id: int
    number: int
    left_at: datetime | None = None
    """When the request may have left this machine; None while nothing of the reply itself has been sent."""

    def is_in_hand(self, item: OutboxItem) -> bool:
        """Whether the item still waits for what comes of this very try."""
        return item.state == "sending" and item.attempts == self.number and item.attempted_at == self.left_at


def locked(session: Session, item_id: int) -> tuple[Account, OutboxItem]:
    """The item and its account, nobody else's to change until the transaction ends."""
    account = accounts.locked(session, session.get_one(OutboxItem, item_id).account_id)
    return account, session.get_one(OutboxItem, item_id, with_for_update=True, populate_existing=True)


def settle_receipt(runtime: Runtime, item_id: int, receipt: Receipt) -> None:
    """The platform gave a receipt: the item is sent, and shown in the thread where it stands."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        account, item = locked(session, item_id)
        connector = runtime.channels[account.channel]
        accounts.count_usage(session, account, receipt.usage, connector.capabilities.prices, now)
        if item.state == "sent":
            return
        if belongs_to_another(session, item, receipt.external_id):
            log.warning("two replies claim the same message", item=item_id, external_id=receipt.external_id)
            one_look_more(session, item, now)
            return
        resting.answered(session, account, item.way, now)
        echoes.settle_sent(session, item, receipt.external_id, receipt.sent_at, now)
        _file(session, item, receipt, now)
        if _leaves_the_thread(session, item):
            _poll_soon(session, account.id, now)
    metrics.sent(account.channel, item.origin, "sent")
    log.info("reply sent", account=account.name, item=item_id, origin=item.origin, way=item.way)


def _file(session: Session, item: OutboxItem, receipt: Receipt, now: datetime) -> None:
    """Show what was sent in the thread where it stands, without waiting for its echo."""
    home = _home(session, item, receipt)
    if home is None:
        threads.refresh(session, [item.conversation_id], now)
        return
    message_id = session.execute(
        select(Message.id).where(Message.account_id == item.account_id, Message.external_id == receipt.external_id)
    ).scalar_one_or_none()
    if message_id is None:
        message_id = session.execute(
            insert(Message)
            .values(
                account_id=item.account_id,
                conversation_id=home.id,
                external_id=receipt.external_id,
                direction="outbound",
                origin=item.origin,
                visibility=item.visibility,
                text=item.text,
                sent_at=item.sent_at,
                received_at=now,
                parent_external_id=item.target_external_id,
                attachments=[
                    {
                        "type": file.content_type.partition("/")[0],
                        "url": f"/conversations/{item.conversation_id}/attachments/{file.id}",
                        "name": file.name,
                    }
                    for file in attachments.of_item(session, item.id)
                ],
            )
            .returning(Message.id)
        ).scalar_one()
    echoes.adopt(session, item, message_id, home.id, now)
    threads.refresh(session, [home.id, item.conversation_id], now)


def belongs_to_another(session: Session, item: OutboxItem, external_id: str) -> bool:
    """The same text twice on purpose, both in doubt: one message on the platform proves only one of them."""
    other = select(OutboxItem.id).where(
        OutboxItem.account_id == item.account_id, OutboxItem.external_id == external_id, OutboxItem.id != item.id
    )
    return session.execute(other.limit(1)).first() is not None


def _leaves_the_thread(session: Session, item: OutboxItem) -> bool:
    """A private answer to something public stands in another conversation."""
    return item.visibility == "private" and session.get_one(Conversation, item.conversation_id).visibility == "public"


def _home(session: Session, item: OutboxItem, receipt: Receipt) -> Conversation | None:
    """The conversation the reply stands in; None while the platform has not told which private thread it opened."""
    if not _leaves_the_thread(session, item):
        return session.get_one(Conversation, item.conversation_id)
    if receipt.conversation_id is not None:
        home = session.scalars(
            select(Conversation).where(
                Conversation.account_id == item.account_id, Conversation.external_id == receipt.conversation_id
            )
        ).one_or_none()
        if home is not None:
            return home
    return session.scalars(
        select(Conversation)
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(
            Conversation.account_id == item.account_id,
            Conversation.visibility == "private",
            Contact.external_id == (receipt.recipient_id or item.recipient_external_id),
        )
        .limit(1)
    ).one_or_none()


def _poll_soon(session: Session, account_id: int, now: datetime) -> None:
    """A private thread was opened: fetch it now, so that it stands beside the complaint at once."""
    session.execute(
        update(Stream)
        .where(
            Stream.account_id == account_id, Stream.name == "messages", Stream.active.is_(True), Stream.failures == 0
        )
        .values(next_poll_at=now)
    )


def settle_error(runtime: Runtime, attempt: Attempt, error: ConnectorError) -> None:
    """Sort an error by what must happen next."""
    now, left = runtime.clock(), attempt.left_at is not None
    with writing(runtime.sessions) as session:
        account, item = locked(session, attempt.item_id)
        connector = runtime.channels[account.channel]
        accounts.count_usage(session, account, error.usage, connector.capabilities.prices, now)
        if isinstance(error, (RateLimited, LoginExpired, WritesBlocked)):
            # What it says of the account holds, whatever has become of this item meanwhile.
            accounts.note_failure(session, account, error, now)
        if not attempt.is_in_hand(item):
            return
        item.claim = item.claimed_until = None
        match error:
            case OutcomeUnknown():
                doubt(item, str(error), now)
            case Refused(reason=RefusalReason.DUPLICATE) if left:
                doubt(item, ALREADY_THERE, now)
            case Refused():
                refusals.note(session, item, error.reason, now)
                fail(session, item, refusals.sentence(error.reason, str(error)), now)
            case Misconfigured():
                fail(session, item, f"The platform cannot take it: {error}", now)
            case NothingHappened():
                _wait(session, runtime, item, account, error, now, left=left)
            case _:
                assert_never(error)  # type: ignore[arg-type]
    metrics.sent(account.channel, item.origin, item.state)
    log.warning("reply not sent", account=account.name, item=item.id, state=item.state, error=str(error))


def doubt(item: OutboxItem, reason: str, now: datetime) -> None:
    """It may have gone out: from now on it is looked for, never sent again by a machine."""
    item.state = "unknown"
    item.reason = f"It may have gone out: {reason} Looking for it on the platform."
    item.lookups, item.not_before = 0, now + LOOKUPS[0]


def fail(session: Session, item: OutboxItem, reason: str, now: datetime) -> None:
    """Refused for ever, or not delivered; `reason` says what a person can do instead."""
    item.state, item.reason = "failed", reason[:1000]
    events.record(
        session, "reply_failed", now, conversation_id=item.conversation_id, outbox_id=item.id, reason=item.reason
    )
    parts = session.scalars(select(OutboxItem).where(OutboxItem.follows_id == item.id, OutboxItem.state == "queued"))
    for part in parts.all():
        fail(session, part, PART_BEFORE_FAILED, now)


def _wait(
    session: Session,
    runtime: Runtime,
    item: OutboxItem,
    account: Account,
    error: ConnectorError,
    now: datetime,
    *,
    left: bool,
) -> None:
    """Certain that nothing happened: the item waits, until the told time or ever longer, and at last fails."""
    waits_for_person = isinstance(error, (LoginExpired, WritesBlocked))
    if item.origin == "automation" and (isinstance(error, WritesBlocked) or now - item.created_at > TOO_LATE):
        item.state, item.reason = "cancelled", f"Not sent automatically: {error}"[:1000]
        return
    if isinstance(error, RateLimited):
        until = _limited(session, runtime, item, account, error, now, left=left)
        item.attempts = min(item.attempts, RETRIES - 1)
    elif waits_for_person:
        until = now + timedelta(minutes=1)
    elif item.attempts >= RETRIES:
        fail(session, item, f"Tried {item.attempts} times, nothing went out. Last error: {error}", now)
        return
    else:
        until = now + min(timedelta(seconds=2) * 2 ** (item.attempts - 1), LONGEST_WAIT)
    item.state, item.reason, item.not_before = "queued", f"Waiting: {error}"[:1000], until


def _limited(
    session: Session,
    runtime: Runtime,
    item: OutboxItem,
    account: Account,
    error: RateLimited,
    now: datetime,
    *,
    left: bool,
) -> datetime:
    """A limit on sending holds up what it concerns; one on reading the thread again the machines that would ask the
    same. Until when."""
    if left:
        connector = runtime.connectors[account.name]
        ways = connector.capabilities.way_allowances
        return resting.answers_wait(session, account, connector.streams(), ways, Way(item.way), error, now)
    account.times_limited += 1
    until = now + resting.silence(error, account.times_limited, now)
    same_list = [] if error.whole_account else [OutboxItem.visibility == item.visibility]
    session.execute(
        update(OutboxItem)
        .where(
            OutboxItem.account_id == item.account_id,
            OutboxItem.origin == "automation",
            OutboxItem.state == "queued",
            OutboxItem.not_before < until,
            *same_list,
        )
        .values(not_before=until)
    )
    return until


def put_back(session: Session, attempt: Attempt, reason: str, wait: timedelta, now: datetime) -> None:
    """Nothing had left: the item waits in the queue again."""
    item = session.get_one(OutboxItem, attempt.item_id, with_for_update=True)
    if attempt.is_in_hand(item):
        item.state, item.reason, item.not_before = "queued", reason, now + wait
        item.claim = item.claimed_until = None


def look_at_thread_again(session: Session, item: OutboxItem, doubt: Doubt, now: datetime) -> None:
    """The thread was read just before a machine speaks, and the reading cannot be believed: once more, and after the
    last look it is left to a person."""
    item.lookups += 1
    item.claim = item.claimed_until = None
    if item.lookups < last_look.LOOKS:
        item.state, item.not_before = "queued", now + last_look.BETWEEN_LOOKS * item.lookups
        item.reason = f"Waiting: {doubt.sentence} Looking again."
        return
    fail(session, item, f"Not sent automatically: {doubt.sentence} Look at the thread, then answer or try again.", now)


def channel_of(session: Session, account_id: int) -> str:
    """The channel of an account."""
    return session.execute(select(Account.channel).where(Account.id == account_id)).scalar_one()


def one_look_more(session: Session, item: OutboxItem, now: datetime) -> None:
    """A look that found nothing is counted: the next one is planned, and after the last a person decides."""
    item.lookups += 1
    item.claim = item.claimed_until = None
    if item.lookups < len(LOOKUPS):
        item.state, item.not_before = "unknown", now + LOOKUPS[item.lookups]
    elif ALREADY_THERE in item.reason:
        fail(session, item, refusals.SENTENCES[RefusalReason.DUPLICATE], now)
    else:
        fail(
            session,
            item,
            f"Not delivered: the answer of the platform was lost, and after {item.lookups} looks the reply is not on "
            "the platform. Send it again if it is still wanted.",
            now,
        )
