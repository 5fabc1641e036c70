"""How an Instagram account, its media, comments and threads look through the Graph API, in both flavours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.facebook_nodes import message_attachments
from connectors.sandbox.graph_errors import graph_error, invalid_parameter
from connectors.sandbox.graph_fields import Field
from connectors.sandbox.graph_nodes import ABSENT, Edge, Node, NodeType, View, show
from connectors.sandbox.instagram_world import IgComment, InstagramWorld, Media
from connectors.sandbox.people import Person
from connectors.sandbox.published_fields import INSTAGRAM_MEDIA
from connectors.sandbox.threads import PrivateMessage, Thread
from connectors.sandbox.wire import graph_time, read_time

Json = Any


class InstagramNodes:
    """The node types of one account."""

    def __init__(self, world: InstagramWorld) -> None:
        self.world = world
        self.person = self._person_type()
        self.message = self._message_type()
        self.thread = self._thread_type()
        self.comment = self._comment_type()
        self.media = self._media_type()
        self.account = self._account_type(world.account_id)
        self.me = self._account_type(world.scoped_id)

    def find(self, key: str) -> Node | None:
        """The node with this id. Comments and media of others are not to be had this way."""
        world = self.world
        if key == world.account_id:
            return Node(self.account, world)
        media = world.media_items.get(key)
        if media is not None and (media.owner is None or media.tagged):
            return Node(self.media, media)
        comment = world.comments.get(key)
        if comment is not None and comment.media.owner is None:
            return Node(self.comment, comment)
        if key in world.threads.by_id:
            return Node(self.thread, world.threads.by_id[key])
        message = world.threads.messages.get(key)
        if message is not None and message in message.thread.readable():
            return Node(self.message, message)
        return self._find_person(key)

    def conversations(self) -> Edge:
        """Direct-message threads, newest first."""

        def rows(_: Any, parameters: Mapping[str, str], view: View) -> list[Node]:
            wanted = parameters.get("user_id")
            threads = self.world.threads.newest_first()
            return [Node(self.thread, t) for t in threads if wanted in (None, t.person.instagram_id)]

        return Edge(rows)

    def _find_person(self, key: str) -> Node | None:
        person = self.world.scene.people.by_id(key)
        if person is None or person.instagram_id != key:
            return None
        thread = self.world.threads.of(person)
        if thread is None or thread.last_inbound_at is None:
            raise graph_error(230, "(#230) User consent is required to access user profile")
        return Node(self.person, person)

    def _account_type(self, identity: str) -> NodeType:
        flavour = self.world.flavour
        values = {
            "username": lambda w, v: w.username,
            "name": lambda w, v: "Glückspilz",
            "biography": lambda w, v: "Draußen und daheim. Wien.",
            "followers_count": lambda w, v: 4210,
            "follows_count": lambda w, v: 180,
            "media_count": lambda w, v: sum(1 for media in w.media_items.values() if media.owner is None),
        }
        asked = {}
        if flavour == "instagram":
            values["user_id"] = lambda w, v: w.account_id
            values["account_type"] = lambda w, v: "BUSINESS"
        else:
            values["ig_id"] = lambda w, v: w.account_id[-10:]
            asked = {"mentioned_comment": self._mentioned_comment, "mentioned_media": self._mentioned_media}
        edges = {"media": self._media_edge(), "stories": Edge(lambda w, p, v: []), "tags": self._tags_edge()}
        if flavour == "instagram":
            edges["conversations"] = self.conversations()
        return NodeType(
            "IGUser", lambda world: identity, (), values, edges,
            frozenset({"profile_picture_url", "website", "has_profile_pic", "is_published", "business_discovery"}),
            asked,
        )  # fmt: skip

    def _media_edge(self) -> Edge:
        def rows(world: InstagramWorld, parameters: Mapping[str, str], view: View) -> list[Node]:
            since = read_time(parameters["since"]) if parameters.get("since") else None
            until = read_time(parameters["until"]) if parameters.get("until") else None
            own = [
                media
                for media in world.media_items.values()
                if media.owner is None
                and (since is None or media.timestamp >= since)
                and (until is None or media.timestamp <= until)
            ]
            own.sort(key=lambda media: (media.timestamp, media.id), reverse=True)
            return [Node(self.media, media) for media in own]

        return Edge(rows)

    def _tags_edge(self) -> Edge:
        def rows(world: InstagramWorld, parameters: Mapping[str, str], view: View) -> list[Node]:
            tagged = [media for media in world.media_items.values() if media.tagged]
            tagged.sort(key=lambda media: (media.timestamp, media.id), reverse=True)
            return [Node(self.media, media) for media in tagged]

        return Edge(rows)

    def _media_type(self) -> NodeType:
        def comments(media: Media, parameters: Mapping[str, str], view: View) -> list[Node]:
            return [Node(self.comment, comment) for comment in reversed(media.comments)]

        def owner(media: Media, view: View) -> Json:
            return {"id": self.world.account_id if media.owner is None else media.owner.instagram_id}

        return NodeType(
            "IGMedia",
            lambda media: media.id,
            (),
            {
                "caption": lambda m, v: m.caption,
                "media_type": lambda m, v: "VIDEO" if m.product_type == "REELS" else "IMAGE",
                "media_product_type": lambda m, v: m.product_type,
                "permalink": lambda m, v: m.permalink,
                "timestamp": lambda m, v: graph_time(m.timestamp),
                "comments_count": lambda m, v: m.comments_count(),
                "like_count": lambda m, v: 3,
                "is_comment_enabled": lambda m, v: m.comments_enabled,
                "media_url": lambda m, v: "https://cdn.sandbox.invalid/bild.jpg",
                "username": lambda m, v: self.world.username if m.owner is None else m.owner.handle,
                "shortcode": lambda m, v: m.id[-11:],
                "owner": owner,
            },
            {"comments": Edge(comments, most=50, shown=lambda comment: not comment.withheld)},
            INSTAGRAM_MEDIA,
        )

    def _comment_type(self) -> NodeType:
        def replies(comment: IgComment, parameters: Mapping[str, str], view: View) -> list[Node]:
            return [Node(self.comment, reply) for reply in comment.replies]

        def parent(comment: IgComment, view: View) -> Json:
            return ABSENT if comment.parent is None else comment.parent.id

        return NodeType(
            "IGComment",
            lambda comment: comment.id,
            ("timestamp", "text"),
            {
                "timestamp": lambda c, v: graph_time(c.timestamp),
                "text": lambda c, v: c.text,
                "username": self._username,
                "from": self._from,
                "like_count": lambda c, v: 0,
                "hidden": lambda c, v: c.hidden,
                "parent_id": parent,
                "media": lambda c, v: Node(self.media, c.media),
                "user": lambda c, v: ABSENT if c.author is not None else {"id": self.world.account_id},
            },
            {"replies": Edge(replies, most=50)},
            frozenset({"legacy_instagram_comment_id"}),
        )

    def _thread_type(self) -> NodeType:
        def participants(thread: Thread, view: View) -> Json:
            return {"data": [self._party(thread.person), self._party(None)]}

        def messages(thread: Thread, parameters: Mapping[str, str], view: View) -> list[Node]:
            return [Node(self.message, message) for message in thread.readable()]

        return NodeType(
            "UnifiedThread",
            lambda thread: thread.id,
            ("updated_time",),
            {
                "updated_time": lambda t, v: graph_time(t.updated_at),
                "participants": participants,
                "message_count": lambda t, v: len(t.messages),
            },
            {"messages": Edge(messages)},
            frozenset({"name", "folder", "link", "can_reply", "snippet", "unread_count", "is_owner", "senders"}),
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
                "story": lambda m, v: m.story or ABSENT,
                "is_unsupported": lambda m, v: True if m.unsupported else ABSENT,
                "reply_to": lambda m, v: {"mid": m.reply_to} if m.reply_to else ABSENT,
            },
            {},
            frozenset({"shares", "reactions", "tags", "sticker"}),
        )

    def _person_type(self) -> NodeType:
        return NodeType(
            "IGUser",
            lambda person: person.instagram_id,
            ("name", "username"),
            {
                "name": lambda p, v: p.name,
                "username": lambda p, v: p.handle,
                "follower_count": lambda p, v: p.followers,
                "profile_pic": lambda p, v: "https://cdn.sandbox.invalid/profil.jpg",
                "is_user_follow_business": lambda p, v: True,
                "is_business_follow_user": lambda p, v: False,
                "is_verified_user": lambda p, v: False,
            },
        )

    def _from(self, comment: IgComment, view: View) -> Json:
        if comment.author is None:
            own = {"id": self.world.account_id, "username": self.world.username}
            return {**own, "self_ig_scoped_id": self.world.scoped_id} if self.world.flavour == "instagram" else own
        if comment.author.nameless:
            return ABSENT
        return {"id": comment.author.instagram_id, "username": comment.author.handle}

    def _username(self, comment: IgComment, view: View) -> Json:
        if comment.author is None:
            return self.world.username
        return ABSENT if comment.author.nameless else comment.author.handle

    def _party(self, person: Person | None) -> dict[str, Json]:
        if person is None:
            return {"username": self.world.username, "id": self.world.account_id}
        return {"username": person.handle, "id": person.instagram_id}

    def _mentioned_comment(self, world: InstagramWorld, wish: Field, view: View) -> Json:
        comment = world.comments.get(wish.modifiers.get("comment_id", ""))
        if comment is None or f"@{world.username}" not in comment.text:
            raise invalid_parameter("The comment does not mention this account or does not exist")
        return show(Node(self.comment, comment), wish.inner or None, view)

    def _mentioned_media(self, world: InstagramWorld, wish: Field, view: View) -> Json:
        media = world.media_items.get(wish.modifiers.get("media_id", ""))
        if media is None or f"@{world.username}" not in media.caption:
            raise invalid_parameter("The media does not mention this account or does not exist")
        return show(Node(self.media, media), wish.inner or None, view)
