"""How the page, its posts, comments and Messenger threads look through the Graph API."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from connectors.sandbox.facebook_world import Comment, FacebookWorld, status_type
from connectors.sandbox.graph_nodes import ABSENT, Edge, Node, NodeType, View
from connectors.sandbox.people import Person
from connectors.sandbox.published_fields import COMMENT, PAGE_POST, THREAD
from connectors.sandbox.threads import HUMAN_AGENT_WINDOW, WINDOW, PrivateMessage, Thread
from connectors.sandbox.wire import graph_time, read_time

Json = Any
PRIVATE_REPLY_WINDOW = timedelta(days=7)
_EUROPE = "Media not available due to new privacy rules in Europe. See developer documentation for more info"


class FacebookNodes:
    """The node types of one page."""

    def __init__(self, world: FacebookWorld) -> None:
        self.world = world
        self.person = self._person_type()
        self.message = self._message_type()
        self.thread = self._thread_type()
        self.comment = self._comment_type()
        self.post = self._post_type()

    def find(self, key: str) -> Node | None:
        """The node with this id, the page itself aside."""
        world = self.world
        post = world.posts.get(key) or world.posts.get(f"{world.page_id}_{key}")
        if post is not None:
            return Node(self.post, post)
        comment = world.find_comment(key)
        if comment is not None:
            return Node(self.comment, comment)
        if key in world.threads.by_id:
            return Node(self.thread, world.threads.by_id[key])
        message = world.threads.messages.get(key)
        if message is not None and message in message.thread.readable():
            return Node(self.message, message)
        person = world.scene.people.by_id(key)
        if person is not None and person.facebook_id == key:
            thread = world.threads.of(person)
            if thread is not None and thread.last_inbound_at is not None:
                return Node(self.person, person)
        return None

    def posts(self, *kinds: str) -> Edge:
        """An edge of posts of these kinds, newest first."""

        def rows(_: Any, parameters: Mapping[str, str], view: View) -> list[Node]:
            fitting = [post for post in self.world.posts.values() if post.kind in kinds]
            fitting.sort(key=lambda post: (post.created_at, post.id), reverse=True)
            return [Node(self.post, post) for post in fitting]

        return Edge(rows, refuses_more=True)

    def conversations(self) -> Edge:
        """Messenger threads, newest first."""

        def rows(_: Any, parameters: Mapping[str, str], view: View) -> list[Node]:
            wanted = parameters.get("user_id")
            threads = self.world.threads.newest_first()
            return [Node(self.thread, t) for t in threads if wanted in (None, t.person.facebook_id)]

        return Edge(rows)

    def author(self, author: Person | None) -> Json:
        """`from` of posts and comments."""
        if author is None:
            return {"name": self.world.page_name, "id": self.world.page_id}
        if author.nameless:
            return ABSENT
        return {"name": author.name, "id": author.facebook_id}

    def _comments_edge(
        self, children: Callable[[Any], list[Comment]], everything: Callable[[Any], list[Comment]]
    ) -> Edge:
        def rows(item: Any, parameters: Mapping[str, str], view: View) -> list[Node]:
            if view.token.kind == "user":
                return []
            found = list(everything(item) if parameters.get("filter") == "stream" else children(item))
            since = read_time(parameters["since"]) if parameters.get("since") else None
            if since is not None:
                found = [comment for comment in found if comment.created_at >= since]
            order = parameters.get("order")
            if order == "reverse_chronological":
                found.reverse()
            elif order is None and parameters.get("filter") != "stream":
                found.sort(key=lambda comment: zlib.crc32(comment.id.encode()))
            return [Node(self.comment, comment) for comment in found]

        def summary(item: Any, parameters: Mapping[str, str]) -> Json:
            found = everything(item) if parameters.get("filter") == "stream" else children(item)
            order = parameters.get("order", "ranked")
            return {"order": order, "total_count": len(found), "can_comment": True}

        return Edge(rows, summary=summary, shown=lambda comment: not comment.withheld)

    def _comment_type(self) -> NodeType:
        def parent(comment: Comment, view: View) -> Json:
            return ABSENT if comment.parent is None else Node(self.comment, comment.parent)

        def private_thread(comment: Comment, view: View) -> Json:
            thread = self.world.threads.by_id.get(comment.private_thread_id or "")
            return ABSENT if thread is None else Node(self.thread, thread)

        return NodeType(
            "Comment",
            lambda comment: comment.short_id if comment.post.kind == "reel" else comment.id,
            ("created_time", "from", "message"),
            {
                "created_time": lambda c, v: graph_time(c.created_at),
                "from": lambda c, v: self.author(c.author) if _sees_authors(v, c.author) else ABSENT,
                "message": lambda c, v: c.text,
                "parent": parent,
                "attachment": lambda c, v: _attachment(c),
                "comment_count": lambda c, v: len(c.replies),
                "like_count": lambda c, v: 0,
                "user_likes": lambda c, v: c.liked,
                "can_comment": lambda c, v: True,
                "can_hide": lambda c, v: c.author is not None,
                "can_like": lambda c, v: True,
                "can_remove": lambda c, v: True,
                "can_reply_privately": lambda c, v: can_reply_privately(c, v.now),
                "is_hidden": lambda c, v: c.hidden,
                "is_private": lambda c, v: False,
                "object": lambda c, v: Node(self.post, c.post),
                "permalink_url": lambda c, v: f"{c.post.permalink}/?comment_id={c.short_id}",
                "private_reply_conversation": private_thread,
            },
            {"comments": self._comments_edge(lambda c: c.replies, _below)},
            COMMENT,
        )

    def _post_type(self) -> NodeType:
        return NodeType(
            "Post",
            lambda post: post.id,
            ("created_time", "message"),
            {
                "created_time": lambda p, v: graph_time(p.created_at),
                "updated_time": lambda p, v: graph_time(p.updated_at),
                "message": lambda p, v: p.text or ABSENT,
                "from": lambda p, v: self.author(p.author),
                "permalink_url": lambda p, v: p.permalink,
                "status_type": lambda p, v: status_type(p),
                "is_published": lambda p, v: p.published and p.kind != "ad",
                "promotion_status": lambda p, v: "active" if p.kind == "ad" else "inactive",
                "can_reply_privately": lambda p, v: p.author is not None and not p.private_reply_used,
                "is_hidden": lambda p, v: False,
            },
            {
                "comments": self._comments_edge(
                    lambda p: [comment for comment in p.comments if comment.parent is None], lambda p: p.comments
                )
            },
            PAGE_POST,
        )

    def _thread_type(self) -> NodeType:
        def participants(thread: Thread, view: View) -> Json:
            return {"data": [self._party(thread.person), self._party(None)]}

        def messages(thread: Thread, parameters: Mapping[str, str], view: View) -> list[Node]:
            return [Node(self.message, message) for message in thread.readable()]

        return NodeType(
            "UnifiedThread",
            lambda thread: thread.id,
            ("link", "updated_time"),
            {
                "link": lambda t, v: f"/{self.world.page_id}/inbox/{t.id[2:]}/",
                "updated_time": lambda t, v: graph_time(t.updated_at),
                "message_count": lambda t, v: len(t.messages),
                "unread_count": lambda t, v: sum(1 for m in t.messages if not m.own),
                "snippet": lambda t, v: t.messages[-1].text[:80] if t.messages else "",
                "can_reply": lambda t, v: can_reply(t, v.now),
                "participants": participants,
                "senders": participants,
            },
            {"messages": Edge(messages)},
            THREAD,
        )

    def _message_type(self) -> NodeType:
        def sender(message: PrivateMessage, view: View) -> Json:
            return self._party(None if message.own else message.thread.person)

        def receiver(message: PrivateMessage, view: View) -> Json:
            return {"data": [self._party(message.thread.person if message.own else None)]}

        return NodeType(
            "Message",
            lambda message: message.id,
            ("created_time",),
            {
                "created_time": lambda m, v: graph_time(m.created_at),
                "from": sender,
                "to": receiver,
                "message": lambda m, v: m.text,
                "attachments": lambda m, v: message_attachments(m),
                "tags": lambda m, v: {"data": [{"name": "inbox"}, {"name": "source:mobile"}]},
                "reply_to": lambda m, v: {"mid": m.reply_to} if m.reply_to else ABSENT,
            },
            {},
            frozenset({"sticker", "shares", "reactions", "subject", "is_unsupported", "story"}),
        )

    def _person_type(self) -> NodeType:
        return NodeType(
            "User",
            lambda person: person.facebook_id,
            ("first_name", "last_name", "profile_pic"),
            {
                "first_name": lambda p, v: p.name.partition(" ")[0],
                "last_name": lambda p, v: p.name.partition(" ")[2],
                "name": lambda p, v: p.name,
                "profile_pic": lambda p, v: "https://cdn.sandbox.invalid/profil.jpg",
            },
            {},
            frozenset({"email", "locale", "timezone", "gender", "link", "picture"}),
        )

    def _party(self, person: Person | None) -> dict[str, Json]:
        name, number = (
            (self.world.page_name, self.world.page_id) if person is None else (person.name, person.facebook_id)
        )
        return {"name": name, "email": f"{number}@facebook.com", "id": number}


def can_reply_privately(comment: Comment, now: Any) -> bool:
    """Once, within seven days, to a person."""
    fresh = now - comment.created_at <= PRIVATE_REPLY_WINDOW
    return comment.author is not None and not comment.private_reply_used and bool(fresh)


def can_reply(thread: Thread, now: Any) -> bool:
    """Whether the ordinary window is open."""
    return thread.last_inbound_at is not None and bool(now - thread.last_inbound_at <= WINDOW)


def within_human_agent_window(thread: Thread, now: Any) -> bool:
    """Whether a human may still answer."""
    return thread.last_inbound_at is not None and bool(now - thread.last_inbound_at <= HUMAN_AGENT_WINDOW)


def message_attachments(message: PrivateMessage) -> Json:
    """`attachments` of a private message; ABSENT without any."""
    if not message.attachments:
        return ABSENT
    rows: list[Json] = []
    for number, attachment in enumerate(message.attachments):
        row: dict[str, Json] = {"id": f"65114{number:010d}"}
        if attachment.get("withheld"):
            row["name"] = _EUROPE
        else:
            row["mime_type"] = attachment.get("mime_type", "image/jpeg")
            row["name"] = attachment.get("name", "image-651")
            row["size"] = attachment.get("size", 54542)
            row["image_data"] = {
                "width": 1080,
                "height": 720,
                "url": attachment["url"],
                "preview_url": attachment["url"],
            }
        rows.append(row)
    return {"data": rows}


def _attachment(comment: Comment) -> Json:
    if comment.attachment is None:
        return ABSENT
    photo = comment.attachment
    image = {"height": photo.get("height", 400), "src": photo["url"], "width": photo.get("width", 400)}
    target = {"id": comment.short_id, "url": photo["url"]}
    return {"media": {"image": image}, "target": target, "type": photo.get("type", "photo"), "url": photo["url"]}


def _below(comment: Comment) -> list[Comment]:
    found: list[Comment] = []
    for reply in comment.replies:
        found.append(reply)
        found.extend(_below(reply))
    return sorted(found, key=lambda item: item.created_at)


def _sees_authors(view: View, author: Person | None) -> bool:
    """Visitors' names need a permission of their own."""
    return author is None or "pages_read_user_content" in view.token.scopes
