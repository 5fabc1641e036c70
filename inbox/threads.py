"""Conversations as rows: found or made for arriving messages, and brought up to date from the messages they hold.

Everything here follows from the messages alone, so any order of arrival ends in the same row.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from connectors.base import InboundMessage
from inbox.among import among
from inbox.models import Account, Conversation, Message, OutboxItem, table

PREVIEW = 200
"""Characters of the latest message shown in a list."""
NOT_WAITING = 200_000_000_000
"""Above every due time in epoch seconds until the year 8307."""
CRISES_FIRST = 100_000_000_000
"""Taken off the due time of a crisis, so that it stands before every other one: the same indexes hold both."""
HISTORY_STAYS_OPEN = timedelta(days=7)
HUMAN = ("agent", "native")
_MOVED = (OutboxItem.origin == "agent", OutboxItem.state == "sent", OutboxItem.visibility == "private")
"""A person's private answer out of a public thread: it stands elsewhere, and it is an answer to this one."""


def find_or_add(
    session: Session,
    account: Account,
    messages: Sequence[InboundMessage],
    people: Mapping[str, int],
    posts: Mapping[str, int],
) -> dict[str, int]:
    """The conversation ids of these messages, by external id."""
    first: dict[str, InboundMessage] = {}
    for message in messages:
        kept = first.get(message.conversation_id)
        if (
            kept is None
            or (kept.own and not message.own)
            or (kept.own == message.own and message.sent_at < kept.sent_at)
        ):
            first[message.conversation_id] = message
    rows = session.execute(_KNOWN, {"account": account.id, "ids": first}).all()
    found = {row.external_id: row.id for row in rows}
    for row in rows:
        message = first[row.external_id]
        news = {}
        if row.contact_id is None and (contact_id := _correspondent(message, people)) is not None:
            news["contact_id"] = contact_id
        if row.subject_id is None and message.subject is not None:
            news["subject_id"] = posts[message.subject.external_id]
        if news:
            session.execute(update(Conversation).where(Conversation.id == row.id).values(**news))
    missing = [
        _row(account, message, people, posts) for external_id, message in first.items() if external_id not in found
    ]
    if missing:
        added = session.execute(_ADD, missing)
        found |= {external_id: conversation_id for conversation_id, external_id in added}
    return found


_CONVERSATIONS = table(Conversation)
_ADD = insert(_CONVERSATIONS).returning(_CONVERSATIONS.c.id, _CONVERSATIONS.c.external_id)
_KNOWN = select(*(_CONVERSATIONS.c[name] for name in ("id", "external_id", "contact_id", "subject_id"))).where(
    _CONVERSATIONS.c.account_id == bindparam("account"), among(_CONVERSATIONS.c.external_id)
)


def _correspondent(message: InboundMessage, people: Mapping[str, int]) -> int | None:
    person = message.correspondent or (None if message.own else message.author)
    return people.get(person.external_id) if person is not None and person.external_id else None


def _row(
    account: Account, message: InboundMessage, people: Mapping[str, int], posts: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "account_id": account.id,
        "channel": account.channel,
        "external_id": message.conversation_id,
        "kind": str(message.kind),
        "visibility": str(message.visibility),
        "contact_id": _correspondent(message, people),
        "subject_id": posts[message.subject.external_id] if message.subject is not None else None,
        "permalink": message.permalink,
        "last_message_at": message.sent_at,
        "queue_position": queue_position(None, message.sent_at, "none"),
        "history": message.sent_at < account.connected_at,
    }


def queue_position(due_at: datetime | None, last_message_at: datetime, severity: str) -> int:
    """Where a conversation stands among all: smaller is more urgent. First those judged a crisis, then all others who
    wait, each in the order in which an answer is due; those nobody waits in come last, newest first."""
    if due_at is not None:
        return int(due_at.timestamp()) - (CRISES_FIRST if severity == "crisis" else 0)
    return NOT_WAITING - int(last_message_at.timestamp())


def refresh(
    session: Session, conversation_ids: Iterable[int], now: datetime, *, wrote: Container[int] = frozenset()
) -> None:
    """Bring the derived columns of these conversations up to date with their messages.

    A human's answer (here or in the platform's app) stops the clock; an automatic one does not. The due time of a
    clock that starts is set by triage, which knows the playbook's targets; until then the conversation shows as new.
    `wrote`: conversations in which a customer's message has just arrived, whenever it was written.
    """
    ids = list(conversation_ids)
    if not ids:
        return
    session.flush()
    # In one order everywhere: who locks the same rows the other way round waits for us, and we for them.
    facts = sorted(session.execute(_FACTS, {"ids": ids}), key=lambda row: row.id)
    changes = [_derive(row, row.id in wrote, now) for row in facts]
    session.execute(_BRING_UP_TO_DATE, changes)
    refreshed = set(ids)
    for row in list(session.identity_map.values()):
        if isinstance(row, Conversation) and row.id in refreshed:
            session.expire(row)


def _of_the_newest(column: Any, *where: Any) -> Any:
    """A column of the thread's last message that fits; an index lookup."""
    return _first_in_thread(column, *where, order=(Message.sent_at.desc(), Message.external_id.desc()))


def _of_the_first(column: Any, *where: Any) -> Any:
    return _first_in_thread(column, *where, order=(Message.sent_at, Message.external_id))


def _first_in_thread(column: Any, *where: Any, order: tuple[Any, ...]) -> Any:
    return (
        select(column)
        .where(Message.conversation_id == Conversation.id, *where)
        .order_by(*order)
        .limit(1)
        .correlate(Conversation)
        .scalar_subquery()
    )


def _oldest(column: Any, *where: Any) -> Any:
    return (
        select(func.min(column))
        .where(Message.conversation_id == Conversation.id, *where)
        .correlate(Conversation)
        .scalar_subquery()
    )


def _moved(column: Any) -> Any:
    """Of the private answers to a public thread."""
    return (
        select(column)
        .where(OutboxItem.conversation_id == Conversation.id, Conversation.visibility == "public", *_MOVED)
        .correlate(Conversation)
        .scalar_subquery()
    )


def _answered_later() -> Any:
    """A human's message stands in the thread at or after this one."""
    answer = aliased(Message)
    return (
        select(answer.id)
        .where(
            answer.conversation_id == Message.conversation_id,
            answer.direction == "outbound",
            answer.origin.in_(HUMAN),
            answer.sent_at >= Message.sent_at,
        )
        .exists()
    )


def _answered_privately() -> Any:
    return (
        select(OutboxItem.id)
        .where(OutboxItem.conversation_id == Message.conversation_id, *_MOVED, OutboxItem.sent_at >= Message.sent_at)
        .correlate(Message)
        .exists()
    )


def _news() -> Any:
    """How many messages are no history."""
    return (
        select(func.count())
        .select_from(Message)
        .where(Message.conversation_id == Conversation.id, Message.history.is_(False))
        .correlate(Conversation)
        .scalar_subquery()
    )


def _facts() -> Select[Any]:
    """One row a conversation; every column an index lookup in the thread."""
    theirs = Message.direction == "inbound"
    standing = Message.deleted_at.is_(None)
    human = and_(Message.direction == "outbound", Message.origin.in_(HUMAN))
    answered_later = _answered_later()
    first_inbound = _oldest(Message.sent_at, theirs)
    waiting = _oldest(
        Message.sent_at,
        theirs,
        standing,
        Message.addressed.is_(True),
        Message.history.is_(False),
        ~answered_later,
        ~and_(Message.visibility == "public", _answered_privately()),
    )
    return select(
        Conversation.id,
        Conversation.status,
        Conversation.last_message_at.label("shown_last"),
        Conversation.waiting_since.label("was_waiting"),
        Conversation.due_at,
        Conversation.severity,
        Conversation.version,
        Conversation.contact_id,
        _of_the_first(Message.contact_id, theirs, Message.contact_id.is_not(None)).label("opened_by"),
        _moved(func.max(OutboxItem.sent_at)).label("last_moved_at"),
        _moved(func.min(OutboxItem.sent_at)).label("first_moved_at"),
        _of_the_newest(Message.sent_at).label("last_message_at"),
        _of_the_newest(Message.text, standing).label("preview"),
        _of_the_newest(Message.sent_at, theirs).label("last_inbound_at"),
        _of_the_newest(Message.sent_at, human).label("last_human_reply_at"),
        _oldest(Message.sent_at, human, Message.sent_at >= first_inbound).label("first_replied_at"),
        waiting.label("waiting_since"),
        _oldest(Message.sent_at, theirs, standing, Message.history.is_(True), ~answered_later).label("history_waiting"),
        _news().label("news"),
    ).where(among(Conversation.id))


_FACTS = _facts()
_BRING_UP_TO_DATE = update(_CONVERSATIONS).where(_CONVERSATIONS.c.id == bindparam("of"))


def _derive(row: Any, wrote: bool, now: datetime) -> dict[str, Any]:
    waiting = row.waiting_since
    human_reply = max(filter(None, (row.last_human_reply_at, row.last_moved_at)), default=None)
    first_reply = min(filter(None, (row.first_replied_at, row.first_moved_at)), default=None)
    due_at = row.due_at if waiting is not None and waiting == row.was_waiting else None
    last = row.last_message_at or row.shown_last
    return {
        "of": row.id,
        "version": row.version + 1,
        "last_message_at": last,
        "preview": " ".join((row.preview or "").split())[:PREVIEW],
        "last_inbound_at": row.last_inbound_at,
        "last_human_reply_at": human_reply,
        "first_replied_at": first_reply,
        "contact_id": row.opened_by if row.opened_by is not None else row.contact_id,
        "waiting_since": waiting,
        "clock_kind": None if waiting is None else ("next_response" if first_reply is not None else "first_response"),
        "due_at": due_at,
        "queue_position": queue_position(due_at, last, row.severity),
        "history": row.news == 0,
        "status": _status(row, waiting, human_reply, wrote, now),
    }


def _status(row: Any, waiting: datetime | None, human_reply: datetime | None, wrote: bool, now: datetime) -> str:
    """A person's decision (snoozed, resolved) holds until a message arrives that waits for an answer."""
    if row.news == 0:
        return _status_of_history(row, now)
    if row.status in ("resolved", "snoozed") and not (wrote and waiting is not None):
        return str(row.status)
    if waiting is not None:
        return "open"
    return "pending" if human_reply is not None else "open"


def _status_of_history(row: Any, now: datetime) -> str:
    """What was left unanswered in the last days is worth a look; the rest of the past is settled."""
    if row.status == "snoozed":
        return "snoozed"
    unanswered = row.history_waiting is not None and row.last_inbound_at is not None
    return "open" if unanswered and row.last_inbound_at > now - HISTORY_STAYS_OPEN else "resolved"
