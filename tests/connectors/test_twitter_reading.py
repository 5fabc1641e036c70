"""What each stream of X asks for, and what becomes of the answers."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from connectors.base import ChangeKind, Kind, LoginExpired, Misconfigured, Poll, RateLimited, Unavailable, Visibility
from tests.connectors.x_account import (
    API,
    CUSTOMER,
    NOW,
    OWN,
    POLL,
    SECRETS_2,
    account,
    event,
    listing,
    mention,
    replied_to,
    tweet,
)

MENTIONS = f"{API}/2/users/{OWN}/mentions"
TIMELINE = f"{API}/2/users/{OWN}/tweets"
SEARCH = f"{API}/2/tweets/search/recent"
EVENTS = f"{API}/2/dm_events"
TWEETS = f"{API}/2/tweets"
ME = f"{API}/2/users/me"
PROBLEMS = "https://api.twitter.com/2/problems/"


def asked(call: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(call.request.url).query).items()}


@pytest.fixture
def x() -> Any:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def test_a_mention_in_full(x: responses.RequestsMock) -> None:
    row = tweet(
        900,
        "@glueckspilz_at wo bleibt mein Paket &amp; die Rechnung?",
        entities=mention(),
        lang="de",
        conversation_id="800",
        referenced_tweets=replied_to("850"),
        attachments={"media_keys": ["3_1"]},
    )
    x.get(
        MENTIONS,
        json=listing(
            [row],
            users=[{"id": CUSTOMER, "name": "Ana", "username": "ana_w", "public_metrics": {"followers_count": 41}}],
            tweets=[tweet(800, "Neu im Laden", author_id=OWN)],
            media=[{"media_key": "3_1", "type": "photo", "url": "https://pbs.example/1.jpg"}],
        ),
    )
    page = account().fetch("mentions", None, POLL)
    (message,) = page.messages
    assert message.external_id == "900"
    assert message.conversation_id == "800"
    assert (message.kind, message.visibility, message.own) == (Kind.MENTION, Visibility.PUBLIC, False)
    assert message.text == "@glueckspilz_at wo bleibt mein Paket & die Rechnung?"
    assert message.sent_at == NOW - timedelta(hours=1)
    assert (message.author.name, message.author.handle, message.author.followers) == ("Ana", "ana_w", 41)
    assert message.addressed
    assert message.summons_us is True
    assert message.parent_id == "850"
    assert message.subject is not None
    assert (message.subject.external_id, message.subject.text) == ("800", "Neu im Laden")
    assert message.language == "de"
    assert [(a.type, a.url) for a in message.attachments] == [("photo", "https://pbs.example/1.jpg")]
    assert not page.more
    assert page.usage.resources == {"own_read": 1, "user_read": 1, "post_read": 1}
    assert page.usage.resource_ids["own_read"] == {"900"}
    query = asked(x.calls[0])
    assert query["start_time"] == "2026-10-21T12:00:00Z"
    assert "since_id" not in query


def test_a_suspended_author_and_unknown_words_are_no_trouble(x: responses.RequestsMock) -> None:
    x.get(MENTIONS, json=listing([tweet(900, entities=mention(), lang="und", withheld={"x": 1}, brand_new="y")]))
    (message,) = account().fetch("mentions", None, POLL).messages
    assert message.author.external_id == CUSTOMER
    assert message.author.name is None
    assert message.language is None


def test_a_reply_without_our_handle_does_not_summon_us(x: responses.RequestsMock) -> None:
    row = tweet(
        900, "Stimmt gar nicht", referenced_tweets=replied_to("800"), in_reply_to_user_id=OWN, conversation_id="800"
    )
    x.get(MENTIONS, json=listing([row]))
    (message,) = account().fetch("mentions", None, POLL).messages
    assert message.summons_us is False
    assert message.addressed


def test_quoting_us_summons_us(x: responses.RequestsMock) -> None:
    row = tweet(900, "Schaut euch das an", referenced_tweets=[{"type": "quoted", "id": "800"}])
    x.get(MENTIONS, json=listing([row], tweets=[tweet(800, author_id=OWN)]))
    (message,) = account().fetch("mentions", None, POLL).messages
    assert message.summons_us is True


def test_a_long_post_is_read_in_full(x: responses.RequestsMock) -> None:
    x.get(MENTIONS, json=listing([tweet(900, "Anfang…", note_tweet={"text": "Anfang und Ende " * 40})]))
    (message,) = account().fetch("mentions", None, POLL).messages
    assert message.text == "Anfang und Ende " * 40


def test_one_bad_row_costs_only_itself(x: responses.RequestsMock) -> None:
    rows: list[Any] = [
        tweet(905),
        {"id": "904", "text": None, "author_id": CUSTOMER},
        "no object",
        tweet(903, author_id=None),
        tweet(902, created_at="yesterday"),
        tweet(901, text="a\x00b"),
    ]
    x.get(MENTIONS, json=listing(rows))
    page = account().fetch("mentions", None, POLL)
    assert [message.external_id for message in page.messages] == ["901", "905"]
    assert page.messages[0].text == "ab"
    assert [odd.external_id for odd in page.unreadable] == ["902", "903", None, "904"]
    assert all(json.loads(odd.raw) is not None for odd in page.unreadable)
    assert page.more, "the page is asked for again before the walk moves past what it could not read"


def test_an_edited_post_stays_one_message(x: responses.RequestsMock) -> None:
    history = ["900", "950"]
    newer = tweet(
        950, "Jetzt richtig", ago=timedelta(minutes=30), edit_history_tweet_ids=history, conversation_id="900"
    )
    older = tweet(900, "Jezt falsch", edit_history_tweet_ids=history)
    x.get(MENTIONS, json=listing([newer, older]))
    page = account().fetch("mentions", None, POLL)
    (message,) = page.messages
    assert (message.external_id, message.text) == ("900", "Jetzt richtig")
    assert message.edited_at == NOW - timedelta(minutes=30)
    assert page.look_at == ("950",)


def test_a_stale_since_id_is_replaced_by_a_time(x: responses.RequestsMock) -> None:
    shop = account()
    x.get(MENTIONS, json=listing([tweet(900)]))
    cursor = shop.fetch("mentions", None, POLL).cursor
    x.remove("GET", MENTIONS)

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        if "since_id" not in request.url:
            return 200, {}, json.dumps(listing([tweet(990)]))
        body = {
            "errors": [{"parameters": {"since_id": ["900"]}, "message": "'since_id' must be larger"}],
            "title": "Invalid Request",
            "type": PROBLEMS + "invalid-request",
        }
        return 400, {}, json.dumps(body)

    x.add_callback("GET", MENTIONS, callback=answer)
    page = shop.fetch("mentions", cursor, Poll(NOW + timedelta(days=9), POLL.since))
    assert [message.external_id for message in page.messages] == ["990"]
    assert "start_time" in asked(x.calls[-1])
    assert "since_id" not in asked(x.calls[-1])


def test_a_bad_request_for_another_reason_is_our_mistake(x: responses.RequestsMock) -> None:
    x.get(MENTIONS, status=400, json={"title": "Invalid Request", "errors": [{"parameters": {"expansions": ["x"]}}]})
    with pytest.raises(Misconfigured):
        account().fetch("mentions", None, POLL)


def test_our_posts_come_from_the_timeline_and_roots_are_no_messages(x: responses.RequestsMock) -> None:
    root = tweet(700, "Neu im Laden", author_id=OWN)
    answer = tweet(
        910, "@ana_w schon unterwegs!", author_id=OWN, conversation_id="900", referenced_tweets=replied_to("900"),
        in_reply_to_user_id=CUSTOMER,
    )  # fmt: skip
    x.get(TIMELINE, json=listing([answer, root]))
    page = account().fetch("own", None, POLL)
    (message,) = page.messages
    assert (message.external_id, message.conversation_id, message.own) == ("910", "900", True)
    assert message.summons_us is False


def test_our_posts_come_by_search_where_the_timeline_is_refused(x: responses.RequestsMock) -> None:
    x.get(TIMELINE, status=403, json={"title": "Client Forbidden", "type": PROBLEMS + "client-forbidden"})
    x.get(ME, json={"data": {"id": OWN, "name": "Glückspilz", "username": "glueckspilz_at"}})
    answer = tweet(910, author_id=OWN, conversation_id="900", referenced_tweets=replied_to("900"))
    x.get(SEARCH, json=listing([answer, tweet(909, "von jemand anderem")]))
    shop = account()
    page = shop.fetch("own", None, POLL)
    assert [message.external_id for message in page.messages] == ["910"]
    query = asked(x.calls[-1])
    assert query["query"] == "from:glueckspilz_at"
    assert datetime.fromisoformat(query["start_time"]) > NOW - timedelta(days=7)
    assert [gap.reason for gap in page.gaps] == ["x_search_seven_days"]
    calls = len(x.calls)
    shop.fetch("own", page.cursor, Poll(NOW + timedelta(minutes=2), POLL.since))
    assert len(x.calls) == calls + 1, "neither the refused list nor the handle is asked for again within the day"


@pytest.mark.parametrize(
    ("shown", "text"),
    [(None, "@ana_w @ben schon unterwegs!"), ([7, 28], "@ben schon unterwegs!"), ([12, 28], "schon unterwegs!")],
)
def test_only_handles_that_x_put_in_front_of_our_reply_are_left_out(
    shown: list[int] | None, text: str, x: responses.RequestsMock
) -> None:
    row = tweet(
        910, "@ana_w @ben schon unterwegs!", author_id=OWN, conversation_id="900",
        referenced_tweets=replied_to("900"), display_text_range=shown,
    )  # fmt: skip
    x.get(TIMELINE, json=listing([row]))
    page = account().fetch("own", None, POLL)
    assert [message.text for message in page.messages] == [text]


def test_threads_search_the_conversations_that_were_active(x: responses.RequestsMock) -> None:
    roots = [str(1990000000000000000 + number) for number in range(30)]
    x.get(
        SEARCH,
        json=listing([tweet(5000, "ohne Namen", conversation_id=roots[0], referenced_tweets=replied_to(roots[0]))]),
    )
    x.get(ME, json={"data": {"id": OWN, "username": "shop", "name": "Shop"}})
    shop = account()
    before = shop.fetch("threads", None, POLL).cursor
    page = shop.fetch("threads", before, Poll(NOW, POLL.since, roots))
    query = asked(x.calls[-1])
    assert len(query["query"]) <= 512
    assert query["query"].startswith(f"conversation_id:{roots[0]} OR conversation_id:{roots[1]}")
    assert "since_id" not in query
    (message,) = page.messages
    assert not message.addressed
    cursor, searched = page.cursor, set(query["query"].split(" OR "))
    for _ in range(2):
        cursor = shop.fetch("threads", cursor, Poll(NOW, POLL.since, roots)).cursor
        searched |= set(asked(x.calls[-1])["query"].split(" OR "))
    assert len(searched) == 30, "every conversation has its turn"


def test_replies_to_us_without_our_handle_are_found_before_the_thread_is_known(x: responses.RequestsMock) -> None:
    x.get(ME, json={"data": {"id": OWN, "username": "shop", "name": "Shop"}})
    reply = tweet(5001, "gefällt mir", referenced_tweets=replied_to("500"), in_reply_to_user_id=OWN)
    x.get(SEARCH, json=listing([reply]))
    shop = account()
    page = shop.fetch("threads", None, POLL)
    assert asked(x.calls[-1])["query"] == "to:shop"
    assert [(message.external_id, message.addressed) for message in page.messages] == [("5001", True)]
    calls = len(x.calls)
    shop.fetch("threads", page.cursor, Poll(NOW + timedelta(minutes=2), POLL.since))
    assert len(x.calls) == calls + 1, "the handle is not asked for again within the day"


def test_threads_say_once_that_search_is_refused(x: responses.RequestsMock) -> None:
    x.get(ME, json={"data": {"id": OWN, "username": "shop", "name": "Shop"}})
    x.get(SEARCH, status=403, json={"title": "Client Forbidden", "type": PROBLEMS + "client-forbidden"})
    poll = Poll(NOW, POLL.since, ["800"])
    page = account().fetch("threads", None, poll)
    assert [gap.reason for gap in page.gaps] == ["x_search_refused"]
    again = account().fetch("threads", page.cursor, poll)
    assert (again.gaps, again.usage.calls) == ((), 0)


def test_direct_messages_of_both_directions(x: responses.RequestsMock) -> None:
    rows = [
        event(3, "Bin ich froh &lt;3", ago=timedelta(minutes=1)),
        event(2, "Gern!", ago=timedelta(minutes=2), sender_id=OWN),
        event(1, "Habt ihr offen?", ago=timedelta(minutes=3)),
        event(0, ago=timedelta(minutes=4), event_type="ParticipantsJoin", participant_ids=[OWN]),
    ]
    x.get(EVENTS, json=listing(rows, users=[{"id": CUSTOMER, "name": "Ana", "username": "ana_w"}]))
    page = account().fetch("direct_messages", None, POLL)
    assert [(m.external_id, m.own, m.text) for m in page.messages] == [
        ("1", False, "Habt ihr offen?"),
        ("2", True, "Gern!"),
        ("3", False, "Bin ich froh <3"),
    ]
    for message in page.messages:
        assert message.kind is Kind.DIRECT_MESSAGE
        assert message.visibility is Visibility.PRIVATE
        assert message.correspondent is not None
        assert (message.correspondent.external_id, message.correspondent.name) == (CUSTOMER, "Ana")
        assert message.conversation_id == f"{OWN}-{CUSTOMER}"
    assert page.unreadable == ()


def test_the_first_import_of_direct_messages_ends_at_its_beginning(x: responses.RequestsMock) -> None:
    poll = Poll(NOW, NOW - timedelta(days=2))
    rows = [event(3, ago=timedelta(days=1)), event(2, ago=timedelta(days=3))]
    x.get(EVENTS, json=listing(rows, next_token="abcdefghijklmnop"))
    page = account().fetch("direct_messages", None, poll)
    assert [message.external_id for message in page.messages] == ["3"]
    assert not page.more


def test_a_vanished_direct_message_is_missing_from_a_listing_that_covers_it(x: responses.RequestsMock) -> None:
    shop = account()
    x.get(EVENTS, json=listing([event(3, ago=timedelta(minutes=10)), event(2, ago=timedelta(minutes=20))]))
    first = shop.fetch("direct_messages", None, POLL)
    x.remove("GET", EVENTS)
    x.get(EVENTS, json=listing([event(2, ago=timedelta(minutes=20))]))
    page = shop.fetch("direct_messages", first.cursor, POLL)
    assert page.listings[0].external_ids == {"2", "3"}, "one answer may leave an item out"
    page = shop.fetch("direct_messages", page.cursor, POLL)
    (seen,) = page.listings
    assert seen.scope == f"{OWN}-{CUSTOMER}"
    assert seen.external_ids == {"2"}
    assert seen.oldest <= NOW - timedelta(minutes=20)
    assert seen.newest >= NOW - timedelta(minutes=10), "the newest, now gone, lies in the range"


@pytest.mark.parametrize(
    "body",
    [
        listing([]),
        listing(["odd", event(2)]),
        {**listing([event(2)]), "errors": [{"title": "Authorization Error", "type": PROBLEMS + "x"}]},
    ],
)
def test_nothing_is_claimed_from_a_page_that_is_not_whole(x: responses.RequestsMock, body: dict[str, Any]) -> None:
    shop = account()
    x.get(EVENTS, json=listing([event(2)]))
    first = shop.fetch("direct_messages", None, POLL)
    assert shop.fetch("direct_messages", first.cursor, POLL).listings != ()
    x.remove("GET", EVENTS)
    x.get(EVENTS, json=body)
    assert shop.fetch("direct_messages", first.cursor, POLL).listings == ()


def test_nothing_is_claimed_below_what_either_of_two_readings_reached(x: responses.RequestsMock) -> None:
    shop = account()
    x.get(EVENTS, json=listing([event(3), event(2, ago=timedelta(hours=2)), event(1, ago=timedelta(hours=3))]))
    whole = shop.fetch("direct_messages", shop.fetch("direct_messages", None, POLL).cursor, POLL)
    x.remove("GET", EVENTS)
    x.get(EVENTS, json=listing([event(3), event(2, ago=timedelta(hours=2))], next_token="abcdefghijklmnop"))
    cut = shop.fetch("direct_messages", whole.cursor, POLL)
    assert [seen.oldest > NOW - timedelta(hours=2) for seen in cut.listings] == [True]
    x.remove("GET", EVENTS)
    x.get(EVENTS, json=listing([event(3), event(2, ago=timedelta(hours=2))]))
    # Whole again and without the first: this is the only reading so far that lacks it.
    (seen,) = shop.fetch("direct_messages", cut.cursor, POLL).listings
    assert seen.oldest > NOW - timedelta(hours=2)


def test_nothing_is_claimed_in_the_second_at_which_a_page_is_cut(x: responses.RequestsMock) -> None:
    """A page is cut by id, the range by time, and ids need not follow the whole seconds X tells."""
    shop, cut_at = account(), timedelta(hours=2)
    x.get(EVENTS, json=listing([event(3), event(2, ago=cut_at), event(1, ago=timedelta(hours=3))]))
    whole = shop.fetch("direct_messages", None, POLL)
    x.remove("GET", EVENTS)
    x.get(EVENTS, json=listing([event(3), event(2, ago=cut_at)], next_token="abcdefghijklmnop"))
    (seen,) = shop.fetch("direct_messages", whole.cursor, POLL).listings
    just_before, just_after = NOW - cut_at - timedelta(seconds=1), NOW - cut_at + timedelta(seconds=1)
    assert not any(seen.oldest <= at <= seen.newest for at in (just_before, NOW - cut_at, just_after))
    assert seen.oldest <= NOW - cut_at + timedelta(seconds=5)


def test_idle_polls_read_few_old_direct_messages_again(x: responses.RequestsMock) -> None:
    shop = account()
    x.get(EVENTS, json=listing([event(number, ago=timedelta(days=3)) for number in range(150, 50, -1)]))
    cursor = shop.fetch("direct_messages", None, POLL).cursor
    shop.fetch("direct_messages", cursor, POLL)
    assert asked(x.calls[-1])["max_results"] == "100", "read today, so free today"
    shop.fetch("direct_messages", cursor, Poll(NOW + timedelta(days=1), POLL.since))
    assert asked(x.calls[-1])["max_results"] == "20"


def test_looking_again_tells_deleted_from_withheld(x: responses.RequestsMock) -> None:
    body = listing([tweet(900, "Geändert")])
    body["errors"] = [
        {"resource_id": "901", "parameter": "ids", "type": PROBLEMS + "resource-not-found"},
        {"resource_id": "902", "parameter": "ids", "type": PROBLEMS + "not-authorized-for-resource"},
        {"resource_id": "700", "parameter": "referenced_tweets.id", "type": PROBLEMS + "resource-not-found"},
    ]
    x.get(TWEETS, json=body)
    x.get(MENTIONS, json=listing([]))
    page = account().look_again(["900", "901", "902", "700"], POLL)
    assert [(change.external_id, change.kind) for change in page.changes] == [("901", ChangeKind.DELETED)]
    assert [message.text for message in page.messages] == ["Geändert"]
    assert asked(x.calls[0])["ids"] == "900,901,902,700"


def test_looking_again_follows_an_edit_to_its_newest_version(x: responses.RequestsMock) -> None:
    history = ["900", "950"]

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        if "ids=900" in request.url:
            return 200, {}, json.dumps(listing([tweet(900, "alt", edit_history_tweet_ids=history)]))
        row = tweet(950, "neu", ago=timedelta(minutes=5), edit_history_tweet_ids=history, conversation_id="900")
        return 200, {}, json.dumps(listing([row]))

    x.add_callback("GET", TWEETS, callback=answer)
    page = account().look_again(["900"], POLL)
    assert [(message.external_id, message.text) for message in page.messages] == [("900", "neu")]
    assert page.usage.calls == 2


def test_a_thread_is_read_again(x: responses.RequestsMock) -> None:
    x.get(f"{API}/2/dm_conversations/with/{CUSTOMER}/dm_events", json=listing([event(2), event(1)]))
    page = account().read_thread(f"{OWN}-{CUSTOMER}", Kind.DIRECT_MESSAGE, POLL)
    assert [message.external_id for message in page.messages] == ["1", "2"]
    x.get(f"{API}/2/dm_conversations/1585800614365339648/dm_events", json=listing([]))
    assert account().read_thread("1585800614365339648", Kind.DIRECT_MESSAGE, POLL).messages == ()
    own = tweet(901, author_id=OWN, conversation_id="900", referenced_tweets=replied_to("900"))
    x.get(SEARCH, json=listing([own]))
    (message,) = account().read_thread("900", Kind.MENTION, POLL).messages
    assert message.own
    x.replace("GET", SEARCH, status=403, json={"title": "Client Forbidden", "type": PROBLEMS + "client-forbidden"})
    x.get(TIMELINE, json=listing([tweet(999, author_id=OWN, referenced_tweets=replied_to("5")), own]))
    (message,) = account().read_thread("900", Kind.MENTION, POLL).messages
    assert message.external_id == "901"


def test_quotas_travel_with_the_page(x: responses.RequestsMock) -> None:
    headers = {"x-rate-limit-limit": "15", "x-rate-limit-remaining": "3", "x-rate-limit-reset": "1795000000"}
    x.get(EVENTS, json=listing([]), headers=headers)
    (quota,) = account().fetch("direct_messages", None, POLL).usage.quotas
    assert (quota.name, quota.used_percent) == ("direct messages, 15 minutes", 80.0)


@pytest.mark.parametrize("stream", ["mentions", "direct_messages", "own"])
def test_trouble_is_sorted_and_moves_no_cursor(x: responses.RequestsMock, stream: str) -> None:
    url = {"mentions": MENTIONS, "direct_messages": EVENTS, "own": TIMELINE}[stream]
    for status, body, kind in (
        (401, '{"title":"Unauthorized","type":"about:blank","status":401}', LoginExpired),
        (429, '{"errors":null}', RateLimited),
        (503, "<html>over capacity</html>", Unavailable),
        (200, "<html>hello</html>", Unavailable),
        (200, "[1]", Unavailable),
    ):
        x.get(url, status=status, body=body)
        with pytest.raises(kind):
            account().fetch(stream, None, POLL)
        x.remove("GET", url)


def test_oauth_2_signs_with_the_bearer_token_everywhere(x: responses.RequestsMock) -> None:
    shop = account(credentials=SECRETS_2)
    x.get(EVENTS, json=listing([]))
    x.get(MENTIONS, json=listing([]))
    shop.fetch("direct_messages", None, POLL)
    shop.fetch("mentions", None, POLL)
    assert [call.request.headers["Authorization"] for call in x.calls] == ["Bearer fake-bearer-token"] * 2


def test_oauth_1_signs_every_call(x: responses.RequestsMock) -> None:
    x.get(MENTIONS, json=listing([]))
    account().fetch("mentions", None, POLL)
    header = x.calls[0].request.headers["Authorization"]
    assert (header.decode() if isinstance(header, bytes) else header).startswith("OAuth ")


def test_a_stream_that_does_not_exist_is_named() -> None:
    with pytest.raises(Misconfigured, match="likes"):
        account().fetch("likes", None, POLL)
