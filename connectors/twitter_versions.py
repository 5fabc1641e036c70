"""Posts that X does not find any more: deleted, or living on under a later id.

An edit gives a post a new id, and all its ids stand in `edit_history_tweet_ids` of the latest version (docs.x.com,
OpenAPI 2.166). So before a post counts as deleted, the lists it could stand in are asked for a later version of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.base import Change, ChangeKind, InboundMessage, NothingHappened, Page, Poll, Usage
from connectors.twitter_pages import Batch, together
from connectors.twitter_reading import PAGE, SEARCH_REACH, Reading, any_of
from connectors.twitter_translate import EDITABLE, by_age, id_at, identifier, rows, time_of_id
from connectors.twitter_walk import Mark, Stretch

MOST_WINDOWS = 5
"""Times of writing asked about in one look; the posts of others are looked at again later."""
MOST_PAGES = 3

Ask = Callable[[Stretch], Batch]


def look_again(reading: Reading, external_ids: Sequence[str], poll: Poll) -> Page:
    """Up to 100 posts as they stand now. Only "not found" is a deletion, and only where no later version is known;
    what X may not show us, is not. `poll.active_subjects` names the conversations these posts stand in."""
    wanted = [known for known in external_ids if identifier(known)][:PAGE]
    if not wanted:
        return Page(cursor={})
    batch, gone = _look(reading, wanted, poll)
    later = [latest for latest in batch.look_at if latest not in wanted][:PAGE]
    if later:
        newer, _ = _look(reading, later, poll)
        batch.messages = list(by_age([*batch.messages, *newer.messages]))
        batch.odd += newer.odd
        batch.usage = together(batch.usage, newer.usage)
    last = later_versions(gone, _lists(reading, gone, poll), poll)
    return Page(
        cursor={},
        messages=by_age([*batch.messages, *last.messages]),
        changes=tuple(
            Change(known, ChangeKind.DELETED, poll.now, certain=False) for known in wanted if known in last.nowhere
        ),
        unreadable=tuple(batch.odd),
        usage=together(batch.usage, last.usage),
    )


def _look(reading: Reading, ids: Sequence[str], poll: Poll) -> tuple[Batch, set[str]]:
    answer = reading.posts(ids, poll.now)
    return reading.reader("look_again", "post_read")(answer), not_found(answer.body)


def not_found(body: Mapping[str, Any]) -> set[str]:
    """The asked-for ids that X says do not exist; withheld and unauthorised ones are not among them."""
    gone = set()
    for error in rows(body.get("errors")):
        is_main = error.get("section", "data") == "data" and error.get("parameter", "ids") in ("ids", "id")
        if str(error.get("type", "")).endswith("/resource-not-found") and is_main:
            value = identifier(error.get("resource_id")) or identifier(error.get("value"))
            if value:
                gone.add(value)
    return gone


def _lists(reading: Reading, gone: set[str], poll: Poll) -> list[Ask]:
    """The mentions, and the conversations that the posts stand in where X still searches them."""

    def mentions(asked: Stretch) -> Batch:
        return reading.reader("look_again", "own_read")(reading.mentions(asked, poll.now))

    def conversations(asked: Stretch) -> Batch:
        return reading.reader("look_again", "post_read")(reading.search(query, asked, (), poll.now))

    query = any_of([known for known in poll.active_subjects if identifier(known)])
    earliest = time_of_id(min(gone, key=int)) if gone else None
    searched = query and earliest is not None and earliest > poll.now - SEARCH_REACH
    return [mentions, conversations] if searched else [mentions]


@dataclass(frozen=True, slots=True)
class LaterVersions:
    """What asking showed."""

    messages: tuple[InboundMessage, ...]
    """The latest versions of posts that live on."""
    nowhere: frozenset[str]
    """Ids of which every list was asked and none knows a later version."""
    usage: Usage


def later_versions(gone: Iterable[str], lists: Sequence[Ask], poll: Poll) -> LaterVersions:
    """Look for later versions of these ids in each of the lists. A list that cannot be asked decides nothing."""
    found: dict[str, InboundMessage] = {}
    nowhere: set[str] = set()
    usage = Usage()
    for window in windows(gone)[:MOST_WINDOWS]:
        missing = set(window)
        asked = 0
        for ask in lists:
            if not missing:
                break
            try:
                messages, used = _latest_in(window, ask, poll.now)
            except NothingHappened as error:
                usage = together(usage, error.usage)
                continue
            asked += 1
            usage = together(usage, used)
            found |= {message.external_id: message for message in messages if message.external_id in missing}
            missing -= set(found)
        if asked == len(lists):
            nowhere |= missing
    return LaterVersions(tuple(found.values()), frozenset(nowhere), usage)


def windows(gone: Iterable[str]) -> list[list[str]]:
    """The ids grouped so that each group was written within the time in which a post can be edited; latest first."""
    groups: list[list[str]] = []
    for known in sorted(gone, key=int, reverse=True):
        earliest, made = (time_of_id(groups[-1][-1]) if groups else None), time_of_id(known)
        if groups and (earliest is None or made is None or earliest - made <= EDITABLE):
            groups[-1].append(known)
        else:
            groups.append([known])
    return groups


def _latest_in(window: Sequence[str], ask: Ask, now: datetime) -> tuple[list[InboundMessage], Usage]:
    """The latest versions a list holds of posts written in this window; three pages at most."""
    written = time_of_id(window[0])
    until = written + EDITABLE if written is not None else None
    stretch = Stretch(
        floor=Mark(window[-1], time_of_id(window[-1]) or now),
        start=None,
        until=Mark(id_at(until), until) if until is not None and until < now - timedelta(minutes=1) else None,
    )
    usage, messages = Usage(), []
    for _ in range(MOST_PAGES):
        batch = ask(stretch)
        usage = together(usage, batch.usage)
        messages += batch.messages
        if batch.next_token is None or batch.next_token == stretch.token:
            break
        stretch = replace(stretch, token=batch.next_token)
    return messages, usage
