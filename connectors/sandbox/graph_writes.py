"""What one may do through the Graph API: answer, hide, edit, delete, like, subscribe, and send (send_api.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.sandbox.facebook_world import Comment, Post
from connectors.sandbox.graph_errors import graph_error, invalid_parameter, missing_object, no_capability, unknown_field
from connectors.sandbox.graph_nodes import Node, View
from connectors.sandbox.instagram_nodes import InstagramNodes
from connectors.sandbox.instagram_world import IgComment, Media
from connectors.sandbox.send_api import SendApi
from connectors.sandbox.wire import Call

if TYPE_CHECKING:
    from connectors.sandbox.graph_server import GraphServer

Json = Any
FACEBOOK_COMMENT_LIMIT = 8000
INSTAGRAM_COMMENT_LIMIT = 2200
PHOTO_TYPES = ("image/jpeg", "image/png", "image/gif")
LARGEST_PHOTO = 4 * 1024 * 1024
_DONE = {"success": True}


class GraphWrites:
    """Every POST and DELETE on nodes and edges."""

    def __init__(self, server: GraphServer) -> None:
        self._server = server
        self._scene = server.scene
        self.send_api = SendApi(server)

    def write(self, call: Call, segments: list[str], view: View) -> Json:
        """Do it, or raise what the platform says instead."""
        if view.token.kind not in ("page", "instagram"):
            raise graph_error(200, "(#200) A page access token is required to perform this action.", status=403)
        node = self._server.find(segments[0], view)
        edge = segments[1] if len(segments) > 1 else ""
        if isinstance(node.item, (Post, Comment)):
            return self._on_facebook(call, node.item, edge)
        if isinstance(node.item, (Media, IgComment)):
            nodes = self._instagram(view)
            return self._on_instagram(call, nodes, node.item, edge)
        return self._on_account(call, node, edge, view)

    def _on_account(self, call: Call, node: Node, edge: str, view: View) -> Json:
        page = node.kind is self._server.page
        if edge == "messages" and (page or view.flavour == "instagram"):
            return self.send_api.send(call, view)
        if edge in ("messages", "conversations"):
            raise no_capability()
        if edge == "subscribed_apps":
            fields = str(call.value("subscribed_fields") or "")
            self._server.subscribed_fields[node.item.platform] = fields.split(",") if call.method == "POST" else []
            return dict(_DONE)
        if edge == "mentions" and not page:
            return self._reply_to_mention(call, self._instagram(view))
        if edge == "message_attachments" and page:
            return self.send_api.files.upload(call)
        if edge == "blocked" and page:
            return self._block(call)
        if edge == "feed" and page:
            post_id = self._server.facebook.world.post(str(call.value("message") or ""))
            self._scene.accepted("facebook", "post", post_id, text=call.value("message"))
            return {"id": post_id}
        raise unknown_field(edge or "POST", node.kind.name)

    def _block(self, call: Call) -> Json:
        number = str(call.value("user") or call.value("psid") or "")
        person = self._scene.people.by_id(number)
        if person is None:
            raise invalid_parameter("Invalid user id")
        self._scene.accepted("facebook", "block", number, person=number)
        return {number: True}

    # -- Facebook comments ---------------------------------------------------------------------------------------

    def _on_facebook(self, call: Call, item: Post | Comment, edge: str) -> Json:
        if edge == "comments" and call.method == "POST":
            return self._comment_on_facebook(call, item)
        if isinstance(item, Post):
            if edge or call.method != "DELETE":
                raise unknown_field(edge or "POST", "Post")
            self._server.facebook.world.delete_post(item.id)
            self._scene.accepted("facebook", "delete", item.id, target=item.id)
            return dict(_DONE)
        if edge == "likes":
            item.liked = call.method == "POST"
            self._scene.accepted("facebook", "like" if item.liked else "unlike", item.id, target=item.id)
            return dict(_DONE)
        if edge:
            raise unknown_field(edge, "Comment")
        if call.method == "DELETE":
            self._server.facebook.world.remove_comment(item)
            self._scene.accepted("facebook", "delete", item.id, target=item.id)
            return dict(_DONE)
        return self._change_comment(call, item)

    def _comment_on_facebook(self, call: Call, item: Post | Comment) -> Json:
        world = self._server.facebook.world
        text = str(call.value("message") or "")
        attachment = call.value("attachment_url") or call.value("attachment_id") or call.value("attachment_share_url")
        media = self._photo(call)
        if media:
            attachment = f"https://cdn.sandbox.invalid/{media[0]['sha256'][:16]}"
        if not text and not attachment:
            raise invalid_parameter("message or attachment is required to comment")
        if len(text) > FACEBOOK_COMMENT_LIMIT:
            raise invalid_parameter("The message is too long")
        if world.refuses_duplicates and world.same_text_lately(item, text):
            raise graph_error(506, "(#506) Duplicate status message")
        post = item if isinstance(item, Post) else item.post
        parent = item.id if isinstance(item, Comment) else None
        photo = {"type": "photo", "url": str(attachment)} if attachment else None
        comment = world.add_comment(post.id, None, text, parent=parent, attachment=photo, by_app=True)
        author = item.author
        self._scene.accepted(
            "facebook", "public_reply" if parent or author else "comment", comment.id, target=item.id,
            conversation=post.id, person=author.facebook_id if author else None, text=text, media=media,
        )  # fmt: skip
        return {"id": comment.id}

    @staticmethod
    def _photo(call: Call) -> list[dict[str, Json]]:
        """The multipart `source` of a comment."""
        photo = call.files.get("source")
        if photo is None:
            return []
        if photo.content_type not in PHOTO_TYPES:
            raise graph_error(100, "(#100) Invalid image file", subcode=2018047)
        if len(photo.content) > LARGEST_PHOTO:
            raise graph_error(100, "(#100) The photo is too large", subcode=2018109)
        return [photo.described()]

    def _change_comment(self, call: Call, item: Comment) -> Json:
        world = self._server.facebook.world
        hide = call.value("is_hidden")
        if hide is not None:
            if item.author is None:
                raise graph_error(200, "(#200) The comment cannot be hidden: can_hide is false.", status=403)
            hidden = _truth(hide, "is_hidden")
            world.hide_comment(item.id, hidden)
            self._scene.accepted("facebook", "hide" if hidden else "unhide", item.id, target=item.id)
            return dict(_DONE)
        text = call.value("message")
        if text is None:
            raise invalid_parameter("message or is_hidden is required")
        if item.author is not None:
            raise graph_error(200, "(#200) Only the author may edit a comment.", status=403)
        if not call.value("attachment_id") and not call.value("attachment_url"):
            item.attachment = None
        world.edit_comment(item.id, str(text))
        self._scene.accepted("facebook", "edit", item.id, target=item.id, text=text)
        return dict(_DONE)

    # -- Instagram comments --------------------------------------------------------------------------------------

    def _on_instagram(self, call: Call, nodes: InstagramNodes, item: Media | IgComment, edge: str) -> Json:
        if call.method == "POST" and edge == ("comments" if isinstance(item, Media) else "replies"):
            return self._comment_on_instagram(call, nodes, item)
        if isinstance(item, Media):
            enabled = call.value("comment_enabled")
            if edge or enabled is None:
                raise unknown_field(edge or "POST", "IGMedia")
            item.comments_enabled = _truth(enabled, "comment_enabled")
            return dict(_DONE)
        if edge:
            raise unknown_field(edge, "IGComment")
        if call.method == "DELETE":
            nodes.world.remove_comment(item)
            self._accept(nodes, "delete", item.id, target=item.id)
            return dict(_DONE)
        hide = call.value("hide")
        if hide is None:
            raise invalid_parameter("hide is required")
        hidden = _truth(hide, "hide")
        item.hidden = hidden and item.author is not None
        self._accept(nodes, "hide" if hidden else "unhide", item.id, target=item.id)
        return dict(_DONE)

    def _comment_on_instagram(self, call: Call, nodes: InstagramNodes, item: Media | IgComment) -> Json:
        text = _instagram_text(call)
        media = item if isinstance(item, Media) else item.media
        if not media.comments_enabled:
            raise graph_error(10, "(#10) Comments are turned off on this media")
        parent = item.id if isinstance(item, IgComment) else None
        comment = nodes.world.add_comment(media, None, text, parent=parent, by_app=True)
        author = item.author if isinstance(item, IgComment) else None
        self._accept(
            nodes, "public_reply" if parent else "comment", comment.id, target=item.id, conversation=media.id,
            person=author.instagram_id if author else None, text=text,
        )  # fmt: skip
        return {"id": comment.id}

    def _reply_to_mention(self, call: Call, nodes: InstagramNodes) -> Json:
        world = nodes.world
        text = _instagram_text(call)
        media = world.media_items.get(str(call.value("media_id") or ""))
        key = call.value("comment_id")
        comment = world.comments.get(str(key)) if key else None
        if media is None or (key and (comment is None or comment.media is not media)):
            raise missing_object(str(key or call.value("media_id")))
        named = comment.text if comment else media.caption
        if f"@{world.username}" not in named:
            raise invalid_parameter("The account is not mentioned there")
        answer = world.add_comment(media, None, text, parent=comment.id if comment else None, by_app=True)
        author = comment.author if comment else media.owner
        self._accept(
            nodes, "public_reply", answer.id, target=str(key or media.id), conversation=media.id,
            person=author.instagram_id if author else None, text=text,
        )  # fmt: skip
        return {"id": answer.id}

    def _instagram(self, view: View) -> InstagramNodes:
        if view.flavour == "instagram":
            return self._server.instagrams[view.token.subject]
        return self._server.through_page

    def _accept(self, nodes: InstagramNodes, action: str, external_id: str, **details: Json) -> None:
        self._scene.accepted("instagram", action, external_id, account=nodes.world.account_id, **details)


def _instagram_text(call: Call) -> str:
    text = str(call.value("message") or "")
    if not text:
        raise invalid_parameter("The parameter message is required")
    if len(text) > INSTAGRAM_COMMENT_LIMIT:
        raise invalid_parameter("The comment is too long")
    return text


def _truth(value: Json, name: str) -> bool:
    text = str(value).lower()
    if text not in ("true", "false", "1", "0"):
        raise invalid_parameter(f"Param {name} must be a boolean")
    return text in ("true", "1")
