"""What a Page's `feed` and `mention` pushes say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.base import Attachment, Author, Change, ChangeKind, InboundMessage, Kind, Subject, Visibility
from connectors.facebook_comments import foreign_post
from connectors.graph_collect import Collected
from connectors.graph_values import Odd, comment_id, graph_time, mapping, text_id, text_of

_COMMENT_CHANGES = {
    "edited": ChangeKind.EDITED,
    "edit": ChangeKind.EDITED,
    "remove": ChangeKind.DELETED,
    "delete": ChangeKind.DELETED,
    "hide": ChangeKind.HIDDEN,
    "unhide": ChangeKind.SHOWN,
}
_POST_ITEMS = {"post", "status", "photo", "video", "share", "link", "album", "reel"}


def read_change(page_id: str, field: str, value: Mapping[str, Any], at: datetime, collected: Collected) -> None:
    """One change. Likes, reactions and our own posts say nothing to answer. Raises Odd where it cannot be read."""
    if field not in ("feed", "mention"):
        return
    item, verb = text_of(value.get("item")), text_of(value.get("verb"))
    if item == "comment":
        _comment(page_id, field, verb, value, at, collected)
    elif item in _POST_ITEMS:
        _post(page_id, field, verb, value, at, collected)
    elif not item:
        raise Odd(f"a {field} change without item")


def _comment(page_id: str, field: str, verb: str, value: Mapping[str, Any], at: datetime, collected: Collected) -> None:
    given, post_id = text_id(value.get("comment_id")), text_id(value.get("post_id"))
    if given is None:
        raise Odd("a comment change without comment_id")
    external_id = comment_id(given, post_id)
    if verb == "add":
        collected.add((_added(page_id, field, external_id, post_id, value, at),))
    elif verb in _COMMENT_CHANGES:
        kind = _COMMENT_CHANGES[verb]
        text = text_of(value.get("message")) if kind is ChangeKind.EDITED else None
        collected.changes.append(Change(external_id, kind, at, text))
    else:
        raise Odd(f"a comment change with the unknown verb {verb!r}")


def _added(
    page_id: str,
    field: str,
    external_id: str,
    post_id: str | None,
    value: Mapping[str, Any],
    at: datetime,
) -> InboundMessage:
    parent = text_id(value.get("parent_id"))
    parent_id = None
    if parent is not None and parent != post_id and comment_id(parent, post_id) != comment_id(post_id or "", None):
        parent_id = comment_id(parent, post_id)
    author = author_of_change(value)
    post = mapping(value.get("post"))
    on_foreign_post = bool(post_id and "_" in post_id and not post_id.startswith(f"{page_id}_"))
    mention = field == "mention" or on_foreign_post
    photo = text_of(value.get("photo")) or text_of(value.get("video"))
    subject = Subject(post_id, None, text_of(post.get("permalink_url")) or None) if post_id else None
    return InboundMessage(
        external_id=external_id,
        conversation_id=post_id if on_foreign_post and post_id and field == "feed" else parent_id or external_id,
        kind=Kind.MENTION if mention else Kind.COMMENT,
        visibility=Visibility.PUBLIC,
        own=author.external_id == page_id,
        text=text_of(value.get("message")),
        sent_at=graph_time(value.get("created_time")) or at,
        author=author,
        parent_id=parent_id,
        subject=subject,
        attachments=(Attachment("photo" if value.get("photo") else "video", photo),) if photo else (),
    )


def _post(page_id: str, field: str, verb: str, value: Mapping[str, Any], at: datetime, collected: Collected) -> None:
    """A post by somebody else. One moved to the bin arrives as `status`, `edited`: its text stands as it was."""
    post_id = text_id(value.get("post_id"))
    if post_id is None:
        raise Odd(f"a {field} change of a post without post_id")
    author = author_of_change(value)
    if author.external_id == page_id:
        return
    if verb == "add":
        posted_at = graph_time(value.get("created_time")) or at
        message = foreign_post(post_id, value, page_id, posted_at)
        if message is not None:
            collected.add((message,))
    elif verb in ("remove", "delete"):
        collected.changes.append(Change(post_id, ChangeKind.DELETED, at))
    elif verb in ("edit", "edited") and "message" in value:
        collected.changes.append(Change(post_id, ChangeKind.EDITED, at, text_of(value.get("message"))))
    elif verb in ("hide", "unhide"):
        collected.changes.append(Change(post_id, _COMMENT_CHANGES[verb], at))


def author_of_change(value: Mapping[str, Any]) -> Author:
    """From `from`, or from sender_id and sender_name of old payloads."""
    sender = mapping(value.get("from"))
    return Author(
        external_id=text_id(sender.get("id")) or text_id(value.get("sender_id")),
        name=text_of(sender.get("name")) or text_of(value.get("sender_name")) or None,
    )
