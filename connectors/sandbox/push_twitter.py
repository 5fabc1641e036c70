"""X's webhooks: Account Activity (v1.1 shapes) and X Activity events, signed with the consumer secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Any

from connectors.sandbox.people import Person
from connectors.sandbox.scene import Happening
from connectors.sandbox.twitter_world import DirectMessage, Tweet, TwitterWorld
from connectors.sandbox.wire import x_time

Json = Any


def sign(secret: str, body: bytes) -> dict[str, str]:
    """`sha256=` and base64 over the very bytes: not hex, as Meta has it."""
    digest = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return {"x-twitter-webhooks-signature": f"sha256={digest}", "Content-Type": "application/json"}


def challenge_answer(secret: str, token: str) -> str:
    """What a door must answer to a CRC."""
    digest = hmac.new(secret.encode(), token.encode(), hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()


def concerns_us(happening: Happening, world: TwitterWorld) -> bool:
    """Whether X tells the account: its own posts, mentions, answers to it, its messages."""
    item = happening.item
    if isinstance(item, Tweet):
        return item.author is None or world.is_mention(item) or item.parent_author_id == world.account_id
    return isinstance(item, DirectMessage)


def account_activity(happening: Happening, world: TwitterWorld) -> Json:
    """The v1.1-shaped body of the Account Activity API."""
    item = happening.item
    body: dict[str, Json] = {"for_user_id": world.account_id}
    if isinstance(item, DirectMessage):
        body["direct_message_events"] = [_direct_event(item, world)]
        body["users"] = {u["id"]: u for u in (_old_user(None, world), _old_user(item.person, world))}
    elif happening.name == "tweet_deleted":
        status = {"id": item.id, "user_id": world.author_id(item.author)}
        body["tweet_delete_events"] = [{"status": status, "timestamp_ms": _milliseconds(happening.at)}]
    else:
        body["user_has_blocked"] = False
        body["tweet_create_events"] = [_old_tweet(item, world)]
    return body


def activity(happening: Happening, world: TwitterWorld) -> Json:
    """The body of the X Activity API: one event in an envelope."""
    item = happening.item
    if isinstance(item, DirectMessage):
        kind = "dm.sent" if item.sender is None else "dm.received"
        payload: Json = {"direct_message_events": [_direct_event(item, world)], "users": {}}
    elif happening.name == "tweet_deleted":
        kind, payload = "post.delete", {"id": item.id, "author_id": world.author_id(item.author)}
    else:
        kind = "post.create" if item.author is None else "post.mention.create"
        payload = _new_tweet(item, world)
    return {
        "data": {
            "event_uuid": item.id, "filter": {"user_id": world.account_id}, "event_type": kind, "tag": "sandbox",
            "payload": payload, "includes": {},
        }
    }  # fmt: skip


def _direct_event(item: DirectMessage, world: TwitterWorld) -> dict[str, Json]:
    recipient = item.person.twitter_id if item.sender is None else world.account_id
    return {
        "type": "message_create",
        "id": item.id,
        "created_timestamp": _milliseconds(item.created_at),
        "message_create": {
            "target": {"recipient_id": recipient},
            "sender_id": world.author_id(item.sender),
            "message_data": {
                "text": item.text,
                "entities": {
                    "hashtags": [],
                    "symbols": [],
                    "user_mentions": [],
                    "urls": [{"url": short, "expanded_url": whole} for short, whole in item.links],
                },
                **({"attachment": {"type": "media", "media": {"type": "photo"}}} if item.media else {}),
            },
        },
    }


def _old_user(user: Person | None, world: TwitterWorld) -> dict[str, Json]:
    return {
        "id": world.author_id(user), "id_str": world.author_id(user),
        "name": world.name if user is None else user.name, "screen_name": world.author_handle(user),
        "followers_count": 5210 if user is None else user.followers, "protected": False, "verified": False,
    }  # fmt: skip


def _old_tweet(item: Tweet, world: TwitterWorld) -> dict[str, Json]:
    mentions = [
        {"screen_name": handle, "id": int(user_id), "id_str": user_id} for handle, user_id in item.mentioned.items()
    ]
    return {
        "created_at": item.created_at.strftime("%a %b %d %H:%M:%S +0000 %Y"),
        "id": int(item.id), "id_str": item.id, "text": item.text, "truncated": False,
        "in_reply_to_status_id": int(item.parent) if item.parent else None, "in_reply_to_status_id_str": item.parent,
        "in_reply_to_user_id": int(item.parent_author_id) if item.parent_author_id else None,
        "in_reply_to_user_id_str": item.parent_author_id,
        "user": _old_user(item.author, world), "is_quote_status": item.quoted is not None,
        "quoted_status_id_str": item.quoted, "lang": item.language,
        "entities": {"user_mentions": mentions, "urls": [], "hashtags": []},
    }  # fmt: skip


def _new_tweet(item: Tweet, world: TwitterWorld) -> dict[str, Json]:
    references = [{"type": "replied_to", "id": item.parent}] if item.parent else []
    references += [{"type": "quoted", "id": item.quoted}] if item.quoted else []
    row: dict[str, Json] = {
        "id": item.id, "text": item.text, "author_id": world.author_id(item.author),
        "created_at": x_time(item.created_at), "conversation_id": item.conversation_id, "lang": item.language,
        "edit_history_tweet_ids": list(item.history), "display_text_range": [item.lead, len(item.text)],
        "entities": {"mentions": [{"username": h, "id": u, "start": 0, "end": 0} for h, u in item.mentioned.items()]},
    }  # fmt: skip
    if references:
        row["referenced_tweets"] = references
    if item.parent_author_id:
        row["in_reply_to_user_id"] = item.parent_author_id
    return row


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))
