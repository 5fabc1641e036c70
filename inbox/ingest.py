"""Step 3 of the straight line: store a page and move the cursor, all or nothing, as often as it comes.

The same page may arrive any number of times, in any order and cut anywhere: what a poll shows is the truth of now,
what a push tells is an event with its own time. Storing never waits for understanding; see `triage` for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from connectors.base import InboundMessage, Kind, Page, Unreadable
from inbox import changes, contacts, echoes, events, homes, subjects, threads, unreadable
from inbox.among import among
from inbox.models import Account, Message, table
from inbox.second_looks import first_look
from inbox.storable import can_be_an_id, has_usable_ids, storable_message

OLD = timedelta(days=30)
"""What is older when it arrives is history too: a slow round of old posts must not wake what retention has removed."""


SHOWN_WITHIN = timedelta(seconds=70)
"""A pushed comment that no poll has shown by then is asked for by itself: deleted before any list held it, it would be
missing from no list."""


@dataclass(slots=True)
class Ingested:
    """What a page brought that was not known before."""

    new: int = 0
    changed: int = 0
    conversations: set[int] = field(default_factory=set)
    wrote: set[int] = field(default_factory=set)
    """The conversations in which a customer's message has just arrived: what a person put aside comes back."""


def ingest(
    session: Session,
    account: Account,
    page: Page,
    now: datetime,
    *,
    pushed: bool = False,
    look_again: bool = False,
) -> Ingested:
    """Store everything a page holds, in the caller's transaction. Repeatable.

    `pushed`: the page tells of events and must not overwrite what a poll has shown since. `look_again`: this
    channel's lists do not show edits and deletions, so each message is put on the list of those to be asked for again.
    """
    result = Ingested()
    usable, odd = _sorted_out(page.messages)
    messages = _by_id(usable)
    known = _known(session, account.id, messages)
    fresh = [message for message in messages.values() if message.external_id not in known]
    if pushed:
        fresh = homes.at_home(session, account.id, fresh)
    elif known:
        result.conversations |= _bring_up_to_date(session, account, known, messages, now)
    fresh = echoes.name_ours(session, account, fresh)
    if known:
        result.conversations |= echoes.correct(session, account, known, messages.values(), now)
    if fresh:
        _store_new(session, account, fresh, now, result, pushed=pushed, look_again=look_again)
    for message in messages.values():
        row = known.get(message.external_id)
        if row is not None and changes.follow(session, row, message, now, pushed=pushed):
            result.changed += 1
            result.conversations.add(row.conversation_id)
    known_changes = [change for change in page.changes if can_be_an_id(change.external_id)]
    result.conversations |= changes.apply(session, account.id, known_changes, now)
    result.conversations |= changes.apply_early(session, account.id, [message.external_id for message in fresh], now)
    if not pushed:
        unreadable.drop_pointers(session, account.id, messages)
        result.conversations |= changes.apply_listings(session, account.id, page.listings, now)
    unreadable.store(session, account.id, (*page.unreadable, *odd), now)
    unreadable.store_gaps(session, account.id, page.gaps, now)
    unreadable.store_pointers(session, account.id, page.look_at, now)
    threads.refresh(session, result.conversations, now, wrote=result.wrote)
    return result


def _sorted_out(messages: Iterable[InboundMessage]) -> tuple[list[InboundMessage], list[Unreadable]]:
    """The messages as they can be stored, and those no row could be found by again: shown to a person instead of
    stopping their page."""
    usable, odd = [], []
    for message in messages:
        if has_usable_ids(message):
            usable.append(storable_message(message))
        else:
            why = "an id is empty, too long or holds characters that cannot be stored"
            odd.append(Unreadable("messages", why, repr(message)))
    return usable, odd


def _by_id(messages: Iterable[InboundMessage]) -> dict[str, InboundMessage]:
    """One per id; the last one wins."""
    return {message.external_id: message for message in messages}


def _known(session: Session, account_id: int, messages: Mapping[str, InboundMessage]) -> dict[str, Message]:
    if not messages:
        return {}
    rows = session.scalars(_KNOWN, {"account": account_id, "ids": messages})
    return {row.external_id: row for row in rows}


_KNOWN = select(Message).where(Message.account_id == bindparam("account"), among(Message.external_id))


def _bring_up_to_date(
    session: Session,
    account: Account,
    known: dict[str, Message],
    messages: Mapping[str, InboundMessage],
    now: datetime,
) -> set[int]:
    # What was deleted, or erased with its author, does not bring the author's name back.
    held = [
        message
        for message in messages.values()
        if (row := known.get(message.external_id)) is not None and (row.deleted_at is None or row.deletion_inferred)
    ]
    people = contacts.find_or_add(session, account.id, held, now)
    posts = subjects.find_or_add(session, account.id, held, now)
    named = contacts.name_authors(session, known, held, people)
    return named | homes.move_home(session, account, known, messages, people, posts)


def _store_new(
    session: Session,
    account: Account,
    fresh: list[InboundMessage],
    now: datetime,
    result: Ingested,
    *,
    pushed: bool,
    look_again: bool,
) -> None:
    people = contacts.find_or_add(session, account.id, fresh, now)
    posts = subjects.find_or_add(session, account.id, fresh, now)
    conversations = threads.find_or_add(session, account, fresh, people, posts)
    rows = []
    for message in fresh:
        row = _row(account, message, now, pushed=pushed)
        row["conversation_id"] = conversations[message.conversation_id]
        row["contact_id"] = people.get(message.author.external_id or "")
        if look_again and message.visibility == "public":
            row["look_again_at"] = first_look(message.sent_at, now)
        rows.append(row)
    ids = {external_id: message_id for message_id, external_id in session.execute(_STORE, rows)}
    if pushed and not look_again:
        comments = [message.external_id for message in fresh if message.kind is Kind.COMMENT]
        unreadable.store_pointers(session, account.id, comments, now + SHOWN_WITHIN)
    result.new = len(rows)
    result.conversations |= {row["conversation_id"] for row in rows}
    result.wrote = {row["conversation_id"] for row in rows if row["direction"] == "inbound"}
    result.conversations |= echoes.recognise(session, account, fresh, ids, conversations, now)
    _announce(session, rows, ids, now)
    _count_arrivals(session, account.id, rows)


_MESSAGES = table(Message)
_STORE = insert(_MESSAGES).returning(_MESSAGES.c.id, _MESSAGES.c.external_id)


def _row(account: Account, message: InboundMessage, now: datetime, *, pushed: bool) -> dict[str, Any]:
    history = message.sent_at < max(account.connected_at, now - OLD)
    return {
        "account_id": account.id,
        "external_id": message.external_id,
        "direction": "outbound" if message.own else "inbound",
        "origin": "native" if message.own else "customer",
        "visibility": str(message.visibility),
        "text": message.text,
        "sent_at": message.sent_at,
        "received_at": now,
        "author_name": message.author.name or message.author.handle,
        "parent_external_id": message.parent_id,
        "permalink": message.permalink,
        "attachments": [{"type": a.type, "url": a.url, "name": a.name} for a in message.attachments],
        "addressed": message.addressed,
        "summons_us": message.summons_us,
        "can_reply_privately": message.can_reply_privately,
        "history": history,
        "pushed": pushed,
        "edited_at": message.edited_at,
        "hidden": bool(message.hidden),
        "triaged_at": None,
        "look_again_at": None,
    }


def _announce(session: Session, rows: list[dict[str, Any]], ids: Mapping[str, int], now: datetime) -> None:
    """One line of the timeline for each message that is news; history is shown by itself."""
    events.record_many(
        session,
        [
            {
                "kind": "message_received" if row["direction"] == "inbound" else "message_sent",
                "at": now,
                "conversation_id": row["conversation_id"],
                "account_id": row["account_id"],
                "actor": None,
                "data": {"message_id": ids[row["external_id"]]},
            }
            for row in rows
            if not row["history"]
        ],
    )


def _count_arrivals(session: Session, account_id: int, rows: list[dict[str, Any]]) -> None:
    counts: dict[str, list[int]] = {}
    for row in rows:
        if row["direction"] == "inbound":
            entry = counts.setdefault(row["sent_at"].strftime("%Y-%m-%dT%H"), [0, 0])
            entry[0] += 1
            entry[1] += not row["pushed"]
    subjects.count_arrivals(session, account_id, counts)
