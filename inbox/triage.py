"""Steps 4 and 5: understand what arrived and apply what the playbook decides, in one transaction a batch.

Nothing here waits for the network: a slow platform cannot delay a crisis. What cannot be decided is shown to a person.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session, load_only

from crisis_playbook import Playbook
from inbox import due_times, events
from inbox.among import among
from inbox.db import reading, writing
from inbox.errors import UNEXPECTED, InboxError
from inbox.judging import Batch
from inbox.models import Conversation, Message, table
from inbox.runtime import Runtime

log = structlog.get_logger("triage")

BATCH = 100
"""As many as a page brings: what is asked once for a batch is asked for more of them. Few enough that on SQLite, where
one writes at a time, a push need not wait long for its turn."""


def triage_one(runtime: Runtime) -> bool:
    """Understand the oldest messages that wait for it; False when none does."""
    if not _any_waiting(runtime):
        return False
    try:
        return _judge_some(runtime, BATCH)
    except (InboxError, SQLAlchemyError, *UNEXPECTED):
        # One message, or one rule's step, must not hold up all others.
        log.exception("some messages could not be judged together; one by one now")
    for _ in range(BATCH):
        try:
            if not _judge_some(runtime, 1):
                break
        except OperationalError:
            raise
        except (InboxError, SQLAlchemyError, *UNEXPECTED) as error:
            log.exception("a message could not be judged; a person must read it")
            _leave_to_a_person(runtime, error)
    return True


def _judge_some(runtime: Runtime, most: int) -> bool:
    playbook = runtime.playbook.current()
    now = runtime.clock()
    with writing(runtime.sessions, repeatable=True) as session:
        messages = session.scalars(_WAITING, {"most": most}).all()
        if not messages:
            return False
        batch = Batch.load(session, runtime, playbook, messages, now)
        batch.judge()
        with session.no_autoflush:
            _set_clocks(session, runtime, playbook, batch, now)
        session.execute(_TRIAGED, {"now": now, "ids": [message.id for message in messages]})
    return True


# Written once: putting a statement together costs more than running it.
_WAITING = (
    select(Message)
    .options(
        load_only(
            Message.account_id, Message.conversation_id, Message.contact_id, Message.external_id, Message.direction,
            Message.origin, Message.visibility, Message.text, Message.sent_at, Message.attachments, Message.addressed,
            Message.history, Message.deleted_at,
        )
    )
    .where(Message.triaged_at.is_(None))
    .order_by(Message.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)  # fmt: skip
_ANY_WAITING = select(Message.id).where(Message.triaged_at.is_(None)).limit(1)
_MESSAGES = table(Message)
_TRIAGED = update(_MESSAGES).where(among(_MESSAGES.c.id)).values(triaged_at=bindparam("now"))


def _leave_to_a_person(runtime: Runtime, error: Exception) -> None:
    """The oldest waiting message cannot be judged: it counts as looked at, and the timeline says that it was not."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        message = session.scalars(_WAITING, {"most": 1}).first()
        if message is not None:
            message.triaged_at = now
            events.record(
                session, "judging_failed", now, conversation_id=message.conversation_id, actor="playbook",
                message_id=message.id, reason=type(error).__name__,
            )  # fmt: skip


def _any_waiting(runtime: Runtime) -> bool:
    with reading(runtime.sessions) as session:
        return session.execute(_ANY_WAITING).first() is not None


def _set_clocks(session: Session, runtime: Runtime, playbook: Playbook, batch: Batch, now: datetime) -> None:
    """Due times, places in the queue and reply windows of every conversation of the batch."""
    found = list(batch.threads.values())
    accounts = {account.id: account.name for account in batch.accounts.values()}
    for_all = due_times.severity_for_all(session, runtime, now)
    due_times.work_out(playbook, found, accounts, batch.labels, for_all, runtime.settings.inbox, now)
    for conversation in found:
        conversation.reply_window_ends_at = batch.private_window_ends_at(conversation)
    # The same columns for all, changed or not: one statement writes the whole batch.
    rows = [{"of": one.id, **{column: getattr(one, column) for column in _OF_TRIAGE}} for one in found]
    session.execute(_UNDERSTOOD, rows)
    for conversation in found:
        session.expire(conversation)


_OF_TRIAGE = (
    "breached_at", "due_at", "due_under", "hold_replies", "language", "open_suggestions", "queue_position",
    "reply_window_ends_at", "severity", "unread",
)  # fmt: skip
_CONVERSATIONS = table(Conversation)
_UNDERSTOOD = (
    update(_CONVERSATIONS)
    .where(_CONVERSATIONS.c.id == bindparam("of"))
    .values({column: bindparam(column) for column in _OF_TRIAGE})
)


def note_breaches(session: Session, now: datetime, most: int = 200) -> int:
    """Write down every clock that has run out, once each; how many."""
    late = session.execute(
        select(Conversation.id, Conversation.clock_kind)
        .where(Conversation.due_at <= now, Conversation.breached_at.is_(None), Conversation.status != "resolved")
        .limit(most)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    for row in late:
        session.execute(update(Conversation).where(Conversation.id == row.id).values(breached_at=now))
        events.record(session, "target_missed", now, conversation_id=row.id, actor="daemon", clock=row.clock_kind)
    return len(late)
