"""What Instagram's `comments` and `mentions` pushes say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.base import Attachment, InboundMessage, Kind, Subject, Visibility
from connectors.graph_collect import Collected
from connectors.graph_private import is_own
from connectors.graph_values import Odd, graph_time, mapping, text_id, text_of
from connectors.instagram_comments import comment_author, mention_name


def pushed_comment(value: Mapping[str, Any], own_ids: frozenset[str], at: datetime) -> InboundMessage:
    """A new comment. The push names no time of its own: the entry's stands. Raises Odd without id."""
    external_id = text_id(value.get("id")) or text_id(value.get("comment_id"))
    if external_id is None:
        raise Odd("a comment without id")
    parent_id = text_id(value.get("parent_id"))
    media = mapping(value.get("media"))
    media_id = text_id(media.get("original_media_id")) or text_id(media.get("id"))
    return InboundMessage(
        external_id=external_id,
        conversation_id=parent_id or external_id,
        kind=Kind.COMMENT,
        visibility=Visibility.PUBLIC,
        own=is_own(value.get("from"), own_ids),
        text=text_of(value.get("text")),
        sent_at=graph_time(value.get("timestamp")) or graph_time(value.get("created_time")) or at,
        author=comment_author(value),
        parent_id=parent_id,
        subject=Subject(media_id) if media_id else None,
    )


def pushed_mention(value: Mapping[str, Any], at: datetime, collected: Collected, *, readable: bool) -> None:
    """A pointer to be looked at; where this login cannot read it, a message without words says that it happened."""
    media_id, comment = text_id(value.get("media_id")), text_id(value.get("comment_id"))
    if media_id is None:
        raise Odd("a mention without media_id")
    if readable:
        collected.pointers.append(mention_name(media_id, comment))
        return
    message = InboundMessage(
        external_id=comment or media_id,
        conversation_id=mention_name(media_id, comment),
        kind=Kind.MENTION,
        visibility=Visibility.PUBLIC,
        own=False,
        text="",
        sent_at=at,
        subject=Subject(media_id) if comment else None,
        attachments=(Attachment("mention_not_readable"),),
    )
    collected.add((message,))
