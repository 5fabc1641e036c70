"""How a person can be answered now: what the platform's law says, asked with what our rows know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.base import Kind, Situation, Visibility, Way, WayOption, WayState
from inbox.models import Account, Contact, Conversation, Message, OutboxItem
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
    return session.scalars(
        select(Message)
        .where(
            Message.conversation_id == conversation_id,
            Message.direction == "inbound",
            Message.deleted_at.is_(None),
        )
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(1)
    ).first()


def correspondent(conversation: Conversation, target: Message | None) -> int | None:
    """The contact an answer speaks to: in a public thread of many whoever wrote the message that is answered."""
    if conversation.visibility == "public" and target is not None and target.contact_id is not None:
        found: int = target.contact_id
        return found
    return conversation.contact_id


def situation(
    session: Session,
    conversation: Conversation,
    target: Message | None,
    now: datetime,
    *,
    human: bool,
) -> Situation:
    """Everything our rows know that decides which ways are open."""
    account = session.get_one(Account, conversation.account_id)
    contact_id = correspondent(conversation, target)
    contact = session.get(Contact, contact_id) if contact_id is not None else None
    return Situation(
        kind=Kind(conversation.kind),
        now=now,
        target_id=target.external_id if target is not None else None,
        target_sent_at=target.sent_at if target is not None else None,
        target_deleted=target is None,
        last_inbound_at=conversation.last_inbound_at,
        person_has_written_privately=_has_written_privately(session, conversation, contact_id),
        private_reply_used=_private_reply_used(session, target),
        can_reply_privately=target.can_reply_privately if target is not None else None,
        summons_us=target.summons_us if target is not None else None,
        author_known=contact is not None,
        person_unavailable=contact is not None and contact.unavailable_at is not None,
        human=human,
        human_agent_allowed=account.human_agent,
        unsummoned_replies_allowed=account.enterprise,
    )


def _has_written_privately(session: Session, conversation: Conversation, contact_id: int | None) -> bool:
    if conversation.visibility == "private":
        return conversation.last_inbound_at is not None
    if contact_id is None:
        return False
    return (
        session.execute(
            select(Conversation.id)
            .where(
                Conversation.contact_id == contact_id,
                Conversation.visibility == "private",
                Conversation.last_inbound_at.is_not(None),
            )
            .limit(1)
        ).first()
        is not None
    )


def _private_reply_used(session: Session, target: Message | None) -> bool:
    """Also while one is on its way or in doubt: the platform counts attempts that arrived."""
    if target is None:
        return False
    return (
        session.execute(
            select(OutboxItem.id)
            .where(
                OutboxItem.conversation_id == target.conversation_id,
                OutboxItem.target_external_id == target.external_id,
                OutboxItem.way == str(Way.PRIVATE_REPLY),
                OutboxItem.state.in_(("queued", "sending", "sent", "unknown")),
            )
            .limit(1)
        ).first()
        is not None
    )


def options(
    session: Session,
    channels: Channels,
    conversation: Conversation,
    now: datetime,
    *,
    human: bool = True,
) -> list[Option]:
    """Every way this channel knows, best first, with its state and a sentence."""
    target = latest_inbound(session, conversation.id)
    known = situation(session, conversation, target, now, human=human)
    return [describe(option) for option in channels[conversation.channel].ways(known)]


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


def best(found: list[Option], visibility: Visibility) -> Option | None:
    """The best way that is open and read by whom the writer means; never one that merely asks."""
    for option in found:
        if option.state is WayState.AVAILABLE and option.visibility is visibility and option.way in _PLAIN:
            return option
    return None


_PLAIN = (Way.PUBLIC_REPLY, Way.PRIVATE_REPLY, Way.DIRECT_MESSAGE)


def alternatives(found: list[Option], but: Visibility | None = None) -> list[Mapping[str, str]]:
    """What is open instead, for an error that a program or a person reads."""
    return [
        {"kind": str(option.way), "reason": option.sentence}
        for option in found
        if option.state is WayState.AVAILABLE and option.visibility is not but
    ]
