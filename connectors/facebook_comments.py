"""Facebook posts and comments as Graph shows them, translated.

Conversations: a comment and everything below it is one, named for the comment on the top level, whoever wrote that.
A post by somebody else (visitor, tagged) is a mention and one conversation with all comments below it. Polls know by
the list a post came from; a push about a comment knows it only where the post does not stand on our page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.base import (
    Attachment,
    Author,
    InboundMessage,
    Kind,
    Misconfigured,
    Page,
    Poll,
    RefusalReason,
    Refused,
    Subject,
    Unavailable,
    Unreadable,
    Usage,
    Visibility,
)
from connectors.graph import Graph, node
from connectors.graph_collect import Collected
from connectors.graph_posts import Edge, Posts, PostView
from connectors.graph_usage import together
from connectors.graph_values import (
    Odd,
    comment_id,
    graph_time,
    id_of,
    mapping,
    next_after,
    rows,
    text_id,
    text_of,
    unreadable,
)
from connectors.graph_view import View

COMMENT_FIELDS = (
    "id,from,message,created_time,parent{id,parent{id,parent{id}}},attachment,can_reply_privately,is_hidden,"
    "permalink_url,private_reply_conversation{id,participants}"
)
POSTS_A_PAGE = 50
COMMENTS_WITH_POSTS = 25
COMMENTS_OF_NEW_ACCOUNT = 100
COMMENTS_A_PAGE = 100
THREAD_PAGES = 10
_POST_FIELDS = "id,message,created_time,updated_time,permalink_url,from"
_REEL_FIELDS = "id,description,created_time,updated_time,permalink_url"
HEAD = Edge("published_posts", _POST_FIELDS)
EDGES = {
    "published_posts": HEAD,
    "visitor_posts": Edge("visitor_posts", _POST_FIELDS, posts_are_messages=True),
    "tagged": Edge("tagged", _POST_FIELDS, posts_are_messages=True),
    "ads_posts": Edge("ads_posts", _POST_FIELDS),
    "video_reels": Edge("video_reels", _REEL_FIELDS),
}
_ORDER = ("filter", "stream"), ("order", "reverse_chronological")


class FacebookPosts:
    """Lists posts and comments of one Page."""

    head = HEAD
    by_others: Edge | None = EDGES["visitor_posts"]

    def __init__(self, graph: Graph, page_id: str) -> None:
        self._graph = graph
        self._page_id = page_id

    def edge(self, name: str) -> Edge:
        """The list of posts of this name."""
        return EDGES.get(name, HEAD)

    def posts(self, edge: Edge, after: str | None, poll: Poll, *, wide: bool = False) -> Posts:
        """A page of posts with their newest comments, all levels; `wide` asks for many of each post at once."""
        if wide:
            try:
                return self._posts(edge, after, poll, COMMENTS_OF_NEW_ACCOUNT)
            except Unavailable as error:
                if (error.code or "").split("/")[0] != "1":
                    raise
        return self._posts(edge, after, poll, COMMENTS_WITH_POSTS)

    def _posts(self, edge: Edge, after: str | None, poll: Poll, comments_each: int) -> Posts:
        """Graph answers error 1 where so much data at once is too much for it."""
        comments = (
            f"comments.limit({comments_each}).order(reverse_chronological).filter(stream)"
            f".summary(true){{{COMMENT_FIELDS}}}"
        )
        got = self._graph.get(
            node(self._page_id, edge.name),
            poll.now,
            fields=f"{edge.fields},{comments}",
            limit=POSTS_A_PAGE,
            after=after,
        )
        posts: list[PostView] = []
        odd: list[Unreadable] = []
        for item in rows(got.body):
            try:
                posts.append(self._post(item, edge))
            except Odd as reason:
                odd.append(unreadable("posts", item, str(reason)))
        return Posts(tuple(posts), tuple(odd), next_after(got.body), got.usage)

    def comments(
        self, post: str, edge: Edge, after: str | None, since: int | None, now: datetime
    ) -> tuple[View, Usage]:
        """A page of one post's comments, newest first."""
        got = self._graph.get(
            node(post, "comments"),
            now,
            fields=COMMENT_FIELDS,
            limit=COMMENTS_A_PAGE,
            summary="true",
            after=after,
            since=since,
            **dict(_ORDER),
        )
        return self.view(got.body, Subject(post), edge), got.usage

    def replies(self, comment: str, post: str, after: str | None, now: datetime) -> tuple[View, Usage]:
        """Not needed here: the list of comments already holds all levels."""
        raise Misconfigured(f"the replies of {comment} are read with the comments of {post}")

    def exists(self, external_id: str, now: datetime) -> tuple[bool, Usage]:
        """Whether this one comment or post is still there. Some posts' comments (photos in albums) carry another number
        in front than the post's: unknown by the long name, such a comment is asked for by its own number alone."""
        short = external_id.rpartition("_")[2]
        named_by_post = external_id != short and not external_id.startswith(f"{self._page_id}_")
        usage = Usage()
        for name in (external_id, short) if named_by_post else (external_id,):
            try:
                got = self._graph.get(node(name), now, fields="id")
            except (Refused, Misconfigured) as error:
                if (error.code or "").split("/")[0] != "100":
                    raise
                usage = together(usage, error.usage)
            else:
                return True, together(usage, got.usage)
        return False, usage

    def comment(self, external_id: str, now: datetime) -> tuple[InboundMessage, Usage]:
        """One comment as it stands now. Raises Refused where it is gone, Odd where it cannot be read."""
        try:
            got = self._graph.get(node(external_id), now, fields=COMMENT_FIELDS)
        except Misconfigured as error:
            if error.code == "100":
                raise Refused(str(error), reason=RefusalReason.TARGET_GONE, code="100", usage=error.usage) from None
            raise
        post = external_id.rpartition("_")[0]
        subject = Subject(f"{self._page_id}_{post}") if post else None
        return polled_comment(got.body, subject, self._page_id, HEAD, {}), got.usage

    def thread(self, conversation_id: str, kind: Kind, poll: Poll) -> Page:
        """The newest of what stands below a comment, or below somebody else's post."""
        post, _, _ = conversation_id.rpartition("_")
        foreign = kind is Kind.MENTION
        edge = EDGES["visitor_posts"] if foreign else HEAD
        subject = Subject(conversation_id if foreign else f"{self._page_id}_{post}" if post else conversation_id)
        collected, after = Collected(), None
        for _ in range(THREAD_PAGES):
            got = self._graph.get(
                node(conversation_id, "comments"),
                poll.now,
                fields=COMMENT_FIELDS,
                limit=COMMENTS_A_PAGE,
                after=after,
                **dict(_ORDER),
            )
            view = self.view(got.body, subject, edge)
            collected.used(got.usage)
            collected.add((replace(m, conversation_id=conversation_id) for m in view.messages), view.unreadable)
            if view.more in (None, after) or (view.messages and view.newest_first):
                break
            after = view.more
        return collected.page({})

    def _post(self, item: Any, edge: Edge) -> PostView:
        given = mapping(item)
        post_id = text_id(given.get("id"))
        if post_id is None:
            raise Odd("a post without id")
        posted_at = graph_time(given.get("created_time"))
        subject = Subject(
            post_id,
            text_of(given.get("message")) or text_of(given.get("description")) or None,
            text_of(given.get("permalink_url")) or None,
            posted_at,
        )
        view = self.view(given.get("comments"), subject, edge)
        message = None
        if edge.posts_are_messages:
            message = foreign_post(post_id, given, self._page_id, posted_at, subject)
        return PostView(subject, view, message)

    def view(self, edge_body: Any, subject: Subject, edge: Edge) -> View:
        """The comments of an answer; one that cannot be read never hides the others."""
        items = rows(edge_body)
        parents = _parents(items, subject.external_id)
        messages: list[InboundMessage] = []
        odd: list[Unreadable] = []
        for item in items:
            try:
                messages.append(polled_comment(item, subject, self._page_id, edge, parents))
            except Odd as reason:
                odd.append(unreadable("comments", item, str(reason)))
        total = mapping(mapping(edge_body).get("summary")).get("total_count")
        known = total if isinstance(total, int) and not isinstance(total, bool) else None
        return View(tuple(messages), tuple(odd), more=next_after(edge_body), total=known)


def foreign_post(
    post_id: str, given: Mapping[str, Any], page_id: str, posted_at: datetime | None, subject: Subject | None = None
) -> InboundMessage | None:
    """A post somebody else wrote on our page or about it, as a mention; None where it is our own."""
    author = _author(given)
    if author.external_id == page_id:
        return None
    if posted_at is None:
        raise Odd("a visitor's post without time")
    photo = text_of(given.get("photo")) or text_of(given.get("link"))
    return InboundMessage(
        external_id=post_id,
        conversation_id=post_id,
        kind=Kind.MENTION,
        visibility=Visibility.PUBLIC,
        own=False,
        text=text_of(given.get("message")),
        sent_at=posted_at,
        author=author,
        subject=subject,
        permalink=text_of(given.get("permalink_url")) or None,
        attachments=(Attachment("photo", photo),) if photo else (),
    )


def polled_comment(
    item: Any, subject: Subject | None, page_id: str, edge: Edge, parents: Mapping[str, str]
) -> InboundMessage:
    """One comment of a list. Raises Odd where it has no id or no time."""
    given = mapping(item)
    raw_id, sent_at = text_id(given.get("id")), graph_time(given.get("created_time"))
    if raw_id is None:
        raise Odd("a comment without id (the token lacks the MODERATE task on this page)")
    if sent_at is None:
        raise Odd("a comment without a readable time")
    post_id = subject.external_id if subject else None
    external_id = comment_id(raw_id, post_id)
    parent = id_of(given.get("parent"))
    parent_id = comment_id(parent, post_id) if parent and parent != post_id else None
    author = _author(given)
    hidden = given.get("is_hidden")
    can_reply = given.get("can_reply_privately")
    conversation = _root(given, external_id, post_id, parents)
    return InboundMessage(
        external_id=external_id,
        conversation_id=str(post_id) if edge.posts_are_messages and post_id else conversation,
        kind=Kind.MENTION if edge.posts_are_messages else Kind.COMMENT,
        visibility=Visibility.PUBLIC,
        own=author.external_id == page_id,
        text=text_of(given.get("message")),
        sent_at=sent_at,
        author=author,
        parent_id=parent_id or (post_id if edge.posts_are_messages else None),
        subject=subject,
        permalink=text_of(given.get("permalink_url")) or None,
        attachments=_attachments(given),
        hidden=hidden if isinstance(hidden, bool) else None,
        can_reply_privately=can_reply if isinstance(can_reply, bool) else None,
        private_conversation_id=_private_thread(given, page_id),
    )


def _author(given: Mapping[str, Any]) -> Author:
    """From `from`, or from the sender fields of old payloads; everything may be missing."""
    sender = mapping(given.get("from"))
    return Author(
        external_id=text_id(sender.get("id")) or text_id(given.get("sender_id")),
        name=text_of(sender.get("name")) or text_of(given.get("sender_name")) or None,
    )


def _attachments(given: Mapping[str, Any]) -> tuple[Attachment, ...]:
    attachment = mapping(given.get("attachment"))
    if not attachment:
        return ()
    image = text_of(mapping(mapping(attachment.get("media")).get("image")).get("src"))
    url = image or text_of(attachment.get("url")) or None
    return (Attachment(text_of(attachment.get("type")) or "share", url, text_of(attachment.get("title")) or None),)


def _private_thread(given: Mapping[str, Any], page_id: str) -> str | None:
    """The other person's id in the thread a private reply opened, where the platform shows who takes part."""
    people = rows(mapping(given.get("private_reply_conversation")).get("participants"))
    return next((id_of(p) for p in people if id_of(p) not in (None, page_id)), None)


def _parents(items: list[Any], post_id: str) -> dict[str, str]:
    """Child to parent, canonical, as far as this answer tells."""
    known: dict[str, str] = {}
    for item in items:
        child: Any = mapping(item)
        while id_of(child) and (parent := child.get("parent")) and id_of(parent):
            known[comment_id(str(id_of(child)), post_id)] = comment_id(str(id_of(parent)), post_id)
            child = mapping(parent)
    return known


def _root(given: Mapping[str, Any], external_id: str, post_id: str | None, parents: Mapping[str, str]) -> str:
    """The comment on the top level: along the parents, or as the permanent link of a reply names it."""
    parent = id_of(given.get("parent"))
    if parent is None or parent == post_id:
        return external_id
    linked = parse_qs(urlsplit(text_of(given.get("permalink_url"))).query)
    if linked.get("reply_comment_id") and linked.get("comment_id"):
        return comment_id(linked["comment_id"][0], post_id)
    child: Any = given
    while mapping(child).get("parent") and id_of(child["parent"]) not in (None, post_id):
        child = child["parent"]
    root, steps = comment_id(str(id_of(child)), post_id), 0
    while root in parents and parents[root] != comment_id(str(post_id), None) and steps < 20:
        root, steps = parents[root], steps + 1
    return root
