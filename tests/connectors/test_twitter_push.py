"""What X pushes, in both of its shapes, becomes the messages that polling gives."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from connectors.base import ChangeKind, Kind
from connectors.twitter_push import sign
from tests.connectors.x_account import (
    API,
    CUSTOMER,
    NOW,
    OWN,
    POLL,
    SECRETS,
    SECRETS_2,
    account,
    event,
    listing,
    mention,
    replied_to,
    tweet,
)


def read(body: Any) -> Any:
    return account().read_push(json.dumps(body).encode(), NOW)


def old_post(number: int, text: str, **more: Any) -> dict[str, Any]:
    return {
        "created_at": "Fri Nov 20 11:00:00 +0000 2026",
        "id": number,
        "id_str": str(number),
        "text": text,
        "in_reply_to_status_id_str": None,
        "user": {"id": int(CUSTOMER), "id_str": CUSTOMER, "name": "Ana", "screen_name": "ana_w", "followers_count": 41},
        "entities": {"user_mentions": [{"id_str": OWN, "screen_name": "glueckspilz_at"}]},
        **more,
    }


def old_message(number: int, sender: str, recipient: str, text: str = "Hallo") -> dict[str, Any]:
    return {
        "type": "message_create",
        "id": str(number),
        "created_timestamp": "1795172400000",
        "message_create": {
            "target": {"recipient_id": recipient},
            "sender_id": sender,
            "message_data": {"text": text, "entities": {}},
        },
    }


def test_the_challenge_is_answered() -> None:
    answer = account().answer_challenge({"crc_token": "abc"})
    assert answer is not None
    assert json.loads(answer) == {"response_token": sign(SECRETS["consumer_secret"], b"abc")}
    assert account().answer_challenge({"hub.challenge": "1"}) is None
    assert account(credentials=SECRETS_2).answer_challenge({"crc_token": "abc"}) is None


def test_a_known_signature() -> None:
    assert sign("key", b"The quick brown fox jumps over the lazy dog") == (
        "sha256=97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg="
    )


@pytest.mark.parametrize("header", ["", "sha256=", "sha256=AAAA", "ä", sign("other-secret", b"{}")])
def test_a_wrong_signature_does_not_fit(header: str) -> None:
    assert not account().signature_fits({"x-twitter-webhooks-signature": header}, b"{}")


def test_the_right_signature_fits_these_bytes_only() -> None:
    headers = {"x-twitter-webhooks-signature": sign(SECRETS["consumer_secret"], b"{}")}
    assert account().signature_fits(headers, b"{}")
    assert not account().signature_fits(headers, b"{} ")
    assert not account().signature_fits({}, b"{}")
    assert not account(credentials=SECRETS_2).signature_fits({"x-twitter-webhooks-signature": sign("", b"{}")}, b"{}")


@responses.activate
def test_a_pushed_mention_is_the_polled_mention() -> None:
    text = "@glueckspilz_at offen?"
    page = read({"for_user_id": OWN, "tweet_create_events": [old_post(900, text)]})
    user = {"id": CUSTOMER, "name": "Ana", "username": "ana_w", "public_metrics": {"followers_count": 41}}
    row = tweet(900, text, entities=mention(), lang=None)
    responses.get(f"{API}/2/users/{OWN}/mentions", json=listing([row], users=[user]))
    assert page.messages == account().fetch("mentions", None, POLL).messages


@responses.activate
def test_a_pushed_direct_message_is_the_polled_direct_message() -> None:
    users = {CUSTOMER: {"id": CUSTOMER, "name": "Ana", "screen_name": "ana_w"}}
    page = read(
        {
            "for_user_id": OWN,
            "direct_message_events": [old_message(5, CUSTOMER, OWN), old_message(6, OWN, CUSTOMER, "Gern")],
            "users": users,
        }
    )
    at = datetime.fromtimestamp(1795172400, UTC).isoformat()
    rows = [event(6, "Gern", sender_id=OWN, created_at=at), event(5, "Hallo", created_at=at)]
    responses.get(
        f"{API}/2/dm_events", json=listing(rows, users=[{"id": CUSTOMER, "name": "Ana", "username": "ana_w"}])
    )
    assert page.messages == account().fetch("direct_messages", None, POLL).messages
    assert [message.own for message in page.messages] == [False, True]


def test_a_pushed_reply_is_pointed_at_because_its_conversation_is_not_told() -> None:
    page = read({"for_user_id": OWN, "tweet_create_events": [old_post(901, "ja", in_reply_to_status_id_str="900")]})
    assert (page.messages, page.look_at) == ((), ("901",))


def test_a_repetition_and_our_own_root_are_no_messages() -> None:
    own = old_post(902, "Neu!", user={"id_str": OWN, "screen_name": "glueckspilz_at"})
    page = read({"for_user_id": OWN, "tweet_create_events": [old_post(903, "RT", retweeted_status={}), own]})
    assert (page.messages, page.look_at, page.unreadable) == ((), (), ())


def test_a_pushed_deletion() -> None:
    status = {"id": "900", "user_id": CUSTOMER}
    page = read({"for_user_id": OWN, "tweet_delete_events": [{"status": status, "timestamp_ms": "1795172400000"}]})
    (change,) = page.changes
    assert (change.external_id, change.kind) == ("900", ChangeKind.DELETED)
    assert change.at == datetime.fromtimestamp(1795172400, UTC)


def activity(name: str, payload: Any, includes: Any = None) -> dict[str, Any]:
    event = {"event_uuid": "1", "filter": {"user_id": OWN}, "event_type": name, "tag": "t", "payload": payload}
    return {"data": {**event, "includes": includes or {}}}


def test_activity_mentions_replies_and_quotations() -> None:
    user = {"id": CUSTOMER, "name": "Ana", "username": "ana_w"}
    row = tweet(900, "@glueckspilz_at hallo", entities=mention())
    (message,) = read(activity("post.mention.create", row, {"users": [user]})).messages
    assert (message.external_id, message.kind, message.author.handle, message.summons_us) == (
        "900", Kind.MENTION, "ana_w", True,
    )  # fmt: skip
    below = tweet(901, "ja", conversation_id="900", referenced_tweets=replied_to("900"), author_id=OWN)
    (message,) = read(activity("post.reply.create", below)).messages
    assert message.own
    quoting = tweet(902, "schaut", referenced_tweets=[{"type": "quoted", "id": "800"}])
    (message,) = read(activity("post.quote.create", quoting)).messages
    assert message.summons_us


def test_activity_direct_messages_and_deletions() -> None:
    users = {CUSTOMER: {"data": {"id": CUSTOMER, "name": "Ana", "username": "ana_w"}}}
    payload = {"direct_message_events": [old_message(5, CUSTOMER, OWN)], "users": users}
    (message,) = read(activity("dm.received", payload)).messages
    assert (message.external_id, message.author.handle, message.conversation_id) == ("5", "ana_w", f"{OWN}-{CUSTOMER}")
    page = read(activity("post.delete", {"id": "900", "author_id": CUSTOMER}))
    assert [change.external_id for change in page.changes] == ["900"]


def test_an_encrypted_chat_is_shown_as_a_gap() -> None:
    page = read(activity("chat.received", {"id": "x", "encoded_event": "CwAB", "conversation_token": "fake"}))
    assert [gap.reason for gap in page.gaps] == ["x_chat"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"5",
        b"{}",
        b'{"for_user_id":"5","tweet_create_events":[]}',
        b'{"tweet_create_events":["x"]}',
        b'{"tweet_create_events":{"id":1}}',
        b'{"direct_message_events":[{"type":"message_create","message_create":[]}]}',
        b'{"direct_message_events":[{"type":"message_create","id":"1"}]}',
        b'{"tweet_delete_events":[{"status":null}]}',
        b'{"data":{"event_type":"post.mention.create","payload":null}}',
        b'{"data":{"event_type":"brand.new","payload":{}}}',
        b'{"data":{"event_type":"dm.received","payload":5}}',
        b'{"data":{"event_type":"dm.received","payload":{"direct_message_events":[{"type":"message_create"}]}}}',
        b'{"data":{"event_type":"post.delete","payload":{}}}',
    ],
)
def test_odd_bodies_are_kept_for_a_person(body: bytes) -> None:
    page = account().read_push(body, NOW)
    assert len(page.unreadable) == 1
    assert page.messages == ()


@pytest.mark.parametrize(
    "body",
    [
        {"for_user_id": OWN, "direct_message_mark_read_events": [{}]},
        {"for_user_id": OWN, "favorite_events": [{}]},
        {"user_event": {"revoke": {"source": {"user_id": OWN}}}},
        activity("like.create", {}),
        activity("dm.read", {}),
        activity("oauth.revoke", {}),
    ],
)
def test_what_is_no_message_is_let_go(body: Any) -> None:
    page = read(body)
    assert (page.messages, page.unreadable, page.changes) == ((), (), ())
