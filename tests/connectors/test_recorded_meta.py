"""Every recorded Facebook and Instagram payload is read without an exception, the telling ones with their facts.

The recordings are not part of this project: set ZURUF_RECORDED to their folder. Without it these tests are skipped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.base import (
    ChangeKind,
    Connector,
    ConnectorError,
    InboundMessage,
    Kind,
    Login,
    LoginExpired,
    Misconfigured,
    Page,
    RateLimited,
    RefusalReason,
    Refused,
    Subject,
)
from connectors.facebook import Facebook
from connectors.facebook_comments import HEAD, polled_comment
from connectors.graph import Graph
from connectors.graph_errors import graph_error
from connectors.graph_private import polled_message
from connectors.graph_usage import usage_of
from connectors.graph_values import Odd, next_after
from connectors.http import Answer, read_json
from connectors.instagram import Instagram
from connectors.instagram_comments import InstagramMedia, mention_message

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
FOLDER = Path(os.environ.get("ZURUF_RECORDED", "not-set"))
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="ZURUF_RECORDED names no folder of recorded payloads")


def recorded(path: str) -> Any:
    return read_json((FOLDER / path).read_bytes())


def connector_for(channel: str, external_id: str) -> Connector:
    credentials = {"access_token": "fake-token", "app_secret": "fake-secret"}
    login = Login("shop", channel, external_id, "http://graph.test", credentials, {"page_id": "1"})
    return Facebook(login) if channel == "facebook" else Instagram(login)


def pushed(path: str, account: str) -> Page:
    body = recorded(path)
    if "object" not in body and "entry" not in body:
        body = {"object": "page", "entry": [body]}
    channel = path.partition("/")[0]
    return connector_for(channel, account).read_push(json.dumps(body).encode(), NOW)


def message_of(page: Page) -> InboundMessage:
    assert page.unreadable == ()
    (message,) = page.messages
    return message


READERS: tuple[Callable[[Any], InboundMessage], ...] = (
    lambda item: polled_comment(item, Subject("1_2"), "1", HEAD, {}),
    lambda item: polled_message(item, None, "t_1", frozenset({"1"})),
    lambda item: mention_message(item if isinstance(item, dict) else {}, "1", "2"),
)
FILES = sorted(
    path.relative_to(FOLDER).as_posix()
    for channel in ("facebook", "instagram")
    for path in FOLDER.glob(f"{channel}/*/*.json")
)


@pytest.mark.parametrize("path", FILES)
def test_every_file_is_read_without_an_exception(path: str) -> None:
    channel = path.partition("/")[0]
    raw = (FOLDER / path).read_bytes()
    for account in ("1234567890321", "17841400000000001"):
        page = connector_for(channel, account).read_push(raw, NOW)
        assert isinstance(page, Page)
    body = read_json(raw)
    error = graph_error(Answer(400, {}, body), usage_of({}, NOW), NOW, writing=False, place="x")
    assert isinstance(error, ConnectorError)
    for item in body["data"] if isinstance(body, dict) and isinstance(body.get("data"), list) else [body]:
        for read in READERS:
            with suppress(Odd):
                assert isinstance(read(item), InboundMessage)


def test_a_real_comment_push() -> None:
    message = message_of(pushed("facebook/learn-note/feed-comment-add.json", "370873143344730"))
    assert message.external_id == message.conversation_id == "690891113073877_759878495960329"
    assert message.kind is Kind.COMMENT
    assert not message.own
    assert message.text == "手动点赞"
    assert message.sent_at == datetime(2023, 12, 1, 6, 52, 51, tzinfo=UTC)
    assert message.subject is not None
    assert message.subject.external_id == "370873143344730_690891113073877"
    assert message.parent_id is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("feed-comment-edited-25", ChangeKind.EDITED),
        ("feed-comment-remove-25", ChangeKind.DELETED),
        ("feed-comment-hide", ChangeKind.HIDDEN),
    ],
)
def test_changes_of_comments(name: str, kind: ChangeKind) -> None:
    page = pushed(f"facebook/restfb/webhooks__{name}.json", "1234567890321")
    (change,) = page.changes
    assert change.kind is kind
    assert page.messages == ()


def test_unhiding_in_a_lone_entry() -> None:
    (change,) = pushed("facebook/learn-note/feed-comment-unhide-entry.json", "101457812431751").changes
    assert change.kind is ChangeKind.SHOWN
    assert change.external_id == "331881159596299_1735528193537632"


@pytest.mark.parametrize(
    "name",
    [
        "feed-reaction-add-comment",
        "feed-status-add-25",
        "messaging-delivery-basic",
        "messaging-read-basic",
        "messaging-reaction-1",
        "messaging-referral-basic",
    ],
)
def test_what_says_nothing_is_passed_over(name: str) -> None:
    body = recorded(f"facebook/restfb/webhooks__{name}.json")
    page = pushed(f"facebook/restfb/webhooks__{name}.json", str(body["entry"][0]["id"]))
    assert (page.messages, page.changes, page.unreadable) == ((), (), ())


def test_sender_fields_of_old_payloads_tell_our_own_comment() -> None:
    message = message_of(pushed("facebook/restfb/webhooks__feed-comment-add-with-photo.json", "1234567890321"))
    assert message.own
    assert message.attachments[0].type == "photo"


def test_messages_echoes_and_unsent_ones() -> None:
    text = message_of(pushed("facebook/learn-note/messages-text.json", "134968929707951"))
    assert (text.text, text.own, text.conversation_id) == ("yes", False, "7689966000005933")
    echo = message_of(pushed("facebook/learn-note/message_echo-video-entry.json", "101457812431751"))
    assert echo.own
    assert echo.conversation_id == "24959525000005070"
    assert echo.attachments[0].type == "video"
    assert echo.sent_at.year == 2023
    marked = message_of(pushed("facebook/restfb/webhooks__messaging-message-basic-echo.json", "12345654332"))
    assert marked.app_scoped_marker == "DEVELOPER_DEFINED_METADATA_STRING"
    (gone,) = pushed("facebook/restfb/webhooks__messaging-message-isdeleted.json", "12345654332").changes
    assert (gone.external_id, gone.kind) == ("message_id", ChangeKind.DELETED)


def test_mentions_on_other_pages() -> None:
    page = pushed("facebook/restfb/webhooks__mention-comment-add.json", "1234567890321")
    assert message_of(page).kind is Kind.MENTION
    assert message_of(pushed("facebook/restfb/webhooks__mention-post-add-real.json", "1234567890321")).text


def test_instagram_in_both_shapes() -> None:
    flat = "instagram/doc-shapes/wh-comments-business-login-no-changes-array.json"
    message = message_of(pushed(flat, "17841400000000001"))
    assert message.text == "Ist das Kleid noch in Größe 38 da?"
    assert message.author.handle == "kundin_01"
    own = "instagram/doc-shapes/wh-comments-own-comment-self_ig_scoped_id.json"
    assert message_of(pushed(own, "17841400000000001")).own


def test_instagram_messages_of_every_kind() -> None:
    account = "deskflows-app-user-id-1"
    mention = message_of(pushed("instagram/chatwoot/story_mention.json", account))
    assert [(a.type, a.url) for a in mention.attachments] == [("story_mention", None)]
    answer = message_of(pushed("instagram/chatwoot/story_reply.json", account))
    assert [(a.type, a.url) for a in answer.attachments] == [("story_reply", None)]
    assert message_of(pushed("instagram/chatwoot/standby.json", account)).text
    assert message_of(pushed("instagram/chatwoot/dashboard_test_event_changes.json", "23245")).text == "random_text"
    (gone,) = pushed("instagram/chatwoot/unsend.json", account).changes
    assert gone.kind is ChangeKind.DELETED
    pointer = pushed("instagram/restfb/instagram__wh-mentions.json", account)
    assert pointer.look_at == ("mention_17887498072083520_17887498072083520",)


def test_lists_and_nodes() -> None:
    comment = polled_comment(
        recorded("facebook/sns-sdks/facebook__models__comment.json"), Subject("9_2954961744718970"), "9", HEAD, {}
    )
    assert comment.external_id == "2954961744718970_2966313500250461"
    assert comment.can_reply_privately is True
    assert comment.hidden is False
    assert comment.attachments[0].type == "photo"
    private = polled_message(
        recorded("facebook/sns-sdks/facebook__messages__message_info.json"),
        None,
        "t_1",
        frozenset({"2121008874780932"}),
    )
    assert private.conversation_id == "2711636900009886"
    assert private.attachments[0].type == "image"
    eu = recorded("facebook/restfb/v7_0__message-eu.json") | {"created_time": "2026-11-01T00:00:00+0000"}
    withheld = polled_message(eu, None, "t_1", frozenset())
    assert withheld.attachments[0].type == "unavailable"
    assert str(withheld.attachments[0].name).startswith("Media not available")
    media = InstagramMedia(Graph("http://graph.test", {"access_token": "fake-token"}), "1", frozenset({"1"}))
    given = recorded("instagram/restfb/instagram__comment.json")
    assert media.read(given, None, None).author.external_id == "98765432123"
    page = recorded("facebook/sns-sdks/facebook__users__user_accounts_p1.json")
    assert next_after(page) == "after"
    assert next_after(recorded("facebook/sns-sdks/facebook__posts__feed_fields_p2.json")) is None


@pytest.mark.parametrize(
    ("path", "kind", "code"),
    [
        ("facebook/learn-note/error-190-463-expired.json", LoginExpired, "190/463"),
        ("facebook/learn-note/error-4-app-limit.json", RateLimited, "4"),
        ("facebook/learn-note/error-10-2018278-outside-window-en.json", Refused, "10/2018278"),
        ("facebook/learn-note/error-551-1545041-en.json", Refused, "551/1545041"),
        ("facebook/learn-note/error-200-permissions.json", Refused, "200"),
        ("facebook/restfb/exampleErrorNew.json", LoginExpired, "190/460"),
        ("facebook/restfb/exampleOauthError.json", LoginExpired, "190"),
        ("instagram/restfb/instagram__ig_login_exception.json", Misconfigured, "2500"),
    ],
)
def test_errors_by_code(path: str, kind: type[ConnectorError], code: str) -> None:
    error = graph_error(Answer(400, {}, recorded(path)), usage_of({}, NOW), NOW, writing=True, place="x")
    assert type(error) is kind
    assert error.code == code
    if code == "10/2018278":
        assert isinstance(error, Refused)
        assert error.reason is RefusalReason.WINDOW_CLOSED
