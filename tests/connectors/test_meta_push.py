"""The doors for Meta's pushes: handshake, signature, and bodies of every oddness."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import ChangeKind, Kind, Page
from tests.connectors.meta_account import NOW, PAGE, SECRET, facebook, instagram


def pushed(*entries: dict[str, Any], account: Any = facebook) -> Page:
    page = account().read_push(json.dumps({"object": "page", "entry": list(entries)}).encode(), NOW)
    assert isinstance(page, Page)
    return page


def feed(**value: Any) -> dict[str, Any]:
    given = {"item": "comment", "verb": "add", "comment_id": "69_75", "post_id": f"{PAGE}_69", "message": "Hallo"}
    return {"id": PAGE, "time": 1793000000, "changes": [{"field": "feed", "value": given | value}]}


def test_the_handshake() -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "fake-verify", "hub.challenge": "1158201444"}
    for account in (facebook(), instagram()):
        assert account.answer_challenge(asked) == "1158201444"
        assert account.answer_challenge(asked | {"hub.verify_token": "wrong"}) is None
        assert account.answer_challenge(asked | {"hub.mode": "unsubscribe"}) is None
        assert account.answer_challenge({}) is None
    assert facebook(verify_token="").answer_challenge(asked | {"hub.verify_token": ""}) is None


def test_signatures_over_exactly_these_bytes() -> None:
    body = b'{"object":"page","entry":[]}'
    mark = {"x-hub-signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}
    assert facebook().signature_fits(mark, body)
    assert not facebook().signature_fits(mark, body + b" ")
    assert not facebook().signature_fits({}, body)
    assert not facebook().signature_fits({"x-hub-signature-256": "sha256=ä"}, body)
    assert not facebook(app_secret="").signature_fits(mark, body)
    assert instagram("instagram", app_secret="another-secret", facebook_app_secret=SECRET).signature_fits(mark, body)


def test_a_reply_belongs_to_its_root_and_our_own_is_known() -> None:
    (message,) = pushed(feed(comment_id="69_80", parent_id="69_75", **{"from": {"id": PAGE, "name": "Shop"}})).messages
    assert (message.conversation_id, message.parent_id, message.own) == ("69_75", "69_75", True)


def test_a_photo_without_words_and_an_author_nobody_names() -> None:
    value = feed(photo="https://cdn.test/x.jpg")
    del value["changes"][0]["value"]["message"]
    (message,) = pushed(value).messages
    assert message.text == ""
    assert message.author.external_id is None
    assert [a.type for a in message.attachments] == ["photo"]


def test_a_comment_on_a_post_of_somebody_else_is_a_mention() -> None:
    (message,) = pushed(feed(post_id="999_69", parent_id="999_69")).messages
    assert message.kind is Kind.MENTION
    assert message.conversation_id == "999_69"


def test_a_post_moved_to_the_bin_changes_nothing_of_ours() -> None:
    page = pushed(feed(item="status", verb="edited", **{"from": {"id": PAGE}}))
    assert (page.messages, page.changes, page.unreadable) == ((), (), ())


def test_one_bad_item_never_hides_the_others() -> None:
    bad: list[Any] = [None, 7, "x", {"field": "feed"}, {"field": "feed", "value": {"item": "comment", "verb": "add"}}]
    entry = feed()
    entry["changes"] = bad + entry["changes"]
    page = pushed(entry, {"id": PAGE, "messaging": [{}, {"sender": {"id": "1"}, "message": {"text": "ohne mid"}}]})
    assert [m.text for m in page.messages] == ["Hallo"]
    assert len(page.unreadable) == 7


def test_events_of_another_account_are_kept_and_not_taken_for_ours() -> None:
    event = {"sender": {"id": "1"}, "recipient": {"id": "2"}, "timestamp": 1, "message": {"mid": "m", "text": "x"}}
    page = pushed({"id": "2", "messaging": [event]}, {**feed(), "id": "2"})
    assert page.messages == ()
    assert len(page.unreadable) == 2


def test_edits_of_private_messages() -> None:
    event = {"sender": {"id": "1"}, "recipient": {"id": PAGE}, "timestamp": 1793000000123}
    edit = event | {"message_edit": {"mid": "m_1", "text": "neu", "num_edit": 1}}
    (change,) = pushed({"id": PAGE, "time": 1793000000123, "messaging": [edit]}).changes
    assert (change.kind, change.text, change.external_id) == (ChangeKind.EDITED, "neu", "m_1")
    assert change.at.year == 2026


def test_a_postback_is_a_message() -> None:
    event = {"sender": {"id": "1"}, "recipient": {"id": PAGE}, "timestamp": 1793000000123}
    press = event | {"postback": {"mid": "m_2", "title": "Loslegen", "payload": "START"}}
    (message,) = pushed({"id": PAGE, "messaging": [press]}).messages
    assert (message.text, message.external_id, message.own) == ("Loslegen", "m_2", False)


def test_an_instagram_login_cannot_read_mentions_and_says_so() -> None:
    entry = {"id": "17841400000000001", "time": 1793000000, "field": "mentions", "value": {"media_id": "5"}}
    assert pushed(entry, account=instagram).look_at == ("mention_5",)
    (message,) = pushed(entry, account=lambda: instagram("instagram")).messages
    assert message.kind is Kind.MENTION
    assert message.attachments[0].type == "mention_not_readable"


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[]", b"null", b"{}", b'{"entry":7}', b"[" * 100_000])
def test_bodies_that_are_none(body: bytes) -> None:
    for account in (facebook(), instagram()):
        page = account.read_push(body, NOW)
        assert len(page.unreadable) == 1
        assert len(page.unreadable[0].raw) <= 64 * 1024


KEYS = st.sampled_from(
    [
        "entry", "id", "time", "changes", "messaging", "standby", "field", "value", "item", "verb", "comment_id",
        "post_id", "parent_id", "from", "message", "mid", "sender", "recipient", "timestamp", "attachments", "payload",
        "url", "is_echo", "is_deleted", "message_edit", "postback", "media", "media_id", "text", "reply_to", "story",
    ]
)  # fmt: skip
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)


@given(JSON_VALUES)
def test_no_body_ever_raises(value: Any) -> None:
    for body in ({"object": "page", "entry": value}, {"entry": [{"id": PAGE, "changes": value, "messaging": value}]}):
        for account in (facebook(), instagram()):
            assert isinstance(account.read_push(json.dumps(body).encode(), NOW), Page)
