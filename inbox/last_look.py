"""Whether the reading of a thread just before a machine speaks can be believed: what it lacks may be a person's answer.

Lists of platforms lack rows now and then, hold rows nobody can read, or come empty. What the platform tells beside them
(when the thread grew last, how many messages stand in it) and what is known already show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.base import Kind, Page, Tally
from inbox import unreadable
from inbox.models import Conversation, Message, OutboxItem

LOOKS = 3
"""How often a thread is read when the readings cannot be believed."""
BETWEEN_LOOKS = timedelta(seconds=1)
"""Before the second look; twice as long before the third. An everyday message is answered within seconds."""
SAME_MOMENT = timedelta(seconds=2)
"""Platforms tell whole seconds; nobody answers faster than this."""
MOST_COUNTED = 100
_BEFORE_ALL = datetime(2004, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a reading may lack something."""

    sentence: str
    believed_at_last: bool = False
    """Nothing says that something is there which is not shown: the last look is believed all the same."""


UNREADABLE = Doubt("A message of the thread cannot be read; it may be a person's answer.")
GREW = Doubt("The thread has grown since the newest message the platform shows; that may be a person's answer.")
COUNTED = Doubt("The platform counts more messages in the thread than it shows; one may be a person's answer.")
CHANGED = Doubt("The message to be answered has just been changed.", believed_at_last=True)
ABSENT = Doubt("The platform's list of the thread lacks the message to be answered.", believed_at_last=True)


def doubt(session: Session, conversation: Conversation, item: OutboxItem, page: Page) -> Doubt | None:
    """Why this reading of the thread, stored already, may lack something; None: nothing speaks against it."""
    message = session.get(Message, item.because_of_message_id)
    if page.unreadable and (
        message is None or unreadable.any_news(session, conversation.account_id, page.unreadable, message.received_at)
    ):
        return UNREADABLE
    if page.tally != Tally():
        shown = {message.external_id: message.sent_at for message in page.messages} | _known(session, conversation.id)
        newest, count = page.tally.newest_at, page.tally.count
        if newest is not None and newest > _newest(shown) + SAME_MOMENT:
            return GREW
        if count is not None and min(count, MOST_COUNTED) > len(shown):
            return COUNTED
    whole, target = conversation.kind == str(Kind.DIRECT_MESSAGE), item.target_external_id
    if whole and target is not None and target not in {message.external_id for message in page.messages}:
        return ABSENT
    return CHANGED if message is not None and message.triaged_at is None else None


def _known(session: Session, conversation_id: int) -> dict[str, datetime]:
    """The newest messages held of this thread, deleted ones too: platforms may count those. With the time of the last
    that happened to each, since edits and deletions may count as growth."""
    newest = (
        select(Message.external_id, Message.sent_at, Message.edited_at, Message.deleted_at)
        .where(Message.conversation_id == conversation_id)
        .order_by(Message.sent_at.desc())
        .limit(MOST_COUNTED)
    )
    return {external_id: max(filter(None, times)) for external_id, *times in session.execute(newest)}


def _newest(shown: dict[str, datetime]) -> datetime:
    return max(shown.values(), default=_BEFORE_ALL)
