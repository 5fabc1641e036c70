"""A post X does not find any more is deleted, or lives on under a later id: told apart before it is believed gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from connectors.base import Change, ChangeKind, Page, Poll
from connectors.twitter_translate import id_at, time_of_id
from connectors.twitter_versions import windows
from tests.connectors.x_account import API, NOW, OWN, POLL, account, listing, tweet

TWEETS = f"{API}/2/tweets"
MENTIONS = f"{API}/2/users/{OWN}/mentions"
SEARCH = f"{API}/2/tweets/search/recent"
OLD = id_at(NOW - timedelta(hours=3))
NEW = id_at(NOW - timedelta(hours=2, minutes=40))
THREAD = id_at(NOW - timedelta(hours=5))
EDITED = tweet(NEW, "Jetzt richtig", edit_history_tweet_ids=[OLD, NEW], conversation_id=OLD)
GONE = Change(OLD, ChangeKind.DELETED, NOW, certain=False)


@pytest.fixture
def x() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        missing = {
            "resource_id": OLD,
            "parameter": "ids",
            "type": "https://api.twitter.com/2/problems/resource-not-found",
        }
        mock.get(TWEETS, json={"errors": [missing]})
        yield mock


def look(*conversations: str) -> Page:
    return account().look_again([OLD], Poll(NOW, POLL.since, conversations))


def asked(x: responses.RequestsMock, place: str) -> list[dict[str, str]]:
    urls = [urlsplit(str(call.request.url)) for call in x.calls]
    queries = [parse_qs(url.query) for url in urls if f"{API}{url.path}" == place]
    return [{name: values[0] for name, values in query.items()} for query in queries]


def told(page: Page) -> tuple[list[tuple[str, str]], tuple[Change, ...]]:
    return [(message.external_id, message.text) for message in page.messages], page.changes


def test_an_edited_mention_is_no_deletion(x: responses.RequestsMock) -> None:
    x.get(MENTIONS, json=listing([EDITED, tweet(id_at(NOW - timedelta(hours=2)), "etwas anderes")]))
    assert told(look(THREAD)) == ([(OLD, "Jetzt richtig")], ())
    (query,) = asked(x, MENTIONS)
    assert query["since_id"] == OLD
    until = time_of_id(query["until_id"])
    assert until is not None
    assert until - (NOW - timedelta(hours=3)) == timedelta(hours=2)
    assert "start_time" not in query
    assert asked(x, SEARCH) == []


def test_an_edited_reply_that_does_not_name_us_is_no_deletion(x: responses.RequestsMock) -> None:
    x.get(MENTIONS, json=listing([]))
    x.get(SEARCH, json=listing([EDITED]))
    assert told(look(THREAD)) == ([(OLD, "Jetzt richtig")], ())
    (query,) = asked(x, SEARCH)
    assert (query["query"], query["since_id"]) == (f"conversation_id:{THREAD}", OLD)


def test_what_no_list_knows_is_deleted(x: responses.RequestsMock) -> None:
    x.get(MENTIONS, json=listing([tweet(id_at(NOW - timedelta(hours=2)), "etwas anderes")]))
    x.get(SEARCH, json=listing([]))
    assert told(look(THREAD)) == ([], (GONE,))


def test_where_the_conversation_is_too_old_to_search_the_mentions_decide(x: responses.RequestsMock) -> None:
    x.get(MENTIONS, json=listing([]))
    later = NOW + timedelta(days=8)
    page = account().look_again([OLD], Poll(later, POLL.since, (THREAD,)))
    assert [change.external_id for change in page.changes] == [OLD]
    assert asked(x, SEARCH) == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_list_that_cannot_be_asked_decides_nothing(x: responses.RequestsMock, status: int) -> None:
    x.get(MENTIONS, status=status, json={"title": "No"})
    x.get(SEARCH, json=listing([]))
    assert told(look(THREAD)) == ([], ())


def test_the_pages_of_a_busy_hour_are_read(x: responses.RequestsMock) -> None:
    x.get(MENTIONS, json=listing([tweet(id_at(NOW - timedelta(hours=2)), "andere")], next_token="abcdefghijklmnop"))
    x.get(MENTIONS, json=listing([EDITED]))
    assert told(look())[0] == [(OLD, "Jetzt richtig")]
    assert asked(x, MENTIONS)[1]["pagination_token"] == "abcdefghijklmnop"


def test_posts_written_close_together_are_asked_for_in_one_call() -> None:
    def made(hours: float) -> str:
        return id_at(NOW - timedelta(hours=hours))

    assert windows([made(30), made(3), made(2.5), made(29)]) == [[made(2.5), made(3)], [made(29), made(30)]]
    assert windows([]) == []


def test_ids_and_times_belong_together() -> None:
    assert time_of_id(id_at(NOW)) == NOW
    some: dict[str, Any] = {"at": id_at(NOW - timedelta(milliseconds=1))}
    assert int(some["at"]) < int(id_at(NOW))
