"""One page of X: an answer's rows as messages, what they cost, and one step of a walk over a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.base import Gap, InboundMessage, Page, Poll, Unreadable, Usage
from connectors.twitter_translate import (
    Includes,
    Odd,
    Row,
    by_age,
    identifier,
    moment,
    rows,
    time_of_id,
    unreadable,
    versions,
)
from connectors.twitter_transport import Answer, RefusedParameter
from connectors.twitter_walk import Bounds, Mark, Seen, Stretch, Walk, by_time, unbounded

Translate = Callable[[Row, str, Includes], InboundMessage | None]


@dataclass(slots=True)
class Batch:
    """One answer, translated row by row so that a bad row costs only itself."""

    messages: list[InboundMessage] = field(default_factory=list)
    odd: list[Unreadable] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    odd_places: list[int] = field(default_factory=list)
    """For each bad row, an id no newer than it: its own, or that of the next row down."""
    look_at: list[str] = field(default_factory=list)
    next_token: str | None = None
    usage: Usage = field(default_factory=Usage)
    whole: bool = True
    """Every row could be told apart, so that what is missing from the page is missing on X."""


def translate(stream: str, answer: Answer, own_id: str, into: Translate, resource: str) -> Batch:
    """An answer's rows as messages, oldest first, with what they cost."""
    body = answer.body
    includes = Includes.of(body.get("includes"))
    data = body.get("data")
    items = data if isinstance(data, list) else ([] if data is None else [data])
    batch = Batch(next_token=_next_token(body), whole=not rows(body.get("errors")))
    place = 0
    for item in reversed(items):
        known = identifier(item.get("id")) if isinstance(item, dict) else None
        place = int(known) if known else place
        try:
            _take(batch, item, own_id, includes, into)
        except Odd as why:
            batch.odd.append(unreadable(stream, item, str(why)))
            batch.odd_places.append(place)
            batch.whole = batch.whole and known is not None
    batch.messages = list(by_age(batch.messages))
    batch.usage = usage_of(answer, resource, items, includes)
    return batch


def _take(batch: Batch, item: Any, own_id: str, includes: Includes, into: Translate) -> None:
    if not isinstance(item, dict):
        raise Odd("it is no object")
    message = into(item, own_id, includes)
    own = identifier(item.get("id")) or ""
    at = moment(item.get("created_at")) or time_of_id(own)
    if own and at is not None:
        batch.marks.append(Mark(own, at))
    latest = versions(item)[1]
    if message is not None and latest != own:
        batch.look_at.append(latest)
    elif message is not None:
        batch.messages.append(message)


def _next_token(body: Mapping[str, Any]) -> str | None:
    meta = body.get("meta")
    token = meta.get("next_token") if isinstance(meta, dict) else None
    return token if isinstance(token, str) and token else None


def usage_of(answer: Answer, resource: str, items: Sequence[Any], includes: Includes) -> Usage:
    """What X charges for this answer: every post, person and direct message in it, expansions included."""
    posts = set(includes.tweets)
    ids = {
        resource: frozenset(str(item.get("id")) for item in items if isinstance(item, dict)),
        "post_read": frozenset(posts),
        "user_read": frozenset(includes.users),
    }
    if resource == "post_read":
        ids["post_read"] |= frozenset(str(item.get("id")) for item in items if isinstance(item, dict))
    ids = {name: found for name, found in ids.items() if found}
    counts = {name: len(found) for name, found in ids.items()}
    return Usage(answer.usage.calls, counts, ids, answer.usage.quotas)


def together(one: Usage, other: Usage) -> Usage:
    """Two calls' usage as one."""
    names = {*one.resource_ids, *other.resource_ids}
    ids = {name: one.resource_ids.get(name, frozenset()) | other.resource_ids.get(name, frozenset()) for name in names}
    return Usage(
        one.calls + other.calls, {name: len(found) for name, found in ids.items()}, ids, (*one.quotas, *other.quotas)
    )


Ask = Callable[[Stretch, tuple[str, ...]], Answer]


def walk_page(
    stream: str, walk: Walk, poll: Poll, bounds: Bounds, ask: Ask, read: Callable[[Answer], Batch]
) -> tuple[Walk, Page, Batch, bool]:
    """One step of a walk. Gives the walk afterwards, a page without cursor, the batch, and whether it was the head."""
    walk = walk.on_the_day_of(poll.now)
    is_head = walk.next_is_head(poll.now)
    gaps: tuple[Gap, ...] = ()
    if is_head:
        asked, gaps = walk.head(poll.now, poll.since, bounds)
    else:
        asked = walk.stretches[0]
    batch = read(_ask(ask, asked, bounds, poll.now))
    lowest = int(asked.floor.id) if asked.floor else -1
    fresh = [odd for odd, place in zip(batch.odd, batch.odd_places, strict=True) if place > lowest]
    seen = Seen(batch.marks, bool(fresh), batch.next_token)
    if is_head:
        after = walk.after_head(asked, seen, poll.now)
        more = bool(after.stretches) or after.looks > walk.looks
    else:
        after, gaps = walk.after_stretch(seen, bounds)
        more = bool(after.stretches)
    page = Page(
        cursor={},
        messages=tuple(batch.messages),
        unreadable=tuple(fresh),
        gaps=gaps,
        look_at=tuple(batch.look_at),
        more=more,
        usage=batch.usage,
    )
    return after, page, batch, is_head


def _ask(ask: Ask, asked: Stretch, bounds: Bounds, now: datetime) -> Answer:
    """Ask; where X refuses a worn-out bound, ask again by a weaker one: by time, then without any."""
    try:
        return ask(asked, ("since_id", "start_time", "pagination_token", "next_token"))
    except RefusedParameter as refused:
        if refused.name in ("pagination_token", "next_token"):
            weaker = Stretch(asked.floor, asked.start, asked.until)
        else:
            weaker = by_time(asked) if refused.name == "since_id" else unbounded(asked)
    if weaker.start is not None and bounds.horizon is not None:
        weaker = Stretch(None, max(weaker.start, now - bounds.horizon), weaker.until, weaker.token)
    try:
        return ask(weaker, ("since_id", "start_time"))
    except RefusedParameter:
        return ask(unbounded(weaker), ())


def bounds_of(asked: Stretch, token_name: str) -> dict[str, Any]:
    """A stretch as request parameters; `since_id` and `start_time` never go together (X refuses that)."""
    found: dict[str, Any] = {}
    if asked.floor is not None:
        found["since_id"] = asked.floor.id
    elif asked.start is not None:
        found["start_time"] = asked.start
    if asked.token is not None:
        found[token_name] = asked.token
    elif asked.until is not None:
        found["until_id"] = asked.until.id
        found.pop("start_time", None)
    return found
