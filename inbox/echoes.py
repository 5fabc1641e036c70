"""Our own replies coming back through fetch or push: recognised, so that nothing of ours looks like a colleague's.

An echo settles what was in doubt: an outbox item without a known id is matched by the marker it carried, or by thread,
text and time. What matches nothing was written elsewhere, by a colleague in the platform's own app.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from connectors.base import InboundMessage
from inbox import events
from inbox.models import Account, Contact, Conversation, Message, OutboxItem

LEADING_HANDLES = re.compile(r"\A(?:\s*@\w{1,30})+\s+")
CLOCKS_MAY_DIFFER = timedelta(minutes=2)
SENDS_TAKE = timedelta(minutes=5)
"""At most, clocks included: the same words weeks later are somebody else's."""


def marker(item: OutboxItem) -> str:
    """What travels along with a reply where a platform takes it: unique over restored and renewed databases."""
    return f"zuruf-{item.id}-{int(item.created_at.timestamp())}"


def same_text(one: str, other: str) -> bool:
    """Whether a platform gave back what we said: white space, composed characters and leading handles may differ."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return " ".join(LEADING_HANDLES.sub("", unicodedata.normalize("NFC", text)).split())


def name_ours(session: Session, account: Account, fresh: Sequence[InboundMessage]) -> list[InboundMessage]:
    """These messages, with what we said ourselves marked as own where the platform withheld who wrote it, or told
    only a name: it has the id a send was told, or the words of one in doubt, in that thread, within minutes."""
    unnamed = [message for message in fresh if not message.own and message.author.external_id is None]
    if not unnamed:
        return list(fresh)
    sent = set(
        session.scalars(
            select(OutboxItem.external_id).where(
                OutboxItem.account_id == account.id,
                OutboxItem.external_id.in_([message.external_id for message in unnamed]),
            )
        )
    )
    doubtful = [item for item in _in_doubt(session, account.id) if item.external_id is None]
    threads = {}
    if doubtful:
        of_them = Conversation.id.in_({item.conversation_id for item in doubtful})
        threads = dict(session.execute(select(Conversation.external_id, Conversation.id).where(of_them)).all())
    ours = {
        message.external_id
        for message in unnamed
        if message.external_id in sent
        or _match(session, doubtful, message, threads.get(message.conversation_id, 0)) is not None
    }
    return [replace(message, own=True) if message.external_id in ours else message for message in fresh]


def correct(
    session: Session, account: Account, known: Mapping[str, Message], shown: Iterable[InboundMessage], now: datetime
) -> set[int]:
    """What was stored as a customer's before the platform told that we wrote it; returns the conversations."""
    wrong = [
        message
        for message in shown
        if message.own and (row := known.get(message.external_id)) is not None and row.direction == "inbound"
    ]
    ids, places = {}, {}
    for message in wrong:
        row = known[message.external_id]
        row.direction, row.origin, row.contact_id, row.triaged_at = "outbound", "native", None, None
        row.author_name = message.author.name or message.author.handle
        ids[message.external_id], places[message.conversation_id] = row.id, row.conversation_id
    session.flush()
    return set(places.values()) | recognise(session, account, wrong, ids, places, now)


def recognise(
    session: Session,
    account: Account,
    fresh: Sequence[InboundMessage],
    ids: Mapping[str, int],
    conversations: Mapping[str, int],
    now: datetime,
) -> set[int]:
    """Give the own messages among these their true origin, and settle the outbox items they prove sent. Returns the
    conversations of those items: a private answer to something public is an answer there."""
    own = [message for message in fresh if message.own]
    if not own:
        return set()
    answered = set()
    known = {
        item.external_id: item
        for item in session.scalars(
            select(OutboxItem).where(
                OutboxItem.account_id == account.id,
                OutboxItem.external_id.in_([message.external_id for message in own]),
            )
        )
    }
    doubtful = [item for item in _in_doubt(session, account.id) if item.external_id is None]
    for message in sorted(own, key=lambda message: message.sent_at):
        conversation_id = conversations[message.conversation_id]
        item = known.get(message.external_id) or _match(session, doubtful, message, conversation_id)
        if item is None:
            continue
        if item in doubtful:
            doubtful.remove(item)
        adopt(session, item, ids[message.external_id], conversation_id, now)
        if item.state != "sent":
            settle_sent(session, item, message.external_id, message.sent_at, now)
        answered.add(item.conversation_id)
    return answered


def _in_doubt(session: Session, account_id: int) -> list[OutboxItem]:
    return list(
        session.scalars(
            select(OutboxItem)
            .where(
                OutboxItem.account_id == account_id,
                OutboxItem.attempted_at.is_not(None),
                OutboxItem.external_id.is_(None),
                or_(
                    OutboxItem.state.in_(("queued", "sending", "unknown")),
                    and_(OutboxItem.state.in_(("failed", "cancelled")), OutboxItem.lookups > 0),
                ),
            )
            .order_by(OutboxItem.attempted_at)
        )
    )


def _match(
    session: Session, doubtful: Sequence[OutboxItem], message: InboundMessage, conversation_id: int
) -> OutboxItem | None:
    for item in doubtful:
        if message.app_scoped_marker is not None and message.app_scoped_marker == marker(item):
            return item
    candidates = [
        item
        for item in doubtful
        if same_text(item.text, message.text)
        # A picture without words would else be any message of ours without words.
        and (item.text.strip() or message.attachments)
        and item.attempted_at is not None
        and item.attempted_at - CLOCKS_MAY_DIFFER <= message.sent_at <= item.attempted_at + SENDS_TAKE
        and (item.conversation_id == conversation_id or _to_same_person(session, item, message))
    ]
    return candidates[0] if candidates else None


def _to_same_person(session: Session, item: OutboxItem, message: InboundMessage) -> bool:
    """A private answer to something public comes back in a private thread with its author."""
    if item.visibility != "private" or message.correspondent is None:
        return False
    if item.contact_id is None:
        # The platform withheld who wrote what we answered: whoever got these words in these minutes is that person.
        return True
    contact = session.get(Contact, item.contact_id)
    return contact is not None and contact.external_id == message.correspondent.external_id


def adopt(session: Session, item: OutboxItem, message_id: int, conversation_id: int, now: datetime) -> None:
    """This message is what that item became: its origin, and the link between a complaint and its private thread."""
    item.message_id = message_id
    # Looked at again, because who spoke decides whether the clock runs.
    session.execute(
        update(Message)
        .where(Message.id == message_id, or_(Message.origin != item.origin, Message.direction != "outbound"))
        .values(direction="outbound", origin=item.origin, contact_id=None, triaged_at=None)
    )
    if item.conversation_id != conversation_id:
        _link(session, item.conversation_id, conversation_id, now)


def _link(session: Session, public_id: int, private_id: int, now: datetime) -> None:
    """Remember that a private thread answers a public one, on both, and tell who has one of them open."""
    for one, other in ((private_id, public_id), (public_id, private_id)):
        changed = session.execute(
            update(Conversation)
            .where(Conversation.id == one, Conversation.linked_conversation_id.is_distinct_from(other))
            .values(linked_conversation_id=other)
            .returning(Conversation.id)
        ).first()
        if changed is not None:
            events.record(session, "conversations_linked", now, conversation_id=one)


def settle_sent(session: Session, item: OutboxItem, external_id: str, sent_at: datetime | None, now: datetime) -> None:
    """The platform holds it: the item is sent, whatever we believed before."""
    item.state, item.reason, item.external_id = "sent", "", external_id
    item.sent_at = sent_at or now
    item.claim = item.claimed_until = None
    events.record(
        session, "reply_sent", now, conversation_id=item.conversation_id, actor=item.author, outbox_id=item.id
    )
