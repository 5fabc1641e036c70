"""Instagram media and comments as Graph shows them, translated.

A comment on the top level and its replies are one conversation, named for that comment. Media somebody else tagged us
in, and mentions in other people's comments, are conversations of their own whose names say where an answer goes:
`mention_MEDIA` and `mention_MEDIA_COMMENT`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.base import (
    Author,
    InboundMessage,
    Kind,
    Misconfigured,
    Poll,
    RefusalReason,
    Refused,
    Subject,
    Unreadable,
    Usage,
    Visibility,
)
from connectors.graph import Graph, node
from connectors.graph_posts import Edge, Posts, PostView
from connectors.graph_private import is_own
from connectors.graph_values import Odd, graph_time, id_of, mapping, next_after, rows, text_id, text_of, unreadable
from connectors.graph_view import View

COMMENTS_A_PAGE = 50
"""The platform's most."""
MEDIA_A_PAGE = 50
COMMENTS_WITH_MEDIA = 25
REPLIES_WITH_COMMENTS = 25
_REPLY_FIELDS = "id,text,timestamp,username,from,hidden"
COMMENT_FIELDS = (
    f"id,text,timestamp,username,from,hidden,parent_id,replies.limit({REPLIES_WITH_COMMENTS}){{{_REPLY_FIELDS}}}"
)
_MEDIA_FIELDS = "id,caption,media_type,media_product_type,permalink,timestamp,comments_count"
_TAG_FIELDS = "id,caption,media_type,permalink,timestamp,username"
MEDIA = Edge("media", _MEDIA_FIELDS)
TAGS = Edge("tags", _TAG_FIELDS, posts_are_messages=True)
_MENTIONED = "id,text,timestamp,username,like_count,media{id,permalink,owner}"
_BELOW = "id,text,timestamp,username"
_MENTIONED_MEDIA = "id,caption,media_type,permalink,username,timestamp"


class InstagramMedia:
    """Lists media and comments of one professional account."""

    head = MEDIA
    by_others: Edge | None = None

    def __init__(self, graph: Graph, account_id: str, own_ids: frozenset[str]) -> None:
        self._graph = graph
        self._account_id = account_id
        self._own_ids = own_ids
        self._comments_come_along = True
        """Learned once a process: whether the list of media may carry comments."""

    def edge(self, name: str) -> Edge:
        """The list of media of this name."""
        return TAGS if name == TAGS.name else MEDIA

    def posts(self, edge: Edge, after: str | None, poll: Poll, *, wide: bool = False) -> Posts:
        """A page of media, newest first, each with its newest comments and their replies."""
        if edge is MEDIA and self._comments_come_along:
            limit = COMMENTS_A_PAGE if wide else COMMENTS_WITH_MEDIA
            fields = f"{edge.fields},comments.limit({limit}){{{COMMENT_FIELDS}}}"
            try:
                return self._list(edge, fields, after, poll)
            except Misconfigured as error:
                if after or (error.code or "").split("/")[0] != "100":
                    raise
                self._comments_come_along = False
        return self._list(edge, edge.fields, after, poll)

    def _list(self, edge: Edge, fields: str, after: str | None, poll: Poll) -> Posts:
        path = node(self._account_id, edge.name)
        got = self._graph.get(path, poll.now, fields=fields, limit=MEDIA_A_PAGE, after=after)
        posts: list[PostView] = []
        odd: list[Unreadable] = []
        for item in rows(got.body):
            try:
                posts.append(self._post(item, edge))
            except Odd as reason:
                odd.append(unreadable("media", item, str(reason)))
        return Posts(tuple(posts), tuple(odd), next_after(got.body), got.usage)

    def comments(
        self, post: str, edge: Edge, after: str | None, since: int | None, now: datetime
    ) -> tuple[View, Usage]:
        """A page of one medium's comments; this edge cannot be filtered by time."""
        got = self._graph.get(
            node(post, "comments"), now, fields=COMMENT_FIELDS, limit=COMMENTS_A_PAGE, after=after or None
        )
        return self._view(got.body, Subject(post), None), got.usage

    def replies(self, comment: str, post: str, after: str | None, now: datetime) -> tuple[View, Usage]:
        """A page of the replies of one comment."""
        got = self._graph.get(node(comment, "replies"), now, fields=_REPLY_FIELDS, limit=COMMENTS_A_PAGE, after=after)
        messages: list[InboundMessage] = []
        odd: list[Unreadable] = []
        self._add_replies(got.body, comment, Subject(post), messages, odd)
        return View(tuple(messages), tuple(odd), more=next_after(got.body)), got.usage

    def exists(self, external_id: str, now: datetime) -> tuple[bool, Usage]:
        """Whether this one comment or medium is still there."""
        try:
            got = self._graph.get(node(external_id), now, fields="id")
        except (Refused, Misconfigured) as error:
            if (error.code or "").split("/")[0] in ("100", "24"):
                return False, error.usage
            raise
        return True, got.usage

    def comment(self, external_id: str, now: datetime) -> tuple[InboundMessage, Usage]:
        """One comment on our own media as it stands. Raises Refused where it is gone."""
        fields = f"{_REPLY_FIELDS},parent_id,media{{id,permalink}}"
        got = self._graph.get(node(external_id), now, fields=fields)
        media = mapping(got.body.get("media"))
        media_id = text_id(media.get("id"))
        subject = Subject(media_id, None, text_of(media.get("permalink")) or None) if media_id else None
        return self.read(got.body, subject, text_id(got.body.get("parent_id"))), got.usage

    def mention(self, media_id: str, comment: str | None, now: datetime) -> tuple[InboundMessage, Usage]:
        """What a push only pointed at; such a comment is readable through our own account alone."""
        if comment:
            asked = f"mentioned_comment.comment_id({comment}){{{_MENTIONED}}}"
        else:
            asked = f"mentioned_media.media_id({media_id}){{{_MENTIONED_MEDIA}}}"
        got = self._graph.get(node(self._account_id), now, fields=asked)
        given = mapping(got.body.get("mentioned_comment" if comment else "mentioned_media"))
        if not given:
            gone = "the mention is gone or not shown to this account"
            raise Refused(gone, reason=RefusalReason.TARGET_GONE, code="100", usage=got.usage)
        return mention_message(given, media_id, comment), got.usage

    def own_below(self, media_id: str, now: datetime) -> tuple[list[InboundMessage], Usage]:
        """Our comments under somebody else's medium whose caption mentions us, as far as the platform shows any.

        Only such a medium shows its comments (IG User, Mentioned Media, read 2026-11): a comment that mentions us does
        not show its replies. Who wrote them is told by name alone.
        """
        asked = f"username,mentioned_media.media_id({media_id}){{comments.limit({COMMENTS_A_PAGE}){{{_BELOW}}}}}"
        got = self._graph.get(node(self._account_id), now, fields=asked)
        ours = text_of(got.body.get("username"))
        comments = mapping(got.body.get("mentioned_media")).get("comments")
        below = self._view(comments, Subject(media_id), None).messages
        return [replace(m, own=True) for m in below if m.own or (ours and m.author.handle == ours)], got.usage

    def _post(self, item: Any, edge: Edge) -> PostView:
        given = mapping(item)
        media_id = text_id(given.get("id"))
        if media_id is None:
            raise Odd("a medium without id")
        subject = Subject(
            media_id,
            text_of(given.get("caption")) or None,
            text_of(given.get("permalink")) or None,
            graph_time(given.get("timestamp")),
        )
        if edge is TAGS:
            return PostView(subject, View(), mention_message(given, media_id, None))
        count = given.get("comments_count")
        total = count if isinstance(count, int) and not isinstance(count, bool) else None
        if "comments" not in given and total and not self._comments_come_along:
            return PostView(subject, View(more="", total=total))
        return PostView(subject, self._view(given.get("comments"), subject, total))

    def _view(self, edge_body: Any, subject: Subject, total: int | None) -> View:
        """The comments of an answer with their replies; one that cannot be read never hides the others."""
        messages: list[InboundMessage] = []
        odd: list[Unreadable] = []
        deeper: list[tuple[str, str]] = []
        roots = 0
        for item in rows(edge_body):
            try:
                root = self.read(item, subject, text_id(mapping(item).get("parent_id")))
            except Odd as reason:
                odd.append(unreadable("comments", item, str(reason)))
                continue
            roots += 1
            messages.append(root)
            replies = mapping(item).get("replies")
            self._add_replies(replies, root.external_id, subject, messages, odd)
            if (after := next_after(replies)) is not None:
                deeper.append((root.external_id, after))
        more = next_after(edge_body)
        return View(tuple(messages), tuple(odd), more=more, total=total, roots=roots, deeper=tuple(deeper))

    def _add_replies(
        self,
        edge_body: Any,
        root: str,
        subject: Subject,
        messages: list[InboundMessage],
        odd: list[Unreadable],
    ) -> None:
        for item in rows(edge_body):
            try:
                messages.append(self.read(item, subject, root))
            except Odd as reason:
                odd.append(unreadable("comments", item, str(reason)))

    def read(self, item: Any, subject: Subject | None, parent_id: str | None) -> InboundMessage:
        """One comment or reply. Raises Odd where it has no id or no time."""
        given = mapping(item)
        external_id, sent_at = text_id(given.get("id")), graph_time(given.get("timestamp"))
        if external_id is None or sent_at is None:
            raise Odd("a comment without id or time")
        hidden = given.get("hidden")
        return InboundMessage(
            external_id=external_id,
            conversation_id=parent_id or external_id,
            kind=Kind.COMMENT,
            visibility=Visibility.PUBLIC,
            own=is_own(given.get("from"), self._own_ids) or id_of(given.get("user")) in self._own_ids,
            text=text_of(given.get("text")),
            sent_at=sent_at,
            author=comment_author(given),
            parent_id=parent_id,
            subject=subject,
            hidden=hidden if isinstance(hidden, bool) else None,
        )


def comment_author(given: Mapping[str, Any]) -> Author:
    """From `from`, `user` or `username`; every one may be missing."""
    person = mapping(given.get("from"))
    handle = text_of(person.get("username")) or text_of(given.get("username")) or None
    return Author(external_id=text_id(person.get("id")) or id_of(given.get("user")), handle=handle)


def mention_name(media_id: str, comment: str | None) -> str:
    """The conversation of a mention."""
    return f"mention_{media_id}_{comment}" if comment else f"mention_{media_id}"


def mention_parts(conversation_id: str) -> tuple[str, str | None] | None:
    """Media and comment of a mention's conversation; None for any other conversation."""
    parts = conversation_id.split("_")
    if parts[0] != "mention" or len(parts) not in (2, 3):
        return None
    return parts[1], parts[2] if len(parts) == 3 else None


def mentioned_id(name: str) -> str:
    """What the message of a mention is called: the comment, or the medium whose caption mentions us."""
    parts = mention_parts(name)
    return (parts[1] or parts[0]) if parts else name


def mention_message(given: Mapping[str, Any], media_id: str, comment: str | None) -> InboundMessage:
    """A mention in a comment or caption of somebody else. Raises Odd where it has no time."""
    sent_at = graph_time(given.get("timestamp"))
    if sent_at is None:
        raise Odd("a mention without time")
    media = mapping(given.get("media"))
    permalink = text_of(media.get("permalink")) or text_of(given.get("permalink")) or None
    return InboundMessage(
        external_id=comment or media_id,
        conversation_id=mention_name(media_id, comment),
        kind=Kind.MENTION,
        visibility=Visibility.PUBLIC,
        own=False,
        text=text_of(given.get("text")) or text_of(given.get("caption")),
        sent_at=sent_at,
        author=comment_author(given),
        subject=Subject(media_id, None, permalink) if comment else None,
        permalink=permalink,
    )
