"""The handful of things a reply template may say, gathered for one conversation."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from connectors.base import Way
from inbox import promises, sla, ways
from inbox.business_hours import BusinessHours
from inbox.models import Account, Contact, Conversation, Message
from inbox.runtime import Runtime
from inbox.wording import speakable_name

MEASURE_EVERY = timedelta(minutes=10)


def reply_variables(
    session: Session,
    runtime: Runtime,
    conversation: Conversation,
    answered: Message | None,
    language: str,
    now: datetime,
    *,
    agent_name: str | None = None,
    way: Way | None = None,
) -> dict[str, object]:
    """Name, shop, opening hours and the measured promise; see templates/replies/README.md for each.

    `answered`: the message the text answers. In a thread of many, the name is of whoever wrote that one.
    """
    playbook, inbox = runtime.playbook.current(), runtime.settings.inbox
    hours = sla.shop_hours(playbook, inbox)
    open_now = hours is None or hours.is_open(now)
    contact_id = ways.correspondent(conversation, answered)
    contact = session.get(Contact, contact_id) if contact_id is not None else None
    usual = _usual(session, runtime, conversation.account_id, hours, now) if open_now else None
    return {
        "language": language,
        "contact_name": speakable_name(contact.name if contact is not None else None),
        "shop_name": inbox.shop_name,
        "agent_name": agent_name,
        "open": open_now,
        "usual_reply_time": promises.promise(usual, promises.shop_target(playbook), language),
        "next_opening": None
        if hours is None or open_now
        else promises.opening_in_words(hours.next_opening(now), now, inbox, language),
        "opening_hours": promises.week_in_words(playbook, inbox, language),
        "shop_url": inbox.shop_url or None,
        "privacy_url": inbox.privacy_url or None,
        "deep_link": deep_link(session, runtime, conversation) if way is Way.PUBLIC_REPLY_WITH_LINK else None,
        "private_message_sent": way in (Way.PRIVATE_REPLY, Way.DIRECT_MESSAGE),
    }


def _usual(
    session: Session, runtime: Runtime, account_id: int, hours: BusinessHours | None, now: datetime
) -> timedelta | None:
    """Measured at most every few minutes: a burst of messages must not measure the same again and again."""
    known = runtime.measured.get(account_id)
    if known is None or not timedelta(0) <= now - known[0] < MEASURE_EVERY:
        known = (now, promises.usual_reply_time(session, account_id, hours, True, now))
        runtime.measured[account_id] = known
    return known[1]


def deep_link(session: Session, runtime: Runtime, conversation: Conversation) -> str | None:
    """The platform's link that opens a direct message to us, where it has one."""
    pattern = runtime.channels[conversation.channel].capabilities.deep_link
    if pattern is None:
        return None
    return pattern.format(external_id=session.get_one(Account, conversation.account_id).external_id)
