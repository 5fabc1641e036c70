"""Saying something on X once, refusing first what X would refuse, and finding it again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
import responses
from urllib3.exceptions import MaxRetryError, NewConnectionError

from connectors.base import (
    Kind,
    LoginExpired,
    MediaFile,
    OutcomeUnknown,
    RateLimited,
    RefusalReason,
    Refused,
    Unavailable,
    Way,
)
from tests.connectors.x_account import (
    API,
    CUSTOMER,
    NOW,
    OWN,
    SECRETS_2,
    account,
    event,
    listing,
    replied_to,
    reply,
    tweet,
)

TWEETS = f"{API}/2/tweets"
TIMELINE = f"{API}/2/users/{OWN}/tweets"
THREAD = f"{OWN}-{CUSTOMER}"
MESSAGES = f"{API}/2/dm_conversations/with/{CUSTOMER}/messages"
PICTURE = MediaFile("image/png", "kleid.png", platform_id="1146654567674912769")
EVENTS = f"{API}/2/dm_conversations/with/{CUSTOMER}/dm_events"


@pytest.fixture
def x() -> Any:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def body(call: Any) -> Any:
    return json.loads(call.request.body)


def test_a_public_reply(x: responses.RequestsMock) -> None:
    x.post(TWEETS, status=201, json={"data": {"id": "901", "text": "x"}})
    receipt = account().send(reply(), NOW)
    assert (receipt.external_id, receipt.conversation_id) == ("901", "500")
    assert receipt.usage.resources == {"summoned_reply": 1}
    assert body(x.calls[0]) == {"text": "Danke für die Nachricht!", "reply": {"in_reply_to_tweet_id": "500"}}


@pytest.mark.parametrize("way", [Way.PUBLIC_REPLY, Way.DIRECT_MESSAGE])
def test_a_limit_names_the_allowance_of_what_was_sent_and_no_other(x: responses.RequestsMock, way: Way) -> None:
    """POST /2/tweets and POST of direct messages are counted apart (docs.x.com, rate limits, 2026-08)."""
    x.post(MESSAGES if way is Way.DIRECT_MESSAGE else TWEETS, status=429, json={"title": "Too Many Requests"})
    given = reply(way=way, conversation_id=THREAD) if way is Way.DIRECT_MESSAGE else reply()
    with pytest.raises(RateLimited) as limited:
        account().send(given, NOW)
    allowances = account().capabilities.way_allowances
    concerned = {one for one, name in allowances.items() if name in limited.value.allowances}
    assert (limited.value.whole_account, way in concerned) == (False, True)
    assert (Way.DIRECT_MESSAGE in concerned) != (Way.PUBLIC_REPLY in concerned)


def test_a_post_with_an_address_costs_more(x: responses.RequestsMock) -> None:
    x.post(TWEETS, status=201, json={"data": {"id": "901"}})
    assert account().send(reply(text="Siehe shop.at"), NOW).usage.resources == {"post_create_with_url": 1}


def test_a_reply_with_link_carries_the_link_once(x: responses.RequestsMock) -> None:
    x.post(TWEETS, status=201, json={"data": {"id": "901"}})
    link = f"https://twitter.com/messages/compose?recipient_id={OWN}"
    account().send(reply(Way.PUBLIC_REPLY_WITH_LINK, "Schreiben Sie uns:"), NOW)
    account().send(reply(Way.PUBLIC_REPLY_WITH_LINK, f"Schreiben Sie uns: {link}"), NOW)
    assert [body(call)["text"] for call in x.calls] == [f"Schreiben Sie uns:\n{link}", f"Schreiben Sie uns: {link}"]


def test_a_direct_message_goes_to_the_person(x: responses.RequestsMock) -> None:
    x.post(MESSAGES, status=201, json={"data": {"dm_conversation_id": THREAD, "dm_event_id": "77"}})
    receipt = account().send(reply(Way.DIRECT_MESSAGE, conversation_id=THREAD), NOW)
    assert (receipt.external_id, receipt.conversation_id, receipt.recipient_id) == ("77", THREAD, CUSTOMER)
    assert body(x.calls[0]) == {"text": "Danke für die Nachricht!"}
    assert receipt.usage.resources == {"dm_create": 1}


def test_a_group_is_answered_in_the_group(x: responses.RequestsMock) -> None:
    group = "1585800614365339648"
    x.post(
        f"{API}/2/dm_conversations/{group}/messages",
        status=201,
        json={"data": {"dm_conversation_id": group, "dm_event_id": "78"}},
    )
    given = reply(Way.DIRECT_MESSAGE, conversation_id=group, kind=Kind.DIRECT_MESSAGE)
    assert account().send(given, NOW).conversation_id == group


def test_a_private_answer_out_of_a_public_thread_goes_to_the_person(x: responses.RequestsMock) -> None:
    x.post(MESSAGES, status=201, json={"data": {"dm_conversation_id": THREAD, "dm_event_id": "79"}})
    for kind in (Kind.MENTION, None):
        given = reply(Way.DIRECT_MESSAGE, conversation_id="1585800614365339648", kind=kind)
        assert account().send(given, NOW).conversation_id == THREAD


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (reply(text="ä" * 281), RefusalReason.TOO_LONG),
        (reply(Way.PUBLIC_REPLY_WITH_LINK, "ä" * 257), RefusalReason.TOO_LONG),
        (reply(Way.DIRECT_MESSAGE, "x" * 10_001, conversation_id=THREAD), RefusalReason.TOO_LONG),
        (reply(text="  \n"), RefusalReason.INVALID),
        (reply(target_id=None), RefusalReason.INVALID),
        (reply(Way.PRIVATE_REPLY), RefusalReason.NOT_PERMITTED),
        (reply(files=(MediaFile("application/pdf", "1.pdf", platform_id="1"),)), RefusalReason.ATTACHMENT_REFUSED),
        (reply(files=(MediaFile("image/gif", "1.gif", platform_id="1"),)), RefusalReason.ATTACHMENT_REFUSED),
        (reply(files=(PICTURE,) * 5), RefusalReason.ATTACHMENT_REFUSED),
        (reply(Way.DIRECT_MESSAGE, files=(PICTURE,) * 2, conversation_id=THREAD), RefusalReason.ATTACHMENT_REFUSED),
        (reply(files=(MediaFile("image/png", "never-uploaded.png"),)), RefusalReason.ATTACHMENT_REFUSED),
    ],
)
def test_what_x_would_refuse_never_leaves(x: responses.RequestsMock, given: Any, reason: RefusalReason) -> None:
    with pytest.raises(Refused) as refusal:
        account().send(given, NOW)
    assert refusal.value.reason is reason
    assert len(x.calls) == 0


def test_a_full_post_does_leave(x: responses.RequestsMock) -> None:
    x.post(TWEETS, status=201, json={"data": {"id": "901"}})
    account().send(reply(text="ä" * 280), NOW)
    account().send(reply(Way.PUBLIC_REPLY_WITH_LINK, "ä" * 256), NOW)
    assert len(x.calls) == 2


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 201, "body": "<html>"},
        {"status": 201, "json": {"data": {}}},
        {"status": 201, "json": {}},
        {"status": 500, "json": {}},
        {"status": 503, "body": ""},
        {"body": requests.ConnectionError("Connection aborted.")},
        {"body": requests.ReadTimeout("Read timed out.")},
        {"body": requests.exceptions.ChunkedEncodingError("cut")},
    ],
)
@pytest.mark.parametrize("way", [Way.PUBLIC_REPLY, Way.DIRECT_MESSAGE])
def test_without_a_clear_answer_the_outcome_is_unknown(
    x: responses.RequestsMock, answer: dict[str, Any], way: Way
) -> None:
    x.post(TWEETS if way is Way.PUBLIC_REPLY else MESSAGES, **answer)
    with pytest.raises(OutcomeUnknown):
        account().send(reply(way, conversation_id=THREAD), NOW)
    assert len(x.calls) == 1, "never sent again by itself"


def test_without_a_connection_nothing_happened(x: responses.RequestsMock) -> None:
    refused = MaxRetryError(None, "/2/tweets", NewConnectionError(None, "refused"))  # type: ignore[arg-type]
    x.post(TWEETS, body=requests.ConnectionError(refused))
    with pytest.raises(Unavailable):
        account().send(reply(), NOW)
    x.replace("POST", TWEETS, body=requests.ConnectTimeout("slow"))
    with pytest.raises(Unavailable):
        account().send(reply(), NOW)


def test_hiding(x: responses.RequestsMock) -> None:
    x.put(f"{TWEETS}/900/hidden", json={"data": {"hidden": True}})
    account().hide("900", True, NOW)
    account().hide("900", False, NOW)
    assert [body(call) for call in x.calls] == [{"hidden": True}, {"hidden": False}]
    x.replace("PUT", f"{TWEETS}/900/hidden", status=403, json={"title": "Forbidden", "type": "about:blank"})
    with pytest.raises(Refused):
        account().hide("900", True, NOW)


ATTEMPT = NOW - timedelta(minutes=3)


def own(
    number: int, text: str = "@ana_w Danke für die Nachricht!", ago: timedelta = timedelta(minutes=2), **more: Any
) -> Any:
    given = {"author_id": OWN, "conversation_id": "500", "referenced_tweets": replied_to("500"), **more}
    return tweet(number, text, ago, **given)


@pytest.mark.parametrize(
    "row",
    [
        own(901, "Danke für die Nachricht"),
        own(901, author_id=CUSTOMER),
        own(901, referenced_tweets=replied_to("499")),
        own(901, referenced_tweets=None),
        own(901, ago=timedelta(hours=1)),
        own(444),
    ],
)
def test_another_post_is_not_taken_for_ours(x: responses.RequestsMock, row: Any) -> None:
    x.get(TIMELINE, json=listing([row]))
    given = reply(attempted_at=ATTEMPT, known_own_ids=frozenset({"444"}))
    assert account().find_own(given, NOW) is None


def test_a_reply_is_found_although_x_rewrote_its_link(x: responses.RequestsMock) -> None:
    text = "Danke, siehe https://shop.at/hilfe"
    entities = {"urls": [{"url": "https://t.co/abc", "expanded_url": "https://shop.at/hilfe"}]}
    x.get(TIMELINE, json=listing([own(901, "@ana_w Danke, siehe https://t.co/abc", entities=entities)]))
    receipt = account().find_own(reply(text=text, attempted_at=ATTEMPT), NOW)
    assert receipt is not None
    assert (receipt.external_id, receipt.conversation_id) == ("901", "500")


def test_of_two_equal_replies_the_one_that_is_not_accounted_for_is_taken(x: responses.RequestsMock) -> None:
    x.get(TIMELINE, json=listing([own(902), own(901)]))
    given = reply(attempted_at=ATTEMPT, known_own_ids=frozenset({"901"}))
    receipt = account().find_own(given, NOW)
    assert receipt is not None
    assert receipt.external_id == "902"


def test_reading_back_goes_on_to_the_next_page(x: responses.RequestsMock) -> None:
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        if "pagination_token" in request.url:
            return 200, {}, json.dumps(listing([own(901)]))
        others = [own(number, "etwas anderes", timedelta(minutes=1)) for number in range(950, 903, -1)]
        return 200, {}, json.dumps(listing(others, next_token="more"))

    x.add_callback("GET", TIMELINE, callback=answer)
    receipt = account().find_own(reply(attempted_at=ATTEMPT), NOW)
    assert receipt is not None
    assert receipt.usage.calls == 2


def test_reading_back_by_search_where_the_timeline_is_refused(x: responses.RequestsMock) -> None:
    x.get(TIMELINE, status=404, json={"title": "Not Found", "type": "about:blank", "status": 404})
    x.get(f"{API}/2/users/me", json={"data": {"id": OWN, "username": "glueckspilz_at"}})
    x.get(f"{API}/2/tweets/search/recent", json=listing([own(901)]))
    receipt = account().find_own(reply(attempted_at=ATTEMPT), NOW)
    assert receipt is not None
    assert receipt.external_id == "901"


def test_reading_back_that_fails_says_so(x: responses.RequestsMock) -> None:
    x.get(TIMELINE, status=503, body="")
    with pytest.raises(Unavailable):
        account().find_own(reply(attempted_at=ATTEMPT), NOW)


def test_a_direct_message_is_found(x: responses.RequestsMock) -> None:
    given = reply(Way.DIRECT_MESSAGE, "Gern!", conversation_id=THREAD, attempted_at=ATTEMPT)
    minute = timedelta(minutes=1)
    x.get(EVENTS, json=listing([event(5, "Gern!", minute), event(4, "Gern!", minute, sender_id=OWN)]))
    receipt = account().find_own(given, NOW)
    assert receipt is not None
    assert (receipt.external_id, receipt.conversation_id) == ("4", THREAD)
    x.replace("GET", EVENTS, json=listing([event(4, "Gern!", timedelta(hours=2), sender_id=OWN)]))
    assert account().find_own(given, NOW) is None


# -- the login -------------------------------------------------------------------------------------------------------

TOKEN = f"{API}/2/oauth2/token"


def test_oauth_1_has_nothing_to_refresh(x: responses.RequestsMock) -> None:
    assert account().refresh_login(NOW) is None


def test_a_refresh_gives_a_new_pair(x: responses.RequestsMock) -> None:
    x.post(TOKEN, json={"token_type": "bearer", "expires_in": 7200, "access_token": "new-a", "refresh_token": "new-r"})
    new = account(credentials=SECRETS_2).refresh_login(NOW)
    assert new is not None
    assert new.credentials == {**SECRETS_2, "access_token": "new-a", "refresh_token": "new-r"}
    assert new.expires_at == NOW + timedelta(hours=2)
    request = x.calls[0].request
    assert parse_qs(str(request.body)) == {"grant_type": ["refresh_token"], "refresh_token": ["fake-refresh-token"]}
    assert request.headers["Authorization"].startswith("Basic ")
    assert "new-a" not in repr(new)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_used_refresh_token_asks_for_a_new_sign_in(x: responses.RequestsMock, status: int) -> None:
    x.post(TOKEN, status=status, json={"error": "invalid_request", "error_description": "Value passed was invalid."})
    with pytest.raises(LoginExpired) as caught:
        account(credentials=SECRETS_2).refresh_login(NOW)
    assert "fake-refresh-token" not in str(caught.value)


def test_a_refresh_without_an_answer_may_be_tried_again(x: responses.RequestsMock) -> None:
    x.post(TOKEN, body=requests.ReadTimeout("slow"))
    with pytest.raises(Unavailable):
        account(credentials=SECRETS_2).refresh_login(NOW)


def test_inspection_tells_wrong_account_and_missing_permission(x: responses.RequestsMock) -> None:
    x.get(
        f"{API}/2/users/me", json={"data": {"id": "5", "username": "other"}}, headers={"x-access-level": "read-write"}
    )
    inspection = account().inspect(NOW)
    assert len(inspection.problems) == 2
    assert "@other" in inspection.problems[0]
    assert "direct messages" in inspection.problems[1]
    x.replace(
        "GET",
        f"{API}/2/users/me",
        json={"data": {"id": OWN, "username": "glueckspilz_at"}},
        headers={"x-access-level": "read-write-directmessages"},
    )
    inspection = account().inspect(NOW)
    assert (inspection.account_name, inspection.problems) == ("glueckspilz_at", ())
