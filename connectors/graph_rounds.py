"""The slow round: what the stream of the newest posts does not see, one call a turn.

Posts by others, ads and reels; older posts, which may get new comments at any time; comments deeper than a list of
posts shows, read again for edits and deletions; and private threads further down. A turn with nothing to do passes on
to the next, so an account where nothing is deep costs little.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connectors.base import Cursor, Listing, LoginExpired, Misconfigured, Page, Poll, Refused, Unavailable
from connectors.graph_collect import Collected
from connectors.graph_posts import (
    MOST_QUESTIONS,
    PostReader,
    Posts,
    Progress,
    Walk,
    ask_about,
    concerns_one_object,
    step,
    take_in,
)
from connectors.graph_usage import MESSENGER
from connectors.graph_values import own_copy
from connectors.graph_view import BEGINNING, SETTLE_SECONDS

log = logging.getLogger(__name__)

OFF_FOR = timedelta(hours=1)
"""A list this account may not read (no ads, no reels, no permission) is tried again after this long."""
SHORTEST_REST = timedelta(seconds=10)
"""A turn that the platform answers with a failure of its own rests this long, each time twice as long."""
ARCHIVE_PAGES = 20
LARGEST_SWEEP = 3000
"""Ids remembered while one post is swept; a longer one is read again without concluding that anything is gone."""
LONGEST_QUEUE = 200
MOST_SWEPT = 2000
"""Ids remembered of swept posts, for when the platform's count and what it shows differ (hidden or filtered ones)."""

OlderThreads = Callable[[dict[str, Any], Collected, Poll], bool]
"""Reads one older page of private threads; False when there was nothing to read."""


class Rounds:
    """The turns of one account. `turns` names lists of posts, or `archive`, `sweep`, `threads`."""

    def __init__(self, reader: PostReader, turns: tuple[str, ...], first: int, older_threads: OlderThreads) -> None:
        self._reader = reader
        self._turns = turns
        self._first = first
        self._older_threads = older_threads

    def read(self, cursor: Cursor | None, poll: Poll) -> Page:
        """One turn that makes a call. In the first import the `first` turns follow each other at once."""
        state = own_copy(cursor)
        progress, collected = Progress.load(state.get("progress")), Collected()
        walk = progress.due(poll.now) if progress.walking else None
        turn = int(state.get("turn", 0))
        if walk is not None:
            step(self._reader, walk, progress, collected, poll)
        else:
            turn = self._take_next(turn, state, progress, collected, poll)
        progress.walking = progress.due(poll.now) is not None
        state |= {"turn": turn, "progress": progress.store()}
        return collected.page(state, more=progress.walking or turn < self._first)

    def _take_next(self, turn: int, state: dict[str, Any], progress: Progress, collected: Collected, poll: Poll) -> int:
        """The next turn that makes a call; returns the one after it. A list that fails alone rests and never stops the
        others; two in a row, or no answer at all, are the platform's trouble."""
        failed: Unavailable | None = None
        for _ in self._turns:
            name = self._turns[turn % len(self._turns)]
            turn += 1
            try:
                taken = self._take(name, state, progress, collected, poll)
            except Unavailable as error:
                if failed is not None or error.code == "network":
                    raise
                failed = error
                collected.used(error.usage)
                _rest(name, state, poll)
            else:
                if taken:
                    state.get("tries", {}).pop(name, None)
                    return turn
        if failed is not None:
            raise failed
        return turn

    def _take(self, name: str, state: dict[str, Any], progress: Progress, collected: Collected, poll: Poll) -> bool:
        """Returns whether a call was made."""
        off = state.setdefault("off", {})
        if off.get(name, 0) > poll.now.timestamp():
            return False
        if name == "sweep":
            return self._sweep(state, collected, poll)
        if name == "threads" and MESSENGER in poll.resting:
            return False
        try:
            if name == "archive":
                self._archive(state, progress, collected, poll)
                return True
            if name == "threads":
                return self._older_threads(state, collected, poll)
            self._side(name, state, progress, collected, poll)
        except (Refused, Misconfigured, LoginExpired) as error:
            if not concerns_one_object(error):
                raise
            log.warning("%s is not read for an hour: %s", name, error)
            collected.used(error.usage)
            off[name] = int((poll.now + OFF_FOR).timestamp())
        return True

    def _side(self, name: str, state: dict[str, Any], progress: Progress, collected: Collected, poll: Poll) -> None:
        edge = self._reader.edge(name)
        began = state.setdefault("began", [])
        listed = self._reader.posts(edge, None, poll, wide=name not in began)
        take_in(self._reader, edge, listed, dict(progress.posts), progress, collected, poll)
        self._note_deep(listed, name, state)
        before = state.setdefault("listed", {}).get(name, [])
        connects = any(post.subject.external_id in before for post in listed.posts)
        if edge.posts_are_messages:
            self._miss_posts(name, listed, state, collected, poll)
        if listed.after and not (connects and name in began):
            walk = {"kind": "posts", "edge": name, "after": listed.after, "down_to": before}
            progress.walks = [one for one in progress.walks if (one["kind"], one["edge"]) != ("posts", name)]
            progress.walks.append(walk)
        if name not in began:
            began.append(name)

    def _miss_posts(self, name: str, listed: Posts, state: dict[str, Any], collected: Collected, poll: Poll) -> None:
        """Posts by others that were listed before and are not now: ask for each whether it is gone."""
        known = state["listed"]
        now_there = [post.subject.external_id for post in listed.posts]
        if listed.unreadable:
            return
        missing = [post for post in known.get(name, []) if post not in now_there]
        if listed.after and missing:
            missing = []
        for post in missing[:5]:
            there, usage = self._reader.exists(post, poll.now)
            collected.used(usage)
            if not there:
                collected.gone(post, poll.now)
        known[name] = now_there[:50] or known.get(name, [])

    def _archive(self, state: dict[str, Any], progress: Progress, collected: Collected, poll: Poll) -> None:
        """The next page of the account's own posts, from the newest again after the oldest."""
        place = state.setdefault("archive", {"after": None, "page": 0})
        head = self._reader.head
        try:
            listed = self._reader.posts(head, place["after"], poll)
        except (Refused, Misconfigured):
            if place["after"] is None:
                raise
            place |= {"after": None, "page": 0}
            return
        self._note_deep(listed, head.name, state)
        if place["page"] == 0:
            collected.used(listed.usage)
            self._note_active(listed, state, poll)
        else:
            take_in(self._reader, head, listed, dict(progress.posts), progress, collected, poll, remembered=False)
        over = listed.after in (None, place["after"]) or place["page"] >= ARCHIVE_PAGES
        place |= {"after": None, "page": 0} if over else {"after": listed.after, "page": place["page"] + 1}

    def _note_deep(self, listed: Posts, edge: str, state: dict[str, Any]) -> None:
        for post in listed.posts:
            if post.view.more is not None or post.view.deeper:
                _queue(state, post.subject.external_id, edge)

    def _note_active(self, listed: Posts, state: dict[str, Any], poll: Poll) -> None:
        """Posts the inbox saw activity on and that no list holds any more."""
        if listed.after is None:
            return
        shown = {post.subject.external_id for post in listed.posts}
        for post in poll.active_subjects:
            edge = self._reader.by_others if post in poll.subjects_by_others else self._reader.head
            if edge is not None and post not in shown:
                _queue(state, post, edge.name)

    def _sweep(self, state: dict[str, Any], collected: Collected, poll: Poll) -> bool:
        walk: Walk | None = state.get("sweep")
        if walk is None:
            queue = state.get("deep", [])
            if not queue:
                return False
            post, edge = queue.pop(0)
            walk = {"post": post, "edge": edge, "after": None, "ids": [], "began": int(poll.now.timestamp())}
        try:
            state["sweep"] = self._sweep_on(walk, state, collected, poll)
        except (Refused, Misconfigured, LoginExpired) as error:
            if not concerns_one_object(error):
                raise
            collected.used(error.usage)
            state["sweep"] = None
        return True

    def _sweep_on(self, walk: Walk, state: dict[str, Any], collected: Collected, poll: Poll) -> Walk | None:
        """One page; at the end of a post, what it holds. Returns the walk where it goes on."""
        edge, after = self._reader.edge(walk["edge"]), walk["after"]
        below = list(walk.get("below", []))
        if walk.get("listed"):
            comment, reached = below.pop(0)
            view, usage = self._reader.replies(comment, walk["post"], reached, poll.now)
            if view.more not in (None, reached):
                below.insert(0, [comment, view.more])
        else:
            view, usage = self._reader.comments(walk["post"], edge, after, None, poll.now)
            below += [list(pair) for pair in view.deeper]
            if after is None:
                walk |= {"total": view.total, "roots": 0, "sound": True, "counted": view.total}
            walk |= {
                "roots": walk["roots"] + (view.roots if view.roots is not None else len(view.messages)),
                "counted": view.total,
                "listed": view.more in (None, after),
                "sound": walk["sound"] and (view.more is None or view.more != after),
                "after": view.more,
            }
        collected.used(usage)
        collected.add((m for m in view.messages if m.sent_at >= poll.since), view.unreadable)
        sound = walk["sound"] and not view.unreadable and len(walk["ids"]) < LARGEST_SWEEP
        ids = [*walk["ids"], *(m.external_id for m in view.messages)] if sound else []
        walk = walk | {"sound": sound, "ids": ids, "below": below}
        if below or not walk["listed"]:
            return walk
        if sound:
            self._conclude(walk, state, collected, poll)
        return None

    def _conclude(self, walk: Walk, state: dict[str, Any], collected: Collected, poll: Poll) -> None:
        """What a whole sweep proves. Only a count of the platform's own makes it certain: without one, an answer that
        broke off would take everything behind it along. Where it counts more than it shows, ask for each that vanished.
        """
        if walk["counted"] != walk["total"]:
            return
        swept: dict[str, list[str]] = state.setdefault("swept", {})
        there = dict.fromkeys(walk["ids"])
        missing = tuple(known for known in swept.pop(walk["post"], []) if known not in there)
        everything = _everything_below(walk)
        counted = walk["total"] in (len(there), walk["roots"])
        if walk["total"] is None or counted:
            missing = ()
        everything = replace(everything, certain=counted)
        collected.listings.append(everything)
        ask_about(self._reader, missing[:MOST_QUESTIONS], collected, poll.now)
        swept[walk["post"]] = [*there, *missing[MOST_QUESTIONS:]]
        while sum(map(len, swept.values())) > MOST_SWEPT:
            del swept[next(iter(swept))]


def _rest(name: str, state: dict[str, Any], poll: Poll) -> None:
    tries = state.setdefault("tries", {})
    tries[name] = tries.get(name, 0) + 1
    rest = min(SHORTEST_REST * 2 ** min(tries[name] - 1, 10), OFF_FOR)
    state.setdefault("off", {})[name] = int((poll.now + rest).timestamp())
    if name == "sweep":
        # The post may be what fails: it waits until it is found deep again.
        state["sweep"] = None


def _queue(state: dict[str, Any], post: str, edge: str) -> None:
    queue = state.setdefault("deep", [])
    if len(queue) < LONGEST_QUEUE and not any(waiting[0] == post for waiting in queue):
        queue.append([post, edge])


def _everything_below(walk: Walk) -> Listing:
    # A post by somebody else is a message too, and its comments tell nothing about it.
    ids = frozenset(walk["ids"]) | {walk["post"]}
    until = datetime.fromtimestamp(walk["began"] - SETTLE_SECONDS, BEGINNING.tzinfo)
    return Listing(walk["post"], True, BEGINNING, until, ids)
