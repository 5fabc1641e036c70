"""Step 8: claim and send. `settling` sorts what came of it, `reconcile` settles doubt. Nothing is sent twice.

    queued ──claim──> sending ──┬─> sent
       ^                        ├─> queued again     certain that nothing happened: wait and try again
       └── nothing had left ────┤
                                ├─> failed           refused for ever, with what a person can do instead
                                └─> unknown ──read back──> sent, or failed: "looked for it, it is not there"

`attempted_at` is written just before the request leaves. A row that is `sending` without it never left this machine.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import structlog
from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from connectors.base import (
    Connector,
    ConnectorError,
    OutcomeUnknown,
    Poll,
    Reply,
    Unavailable,
    Way,
)
from connectors.base import Kind as ConversationKind
from inbox import (
    accounts,
    attachments,
    automation,
    conversations,
    echoes,
    events,
    last_look,
    resting,
    settling,
    uploading,
)
from inbox.claims import NOW, Claiming, claim, claiming
from inbox.db import reading, writing
from inbox.errors import NotThere, Refusal
from inbox.models import Account, Conversation, OutboxItem, Subject
from inbox.poll import store_page
from inbox.runtime import Runtime
from inbox.settling import Attempt

log = structlog.get_logger("outbox")

LEASE = timedelta(seconds=25)
"""Longer than a send with its time-outs. What is still `sending` then is in doubt."""
LEASE_WITH_FILES = timedelta(seconds=90)
"""Some platforms take a picture within the reply, or fetch it while they are asked."""
SAVED_UP = timedelta(seconds=60)
"""An account that was quiet for so long may send as much at once; only who goes on writing is held to the pace."""
AT_ONCE = 2
"""Replies of one account in hand at the same time: a platform that hangs must not take the threads of all."""


# -- what people do with items ---------------------------------------------------------------------------------------


def _get(session: Session, item_id: int) -> OutboxItem:
    item = session.get(OutboxItem, item_id, with_for_update=True, populate_existing=True)
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
    for part in _later_parts(session, item, "queued", "failed"):
        cancel(session, part.id, actor, now)


def retry(session: Session, item_id: int, actor: str, now: datetime) -> None:
    """A person decides that a failed or unknown reply goes out (again)."""
    item = _get(session, item_id)
    if item.state not in ("failed", "unknown"):
        raise Refusal(f"Only a failed or unknown reply can be tried again; this one is {item.state}.", 409)
    item.state, item.reason, item.not_before = "queued", "", now
    item.attempts = item.lookups = 0
    item.claim = item.claimed_until = None
    events.record(session, "reply_retried", now, conversation_id=item.conversation_id, actor=actor, outbox_id=item.id)
    for part in _later_parts(session, item, "failed"):
        retry(session, part.id, actor, now)


def _later_parts(session: Session, item: OutboxItem, *states: str) -> list[OutboxItem]:
    """What goes out only after this one."""
    query = select(OutboxItem).where(OutboxItem.follows_id == item.id, OutboxItem.state.in_(states))
    return list(session.scalars(query.order_by(OutboxItem.id)))


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
    # The commit before it leaves makes this one last.
    with writing(runtime.sessions, repeatable=True) as session:
        item_id = claim(session, _next(), now, LEASE, runtime.process)
        if item_id is None:
            return False
        item = session.get_one(OutboxItem, item_id)
        item.state, item.attempted_at = "sending", None
        item.attempts += 1
        attempt, with_files = Attempt(item_id, item.attempts), item.attachment_count > 0
        account = session.get_one(Account, item.account_id)
        reply = reply_of(session, runtime, item)
    connector = runtime.connectors.get(account.name)
    if connector is None:
        with writing(runtime.sessions) as session:
            why = "This account is not in the configuration."
            settling.put_back(session, attempt, why, timedelta(minutes=1), runtime.clock())
        return True
    if with_files:
        files = uploading.bring(runtime, connector, attempt)
        if files is None:
            return True
        reply = replace(reply, files=files)
    leaves = _leaves_if_still_wanted if item.origin == "automation" else _mark_leaving
    leaving = leaves(runtime, connector, attempt)
    if leaving is not None:
        _send(runtime, connector, leaving, reply)
    return True


@cache
def _next() -> Claiming:
    return claiming(OutboxItem, _due(), [OutboxItem.not_before, OutboxItem.id])


def _due() -> list[ColumnElement[bool]]:
    """Queued, due, approved; of an account that may write; and the first of its conversation."""
    earlier = aliased(OutboxItem)
    may_write = exists().where(
        Account.id == OutboxItem.account_id,
        Account.writes_blocked_at.is_(None),
        Account.paused_at.is_(None),
        accounts.login_works(),
        or_(Account.writes_not_before.is_(None), Account.writes_not_before <= NOW),
    )
    in_turn = ~exists().where(
        earlier.conversation_id == OutboxItem.conversation_id,
        earlier.id < OutboxItem.id,
        earlier.state.in_(("queued", "sending")),
        earlier.needs_approval.is_(False),
        # A person does not wait for what a machine was told to wait for.
        or_(earlier.state == "sending", earlier.origin == "agent", OutboxItem.origin == "automation"),
    )
    first_part = aliased(OutboxItem)
    first_part_is_there = or_(
        OutboxItem.follows_id.is_(None),
        exists().where(first_part.id == OutboxItem.follows_id, first_part.state == "sent"),
    )
    return [
        OutboxItem.state == "queued",
        OutboxItem.not_before <= NOW,
        OutboxItem.needs_approval.is_(False),
        has_its_turn(),
        ~resting.is_silent(),
        may_write,
        in_turn,
        first_part_is_there,
    ]


def has_its_turn() -> ColumnElement[bool]:
    """Of an item: fewer than AT_ONCE others of its account are being sent or looked for."""
    other = aliased(OutboxItem)
    full = (
        select(other.account_id)
        .where(other.state.in_(("sending", "unknown")), other.claimed_until > NOW)
        .group_by(other.account_id)
        .having(func.count() >= AT_ONCE)
    )
    return OutboxItem.account_id.not_in(full)


def reply_of(session: Session, runtime: Runtime, item: OutboxItem) -> Reply:
    """The item as a connector needs it to look for it; its files without their bytes."""
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
        files=tuple(attachments.media(runtime, file) for file in attachments.of_item(session, item.id))
        if item.attachment_count
        else (),
        attempted_at=item.attempted_at,
        known_own_ids=frozenset(one for one in accounted_for if one is not None),
    )


def _leaves_if_still_wanted(runtime: Runtime, connector: Connector, attempt: Attempt) -> Attempt | None:
    """Read the thread again and ask every guard once more, just before a machine speaks."""
    now = runtime.clock()
    with reading(runtime.sessions) as session:
        item = session.get_one(OutboxItem, attempt.item_id)
        conversation = session.get_one(Conversation, item.conversation_id)
        account = session.get_one(Account, item.account_id)
        poll = Poll(now, account.history_since)
    try:
        page = connector.read_thread(conversation.external_id, ConversationKind(conversation.kind), poll)
    except ConnectorError as error:
        settling.settle_error(runtime, attempt, error)
        return None
    except Exception as error:
        log.exception("a connector broke while reading a thread", item=attempt.item_id)
        settling.settle_error(runtime, attempt, Unavailable(f"the connector failed: {type(error).__name__}"))
        return None
    with writing(runtime.sessions) as session:
        account = accounts.locked(session, account.id)
        store_page(session, account, page, connector, now)
        # A colleague who answers in this very moment holds the conversation: either of the two sees the other.
        session.flush()
        conversation = conversations.get(session, conversation.id, lock=True)
        item = session.get_one(OutboxItem, attempt.item_id, with_for_update=True, populate_existing=True)
        if not attempt.is_in_hand(item):
            return None
        reason = automation.reason_against(session, runtime, item, now)
        if reason is not None:
            _give_up(session, item, reason, now)
            return None
        doubt = last_look.doubt(session, conversation, item, page)
        if doubt is None or (doubt.believed_at_last and item.lookups + 1 >= last_look.LOOKS):
            return _leaving(session, runtime, attempt)
        settling.look_at_thread_again(session, item, doubt, now)
    return None


def _give_up(session: Session, item: OutboxItem, reason: str, now: datetime) -> None:
    item.state, item.reason, item.claim, item.claimed_until = "cancelled", reason, None, None
    events.record(
        session, "reply_cancelled", now, conversation_id=item.conversation_id, outbox_id=item.id, reason=reason
    )
    log.info("automatic reply not sent", item=item.id, reason=reason)


def _mark_leaving(runtime: Runtime, _connector: Connector, attempt: Attempt) -> Attempt | None:
    """What a person wrote leaves as it is."""
    with writing(runtime.sessions) as session:
        return _leaving(session, runtime, attempt)


def _leaving(session: Session, runtime: Runtime, attempt: Attempt) -> Attempt | None:
    """From the commit on the request may have left. None when the claim was lost, or when the account may not write
    any more: then it is not sent.

    A claim names a process, and a lost item may have been claimed again by another thread of this very process: only
    the attempt that was claimed may leave, and only once.
    """
    now = runtime.clock()
    item = session.get_one(OutboxItem, attempt.item_id)
    account = accounts.locked(session, item.account_id)
    if account.writes_blocked_at is not None or account.paused_at is not None:
        settling.put_back(session, attempt, "The account was stopped before this left.", timedelta(0), now)
        return None
    marked = session.execute(
        update(OutboxItem)
        .where(
            OutboxItem.id == attempt.item_id,
            OutboxItem.state == "sending",
            OutboxItem.claim == runtime.process,
            OutboxItem.claimed_until > now,
            OutboxItem.attempts == attempt.number,
            OutboxItem.attempted_at.is_(None),
        )
        .values(attempted_at=now, claimed_until=now + (LEASE_WITH_FILES if item.attachment_count else LEASE))
        .returning(OutboxItem.id)
    ).scalar_one_or_none()
    if marked is None:
        return None
    pace = timedelta(seconds=60 / runtime.channels[account.channel].capabilities.sends_per_minute)
    account.writes_not_before = max(account.writes_not_before or now - SAVED_UP, now - SAVED_UP) + pace
    return replace(attempt, left_at=now)


def _send(runtime: Runtime, connector: Connector, attempt: Attempt, reply: Reply) -> None:
    try:
        receipt = connector.send(reply, runtime.clock())
    except ConnectorError as error:
        settling.settle_error(runtime, attempt, error)
    except Exception as error:
        # A bug after the request may have left is doubt, not certainty.
        log.exception("a connector broke while sending", item=attempt.item_id)
        settling.settle_error(runtime, attempt, OutcomeUnknown(f"the connector failed: {type(error).__name__}"))
    else:
        settling.settle_receipt(runtime, attempt.item_id, receipt)
