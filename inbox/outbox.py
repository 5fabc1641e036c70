"""Step 8: claim, send, settle. Nothing is sent twice, and nothing that is in doubt is sent again by a machine.

    queued ──claim──> sending ──┬─> sent
       ^                        ├─> queued again     certain that nothing happened: wait and try again
       └── nothing had left ────┤
                                ├─> failed           refused for ever, with what a person can do instead
                                └─> unknown ──read back──> sent, or failed: "looked for it, it is not there"

`attempted_at` is written just before the request leaves. A row that is `sending` without it never left this machine.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

import structlog
from sqlalchemy import ColumnElement, and_, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from connectors.base import (
    Connector,
    ConnectorError,
    LoginExpired,
    Misconfigured,
    NothingHappened,
    OutcomeUnknown,
    Poll,
    RateLimited,
    Receipt,
    RefusalReason,
    Refused,
    Reply,
    Unavailable,
    Way,
    WritesBlocked,
)
from connectors.base import Kind as ConversationKind
from inbox import accounts, automation, echoes, events, metrics, refusals, threads
from inbox.claims import claim
from inbox.db import writing
from inbox.errors import NotThere, Refusal
from inbox.models import Account, Contact, Conversation, Message, OutboxItem, Stream, Subject
from inbox.poll import store_page
from inbox.runtime import Runtime

log = structlog.get_logger("outbox")

LEASE = timedelta(seconds=25)
"""Longer than a send with its time-outs. What is still `sending` then is in doubt."""
SAVED_UP = timedelta(seconds=60)
"""An account that was quiet for so long may send as much at once; only who goes on writing is held to the pace."""
LOOKUPS = (timedelta(seconds=0), timedelta(seconds=4), timedelta(seconds=8), timedelta(seconds=12))
"""When an uncertain send is looked for on the platform: all within 30 s of the doubt."""
RETRIES = 8
AT_ONCE = 2
"""Replies of one account in hand at the same time: a platform that hangs must not take the threads of all."""
LONGEST_WAIT = timedelta(minutes=10)
ALREADY_THERE = "The platform says it has this text already."
TOO_LATE = timedelta(hours=6)
"""An automatic reply that could not go out for so long is not wanted any more."""


# -- what people do with items ---------------------------------------------------------------------------------------


def _get(session: Session, item_id: int) -> OutboxItem:
    item = session.get(OutboxItem, item_id, with_for_update=True)
    if item is None:
        raise NotThere(f"outbox item {item_id}")
    return item


def approve(session: Session, item_id: int, actor: str, now: datetime) -> None:
    """A second person lets a held reply go out."""
    item = _get(session, item_id)
    if not item.needs_approval or item.state != "queued":
        raise Refusal("This reply is not waiting for approval.", 409)
    if item.author == actor:
        raise Refusal("Two pairs of eyes: somebody else has to approve what you wrote.", 403)
    item.needs_approval, item.approved_by, item.not_before = False, actor, now
    _one_held_less(session, item.conversation_id)
    events.record(session, "reply_approved", now, conversation_id=item.conversation_id, actor=actor, outbox_id=item.id)


def cancel(session: Session, item_id: int, actor: str, now: datetime) -> None:
    """Do not send it. Refused once it may have left: what is sending is settled first."""
    item = _get(session, item_id)
    if item.state not in ("queued", "failed", "unknown"):
        raise Refusal(f"This reply is {item.state}; it cannot be cancelled any more.", 409)
    if item.needs_approval:
        item.needs_approval = False
        _one_held_less(session, item.conversation_id)
    item.state, item.reason = "cancelled", f"Cancelled by {actor}."
    events.record(session, "reply_cancelled", now, conversation_id=item.conversation_id, actor=actor, outbox_id=item.id)


def retry(session: Session, item_id: int, actor: str, now: datetime) -> None:
    """A person decides that a failed or unknown reply goes out (again)."""
    item = _get(session, item_id)
    if item.state not in ("failed", "unknown"):
        raise Refusal(f"Only a failed or unknown reply can be tried again; this one is {item.state}.", 409)
    item.state, item.reason, item.not_before = "queued", "", now
    item.attempts = item.lookups = 0
    item.claim = item.claimed_until = None
    events.record(session, "reply_retried", now, conversation_id=item.conversation_id, actor=actor, outbox_id=item.id)


def _one_held_less(session: Session, conversation_id: int) -> None:
    session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.held_replies > 0)
        .values(held_replies=Conversation.held_replies - 1)
    )


# -- sending ---------------------------------------------------------------------------------------------------------


def dispatch_one(runtime: Runtime) -> bool:
    """Send the reply that is due; False when there is none."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        item_id = claim(session, OutboxItem, _due(now), [OutboxItem.not_before, OutboxItem.id], now, LEASE,
                        runtime.process)  # fmt: skip
        if item_id is None:
            return False
        item = session.get_one(OutboxItem, item_id)
        item.state, item.attempted_at = "sending", None
        item.attempts += 1
        attempt = item.attempts
        account = session.get_one(Account, item.account_id)
        reply = reply_of(session, item)
    connector = runtime.connectors.get(account.name)
    if connector is None:
        _put_back(runtime, item_id, "This account is not in the configuration.", timedelta(minutes=1))
        return True
    if item.origin == "automation" and not _still_wanted(runtime, connector, item_id):
        return True
    if _mark_leaving(runtime, item_id, attempt):
        _send(runtime, connector, item_id, reply)
    return True


def _due(now: datetime) -> list[ColumnElement[bool]]:
    """Queued, due, approved; of an account that may write; and the first of its conversation."""
    earlier = aliased(OutboxItem)
    may_write = exists().where(
        Account.id == OutboxItem.account_id,
        Account.writes_blocked_at.is_(None),
        Account.paused_at.is_(None),
        accounts.login_works(),
        or_(Account.writes_not_before.is_(None), Account.writes_not_before <= now),
    )
    in_turn = ~exists().where(
        earlier.conversation_id == OutboxItem.conversation_id,
        earlier.id < OutboxItem.id,
        earlier.state.in_(("queued", "sending")),
        earlier.needs_approval.is_(False),
    )
    return [
        OutboxItem.state == "queued",
        OutboxItem.not_before <= now,
        OutboxItem.needs_approval.is_(False),
        _has_its_turn(now),
        may_write,
        in_turn,
    ]


def _has_its_turn(now: datetime) -> ColumnElement[bool]:
    """Of an item: fewer than AT_ONCE others of its account are being sent or looked for."""
    other = aliased(OutboxItem)
    full = (
        select(other.account_id)
        .where(other.state.in_(("sending", "unknown")), other.claimed_until > now)
        .group_by(other.account_id)
        .having(func.count() >= AT_ONCE)
    )
    return OutboxItem.account_id.not_in(full)


def reply_of(session: Session, item: OutboxItem) -> Reply:
    """The item as a connector needs it."""
    conversation = session.get_one(Conversation, item.conversation_id)
    subject = session.get(Subject, conversation.subject_id) if conversation.subject_id is not None else None
    accounted_for = session.scalars(
        select(OutboxItem.external_id).where(
            OutboxItem.account_id == item.account_id,
            OutboxItem.external_id.is_not(None),
            or_(
                OutboxItem.conversation_id == item.conversation_id,
                and_(OutboxItem.contact_id == item.contact_id, OutboxItem.contact_id.is_not(None)),
            ),
        )
    )
    return Reply(
        marker=echoes.marker(item),
        way=Way(item.way),
        text=item.text,
        conversation_id=conversation.external_id,
        target_id=item.target_external_id,
        recipient_id=item.recipient_external_id,
        subject_id=subject.external_id if subject is not None else None,
        kind=ConversationKind(conversation.kind),
        written_by_human=item.origin == "agent",
        outside_window=item.outside_window,
        attachment_url=item.attachment_url,
        attempted_at=item.attempted_at,
        known_own_ids=frozenset(one for one in accounted_for if one is not None),
    )


def _still_wanted(runtime: Runtime, connector: Connector, item_id: int) -> bool:
    """Read the thread again and ask every guard once more, just before a machine speaks."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        item = session.get_one(OutboxItem, item_id)
        conversation = session.get_one(Conversation, item.conversation_id)
        account = session.get_one(Account, item.account_id)
        poll = Poll(now, account.history_since)
    try:
        page = connector.read_thread(conversation.external_id, ConversationKind(conversation.kind), poll)
    except ConnectorError as error:
        _settle_error(runtime, item_id, error, left=False)
        return False
    except Exception as error:
        log.exception("a connector broke while reading a thread", item=item_id)
        _settle_error(runtime, item_id, Unavailable(f"the connector failed: {type(error).__name__}"), left=False)
        return False
    with writing(runtime.sessions) as session:
        account = session.get_one(Account, account.id, with_for_update=True)
        store_page(session, account, page, connector, now)
        item = session.get_one(OutboxItem, item_id)
        if item.state != "sending":
            return False
        reason = automation.reason_against(session, runtime, item, now)
        if reason is None:
            return True
        item.state, item.reason, item.claim, item.claimed_until = "cancelled", reason, None, None
        events.record(
            session, "reply_cancelled", now, conversation_id=item.conversation_id, outbox_id=item.id, reason=reason
        )
    log.info("automatic reply not sent", item=item_id, reason=reason)
    return False


def _mark_leaving(runtime: Runtime, item_id: int, attempt: int) -> bool:
    """From this commit on the request may have left. False when the claim was lost: then it is not sent.

    A claim names a process, and a lost item may have been claimed again by another thread of this very process: only
    the attempt that was claimed may leave, and only once.
    """
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        marked = session.execute(
            update(OutboxItem)
            .where(
                OutboxItem.id == item_id,
                OutboxItem.state == "sending",
                OutboxItem.claim == runtime.process,
                OutboxItem.claimed_until > now,
                OutboxItem.attempts == attempt,
                OutboxItem.attempted_at.is_(None),
            )
            .values(attempted_at=now, claimed_until=now + LEASE)
            .returning(OutboxItem.account_id)
        ).scalar_one_or_none()
        if marked is not None:
            account = session.get_one(Account, marked, with_for_update=True)
            pace = timedelta(seconds=60 / runtime.channels[account.channel].capabilities.sends_per_minute)
            account.writes_not_before = max(account.writes_not_before or now - SAVED_UP, now - SAVED_UP) + pace
    return marked is not None


def _channel(session: Session, account_id: int) -> str:
    return session.execute(select(Account.channel).where(Account.id == account_id)).scalar_one()


def _send(runtime: Runtime, connector: Connector, item_id: int, reply: Reply) -> None:
    try:
        receipt = connector.send(reply, runtime.clock())
    except ConnectorError as error:
        _settle_error(runtime, item_id, error, left=True)
    except Exception as error:
        # A bug after the request may have left is doubt, not certainty.
        log.exception("a connector broke while sending", item=item_id)
        _settle_error(runtime, item_id, OutcomeUnknown(f"the connector failed: {type(error).__name__}"), left=True)
    else:
        _settle_receipt(runtime, item_id, receipt)


# -- settling --------------------------------------------------------------------------------------------------------


def _settle_receipt(runtime: Runtime, item_id: int, receipt: Receipt) -> None:
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        item = session.get_one(OutboxItem, item_id, with_for_update=True)
        account = session.get_one(Account, item.account_id, with_for_update=True)
        connector = runtime.channels[account.channel]
        accounts.count_usage(session, account, receipt.usage, connector.capabilities.prices, now)
        if item.state == "sent":
            return
        if _belongs_to_another(session, item, receipt.external_id):
            log.warning("two replies claim the same message", item=item_id, external_id=receipt.external_id)
            _one_look_more(session, item, now)
            return
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
                attachments=[],
            )
            .returning(Message.id)
        ).scalar_one()
    echoes.adopt(session, item, message_id, home.id)
    threads.refresh(session, [home.id, item.conversation_id], now)


def _belongs_to_another(session: Session, item: OutboxItem, external_id: str) -> bool:
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


def _settle_error(runtime: Runtime, item_id: int, error: ConnectorError, *, left: bool) -> None:
    """Sort an error by what must happen next. `left` is False while nothing of the reply itself has been sent."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        item = session.get_one(OutboxItem, item_id, with_for_update=True)
        account = session.get_one(Account, item.account_id, with_for_update=True)
        connector = runtime.channels[account.channel]
        accounts.count_usage(session, account, error.usage, connector.capabilities.prices, now)
        if item.state != "sending":
            return
        item.claim = item.claimed_until = None
        match error:
            case OutcomeUnknown():
                _doubt(item, str(error), now)
            case Refused(reason=RefusalReason.DUPLICATE) if left:
                _doubt(item, ALREADY_THERE, now)
            case Refused():
                refusals.note(session, item, error.reason, now)
                _fail(session, item, refusals.sentence(error.reason, str(error)), now)
            case RateLimited() | LoginExpired() | WritesBlocked():
                accounts.note_failure(session, account, error, now)
                _wait(session, item, account, error, now, left=left)
            case Misconfigured():
                _fail(session, item, f"The platform cannot take it: {error}", now)
            case Unavailable() | NothingHappened():
                _wait(session, item, account, error, now, left=left)
            case _:
                assert_never(error)  # type: ignore[arg-type]
    metrics.sent(account.channel, item.origin, item.state)
    log.warning("reply not sent", account=account.name, item=item_id, state=item.state, error=str(error))


def _doubt(item: OutboxItem, reason: str, now: datetime) -> None:
    item.state = "unknown"
    item.reason = f"It may have gone out: {reason} Looking for it on the platform."
    item.lookups, item.not_before = 0, now + LOOKUPS[0]


def _fail(session: Session, item: OutboxItem, reason: str, now: datetime) -> None:
    item.state, item.reason = "failed", reason[:1000]
    events.record(
        session, "reply_failed", now, conversation_id=item.conversation_id, outbox_id=item.id, reason=item.reason
    )


def _wait(
    session: Session, item: OutboxItem, account: Account, error: ConnectorError, now: datetime, *, left: bool
) -> None:
    """Certain that nothing happened: the item waits, until the told time or ever longer, and at last fails.

    A limit on writing holds up the account's other replies too; one on reading the thread again does not.
    """
    waits_for_person = isinstance(error, (LoginExpired, WritesBlocked))
    if item.origin == "automation" and (waits_for_person or now - item.created_at > TOO_LATE):
        item.state, item.reason = "cancelled", f"Not sent automatically: {error}"[:1000]
        return
    if isinstance(error, RateLimited):
        until = error.until or now + timedelta(seconds=60) * 2 ** min(item.attempts - 1, 6)
        if left:
            account.writes_not_before = max(account.writes_not_before or now, until)
        item.attempts = min(item.attempts, RETRIES - 1)
    elif waits_for_person:
        until = now + timedelta(minutes=1)
    elif item.attempts >= RETRIES:
        _fail(session, item, f"Tried {item.attempts} times, nothing went out. Last error: {error}", now)
        return
    else:
        until = now + min(timedelta(seconds=2) * 2 ** (item.attempts - 1), LONGEST_WAIT)
    item.state, item.reason, item.not_before = "queued", f"Waiting: {error}"[:1000], until


def _put_back(runtime: Runtime, item_id: int, reason: str, wait: timedelta) -> None:
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        session.execute(
            update(OutboxItem)
            .where(OutboxItem.id == item_id, OutboxItem.state == "sending")
            .values(state="queued", reason=reason, not_before=now + wait, claim=None, claimed_until=None)
        )


# -- doubt -----------------------------------------------------------------------------------------------------------


def reconcile_one(runtime: Runtime) -> bool:
    """Settle one reply of which nobody knows whether it went out, by reading back; False when there is none."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        _take_over_abandoned(session, now)
        item_id = claim(
            session,
            OutboxItem,
            [
                OutboxItem.state == "unknown",
                OutboxItem.not_before <= now,
                OutboxItem.lookups < len(LOOKUPS),
                _has_its_turn(now),
            ],
            [OutboxItem.not_before],
            now,
            LEASE,
            runtime.process,
        )
        if item_id is None:
            return False
        item = session.get_one(OutboxItem, item_id)
        account = session.get_one(Account, item.account_id)
        reply = reply_of(session, item)
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
        _settle_receipt(runtime, item_id, receipt)
    else:
        _not_found(runtime, item_id)
    return True


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
            _doubt(item, "The program ended while it was being sent.", now)
    session.flush()


def _look_later(runtime: Runtime, item_id: int, error: ConnectorError) -> None:
    """The platform does not answer: the doubt stays, no look has been used up. Ever more rarely as time goes by."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        item = session.get_one(OutboxItem, item_id, with_for_update=True)
        doubted_for = now - (item.attempted_at or now)
        until = now + min(max(timedelta(seconds=5), doubted_for / 4), LONGEST_WAIT)
        if isinstance(error, RateLimited) and error.until is not None:
            until = error.until
        account = session.get_one(Account, item.account_id, with_for_update=True)
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
        _one_look_more(session, item, now)
        channel = _channel(session, item.account_id)
    if item.state == "failed":
        metrics.sent(channel, item.origin, "failed")


def _one_look_more(session: Session, item: OutboxItem, now: datetime) -> None:
    item.lookups += 1
    item.claim = item.claimed_until = None
    if item.lookups < len(LOOKUPS):
        item.state, item.not_before = "unknown", now + LOOKUPS[item.lookups]
    elif ALREADY_THERE in item.reason:
        _fail(session, item, refusals.SENTENCES[RefusalReason.DUPLICATE], now)
    else:
        _fail(
            session,
            item,
            f"Not delivered: the answer of the platform was lost, and after {item.lookups} looks the reply is not on "
            "the platform. Send it again if it is still wanted.",
            now,
        )
