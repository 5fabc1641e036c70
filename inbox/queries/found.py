"""Conversations in which words were found: newest hit first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.models import Conversation
from inbox.queries.clocks import moments
from inbox.queries.cursors import Cursor, decode
from inbox.queries.rows import rows_in_order
from inbox.queries.selection import Selection, conditions
from inbox.queries.views import ConversationPage
from inbox.search import matching

DEPTHS = (400, 2_000, 10_000)
"""How many of the newest matching messages are looked through, one after the other until a page is full."""


def found_page(
    session: Session,
    words: str,
    selection: Selection | None,
    now: datetime,
    *,
    cursor: str | None,
    limit: int,
) -> ConversationPage:
    """One page of conversations with a message that holds the words, by their newest such message.

    `selection` narrows the conversations, None where nothing can fit. Reaches back over the newest 10,000 matching
    messages. Each conversation comes once, whatever the number of its hits.
    """
    after = decode(cursor, "found")
    if selection is None:
        return ConversationPage([], None)
    hits: list[tuple[int, int]] = []
    for depth in DEPTHS:
        newest, exhausted = _newest_hits(session, words, depth)
        hits = [
            (message_id, conversation_id)
            for conversation_id, message_id in newest.items()
            if after is None or message_id < after.id
        ]
        hits = _those_fitting(session, hits, selection, now)
        if exhausted or len(hits) > limit:
            break
    page = hits[:limit]
    items = rows_in_order(session, [conversation_id for _, conversation_id in page], now)
    return ConversationPage(items, Cursor("found", 0, page[-1][0]).encode() if len(hits) > limit else None)


def _newest_hits(session: Session, words: str, depth: int) -> tuple[dict[int, int], bool]:
    """{conversation: its newest matching message}, newest first, and whether there are no further hits."""
    found = matching(session, words, limit=depth)
    newest: dict[int, int] = {}
    for hit in found:
        newest.setdefault(hit.conversation_id, hit.message_id)
    return newest, len(found) < depth


def _those_fitting(
    session: Session, hits: list[tuple[int, int]], selection: Selection, now: datetime
) -> list[tuple[int, int]]:
    fitting = conditions(selection)
    if not fitting or not hits:
        return hits
    ids = [conversation_id for _, conversation_id in hits]
    query = select(Conversation.id).where(Conversation.id.in_(ids), *fitting)
    kept = set(session.scalars(query, moments(now) if selection.due else {}))
    return [hit for hit in hits if hit[1] in kept]
