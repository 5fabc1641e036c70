"""Meta's webhooks as bytes: feed, messaging, Instagram comments and mentions, signed with the app secret."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from connectors.sandbox.facebook_world import Comment, Post, status_type
from connectors.sandbox.instagram_world import IgComment
from connectors.sandbox.people import Person
from connectors.sandbox.scene import Happening
from connectors.sandbox.threads import PrivateMessage
from connectors.sandbox.wire import graph_time

Json = Any
_VERBS = {
    "comment_added": "add", "comment_edited": "edited", "comment_removed": "remove", "comment_hidden": "hide",
    "comment_shown": "unhide",
}  # fmt: skip


def sign(secret: str, body: bytes) -> dict[str, str]:
    """`sha256=` and lower-case hex over the very bytes."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}


def encode(payload: Json) -> bytes:
    """JSON with everything outside ASCII escaped."""
    return json.dumps(payload, ensure_ascii=True, separators=(",", ":")).encode()


def facebook_payload(happening: Happening, page_name: str) -> Json | None:
    """The body for a page, None where Facebook sends nothing."""
    item = happening.item
    seconds = int(happening.at.timestamp())
    if isinstance(item, Comment):
        value = _comment_value(happening, item, page_name)
        return _envelope("page", happening.account, seconds, {"changes": [{"field": "feed", "value": value}]})
    if isinstance(item, Post):
        return _post_payload(happening, item, page_name, seconds)
    if isinstance(item, PrivateMessage):
        return _messaging(happening, "page", item, item.thread.person.facebook_id)
    return None


def instagram_payload(happening: Happening, username: str, flat: bool) -> Json | None:
    """The body for an Instagram account; `flat` is the shape of Business Login's documentation."""
    item = happening.item
    seconds = int(happening.at.timestamp())
    if isinstance(item, PrivateMessage):
        return _messaging(happening, "instagram", item, item.thread.person.instagram_id)
    if isinstance(item, IgComment):
        author = item.author
        sender = (
            {"id": happening.account, "username": username}
            if author is None
            else {"id": author.instagram_id, "username": author.handle}
        )
        value: dict[str, Json] = {
            "id": item.id, "from": sender, "text": item.text,
            "media": {"id": item.media.id, "media_product_type": item.media.product_type},
        }  # fmt: skip
        if item.parent is not None:
            value["parent_id"] = item.parent.id
        change = {"field": "comments", "value": value}
    elif happening.name == "mentioned":
        media, comment = item
        value = {"media_id": media.id} | ({"comment_id": comment.id} if comment else {})
        change = {"field": "mentions", "value": value}
    else:
        return None
    return _envelope("instagram", happening.account, seconds, change if flat else {"changes": [change]})


def _comment_value(happening: Happening, item: Comment, page_name: str) -> dict[str, Json]:
    value: dict[str, Json] = {
        "item": "comment",
        "verb": _VERBS[happening.name],
        "comment_id": item.id,
        "post_id": item.post.id,
        "parent_id": item.parent.id if item.parent else item.post.id,
    }
    sender = _sender(item.author, happening.account, page_name)
    if sender is not None:
        value["from"] = sender
    if happening.name != "comment_removed":
        value["created_time"] = int(item.created_at.timestamp())
        if item.text:
            value["message"] = item.text
        if item.attachment:
            value["photo"] = item.attachment["url"]
        value["post"] = {
            "id": item.post.id, "status_type": status_type(item.post), "is_published": item.post.kind != "ad",
            "updated_time": graph_time(item.post.updated_at), "permalink_url": item.post.permalink,
            "promotion_status": "inactive",
        }  # fmt: skip
    return value


def _post_payload(happening: Happening, item: Post, page_name: str, seconds: int) -> Json | None:
    if item.kind in ("ad", "reel"):
        return None
    verb = "remove" if happening.name == "post_removed" else "add"
    value: dict[str, Json] = {
        "item": "status" if item.author is None else "post", "verb": verb, "post_id": item.id, "message": item.text,
        "created_time": int(item.created_at.timestamp()),
    }  # fmt: skip
    sender = _sender(item.author, happening.account, page_name)
    if sender is not None:
        value["from"] = sender
    if item.author is None:
        value["published"] = 1
    field = "mention" if item.kind == "tagged" else "feed"
    return _envelope("page", happening.account, seconds, {"changes": [{"field": field, "value": value}]})


def _messaging(happening: Happening, kind: str, item: PrivateMessage, person_id: str) -> Json:
    sender, recipient = (happening.account, person_id) if item.own else (person_id, happening.account)
    event: dict[str, Json] = {
        "sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": _milliseconds(item.created_at)
    }  # fmt: skip
    if happening.name == "message_edited":
        event["message_edit"] = {"mid": item.id, "text": item.text, "num_edit": item.edits}
    elif happening.name == "message_unsent":
        event["message"] = {"mid": item.id, "is_deleted": True}
    else:
        event["message"] = _message(item)
    return _envelope(kind, happening.account, _milliseconds(happening.at), {"messaging": [event]})


def _message(item: PrivateMessage) -> dict[str, Json]:
    message: dict[str, Json] = {"mid": item.id}
    if item.text:
        message["text"] = item.text
    if item.own:
        message["is_echo"] = True
        message["app_id"] = 880000000000042 if item.by_app else 263902037430900
        if item.metadata:
            message["metadata"] = item.metadata
    attachments = [{"type": a.get("type", "image"), "payload": {"url": a["url"]}} for a in item.attachments]
    story = item.story or {}
    if "mention" in story:
        attachments.append({"type": "story_mention", "payload": {"url": story["mention"]["link"]}})
    if "reply_to" in story:
        message["reply_to"] = {"story": {"id": story["reply_to"]["id"], "url": story["reply_to"]["link"]}}
    if attachments:
        message["attachments"] = attachments
    if item.unsupported:
        message["is_unsupported"] = True
    return message


def _sender(author: Person | None, page_id: str, page_name: str) -> dict[str, str] | None:
    if author is None:
        return {"id": page_id, "name": page_name}
    return None if author.nameless else {"id": author.facebook_id, "name": author.name}


def _envelope(kind: str, account: str, time: int, part: dict[str, Json]) -> Json:
    return {"object": kind, "entry": [{"id": account, "time": time, **part}]}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
