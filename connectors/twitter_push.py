"""What X pushes: Account Activity (API v1.1 shapes) and X Activity (API v2 shapes), to the ids that polling gives.

Facts: docs.x.com webhooks, account-activity and activity pages (2026-08). Both sign the raw body with the consumer
secret, in base64. A v1.1 post names no conversation, so a reply is only pointed at and then looked up.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from connectors.base import Change, ChangeKind, Gap, InboundMessage, Page, Unreadable, Visibility
from connectors.http import read_json
from connectors.twitter_translate import (
    Includes,
    Odd,
    Row,
    by_age,
    conversation_of,
    direct_message,
    identifier,
    post,
    rows,
    unreadable,
)

SHORTENED = "https://t.co/"
SIGNATURE_HEADER = "x-twitter-webhooks-signature"

_POST_EVENTS = frozenset({"post.create", "post.mention.create", "post.reply.create", "post.quote.create"})
_PRIVATE_EVENTS = frozenset({"dm.received", "dm.sent"})
_ENCRYPTED_EVENTS = frozenset({"chat.received", "chat.sent"})
_NO_MESSAGES = (
    "like.",
    "follow.",
    "profile.",
    "spaces.",
    "news.",
    "oauth.",
    "dm.",
    "chat.",
    "post.",
    "mute.",
    "block.",
)


def sign(secret: str, body: bytes) -> str:
    """`sha256=` and the base64 HMAC, as X writes it in the header and wants it in the answer to its challenge."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode("ascii")


def challenge_answer(secret: str | None, query: Mapping[str, str]) -> str | None:
    """The JSON that answers X's CRC question; None where there is no question or no consumer secret."""
    token = query.get("crc_token")
    if not secret or not token:
        return None
    return json.dumps({"response_token": sign(secret, token.encode())})


def signature_fits(secret: str | None, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the consumer secret signed exactly these bytes."""
    given = headers.get(SIGNATURE_HEADER, "")
    return bool(secret) and hmac.compare_digest(sign(str(secret), body).encode(), given.encode("utf-8", "replace"))


class _Push:
    """What one body says, collected."""

    def __init__(self, own_id: str, now: datetime) -> None:
        self.own_id = own_id
        self.now = now
        self.messages: list[InboundMessage] = []
        self.changes: list[Change] = []
        self.odd: list[Unreadable] = []
        self.gaps: list[Gap] = []
        self.look_at: list[str] = []

    def refuse(self, item: object, why: str) -> None:
        self.odd.append(unreadable("push", item, why))

    def add(self, message: InboundMessage | None) -> None:
        """Keep it; a post whose addresses or pictures the push does not resolve is looked up instead."""
        if message is None:
            return
        if message.visibility is Visibility.PUBLIC and SHORTENED in message.text:
            self.look_at.append(message.external_id)
        else:
            self.messages.append(message)


def read_push(own_id: str, body: bytes, now: datetime) -> Page:
    """A verified body as a page; whatever cannot be read is Unreadable, never an exception."""
    push = _Push(own_id, now)
    try:
        event = read_json(body)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        push.refuse(body.decode("utf-8", "replace"), "it is no JSON object")
    elif isinstance(event.get("data"), dict):
        _activity(push, event["data"])
    else:
        _account_activity(push, event)
    return Page(
        cursor={},
        messages=by_age(push.messages),
        changes=tuple(push.changes),
        unreadable=tuple(push.odd),
        gaps=tuple(push.gaps),
        look_at=tuple(dict.fromkeys(push.look_at)),
    )


# -- Account Activity ------------------------------------------------------------------------------------------------


def _account_activity(push: _Push, event: Row) -> None:
    whose = identifier(event.get("for_user_id"))
    if whose is not None and whose != push.own_id:
        push.refuse(event, "it is meant for another account")
        return
    lists = [name for name in event if name.endswith("_events") or name == "user_event"]
    if not lists:
        push.refuse(event, "it holds no events Zuruf knows")
    for item in _items(event, "tweet_create_events"):
        _guarded(push, item, _old_post)
    users = event.get("users")
    for item in _items(event, "direct_message_events"):
        _guarded(push, item, lambda push, row: push.add(_old_direct_message(row, push.own_id, users)))
    for item in _items(event, "tweet_delete_events"):
        _guarded(push, item, _old_deletion)


def _items(event: Row, name: str) -> list[Any]:
    found = event.get(name)
    return found if isinstance(found, list) else ([] if found is None else [found])


def _guarded(push: _Push, item: Any, take: Any) -> None:
    try:
        if not isinstance(item, dict):
            raise Odd("it is no object")
        take(push, item)
    except Odd as why:
        push.refuse(item, str(why))


def _old_post(push: _Push, row: Row) -> None:
    """A v1.1 post: complete when it begins a thread; a reply or quotation is looked up for its conversation."""
    post_id = identifier(row.get("id_str")) or identifier(row.get("id"))
    person = row.get("user")
    if post_id is None or not isinstance(person, dict):
        raise Odd("it has no id or no user")
    if isinstance(row.get("retweeted_status"), dict):
        return
    parent = identifier(row.get("in_reply_to_status_id_str")) or identifier(row.get("in_reply_to_status_id"))
    writer = identifier(person.get("id_str")) or identifier(person.get("id"))
    if parent is not None or row.get("is_quote_status"):
        push.look_at.append(post_id)
        return
    extended = row.get("extended_tweet")
    longer = extended if isinstance(extended, dict) else row
    found = {
        "id": post_id,
        "text": longer.get("full_text") or row.get("full_text") or row.get("text"),
        "author_id": writer,
        "conversation_id": post_id,
        "created_at": _old_time(row.get("created_at")),
        "in_reply_to_user_id": row.get("in_reply_to_user_id_str") or row.get("in_reply_to_user_id"),
        "lang": row.get("lang"),
        "entities": {"mentions": _old_mentions(longer), "urls": _old_links(longer)},
    }
    push.add(post(found, push.own_id, Includes(users={str(writer): person}), None))


def _old_mentions(row: Row) -> list[dict[str, Any]]:
    entities = row.get("entities")
    mentions = rows(entities.get("user_mentions")) if isinstance(entities, dict) else []
    return [
        {"id": mention.get("id_str") or mention.get("id"), "username": mention.get("screen_name")}
        for mention in mentions
    ]


def _old_links(row: Row) -> list[Row]:
    entities = row.get("entities")
    return rows(entities.get("urls")) if isinstance(entities, dict) else []


def _old_time(value: object) -> str | None:
    """`Wed Feb 05 08:39:31 +0000 2020` as RFC 3339."""
    try:
        return datetime.strptime(str(value), "%a %b %d %H:%M:%S %z %Y").isoformat()
    except ValueError:
        return None


def _old_direct_message(row: Row, own_id: str, users: object) -> InboundMessage | None:
    """A v1.1 direct message; its thread is that of sender and recipient."""
    if row.get("type") != "message_create":
        return None
    content = row.get("message_create")
    target = content.get("target") if isinstance(content, dict) else None
    data = content.get("message_data") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(target, dict) or not isinstance(data, dict):
        raise Odd("its message_create is not complete")
    sender, recipient = identifier(content.get("sender_id")), identifier(target.get("recipient_id"))
    if sender is None or recipient is None:
        raise Odd("it names no sender or no recipient")
    if own_id not in (sender, recipient):
        raise Odd("it is between two other accounts")
    attachment = data.get("attachment")
    media = attachment.get("media") if isinstance(attachment, dict) else None
    media = media if isinstance(media, dict) else None
    people = users.items() if isinstance(users, dict) else ()
    includes = Includes(
        users={str(key): person.get("data", person) for key, person in people if isinstance(person, dict)},
        media={"m": {"type": media.get("type"), "url": media.get("media_url_https")}} if media else {},
    )
    found = {
        "id": row.get("id"),
        "event_type": "MessageCreate",
        "text": data.get("text"),
        "sender_id": sender,
        "dm_conversation_id": _group(row, content, target) or conversation_of(sender, recipient),
        "created_at": _milliseconds(row.get("created_timestamp")),
        "attachments": {"media_keys": ["m"]} if media else None,
        "urls": _old_links(data),
    }
    return direct_message(found, own_id, includes)


def _group(*places: Row) -> str | None:
    for place in places:
        found = place.get("dm_conversation_id") or place.get("conversation_id")
        if isinstance(found, str) and found:
            return found
    return None


def _milliseconds(value: object) -> str | None:
    known = identifier(value)
    if known is None or int(known) > 32_503_680_000_000:
        return None
    return datetime.fromtimestamp(int(known) / 1000, UTC).isoformat()


def _old_deletion(push: _Push, row: Row) -> None:
    status = row.get("status")
    known = identifier(status.get("id")) if isinstance(status, dict) else None
    if known is None:
        raise Odd("it names no post")
    when = _milliseconds(row.get("timestamp_ms"))
    push.changes.append(Change(known, ChangeKind.DELETED, datetime.fromisoformat(when) if when else push.now))


# -- X Activity ------------------------------------------------------------------------------------------------------


def _activity(push: _Push, event: Row) -> None:
    name = str(event.get("event_type"))
    payload, chosen = event.get("payload"), event.get("filter")
    whose = identifier(chosen.get("user_id")) if isinstance(chosen, dict) else None
    if whose is not None and whose != push.own_id:
        push.refuse(event, "it is meant for another account")
    elif name in _POST_EVENTS:
        includes = Includes.of(event.get("includes"))
        _guarded(push, payload, lambda push, row: push.add(_complete(post(row, push.own_id, includes), name)))
    elif name in _PRIVATE_EVENTS:
        users = payload.get("users") if isinstance(payload, dict) else None
        for item in _items(payload, "direct_message_events") if isinstance(payload, dict) else [payload]:
            _guarded(push, item, lambda push, row: push.add(_old_direct_message(row, push.own_id, users)))
    elif name == "post.delete":
        _guarded(push, payload, _deletion)
    elif name in _ENCRYPTED_EVENTS:
        push.gaps.append(Gap(None, None, push.now, "x_chat"))
    elif not name.startswith(_NO_MESSAGES):
        push.refuse(event, f"Zuruf does not know the event {name[:40]!r}")


def _complete(message: InboundMessage | None, event: str) -> InboundMessage | None:
    """A pushed quotation arrives without the quoted post; the event itself says that it is ours."""
    if message is None or message.own or event != "post.quote.create":
        return message
    return replace(message, addressed=True, summons_us=True)


def _deletion(push: _Push, row: Row) -> None:
    known = identifier(row.get("id"))
    if known is None:
        raise Odd("it names no post")
    push.changes.append(Change(known, ChangeKind.DELETED, push.now))
