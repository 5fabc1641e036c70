"""Reading X: what each stream asks for and what its cursor remembers.

`mentions` and `own` are newest-first lists walked with a floor; `direct_messages` is the same without `since_id`, and
its head is read at every poll; `threads` searches the conversations that were active lately for replies that dropped
our handle. Cursors hold ids, times and page tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connectors.base import (
    Cursor,
    Gap,
    InboundMessage,
    Json,
    Kind,
    Listing,
    Misconfigured,
    Page,
    Poll,
    Refused,
    Usage,
)
from connectors.twitter_pages import Batch, bounds_of, together, translate, walk_page
from connectors.twitter_translate import (
    DM_EXPANSIONS,
    DM_FIELDS,
    MEDIA_FIELDS,
    TWEET_EXPANSIONS,
    TWEET_FIELDS,
    USER_FIELDS,
    Includes,
    Row,
    correspondent_of,
    direct_message,
    identifier,
    post,
    time_of_id,
)
from connectors.twitter_transport import Answer, Api
from connectors.twitter_walk import Bounds, Stretch, Walk

MENTIONS_ALLOWANCE = "mentions"
DIRECT_MESSAGES_ALLOWANCE = "direct messages"
OWN_POSTS_ALLOWANCE = "own posts"
SEARCH_ALLOWANCE = "search"
"""X counts each list by itself (docs.x.com, rate limits, 2026-08)."""
PAGE = 100
SEARCH_REACH = timedelta(days=7) - timedelta(minutes=10)
"""Recent search knows seven days; the margin keeps a request valid while it travels."""
DIRECT_MESSAGE_REACH = timedelta(days=29)
"""Direct-message events are shown for 30 days; of a day less we are certain that all are."""
HANDLE_FOR = timedelta(days=1)
"""How long our own handle, or that a list is refused to us, is believed before asking again."""
THREADS_OVERLAP = timedelta(minutes=10)
"""Covers a clock of ours that is wrong, and what search finds late."""
REPLIES_TO_US = "to us"
"""Stands among the conversations to search for all replies to our own posts, also to one nobody answered before."""
MOST_THREADS = 40
LONGEST_QUERY = 512
MOST_REMEMBERED = 100
LEAST_EVENTS = 20
"""Direct-message events read again at every poll."""

MENTIONS = Bounds(cap=800, reason="x_newest_800_mentions")
TIMELINE = Bounds(cap=3200, reason="x_newest_3200_posts")
SEARCH = Bounds(horizon=SEARCH_REACH, reason="x_search_seven_days")
PRIVATE = Bounds(horizon=timedelta(days=30), reason="x_direct_messages_30_days")

_TWEETS: Mapping[str, Any] = {
    "tweet_fields": TWEET_FIELDS,
    "expansions": TWEET_EXPANSIONS,
    "user_fields": USER_FIELDS,
    "media_fields": MEDIA_FIELDS,
}
_EVENTS: Mapping[str, Any] = {
    "dm_event_fields": DM_FIELDS,
    "expansions": DM_EXPANSIONS,
    "user_fields": USER_FIELDS,
    "media_fields": MEDIA_FIELDS,
    "event_types": "MessageCreate",
}


class Reading:
    """The reading half of one account. Keeps nothing; what must be remembered travels in cursors."""

    def __init__(self, api: Api, own_id: str) -> None:
        self.api = api
        self.own_id = own_id

    def stream(self, name: str, cursor: Cursor | None, poll: Poll) -> Page:
        """One page of one stream. Raises Misconfigured for a stream X does not have."""
        state = dict(cursor or {})
        if name == "mentions":
            return self._mentions(state, poll)
        if name == "direct_messages":
            return self._direct_messages(state, poll)
        if name == "own":
            return self._own(state, poll)
        if name == "threads":
            return self._threads(state, poll)
        raise Misconfigured(f"X has no stream {name!r}; it has mentions, direct_messages, own and threads.")

    # -- mentions and our own posts ---------------------------------------------------------------------------------

    def _mentions(self, state: dict[str, Json], poll: Poll) -> Page:
        def ask(asked: Stretch, may_refuse: tuple[str, ...]) -> Answer:
            return self.mentions(asked, poll.now, may_refuse)

        walk, page, _, _ = walk_page(
            "mentions", Walk.of(state.get("walk")), poll, MENTIONS, ask, self.reader("mentions", "own_read")
        )
        return replace(page, cursor={"walk": walk.json()})

    def mentions(self, asked: Stretch, now: datetime, may_refuse: tuple[str, ...] = ()) -> Answer:
        """Posts that mention us, newest first."""
        return self._list(MENTIONS_ALLOWANCE, self.api.client.get_users_mentions, asked, may_refuse, now)

    def posts(self, ids: Sequence[str], now: datetime) -> Answer:
        """Up to 100 posts as they stand now."""
        return self.api.read("posts", now, self.api.client.get_tweets, list(ids), **_TWEETS)

    def _own(self, state: dict[str, Json], poll: Poll) -> Page:
        """Our own posts out of our timeline; where that is refused to this app, by search."""
        refused = state.get("timeline_refused_at")
        if refused is None or poll.now - datetime.fromisoformat(refused) >= HANDLE_FOR:
            try:
                return self._own_timeline(state, poll)
            except (Refused, Misconfigured):
                state["timeline_refused_at"] = poll.now.isoformat()
        return Page(cursor=state) if SEARCH_ALLOWANCE in poll.resting else self._own_search(state, poll)

    def own_posts(self, asked: Stretch, now: datetime, may_refuse: tuple[str, ...] = ()) -> Answer:
        """Our own posts and replies, newest first: an own read, and not behind as search may be."""
        method = self.api.client.get_users_tweets
        return self._list(OWN_POSTS_ALLOWANCE, method, asked, may_refuse, now, exclude="retweets")

    def _own_timeline(self, state: dict[str, Json], poll: Poll) -> Page:
        def ask(asked: Stretch, may_refuse: tuple[str, ...]) -> Answer:
            return self.own_posts(asked, poll.now, may_refuse)

        walk, page, _, _ = walk_page(
            "own", Walk.of(state.get("walk")), poll, TIMELINE, ask, self.reader("own", "own_read")
        )
        return replace(page, cursor={"walk": walk.json()})

    def _own_search(self, state: dict[str, Json], poll: Poll) -> Page:
        handle, usage = self._handle(state, poll.now)

        def ask(asked: Stretch, may_refuse: tuple[str, ...]) -> Answer:
            return self.search(f"from:{handle}", asked, may_refuse, poll.now)

        walk, page, _, _ = walk_page(
            "own", Walk.of(state.get("walk")), poll, SEARCH, ask, self.reader("own", "post_read", only_own=True)
        )
        return replace(page, cursor={**state, "walk": walk.json()}, usage=together(usage, page.usage))

    def _list(
        self,
        allowance: str,
        method: Any,
        asked: Stretch,
        may_refuse: tuple[str, ...],
        now: datetime,
        **more: Any,
    ) -> Answer:
        bounds = bounds_of(asked, "pagination_token")
        return self.api.read(
            allowance, now, method, self.own_id, may_refuse=may_refuse, max_results=PAGE, **_TWEETS, **bounds, **more
        )

    def search(self, query: str, asked: Stretch, may_refuse: tuple[str, ...], now: datetime) -> Answer:
        """Recent search: seven days, newest first."""
        bounds = bounds_of(asked, "next_token")
        method = self.api.client.search_recent_tweets
        given = {"max_results": PAGE, **_TWEETS, **bounds}
        return self.api.read(SEARCH_ALLOWANCE, now, method, query, may_refuse=may_refuse, **given)

    def reader(self, stream: str, resource: str, only_own: bool = False) -> Callable[[Answer], Batch]:
        """Translates an answer's posts, each charged as this resource."""

        def into(row: Row, own_id: str, includes: Includes) -> InboundMessage | None:
            message = post(row, own_id, includes)
            return None if only_own and message is not None and not message.own else message

        return lambda answer: translate(stream, answer, self.own_id, into, resource)

    def _handle(self, state: dict[str, Json], now: datetime) -> tuple[str, Usage]:
        """Our handle, out of the cursor while it is fresh: people rename accounts."""
        known, since = state.get("handle"), state.get("handle_at")
        if known and since and now - datetime.fromisoformat(since) < HANDLE_FOR:
            return known, Usage()
        handle, usage = self.ask_handle(now)
        state["handle"], state["handle_at"] = handle, now.isoformat()
        return handle, usage

    def ask_handle(self, now: datetime) -> tuple[str, Usage]:
        """Our handle as X has it now, and what asking cost. Raises Misconfigured when X names none."""
        answer = self.api.read("own account", now, self.api.client.get_me)
        data = answer.body.get("data")
        handle = data.get("username") if isinstance(data, dict) else None
        if not isinstance(handle, str) or not handle:
            raise Misconfigured("X does not say which account these keys belong to.", usage=answer.usage)
        ids = {"own_read": frozenset({self.own_id})}
        return handle, Usage(answer.usage.calls, {"own_read": 1}, ids, answer.usage.quotas)

    # -- direct messages --------------------------------------------------------------------------------------------

    def _direct_messages(self, state: dict[str, Json], poll: Poll) -> Page:
        before = Walk.of(state.get("walk")).on_the_day_of(poll.now)
        size = _page_size(state, before, poll.now)

        def ask(asked: Stretch, may_refuse: tuple[str, ...]) -> Answer:
            return self.events(poll.now, may_refuse, max_results=size, pagination_token=asked.token)

        walk, page, batch, is_head = walk_page("direct_messages", before, poll, PRIVATE, ask, self._read_events)
        kept = tuple(message for message in page.messages if message.sent_at >= poll.since)
        remembered = [str(known) for known in state.get("threads", [])]
        listings: tuple[Listing, ...] = ()
        last = {"shown": state.get("shown", []), "shown_from": state.get("shown_from")}
        oldest = _oldest_shown(batch, poll.now) if is_head else None
        if oldest is not None:
            if last["shown_from"]:
                both = max(oldest, datetime.fromisoformat(last["shown_from"]))
                listings = self._listings(batch, before, remembered, frozenset(last["shown"]), both)
            shown = sorted(message.external_id for message in batch.messages)
            last = {"shown": shown, "shown_from": oldest.isoformat()}
        if is_head:
            here = list(dict.fromkeys(message.conversation_id for message in batch.messages))
            remembered = list(dict.fromkeys([*here, *remembered]))[:MOST_REMEMBERED]
        cursor = {
            "walk": walk.json(),
            "threads": remembered,
            "size": size,
            **last,
            **_paid_today(state, batch, poll.now),
        }
        return replace(page, cursor=cursor, messages=kept, listings=listings)

    def events(self, now: datetime, may_refuse: tuple[str, ...] = (), **which: Any) -> Answer:
        """Direct-message events, newest first: all, or those `participant_id` or `dm_conversation_id` names."""
        method = self.api.client.get_direct_message_events
        given = {"max_results": PAGE, **_EVENTS, **which}
        return self.api.read(DIRECT_MESSAGES_ALLOWANCE, now, method, may_refuse=may_refuse, **given)

    def _read_events(self, answer: Answer) -> Batch:
        return translate("direct_messages", answer, self.own_id, direct_message, "dm_read")

    @staticmethod
    def _listings(
        batch: Batch, before: Walk, remembered: Sequence[str], lately: frozenset[str], oldest: datetime
    ) -> tuple[Listing, ...]:
        """What the head shows completely: per thread, everything between `oldest` and what was passed before.

        One answer may leave an item out, so what the reading before held (`lately`) still counts as there: two must
        lack it. `oldest` is how far down both of them reached.
        """
        passed = before.read_once or before.floor
        newest = max([*(mark.at for mark in batch.marks), *([passed.at] if passed else [])])
        shown: dict[str, set[str]] = {thread: set() for thread in remembered}
        for message in batch.messages:
            shown.setdefault(message.conversation_id, set()).add(message.external_id)
        unread = frozenset(odd.external_id for odd in batch.odd if odd.external_id)
        return tuple(Listing(thread, False, oldest, newest, unread | lately | ids) for thread, ids in shown.items())

    # -- threads ----------------------------------------------------------------------------------------------------

    def _threads(self, state: dict[str, Json], poll: Poll) -> Page:
        """Replies that dropped our handle: those to us, and all in conversations that were active lately."""
        refused = state.get("search_refused_at")
        if refused is not None and poll.now - datetime.fromisoformat(refused) < HANDLE_FOR:
            return Page(cursor=state)
        handle, asking = self._handle(state, poll.now)
        named = {key: state[key] for key in ("handle", "handle_at")}
        active = [REPLIES_TO_US, *(known for known in poll.active_subjects if identifier(known))][:MOST_THREADS]
        passed = {thread: at for thread, at in dict(state.get("passed", {})).items() if thread in active}
        job = state.get("job") or self._next_job(active, passed, poll.now)
        asked = Stretch(None, datetime.fromisoformat(job["start"]), token=job["token"])
        only_to_us = job["threads"] == [REPLIES_TO_US]
        query = f"to:{handle}" if only_to_us else any_of(job["threads"])
        try:
            answer = self.search(query, asked, (), poll.now)
        except (Refused, Misconfigured) as error:
            cursor = {**named, "passed": passed, "search_refused_at": poll.now.isoformat()}
            gap = Gap(None, None, None, "x_search_refused")
            return Page(cursor=cursor, gaps=(gap,), usage=together(asking, error.usage))
        batch = self.reader("threads", "post_read")(answer)
        if batch.next_token and batch.next_token != job["token"] and batch.marks:
            cursor = {**named, "passed": passed, "job": {**job, "token": batch.next_token}}
        else:
            passed |= dict.fromkeys(job["threads"], job["began"])
            cursor = {**named, "passed": passed}
        return Page(
            cursor=cursor,
            messages=tuple(batch.messages),
            unreadable=tuple(batch.odd),
            look_at=tuple(batch.look_at),
            more="job" in cursor,
            usage=together(asking, batch.usage),
        )

    @staticmethod
    def _next_job(active: Sequence[str], passed: Mapping[str, str], now: datetime) -> dict[str, Json]:
        """The conversations waiting longest that fit into one query, and from when on to search them."""
        reach = now - SEARCH_REACH
        order = sorted(active, key=lambda thread: passed.get(thread, ""))
        chosen: list[str] = order[:1] if order[0] == REPLIES_TO_US else []
        length = LONGEST_QUERY if chosen else 0
        for thread in order:
            if thread == REPLIES_TO_US:
                continue
            length += len("conversation_id: OR ") + len(thread)
            if length > LONGEST_QUERY:
                break
            chosen.append(thread)
        latest = now - THREADS_OVERLAP
        starts = [
            datetime.fromisoformat(passed[thread]) - THREADS_OVERLAP
            if thread in passed
            else (time_of_id(thread) or reach)
            for thread in chosen
        ]
        start = max(reach, min([*starts, latest]))
        return {"threads": chosen, "start": start.isoformat(), "token": None, "began": now.isoformat()}

    # -- one thread -------------------------------------------------------------------------------------------------

    def read_thread(self, conversation_id: str, kind: Kind, poll: Poll) -> Page:
        """The newest messages of one thread, whoever wrote them; only ours where this app may not search."""
        if kind is Kind.DIRECT_MESSAGE:
            batch = self._read_events(self.events(poll.now, (), **self.which(conversation_id)))
            return Page(cursor={}, messages=tuple(batch.messages), unreadable=tuple(batch.odd), usage=batch.usage)
        asked = Stretch(None, poll.now - SEARCH_REACH)
        try:
            answer = self.search(f"conversation_id:{conversation_id}", asked, (), poll.now)
        except (Refused, Misconfigured):
            answer = self.own_posts(asked, poll.now)
        batch = self.reader("thread", "post_read")(answer)
        here = tuple(message for message in batch.messages if message.conversation_id == conversation_id)
        return Page(cursor={}, messages=here, unreadable=tuple(batch.odd), usage=batch.usage)

    def which(self, conversation_id: str) -> dict[str, str]:
        """How to name a direct-message thread to X: by the other person, or a group by its own id."""
        other = correspondent_of(conversation_id, self.own_id)
        return {"participant_id": other} if other else {"dm_conversation_id": conversation_id}


def any_of(conversations: Sequence[str]) -> str:
    """A search for as many of these conversations as one query takes; empty without any."""
    query = ""
    for conversation in conversations:
        longer = f"{query} OR conversation_id:{conversation}" if query else f"conversation_id:{conversation}"
        if len(longer) > LONGEST_QUERY:
            break
        query = longer
    return query


CUT_MARGIN = timedelta(seconds=2)


def _oldest_shown(batch: Batch, now: datetime) -> datetime | None:
    """How far down an answer shows all direct messages; None for an empty one, or where a row cannot be told apart."""
    if not batch.whole or not batch.marks:
        return None
    if batch.next_token is None:
        return now - DIRECT_MESSAGE_REACH
    # The page is cut by id, the range by time; near the cut the two need not agree.
    return min(mark.at for mark in batch.marks) + CUT_MARGIN


def _page_size(state: Mapping[str, Json], walk: Walk, now: datetime) -> int:
    """How many direct messages to ask for: as deep as was paid for today, and a little.

    There is no `since_id`, so every poll reads the newest again; X charges each event once a UTC day, and a hundred
    old ones read anew each day would cost thirty dollars a month. A walk keeps the size it began with.
    """
    if walk.stretches:
        return int(state.get("size", PAGE))
    if walk.floor is None:
        return PAGE
    fresh = int(state.get("fresh", 0)) if state.get("day") == now.date().isoformat() else 0
    return min(PAGE, LEAST_EVENTS + fresh)


def _paid_today(state: Mapping[str, Json], batch: Batch, now: datetime) -> dict[str, Json]:
    """How many events were read for the first time on this UTC day, and the newest of them."""
    day = now.date().isoformat()
    fresh = int(state.get("fresh", 0)) if state.get("day") == day else 0
    top = int(state.get("top", 0))
    ids = {int(mark.id) for mark in batch.marks}
    is_first = "top" not in state or Walk.of(state.get("walk")).stretches
    fresh += len(ids) if is_first else sum(1 for known in ids if known > top)
    return {"day": day, "fresh": min(fresh, PAGE), "top": str(max([top, *ids]))}
