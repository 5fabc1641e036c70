"""Reading private threads: one call shows the latest of them with their newest messages.

The platform shows only the 20 newest messages of a thread (Meta, page/conversations, updated 2026-02-11). Where a
thread grew by more than that between two readings, the page carries a Gap: what is between is never shown to us.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from connectors.base import Author, Cursor, Gap, Misconfigured, Page, Poll, Refused, Tally, Unavailable, Unreadable
from connectors.graph import Graph
from connectors.graph_collect import Collected
from connectors.graph_private import author_of, is_own, polled_message
from connectors.graph_values import Odd, graph_time, id_of, mapping, next_after, own_copy, rows, text_id, unreadable
from connectors.graph_view import OVERLAP_SECONDS, Scope, Seen, View, judge

NEWEST_ONLY = 20
THREADS_A_PAGE = 25
THREADS_OF_NEW_ACCOUNT = 100
THREADS_REMEMBERED = 500
OLDER_PAGES = 20
PAGES_FOR_ONE = 3


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread of an answer."""

    key: str
    """The platform's own id, for reading."""
    conversation_id: str
    updated_at: datetime | None
    view: View
    correspondent: Author | None


@dataclass(frozen=True, slots=True)
class Threads:
    """One page of threads."""

    threads: tuple[Thread, ...]
    unreadable: tuple[Unreadable, ...]
    after: str | None


class ThreadReader:
    """The private threads of one account."""

    def __init__(
        self, graph: Graph, path: str, platform: str, own_ids: frozenset[str], thread_fields: str, message_fields: str
    ) -> None:
        self._graph = graph
        self._path = path
        self._platform = platform
        self._own_ids = own_ids
        self._fields = f"{thread_fields},messages.limit({NEWEST_ONLY}){{{message_fields}}}"

    def read(self, cursor: Cursor | None, poll: Poll) -> Page:
        """One step: the latest threads, or a page further down where more than a page has news."""
        state, collected = own_copy(cursor), Collected()
        walk = state.get("walk")
        if walk and state.get("walking"):
            self._step(walk, state, collected, poll)
        else:
            self._latest(state, collected, poll)
        state["walking"] = state.get("walk") is not None
        return collected.page(state, more=state["walking"])

    def _latest(self, state: dict[str, Any], collected: Collected, poll: Poll) -> None:
        top = state.get("top")
        page = self.page(None, collected, poll, wide=top is None)
        until = max(poll.since.timestamp(), top - OVERLAP_SECONDS) if top else poll.since.timestamp()
        self.take_in(page, state, collected, poll)
        times = [t.updated_at for t in page.threads if t.updated_at is not None]
        if page.after and _goes_on(times, until):
            walk = state.get("walk")
            if walk:
                until = min(until, walk["until"])
            state["walk"] = {"after": page.after, "until": until, "empty": 0}
        if times:
            state["top"] = max(int(max(times).timestamp()), top or 0)

    def _step(self, walk: dict[str, Any], state: dict[str, Any], collected: Collected, poll: Poll) -> None:
        try:
            page = self.page(walk["after"], collected, poll, wide=True)
        except (Refused, Misconfigured):
            state["walk"] = None
            state["top"] = walk["until"]
            return
        self.take_in(page, state, collected, poll)
        times = [t.updated_at for t in page.threads if t.updated_at is not None]
        empty = 0 if page.threads else walk["empty"] + 1
        over = page.after in (None, walk["after"]) or empty > 10 or not _goes_on(times, walk["until"])
        state["walk"] = None if over else {"after": page.after, "until": walk["until"], "empty": empty}

    def older(self, state: dict[str, Any], collected: Collected, poll: Poll) -> bool:
        """One page further down than the last time, so that edits and deletions in quiet threads are seen too. A page
        where something changed is read once more before the next: what vanished counts when two readings lack it."""
        place = state.setdefault("threads", {"after": None, "page": 0, "seen": {}})
        if place["after"] is None and place.get("rest", 0) > poll.now.timestamp():
            return False
        try:
            page = self.page(place["after"], collected, poll, light=place["after"] is None)
        except (Refused, Misconfigured):
            if place["after"] is None:
                raise
            place |= {"after": None, "page": 0}
            return True
        if place["after"] is not None:
            unproven = self.take_in(page, place["seen"], collected, poll)
            place["again"] = unproven and not place.get("again")
            if place["again"]:
                return True
        over = page.after in (None, place["after"]) or place["page"] >= OLDER_PAGES
        place |= {"after": None if over else page.after, "page": 0 if over else place["page"] + 1}
        place["rest"] = int(poll.now.timestamp()) + 20 if over else 0
        return True

    def read_one(self, conversation_id: str, poll: Poll) -> Page:
        """The newest messages of one person's thread as they stand now, and what the platform tells of it.

        A page may be empty and go on all the same (Graph, "Paginated results"), so the thread is looked for further
        down too.
        """
        collected, after = Collected(), None
        for _ in range(PAGES_FOR_ONE):
            try:
                page = self.page(after, collected, poll, person=conversation_id)
            except (Refused, Misconfigured):
                if after is None:
                    raise
                break  # the cursor has worn out meanwhile: whoever asked sees that the thread is not there
            found = [one for one in page.threads if conversation_id in (one.conversation_id, one.key)]
            for thread in found:
                collected.add(thread.view.messages, thread.view.unreadable)
            if found:
                return replace(collected.page({}), tally=_tally(found[0]))
            collected.add((), page.unreadable)
            if page.after in (None, after):
                break
            after = page.after
        return collected.page({})

    def page(
        self,
        after: str | None,
        collected: Collected,
        poll: Poll,
        *,
        light: bool = False,
        wide: bool = False,
        person: str | None = None,
    ) -> Threads:
        """One page of threads, latest first: only ids where `light`, many where `wide`, one `person`'s where given."""
        fields = "id" if light else self._fields
        if wide:
            try:
                return self._page(after, collected, poll, fields, THREADS_OF_NEW_ACCOUNT, person)
            except Unavailable as error:
                if (error.code or "").split("/")[0] != "1":
                    raise
                collected.used(error.usage)
        return self._page(after, collected, poll, fields, THREADS_A_PAGE, person)

    def _page(
        self, after: str | None, collected: Collected, poll: Poll, fields: str, limit: int, person: str | None
    ) -> Threads:
        """Graph answers error 1 where so much data at once is too much for it."""
        got = self._graph.get(
            self._path,
            poll.now,
            platform=self._platform,
            fields=fields,
            limit=limit,
            after=after,
            user_id=person,
        )
        collected.used(got.usage)
        threads: list[Thread] = []
        odd: list[Unreadable] = []
        for item in rows(got.body):
            try:
                threads.append(self.thread(item))
            except Odd as reason:
                odd.append(unreadable("messages", item, str(reason)))
        return Threads(tuple(threads), tuple(odd), next_after(got.body))

    def thread(self, item: Any) -> Thread:
        """One thread as given. Raises Odd where it has no id."""
        node = mapping(item)
        key = text_id(node.get("id"))
        if key is None:
            raise Odd("a thread without id")
        people = [p for p in rows(node.get("participants")) if id_of(p) and not is_own(p, self._own_ids)]
        person = author_of(people[0]) if len(people) == 1 else None
        edge = node.get("messages")
        messages, odd = [], []
        for entry in rows(edge):
            try:
                messages.append(polled_message(entry, person, key, self._own_ids))
            except Odd as reason:
                odd.append(unreadable("messages", entry, str(reason)))
        count = node.get("message_count")
        total = count if isinstance(count, int) and not isinstance(count, bool) else None
        more = next_after(edge)
        shown = len(messages) + len(odd)
        view = View(
            tuple(messages),
            tuple(odd),
            more=more,
            total=total,
            cut=shown >= NEWEST_ONLY or more is not None or (shown == 0 and total is None),
            ranged=True,
        )
        conversation = person.external_id if person and person.external_id else _of_messages(view) or key
        return Thread(key, conversation, graph_time(node.get("updated_time")), view, person)

    def take_in(self, page: Threads, state: dict[str, Any], collected: Collected, poll: Poll) -> bool:
        """Judge each thread of a page; True where another reading would prove more."""
        unproven = False
        known: dict[str, Any] = state.setdefault("seen", {})
        collected.add((), page.unreadable)
        for thread in page.threads:
            before = Seen.from_json(known.pop(thread.key, None))
            judged = judge(thread.view, before, Scope(thread.conversation_id, False, poll.since), poll.now)
            if judged.deliver:
                collected.add((), thread.view.unreadable)
            collected.add(judged.deliver)
            if judged.listing is not None:
                collected.listings.append(judged.listing)
            gap = gap_in(thread, before, poll.since)
            if gap is not None:
                collected.gaps.append(gap)
            known[thread.key] = judged.seen.to_json()
            unproven = unproven or (before is not None and judged.seen.pending)
        for key in list(known)[: max(0, len(known) - THREADS_REMEMBERED)]:
            del known[key]
        return unproven


def _tally(thread: Thread) -> Tally:
    """The number of messages counts only where the list should hold them all: it shows the 20 newest."""
    total = thread.view.total
    whole = total is not None and total <= NEWEST_ONLY and thread.view.more is None
    return Tally(thread.updated_at, total if whole else None)


def _of_messages(view: View) -> str | None:
    return next((m.conversation_id for m in view.messages if m.correspondent is not None), None)


def _goes_on(times: list[datetime], until: float) -> bool:
    """Whether threads further down may hold news. The order is only a convention: out of order means go on."""
    if not times:
        return True
    ordered = all(earlier >= later for earlier, later in itertools.pairwise(times))
    return not ordered or min(times).timestamp() >= until


def gap_in(thread: Thread, before: Seen | None, since: datetime) -> Gap | None:
    """What lies between the messages shown now and what was read before, where the platform does not show it."""
    view = thread.view
    oldest = view.oldest
    if oldest is None or not view.cut or (view.total is not None and view.total <= len(view.messages)):
        return None
    if before is not None and before.watermark:
        after = datetime.fromtimestamp(before.watermark, UTC)
        if oldest <= after:
            return None
    else:
        after = since
        if oldest <= since:
            return None
    return Gap(thread.conversation_id, after, oldest, "only_20_newest")
