"""How a person can be answered now: what the platform's law says, asked with what our rows know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from connectors.base import Kind, Situation, Visibility, Way, WayOption, WayState
from inbox.among import among
from inbox.models import Account, Contact, Conversation, Message, OutboxItem, table
from inbox.runtime import Channels

PRIVATE_WAYS = (Way.PRIVATE_REPLY, Way.DIRECT_MESSAGE)
SENDABLE = (Way.PUBLIC_REPLY, Way.PRIVATE_REPLY, Way.DIRECT_MESSAGE, Way.PUBLIC_REPLY_WITH_LINK, Way.ASK_TO_WRITE_FIRST)

SENTENCES = {
    "open": "Open.",
    "window_closed": "The reply window is closed: the platform lets us write only for a limited time after the "
    "person's last message.",
    "human_agent": "Only a person may answer now, under the platform's human-agent rule.",
    "already_replied_privately": "This comment has had its one private reply. The person has to answer first.",
    "comment_too_old": "The comment is too old for a private reply; the platform allows seven days.",
    "not_summoned": "The platform lets a program answer only where the author mentioned us in that very post.",
    "person_unavailable": "This person cannot be reached: they blocked us, left, or take no messages.",
    "needs_person_first": "The person has to write to us first.",
    "target_gone": "The message to be answered was deleted.",
    "author_unknown": "The platform does not tell who wrote this.",
    "not_permitted": "The platform does not allow it here.",
}

INSTEAD = {
    Way.PUBLIC_REPLY: "Answer publicly: everybody reads it.",
    Way.PRIVATE_REPLY: "Send the one private reply to this comment.",
    Way.DIRECT_MESSAGE: "Write to the person privately.",
    Way.PUBLIC_REPLY_WITH_LINK: "Answer publicly with a link that opens a private message to us.",
    Way.ASK_TO_WRITE_FIRST: "Ask the person publicly to write to us privately first.",
    Way.ON_PLATFORM: "Answer in the platform's own app.",
}
"""What an open way is good for, when another one is closed."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way of answering, in words a person can act on."""

    way: Way
    visibility: Visibility
    state: WayState
    reason: str
    sentence: str
    deadline: datetime | None
    outside_window: bool


def visibility_of(way: Way) -> Visibility:
    """Who reads an answer that goes this way."""
    return Visibility.PRIVATE if way in PRIVATE_WAYS else Visibility.PUBLIC


def latest_inbound(session: Session, conversation_id: int) -> Message | None:
    """The customer's message an answer would answer: their latest that still stands."""
    return session.scalars(_LATEST_INBOUND, {"ids": [conversation_id]}).one_or_none()


def correspondent(conversation: Conversation, target: Message | None) -> int | None:
    """The contact an answer speaks to: in a public thread of many whoever wrote the message that is answered, and
    nobody we know where the platform withheld who that is."""
    return conversation.contact_id if target is None else _correspondent(conversation, target.contact_id)


def _correspondent(conversation: Conversation, author_id: int | None) -> int | None:
    there: int | None = conversation.contact_id
    return author_id if conversation.visibility == "public" else there


def situations(
    session: Session,
    conversations: Sequence[Conversation],
    now: datetime,
    *,
    human: bool,
    answered: Mapping[int, Message] = MappingProxyType({}),
) -> dict[int, Situation]:
    """Everything our rows know that decides which ways are open, by conversation: a query a table, however many.

    `answered`: the message to be answered by conversation, where it is not the customer's latest.
    """
    ids = [conversation.id for conversation in conversations]
    targets: dict[int, Any] = {row.conversation_id: row for row in session.execute(_TARGETS, {"ids": ids})}
    for conversation_id, message in answered.items():
        targets.pop(conversation_id, None)
        if message.deleted_at is None:
            targets[conversation_id] = message
    authors = {conversation_id: row.contact_id for conversation_id, row in targets.items()}
    people = {one.id: _correspondent(one, authors.get(one.id, one.contact_id)) for one in conversations}
    named = [contact_id for contact_id in people.values() if contact_id is not None]
    contacts = {row.id: row.unavailable_at is not None for row in session.execute(_CONTACTS, {"ids": named})}
    written = _last_private_words(session, contacts)
    account_ids = {conversation.account_id for conversation in conversations}
    accounts = {account_id: session.get_one(Account, account_id) for account_id in account_ids}
    known = _Known(accounts, now, human, targets, contacts, written, _used(session, ids))
    return {one.id: known.situation(one, people[one.id]) for one in conversations}


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read for several conversations at once."""

    accounts: Mapping[int, Account]
    now: datetime
    human: bool
    targets: Mapping[int, Any]
    """Columns of the message an answer would answer."""
    unavailable: Mapping[int, bool]
    """Of everybody who is known: whether the platform said that they cannot be reached."""
    last_private_words: Mapping[int, datetime]
    used: frozenset[tuple[int, str | None]]

    def situation(self, conversation: Conversation, contact_id: int | None) -> Situation:
        """One conversation's."""
        account = self.accounts[conversation.account_id]
        target, unavailable = self.targets.get(conversation.id), self.unavailable.get(contact_id or 0)
        private = conversation.visibility == "private"
        # A comment opens no window for direct messages; only what the person wrote to us in private does.
        words = conversation.last_inbound_at if private else self.last_private_words.get(contact_id or 0)
        return Situation(
            kind=Kind(conversation.kind),
            now=self.now,
            target_id=target.external_id if target is not None else None,
            target_sent_at=target.sent_at if target is not None else None,
            target_deleted=target is None,
            last_inbound_at=words,
            person_has_written_privately=words is not None,
            private_reply_used=target is not None and (conversation.id, target.external_id) in self.used,
            can_reply_privately=target.can_reply_privately if target is not None else None,
            summons_us=target.summons_us if target is not None else None,
            author_known=unavailable is not None,
            person_unavailable=bool(unavailable),
            human=self.human,
            human_agent_allowed=account.human_agent,
            unsummoned_replies_allowed=account.enterprise,
        )


def _last_private_words(session: Session, contact_ids: Iterable[int]) -> dict[int, datetime]:
    """When each of these people last wrote to us in private; who never did is not in it."""
    found = session.execute(_PRIVATE_WORDS, {"ids": list(contact_ids)})
    return {contact_id: at for contact_id, at in found if contact_id is not None and at is not None}


def _used(session: Session, conversation_ids: Sequence[int]) -> frozenset[tuple[int, str | None]]:
    """Messages that had their private reply, or have one on its way or in doubt: the platform counts attempts that
    arrived."""
    rows = session.execute(_PRIVATE_REPLIES, {"ids": conversation_ids})
    return frozenset((conversation_id, target) for conversation_id, target in rows)


# Written once: putting a statement together costs more than running it, and these run for every page and reply.
_MESSAGES, _CONVERSATIONS, _PEOPLE, _OUTBOX = (
    table(Message).c,
    table(Conversation).c,
    table(Contact).c,
    table(OutboxItem).c,
)
_NEWEST_INBOUND = (
    select(_MESSAGES.id)
    .where(
        _MESSAGES.conversation_id == _CONVERSATIONS.id,
        _MESSAGES.direction == "inbound",
        _MESSAGES.deleted_at.is_(None),
    )
    .order_by(_MESSAGES.sent_at.desc(), _MESSAGES.id.desc())
    .limit(1)
    .correlate(table(Conversation))
    .scalar_subquery()
)
_IS_NEWEST = _MESSAGES.id.in_(select(_NEWEST_INBOUND).where(among(_CONVERSATIONS.id)))
_LATEST_INBOUND = select(Message).where(_IS_NEWEST)
_TARGETS = select(
    _MESSAGES.conversation_id,
    _MESSAGES.external_id,
    _MESSAGES.sent_at,
    _MESSAGES.contact_id,
    _MESSAGES.can_reply_privately,
    _MESSAGES.summons_us,
).where(_IS_NEWEST)
_CONTACTS = select(_PEOPLE.id, _PEOPLE.unavailable_at).where(among(_PEOPLE.id))
_PRIVATE_WORDS = (
    select(_CONVERSATIONS.contact_id, func.max(_CONVERSATIONS.last_inbound_at))
    .where(
        among(_CONVERSATIONS.contact_id),
        _CONVERSATIONS.visibility == "private",
        _CONVERSATIONS.last_inbound_at.is_not(None),
    )
    .group_by(_CONVERSATIONS.contact_id)
)
_PRIVATE_REPLIES = select(_OUTBOX.conversation_id, _OUTBOX.target_external_id).where(
    among(_OUTBOX.conversation_id),
    _OUTBOX.way == str(Way.PRIVATE_REPLY),
    # Told by what it is not: SQLite would else read every reply ever sent, by the index of states.
    _OUTBOX.state.not_in(("failed", "cancelled")),
)


def options(
    session: Session,
    channels: Channels,
    conversation: Conversation,
    now: datetime,
    *,
    human: bool = True,
    answered: Message | None = None,
) -> list[Option]:
    """Every way this channel knows, best first, with its state and a sentence: for the customer's latest message, or
    for the one to be answered."""
    chosen = {} if answered is None else {conversation.id: answered}
    known = situations(session, [conversation], now, human=human, answered=chosen)
    return options_in(channels, conversation.channel, known[conversation.id])


def options_in(channels: Channels, channel: str, situation: Situation) -> list[Option]:
    """`options` where everything our rows know has been read already."""
    return [describe(option) for option in channels[channel].ways(situation)]


def private_window_ends_at(channels: Channels, channel: str, situation: Situation) -> datetime | None:
    """Until when the platform lets us answer privately, as far as it sets a limit."""
    for option in channels[channel].ways(situation):
        if option.way in PRIVATE_WAYS and option.state is WayState.AVAILABLE:
            return option.deadline
    return None


def describe(option: WayOption) -> Option:
    """A connector's answer with its sentence."""
    return Option(
        way=option.way,
        visibility=visibility_of(option.way),
        state=option.state,
        reason=option.reason,
        sentence=SENTENCES.get(option.reason, option.reason),
        deadline=option.deadline,
        outside_window=option.outside_window,
    )


def best(found: Sequence[Option], visibility: Visibility) -> Option | None:
    """The best way that is open and read by whom the writer means; never one that merely asks."""
    for option in found:
        if option.state is WayState.AVAILABLE and option.visibility is visibility and option.way in _PLAIN:
            return option
    return None


_PLAIN = (Way.PUBLIC_REPLY, Way.PRIVATE_REPLY, Way.DIRECT_MESSAGE)


def alternatives(found: list[Option], but: Visibility | None = None) -> list[Mapping[str, str]]:
    """What is open instead, for an error that a program or a person reads."""
    return [
        {"kind": str(option.way), "reason": INSTEAD[option.way]}
        for option in found
        if option.state is WayState.AVAILABLE and option.visibility is not but
    ]
