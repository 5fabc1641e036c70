"""Every recorded payload of X is read without an exception, and our requests fit X's own specification.

Needs the folder of recorded payloads in ZURUF_RECORDED; without it these tests are skipped.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses

from connectors.base import (
    ChangeKind,
    Kind,
    Login,
    MediaFile,
    Misconfigured,
    Poll,
    RateLimited,
    RefusalReason,
    Refused,
    Usage,
    Way,
)
from connectors.twitter import Twitter
from connectors.twitter_errors import Act, Problem, classify
from connectors.twitter_pages import translate
from connectors.twitter_text import link_spans, weighted_length
from connectors.twitter_translate import direct_message, post
from connectors.twitter_transport import Answer
from tests.connectors.x_account import (
    API,
    CUSTOMER,
    NOW,
    OWN,
    SECRETS,
    account,
    event,
    listing,
    replied_to,
    reply,
    tweet,
)
from tests.connectors.x_specification import Specification

_FOLDER = os.environ.get("ZURUF_RECORDED")
pytestmark = pytest.mark.skipif(
    not _FOLDER, reason="ZURUF_RECORDED does not name a folder of recorded payloads; they are not part of the project"
)
RECORDED = Path(_FOLDER or "/") / "twitter"
CASSETTES = RECORDED / "tweepy-cassettes"
DOCS = RECORDED / "xdevplatform-docs"


def load(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))


def files(folder: str, pattern: str = "*.json") -> list[Path]:
    return sorted((RECORDED / folder).glob(pattern)) if _FOLDER else []


def interactions(name: str) -> list[dict[str, Any]]:
    return list(load(CASSETTES / f"{name}.json")["interactions"])


def replay(interaction: dict[str, Any]) -> None:
    answer = interaction["response"]
    responses.add(
        interaction["request"]["method"],
        interaction["request"]["uri"].split("?")[0],
        json=answer["body"],
        status=answer["status"],
        headers={k: v for k, v in answer["headers"].items() if k != "content-type"},
    )


@pytest.mark.parametrize("file", files("tweepy-cassettes"), ids=lambda file: file.stem)
def test_no_recorded_answer_is_an_exception(file: Path) -> None:
    for interaction in load(file)["interactions"]:
        body = interaction["response"]["body"]
        into = direct_message if "/dm_" in interaction["request"]["uri"] else post
        answer = Answer(body, Usage(calls=1))
        batch = translate("recorded", answer, OWN, into, "post_read")
        rows = body.get("data", [])
        if isinstance(rows, list):
            assert len(batch.messages) + len(batch.odd) <= len(rows)
            assert all("author_id" in odd.reason or "sender_id" in odd.reason for odd in batch.odd), (
                "fields not asked for"
            )


@responses.activate
def test_recorded_mentions_with_the_fields_we_ask_for() -> None:
    (interaction,) = interactions("test_client_get_users_mentions")
    for number, row in enumerate(interaction["response"]["body"]["data"]):
        row["author_id"] = str(number + 1)
    replay(interaction)
    shop = Twitter(Login("x", "twitter", "783214", None, SECRETS))
    page = shop.fetch("mentions", None, Poll(datetime(2022, 10, 8, tzinfo=UTC), datetime(2022, 9, 8, tzinfo=UTC)))
    assert len(page.messages) == 10
    assert page.unreadable == ()
    assert page.messages[-1].external_id == "1578516295611748353"
    assert page.messages[-1].sent_at.strftime("%Y-%m-%d %H:%M") == "2022-10-07 22:43", "the time is in the id"
    (quota,) = page.usage.quotas
    assert quota.used_percent == pytest.approx(100 * 2 / 450)
    assert page.more, "there is a next_token"


@responses.activate
def test_recorded_direct_messages() -> None:
    recorded = interactions("test_manage_and_lookup_direct_messages")
    for interaction in recorded:
        replay(interaction)
    own, other = "1072250532645998596", "750362064426721281"
    shop = Twitter(Login("x", "twitter", own, None, SECRETS))
    thread = f"{other}-{own}"
    receipt = shop.send(reply(Way.DIRECT_MESSAGE, "Testing 1", conversation_id=thread, recipient_id=other), NOW)
    assert (receipt.external_id, receipt.conversation_id) == ("1585800613253812228", thread)
    page = shop.fetch("direct_messages", None, Poll(NOW, NOW - timedelta(days=30)))
    assert (page.messages, page.more) == ((), False)


@responses.activate
def test_recorded_writes_and_who_we_are() -> None:
    for name in ("test_client_create_and_delete_tweet", "test_client_hide_and_unhide_reply", "test_client_get_me"):
        for interaction in interactions(name):
            replay(interaction)
    shop = Twitter(Login("x", "twitter", "1072250532645998596", None, SECRETS))
    assert shop.send(reply(text="Test Tweet", target_id="20"), NOW).external_id == "1456012973835788293"
    shop.hide("1344794616005066752", True, NOW)
    assert shop.inspect(NOW).problems == ()


ERRORS = {
    "400-stale-since-id": (Act.READ, Misconfigured),
    "402-credits-depleted": (Act.POST, RateLimited),
    "403-duplicate-content": (Act.POST, Refused),
    "403-reply-not-allowed": (Act.POST, Refused),
    "429-documented": (Act.READ, RateLimited),
}


@pytest.mark.parametrize("file", files("error-bodies"), ids=lambda file: file.stem)
def test_recorded_errors_are_sorted(file: Path) -> None:
    given = load(file)
    problem = Problem(given["status"], given.get("headers", {}), given["body"])
    act, kind = ERRORS.get(file.stem, (Act.READ, Exception))
    error = classify(problem, act, datetime(2025, 12, 31, 23, 50, tzinfo=UTC), Usage())
    assert isinstance(error, kind)
    if file.stem == "400-stale-since-id":
        assert problem.names_parameter("since_id")
    if file.stem == "402-credits-depleted":
        assert isinstance(error, RateLimited)
        assert error.out_of_credits
    if file.stem == "403-duplicate-content":
        assert isinstance(error, Refused)
        assert error.reason is RefusalReason.DUPLICATE
    if file.stem == "403-reply-not-allowed":
        assert isinstance(error, Refused)
        assert error.reason is RefusalReason.NOT_SUMMONED
    if file.stem == "429-documented":
        assert isinstance(error, RateLimited)
        assert error.until == datetime(2026, 1, 1, tzinfo=UTC)


def pushed(file: Path) -> Any:
    body = load(file)
    own = body.get("for_user_id") or body.get("data", {}).get("filter", {}).get("user_id") or OWN
    return Twitter(Login("x", "twitter", own, None, SECRETS)).read_push(file.read_bytes(), NOW)


@pytest.mark.parametrize(
    "file",
    [*files("xdevplatform-docs", "aaa-*.json"), *files("xdevplatform-docs", "xaa-*.json"), *files("chatwoot")],
    ids=lambda file: file.stem,
)
def test_recorded_pushes_are_read(file: Path) -> None:
    page = pushed(file)
    expected = {
        "aaa-direct_message_events": 1,
        "xaa-dm.received": 1,
        "xaa-post.mention.create": 1,
        "xaa-post.quote.create": 1,
        "tweet_create_event": 1,
    }
    assert len(page.messages) == expected.get(file.stem, 0)
    if not file.stem.startswith("xaa-event-envelope"):
        assert page.unreadable == ()


@pytest.mark.skipif(not DOCS.exists(), reason="the documents' examples are not there")
def test_what_recorded_pushes_say() -> None:
    (message,) = pushed(DOCS / "aaa-direct_message_events.json").messages
    assert (message.external_id, message.text, message.kind) == (
        "954491830116155396",
        "Hello World!",
        Kind.DIRECT_MESSAGE,
    )
    assert message.conversation_id == "3001969357-4337869213"
    assert message.author.handle == "furiouscamper"
    (message,) = pushed(DOCS / "xaa-post.mention.create.json").messages
    assert (message.external_id, message.author.handle, message.summons_us) == (
        "2080765813578191303",
        "OtherUser",
        True,
    )
    (message,) = pushed(DOCS / "xaa-post.quote.create.json").messages
    assert message.summons_us
    (change,) = pushed(DOCS / "aaa-tweet_delete_events.json").changes
    assert (change.external_id, change.kind) == ("1045405559317569537", ChangeKind.DELETED)
    (change,) = pushed(DOCS / "xaa-post.delete.json").changes
    assert change.external_id == "2080761269309813134"
    assert [gap.reason for gap in pushed(DOCS / "xaa-chat.received.json").gaps] == ["x_chat"]


@pytest.mark.parametrize("file", files("xdevplatform-playground"), ids=lambda file: file.stem)
def test_every_row_of_the_playground_is_read_or_kept(file: Path) -> None:
    for example in load(file):
        body = example["response"]
        into = direct_message if "dm_events" in example["endpoint"] else post
        batch = translate("playground", Answer(body, Usage(calls=1)), OWN, into, "post_read")
        assert batch.messages or batch.odd
        assert len(batch.messages) + len(batch.odd) <= len(body["data"])


# -- twitter-text ----------------------------------------------------------------------------------------------------


def conformance(kind: str) -> Iterator[dict[str, Any]]:
    for file in files("twitter-text", "validate-*.json"):
        yield from load(file)["tests"].get(kind, [])


@pytest.mark.parametrize(
    "kind", ["WeightedTweetsWithDiscountedEmojiCounterTest", "UnicodeDirectionalMarkerCounterTest"]
)
def test_weighted_length_conforms(kind: str) -> None:
    cases = list(conformance(kind))
    assert cases
    wrong = [c["description"] for c in cases if weighted_length(c["text"]) != c["expected"]["weightedLength"]]
    assert wrong == []


NOT_FOUND_LIKE_X = 6
"""Addresses glued to Japanese or Korean letters, labels with underscores, trailing commas."""


def test_addresses_are_found_where_x_finds_them() -> None:
    cases = [case for file in files("twitter-text", "extract-*.json") for case in load(file)["tests"]["urls"]]
    wrong = [c["text"] for c in cases if [c["text"][a:b] for a, b in link_spans(c["text"])] != c["expected"]]
    assert len(wrong) <= NOT_FOUND_LIKE_X, wrong
    assert len(cases) >= 50


# -- our requests ----------------------------------------------------------------------------------------------------


def answered(request: Any) -> tuple[int, dict[str, str], str]:
    """A plausible answer to anything, with another page where there may be one."""
    path = request.url.split("?")[0].removeprefix(f"{API}/2/")
    more = None if "_token=" in request.url else "abcdefghijklmnopqrst"
    if request.method == "POST":
        return 201, {}, json.dumps({"data": {"id": "901", "dm_event_id": "77", "dm_conversation_id": "1-2"}})
    if request.method == "PUT":
        return 200, {}, json.dumps({"data": {"hidden": True}})
    if path == "users/me":
        return 200, {}, json.dumps({"data": {"id": OWN, "name": "x", "username": "glueckspilz_at"}})
    if "dm_" in path:
        return 200, {}, json.dumps(listing([event(5, ago=timedelta(minutes=5))], more))
    if path == f"users/{OWN}/tweets" and not request.headers.get("x-allowed"):
        return 404, {}, json.dumps({"title": "Not Found"})
    return 200, {}, json.dumps(listing([tweet(1990000000000000000, referenced_tweets=replied_to(800))], more))


@responses.activate
def test_every_request_fits_the_specification() -> None:
    specification = Specification(DOCS / "openapi-2.166.json")
    responses.add_callback(responses.GET, re.compile(f"{API}/.*"), callback=answered)
    responses.add_callback(responses.POST, re.compile(f"{API}/.*"), callback=answered)
    responses.add_callback(responses.PUT, re.compile(f"{API}/.*"), callback=answered)
    shop = account()
    for stream in shop.streams():
        cursor = None
        for minutes in (0, 0, 2, 4, 60 * 24 * 9):
            now = NOW + timedelta(minutes=minutes)
            poll = Poll(now, NOW - timedelta(days=30), [str(1990000000000000000 + n) for n in range(20)])
            cursor = shop.fetch(stream.name, cursor, poll).cursor
    poll = Poll(NOW, NOW - timedelta(days=30))
    shop.look_again([str(number) for number in range(1, 101)], poll)
    thread = f"{OWN}-{CUSTOMER}"
    shop.read_thread(thread, Kind.DIRECT_MESSAGE, poll)
    shop.read_thread("1585800614365339648", Kind.DIRECT_MESSAGE, poll)
    shop.read_thread("800", Kind.MENTION, poll)
    shop.send(reply(), NOW)
    shop.send(reply(Way.PUBLIC_REPLY_WITH_LINK), NOW)
    shop.send(reply(Way.DIRECT_MESSAGE, conversation_id=thread), NOW)
    shop.send(reply(Way.DIRECT_MESSAGE, conversation_id="1585800614365339648", recipient_id=None), NOW)
    described = MediaFile("image/png", "kleid.png", "Ein blaues Kleid", b"fake picture")
    for way in (Way.PUBLIC_REPLY, Way.DIRECT_MESSAGE):
        picture = replace(described, platform_id=shop.upload(described, way, NOW).platform_id)
        shop.send(reply(way, "", conversation_id=thread, files=(picture,)), NOW)
        shop.send(reply(way, "Mit Bild", conversation_id=thread, files=(picture,)), NOW)
    shop.find_own(reply(attempted_at=NOW), NOW)
    shop.find_own(reply(Way.DIRECT_MESSAGE, conversation_id=thread, attempted_at=NOW), NOW)
    shop.hide("900", True, NOW)
    shop.hide("900", False, NOW)
    shop.inspect(NOW)
    made = [(str(call.request.method), str(call.request.url), call.request.body) for call in responses.calls]
    wrong = {(method, url): specification.faults(method, url, body) for method, url, body in made}
    assert {key: found for key, found in wrong.items() if found} == {}
    assert len(made) > 30
    paths = {url.split("?")[0].removeprefix(API) for _, url, _ in made}
    assert {"/2/dm_events", "/2/tweets/search/recent", f"/2/users/{OWN}/mentions", f"/2/users/{OWN}/tweets"} <= paths
    assert {"/2/media/upload", "/2/media/metadata"} <= paths


@pytest.mark.skipif(not DOCS.exists(), reason="the specification is not there")
def test_the_specification_does_judge() -> None:
    specification = Specification(DOCS / "openapi-2.166.json")
    assert specification.faults("GET", f"{API}/2/users/1/mentions?max_results=4", None)
    assert specification.faults("GET", f"{API}/2/users/1/mentions?tweet.fields=id,nonsense", None)
    assert specification.faults("GET", f"{API}/2/users/x/mentions", None)
    assert specification.faults("GET", f"{API}/2/tweets/search/recent", None)
    assert specification.faults("POST", f"{API}/2/tweets", b'{"text":"x","brand_new":1}')
    assert specification.faults("GET", f"{API}/2/nothing", None)
    assert not specification.faults("POST", f"{API}/2/tweets", b'{"text":"x"}')
