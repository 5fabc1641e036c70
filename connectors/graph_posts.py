"""Reading the comments of an account's posts without losing one, in few calls.

There is no list of all comments. One call lists the newest posts with their newest comments; a post whose view does
not connect to what was read before is put on a list of walks, and each walk takes one call a step. The list of walks
is part of the cursor, so a walk that is interrupted, or fails, goes on later from where it stood. Graph's own cursors
die when their item is deleted: such a walk begins again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from connectors.base import (
    ConnectorError,
    Cursor,
    InboundMessage,
    Listing,
    LoginExpired,
    Misconfigured,
    Page,
    Poll,
    RefusalReason,
    Refused,
    Subject,
    Unavailable,
    Unreadable,
    Usage,
)
from connectors.graph_collect import Collected
from connectors.graph_view import (
    BEGINNING,
    CONFIRM_SECONDS,
    SETTLE_SECONDS,
    Scope,
    Seen,
    View,
    judge,
    vanished,
    with_answers,
    with_unasked,
)

MOST_QUESTIONS = 5
"""Suspected deletions asked about in one step."""
MOST_POSTS_ASKED = 2
"""Posts suspected to be gone that are asked for in one step."""
MOST_LEFT_OUT = 20
OTHERS_REMEMBERED = 300
"""Posts that fell out of the list and whose last view is still known."""
EMPTY_PAGES = 10
"""Pages without a single item in a row after which a walk ends: Graph's privacy filter can empty a few."""

Walk = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Edge:
    """A list of posts: its name on the account's node and the fields asked for."""

    name: str
    fields: str
    posts_are_messages: bool = False
    """Somebody else wrote the post itself, to us or about us."""


@dataclass(frozen=True, slots=True)
class PostView:
    """A post, the message it is where somebody else wrote it, and its comments as far as they came along."""

    subject: Subject
    view: View
    message: InboundMessage | None = None


@dataclass(frozen=True, slots=True)
class Posts:
    """One page of posts."""

    posts: tuple[PostView, ...]
    unreadable: tuple[Unreadable, ...]
    after: str | None
    usage: Usage


class PostReader(Protocol):
    """How one channel lists posts and comments. Every method is one call."""

    head: Edge
    by_others: Edge | None
    """A list of posts that others wrote, where the platform shows the comments below them."""

    def edge(self, name: str) -> Edge:
        """The edge of this name."""

    def posts(self, edge: Edge, after: str | None, poll: Poll, *, wide: bool = False) -> Posts:
        """A page of posts, newest first, each with its newest comments; `wide`: with many of them."""

    def comments(
        self, post: str, edge: Edge, after: str | None, since: int | None, now: datetime
    ) -> tuple[View, Usage]:
        """A page of one post's comments; `since` is a hint that may be ignored."""

    def replies(self, comment: str, post: str, after: str | None, now: datetime) -> tuple[View, Usage]:
        """A page of the replies of one comment."""

    def exists(self, external_id: str, now: datetime) -> tuple[bool, Usage]:
        """Whether this one comment or post is still there."""


@dataclass(slots=True)
class Progress:
    """What a stream of posts remembers."""

    posts: dict[str, Any] = field(default_factory=dict)
    walks: list[Walk] = field(default_factory=list)
    walking: bool = False
    started: bool = False
    listed: list[str] = field(default_factory=list)
    """The posts of the list as it stood last."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Posts that fell out of the middle of the list and are there all the same: when to ask once more; 0 never."""

    @staticmethod
    def load(cursor: Cursor | None) -> Progress:
        """From the cursor of the inbox."""
        cursor = cursor or {}
        return Progress(
            dict(cursor.get("posts", {})),
            [dict(walk) for walk in cursor.get("walks", [])],
            bool(cursor.get("walking")),
            bool(cursor.get("started")),
            list(cursor.get("listed", [])),
            dict(cursor.get("left_out", {})),
        )

    def store(self) -> dict[str, Any]:
        """For the cursor."""
        return {
            "posts": self.posts,
            "walks": self.walks,
            "walking": self.walking,
            "started": self.started,
            "listed": self.listed,
            "left_out": self.left_out,
        }

    def due(self, now: datetime) -> Walk | None:
        """The first walk that may go on."""
        stamp = now.timestamp()
        return next((walk for walk in self.walks if walk.get("wait", 0) <= stamp), None)


def read_newest(reader: PostReader, cursor: Cursor | None, poll: Poll) -> Page:
    """One step of the stream of the newest posts: their list, or a step of a walk it left over."""
    progress, collected = Progress.load(cursor), Collected()
    walk = progress.due(poll.now) if progress.walking else None
    if walk is not None:
        step(reader, walk, progress, collected, poll)
    else:
        _list_newest(reader, progress, collected, poll)
    progress.walking = progress.due(poll.now) is not None
    return collected.page(progress.store(), more=progress.walking)


def _list_newest(reader: PostReader, progress: Progress, collected: Collected, poll: Poll) -> None:
    listed = reader.posts(reader.head, None, poll, wide=not progress.started)
    take_in(reader, reader.head, listed, dict(progress.posts), progress, collected, poll)
    _miss_posts(reader, listed, progress, collected, poll)
    forget_oldest(progress, {post.subject.external_id for post in listed.posts})
    unfinished = not progress.started and _reaches_since(listed, poll)
    if listed.after and (unfinished or not listed.posts):
        progress.walks.append({"kind": "posts", "edge": reader.head.name, "after": listed.after})
    progress.started = True


def _miss_posts(reader: PostReader, listed: Posts, progress: Progress, collected: Collected, poll: Poll) -> None:
    """Posts that vanished from the list without being pushed out of it: where one is gone, so are its comments."""
    if listed.unreadable:
        return
    now_there = list(dict.fromkeys(post.subject.external_id for post in listed.posts))
    stamp = int(poll.now.timestamp())
    missing = vanished(progress.listed, now_there, whole=listed.after is None)
    due = [post for post in missing if progress.left_out.get(post, stamp) in range(1, stamp + 1)]
    for post in due[:MOST_POSTS_ASKED]:
        there, usage = reader.exists(post, poll.now)
        collected.used(usage)
        if there:
            progress.left_out[post] = 0 if post in progress.left_out else stamp + CONFIRM_SECONDS
        else:
            until = datetime.fromtimestamp(stamp - SETTLE_SECONDS, UTC)
            collected.listings.append(Listing(post, True, BEGINNING, until, frozenset()))
            progress.listed.remove(post)
            progress.posts.pop(post, None)
    waiting = [post for post in missing if post in progress.listed]
    progress.left_out = {post: at for post, at in progress.left_out.items() if post in waiting}
    progress.listed = [*now_there[:1], *waiting[:MOST_LEFT_OUT], *now_there[1:]]


def forget_oldest(progress: Progress, listed: set[str]) -> None:
    """Keep what is known of the listed posts and of the latest others (a post may be missing from one answer)."""
    others = [post for post in progress.posts if post not in listed]
    for post in others[: max(0, len(others) - OTHERS_REMEMBERED)]:
        del progress.posts[post]


def take_in(
    reader: PostReader,
    edge: Edge,
    listed: Posts,
    before: Mapping[str, Any],
    progress: Progress,
    collected: Collected,
    poll: Poll,
    *,
    remembered: bool = True,
) -> None:
    """Judge every post of a page; what does not connect becomes a walk."""
    collected.used(listed.usage)
    collected.add((), listed.unreadable)
    questions = MOST_QUESTIONS
    for post in listed.posts:
        if post.message is not None and post.message.sent_at >= poll.since:
            collected.add((post.message,))
        collected.add((), post.view.unreadable)
        known = Seen.from_json(before.get(post.subject.external_id))
        if known is None and not post.view.messages and post.view.more is None:
            continue
        above = frozenset({post.subject.external_id}) if edge.posts_are_messages else frozenset()
        scope = Scope(post.subject.external_id, True, poll.since, above, remembered)
        questions -= _judge_post(reader, edge, post, scope, known, questions, progress, collected, poll)


def _judge_post(
    reader: PostReader,
    edge: Edge,
    post: PostView,
    scope: Scope,
    known: Seen | None,
    questions: int,
    progress: Progress,
    collected: Collected,
    poll: Poll,
) -> int:
    """Returns how many questions about vanished comments were asked."""
    post_id = post.subject.external_id
    judged = judge(post.view, known, scope, poll.now)
    collected.add(judged.deliver)
    if judged.listing is not None:
        collected.listings.append(judged.listing)
    asked = judged.suspects[:questions]
    seen = with_answers(judged.seen, asked, ask_about(reader, asked, collected, poll.now))
    progress.posts.pop(post_id, None)
    progress.posts[post_id] = with_unasked(seen, judged.suspects[questions:]).to_json()
    if judged.behind is not None:
        after = post.view.more if post.view.newest_first else None
        walk = {"kind": "comments", "post": post_id, "edge": edge.name, "after": after, "until": judged.behind}
        if not any(same_ground(walk, other) for other in progress.walks):
            progress.walks.append(walk)
    if judged.deliver:
        for comment, after in post.view.deeper:
            progress.walks.append({"kind": "replies", "comment": comment, "post": post_id, "after": after})
    return len(asked)


def same_ground(walk: Walk, other: Walk) -> bool:
    """Whether another walk already reads all of this."""
    return (
        other["kind"] == "comments"
        and other["post"] == walk["post"]
        and other["after"] is None
        and other["until"] <= walk["until"]
    )


def ask_about(reader: PostReader, suspects: tuple[str, ...], collected: Collected, now: datetime) -> list[str]:
    """Ask for each vanished item by itself; returns those still there."""
    spared = []
    for external_id in suspects:
        there, usage = reader.exists(external_id, now)
        collected.used(usage)
        if there:
            spared.append(external_id)
        else:
            collected.gone(external_id, now)
    return spared


def step(reader: PostReader, walk: Walk, progress: Progress, collected: Collected, poll: Poll) -> None:
    """One call of one walk. A walk that fails for a reason of its own waits; it never stops the others."""
    try:
        done = _advance(reader, walk, progress, collected, poll)
    except (Unavailable, Refused, Misconfigured, LoginExpired) as error:
        if not concerns_one_object(error):
            raise
        collected.used(error.usage)
        done = not _to_be_repeated(walk, error, poll.now)
    if done:
        progress.walks.remove(walk)


def concerns_one_object(error: ConnectorError) -> bool:
    """Not the login as a whole: a post may be gone, or one address may fail for a while."""
    if isinstance(error, LoginExpired):
        return (error.code or "").split("/")[0] in ("10", "200")
    return True


def _to_be_repeated(walk: Walk, error: ConnectorError, now: datetime) -> bool:
    if isinstance(error, Unavailable):
        walk["tries"] = walk.get("tries", 0) + 1
        walk["wait"] = int((now + timedelta(seconds=5 * 2 ** min(walk["tries"], 9))).timestamp())
        return True
    if walk.get("after"):
        walk |= {"after": None, "restarts": walk.get("restarts", 0) + 1}
        return bool(walk["restarts"] <= 3)
    return False


def _advance(reader: PostReader, walk: Walk, progress: Progress, collected: Collected, poll: Poll) -> bool:
    """Returns whether the walk is at its end."""
    kind, after = walk["kind"], walk.get("after")
    if kind == "posts":
        edge = reader.edge(walk["edge"])
        listed = reader.posts(edge, after, poll, wide=True)
        take_in(reader, edge, listed, {}, progress, collected, poll)
        walk.pop("tries", None)
        walk["after"] = listed.after
        known = set(walk.get("down_to", ()))
        connects = any(post.subject.external_id in known for post in listed.posts)
        return connects or listed.after in (None, after) or not _reaches_since(listed, poll)
    if kind == "replies":
        view, usage = reader.replies(walk["comment"], walk["post"], after, poll.now)
    else:
        view, usage = reader.comments(walk["post"], reader.edge(walk["edge"]), after, walk["until"], poll.now)
        for comment, deeper_after in view.deeper:
            deeper = {"kind": "replies", "comment": comment, "post": walk["post"], "after": deeper_after}
            progress.walks.append(deeper)
    collected.used(usage)
    collected.add((m for m in view.messages if m.sent_at >= poll.since), view.unreadable)
    walk.pop("tries", None)
    walk["empty"] = 0 if view.messages else walk.get("empty", 0) + 1
    walk["after"] = view.more
    at_the_end = view.more in (None, after) or walk["empty"] >= EMPTY_PAGES
    return at_the_end or (kind == "comments" and _read_back_far_enough(view, walk["until"]))


def _read_back_far_enough(view: View, until: int) -> bool:
    several = len({m.sent_at for m in view.messages}) > 1
    return several and view.newest_first and view.oldest is not None and view.oldest.timestamp() < until


def _reaches_since(listed: Posts, poll: Poll) -> bool:
    """Whether older posts may still be within the first import."""
    times = [post.subject.posted_at for post in listed.posts if post.subject.posted_at is not None]
    return not times or min(times) >= poll.since


def gone_with(error: ConnectorError, external_id: str, now: datetime) -> Page:
    """The page that tells that one comment or post is no longer there; any other error is raised again."""
    if not isinstance(error, Refused) or error.reason is not RefusalReason.TARGET_GONE:
        raise error
    collected = Collected()
    collected.used(error.usage)
    collected.gone(external_id, now)
    return collected.page({})
