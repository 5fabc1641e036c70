"""Private messages of Messenger and Instagram as both polls and pushes show them.

A push names people and never a thread, so the thread's canonical name is the other person's scoped id: one person and
one account have one thread. What a poll calls `t_…` is used only for reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.base import Attachment, Author, InboundMessage, Kind, Visibility
from connectors.graph_values import Odd, graph_time, id_of, mapping, rows, text_id, text_of

_STORY_TYPES = {"story_mention", "ig_story"}
"""Stories must not be kept: their kind is told, their address is not (Meta Platform Terms; it dies after 24 h)."""


def author_of(person: Any) -> Author:
    """A person node. The artificial e-mail address in it is never kept."""
    node = mapping(person)
    return Author(
        external_id=text_id(node.get("id")),
        name=text_of(node.get("name")) or None,
        handle=text_of(node.get("username")) or None,
    )


def is_own(person: Any, own_ids: frozenset[str]) -> bool:
    """Whether a person node is our account, under any of its ids."""
    node = mapping(person)
    if node.get("self_ig_scoped_id"):
        return True
    return bool({text_id(node.get("id")), text_id(node.get("user_id"))} & own_ids)


def polled_message(item: Any, correspondent: Author | None, thread: str, own_ids: frozenset[str]) -> InboundMessage:
    """One message of a thread. Raises Odd where it has no id or no time.

    Where Graph leaves `from` out, whom it went to tells who wrote it: a thread has us and one other person.
    """
    node = mapping(item)
    external_id, sent_at = text_id(node.get("id")), graph_time(node.get("created_time"))
    if external_id is None or sent_at is None:
        raise Odd("a private message without id or time")
    own, author = is_own(node.get("from"), own_ids), author_of(node.get("from"))
    if author.external_id is None:
        own = _went_to_others(node, own_ids)
        author = correspondent if correspondent is not None and not own else author
    person = correspondent or _other(node, own, own_ids)
    return InboundMessage(
        external_id=external_id,
        conversation_id=person.external_id if person and person.external_id else thread,
        kind=Kind.DIRECT_MESSAGE,
        visibility=Visibility.PRIVATE,
        own=own,
        text=text_of(node.get("message")),
        sent_at=sent_at,
        author=author,
        attachments=_polled_attachments(node),
        correspondent=person,
    )


def _went_to_others(node: Mapping[str, Any], own_ids: frozenset[str]) -> bool:
    to = [person for person in rows(node.get("to")) if id_of(person)]
    return bool(to) and not any(is_own(person, own_ids) for person in to)


def _other(node: Mapping[str, Any], own: bool, own_ids: frozenset[str]) -> Author | None:
    people = rows(node.get("to")) if own else [node.get("from")]
    return next((author_of(p) for p in people if id_of(p) and not is_own(p, own_ids)), None)


def _polled_attachments(node: Mapping[str, Any]) -> tuple[Attachment, ...]:
    found: list[Attachment] = []
    for item in rows(node.get("attachments")):
        entry = mapping(item)
        found.append(Attachment(_media_type(entry), _media_url(entry), text_of(entry.get("name")) or None))
    if text_of(node.get("sticker")):
        found.append(Attachment("sticker", text_of(node.get("sticker"))))
    for item in rows(node.get("shares")):
        found.append(Attachment("share", text_of(mapping(item).get("link")) or None))
    story = mapping(node.get("story"))
    if story.get("mention"):
        found.append(Attachment("story_mention"))
    if story.get("reply_to"):
        found.append(Attachment("story_reply"))
    if str(node.get("is_unsupported", "")).lower() == "true":
        found.append(Attachment("unsupported"))
    return tuple(found)


def _media_type(entry: Mapping[str, Any]) -> str:
    kind = text_of(entry.get("mime_type")).partition("/")[0]
    if kind in ("image", "video", "audio"):
        return kind
    for key in ("image", "video", "audio"):
        if entry.get(f"{key}_data"):
            return key
    if entry.get("generic_template"):
        return "template"
    return "file" if entry.get("file_url") or kind else "unavailable"


def _media_url(entry: Mapping[str, Any]) -> str | None:
    for key in ("image_data", "video_data", "audio_data"):
        if url := text_of(mapping(entry.get(key)).get("url")):
            return url
    return text_of(entry.get("file_url")) or None


def pushed_message(
    event: Mapping[str, Any], message: Mapping[str, Any], own_ids: frozenset[str], at: datetime
) -> InboundMessage:
    """A message or echo of a push. Raises Odd where it has no id or nobody to speak to."""
    mid = text_id(message.get("mid"))
    if mid is None:
        raise Odd("a private message without mid")
    sender, recipient = mapping(event.get("sender")), mapping(event.get("recipient"))
    own = message.get("is_echo") is True or message.get("is_self") is True or is_own(sender, own_ids)
    people = [recipient, sender] if own else [sender, recipient]
    person = next((author_of(p) for p in people if id_of(p) and not is_own(p, own_ids)), None)
    if person is None:
        raise Odd("a private message that names nobody but ourselves")
    return InboundMessage(
        external_id=mid,
        conversation_id=str(person.external_id),
        kind=Kind.DIRECT_MESSAGE,
        visibility=Visibility.PRIVATE,
        own=own,
        text=text_of(message.get("text")),
        sent_at=graph_time(event.get("timestamp")) or at,
        author=author_of(sender),
        parent_id=text_id(mapping(message.get("reply_to")).get("mid")),
        attachments=_pushed_attachments(message),
        correspondent=person,
        app_scoped_marker=text_of(message.get("metadata")) or None,
    )


def _pushed_attachments(message: Mapping[str, Any]) -> tuple[Attachment, ...]:
    found: list[Attachment] = []
    for item in _list(message.get("attachments")):
        entry = mapping(item)
        kind = text_of(entry.get("type")) or "file"
        payload = mapping(entry.get("payload"))
        url = None if kind in _STORY_TYPES else text_of(payload.get("url")) or None
        found.append(
            Attachment("sticker" if payload.get("sticker_id") else kind, url, text_of(payload.get("title")) or None)
        )
    if mapping(message.get("reply_to")).get("story"):
        found.append(Attachment("story_reply"))
    if message.get("is_unsupported") is True and not found:
        found.append(Attachment("unsupported"))
    return tuple(found)


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else rows(value)
