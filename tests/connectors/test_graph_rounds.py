"""The slow round: posts by others without a hole, and a list that fails alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from requests import PreparedRequest

from connectors.base import Author, InboundMessage, Kind, Page, Visibility
from tests.connectors.meta_account import BASE, NOW, PAGE, POLL, error, facebook, graph_time
from tests.connectors.reader_memory import Memory


@pytest.fixture
def mocked() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def visitors(request: PreparedRequest, posts: list[int]) -> tuple[int, dict[str, str], str]:
    """Posts by others, ten a page, newest first."""
    start = int(parse_qs(urlsplit(str(request.url)).query).get("after", ["0"])[0])
    shown = [
        {"id": f"{PAGE}_{number}", "message": f"Gast {number}", "created_time": graph_time(NOW), "from": {"id": "4711"}}
        for number in sorted(posts, reverse=True)[start : start + 10]
    ]
    answer: dict[str, Any] = {"data": shown}
    if start + 10 < len(posts):
        answer["paging"] = {"cursors": {"after": str(start + 10)}, "next": "http://graph.test/next"}
    return 200, {}, json.dumps(answer)


def test_more_posts_by_others_than_a_page_leave_no_hole(mocked: responses.RequestsMock) -> None:
    posts = list(range(100, 105))
    mocked.add_callback("GET", f"{BASE}/{PAGE}/visitor_posts", lambda request: visitors(request, posts))
    for name in ("tagged", "published_posts", "video_reels", "ads_posts", "conversations"):
        mocked.add("GET", f"{BASE}/{PAGE}/{name}", json={"data": []})
    memory = Memory(facebook(), POLL.since)
    for minute in range(3):
        memory.poll(NOW + timedelta(minutes=minute), "rounds")
    posts += range(105, 141)
    for minute in range(3, 15):
        memory.poll(NOW + timedelta(minutes=minute), "rounds")
    assert set(memory.messages) == {f"{PAGE}_{number}" for number in posts}
    assert len([call for call in mocked.calls if "after=30" in str(call.request.url)]) == 1, "down to what was known"


def test_a_list_that_always_fails_rests_and_never_stops_the_others(mocked: responses.RequestsMock) -> None:
    mocked.add("GET", f"{BASE}/{PAGE}/tagged", status=500, json=error(2))
    for name in ("visitor_posts", "published_posts", "video_reels", "ads_posts", "conversations"):
        mocked.add("GET", f"{BASE}/{PAGE}/{name}", json={"data": []})
    memory = Memory(facebook(), POLL.since)
    for minute in range(30):
        memory.poll(NOW + timedelta(minutes=minute), "rounds")
    asked = [urlsplit(str(call.request.url)).path.rpartition("/")[2] for call in mocked.calls]
    assert memory.errors == []
    assert 2 <= asked.count("tagged") <= 5
    assert asked.count("ads_posts") >= 3


def test_a_platform_that_is_down_is_said_to_be(mocked: responses.RequestsMock) -> None:
    mocked.add("GET", re.compile(re.escape(BASE)), status=503, body="<html>")
    memory = Memory(facebook(), POLL.since)
    memory.poll(NOW, "rounds")
    assert len(memory.errors) == 1
    assert len(mocked.calls) == 2


def below(number: int, said: list[str]) -> str:
    """The comments below one post, newest first, as Graph lists and counts them."""
    shown = [
        {
            "id": f"{number}_{place}",
            "message": text,
            "created_time": graph_time(NOW - timedelta(hours=3) + timedelta(minutes=place)),
            "from": {"id": "4712"},
        }
        for place, text in enumerate(said, 1)
    ]
    return json.dumps({"data": shown[::-1], "summary": {"total_count": len(said)}})


def test_comments_below_a_post_by_others_that_no_list_shows_any_more_are_part_of_that_mention(
    mocked: responses.RequestsMock,
) -> None:
    """Its comments say nothing about the post itself, which is a message to us too."""
    posts, said = [100], ["Stimmt das?"]
    mocked.add_callback("GET", f"{BASE}/{PAGE}/visitor_posts", lambda request: visitors(request, posts))
    mocked.add_callback("GET", f"{BASE}/{PAGE}_100/comments", lambda _: (200, {}, below(100, said)))
    own = {"data": [{"id": f"{PAGE}_1"}], "paging": {"cursors": {"after": "1"}, "next": "http://graph.test/next"}}
    mocked.add("GET", f"{BASE}/{PAGE}/published_posts", json=own)
    for name in ("tagged", "video_reels", "ads_posts", "conversations"):
        mocked.add("GET", f"{BASE}/{PAGE}/{name}", json={"data": []})
    memory = Memory(facebook(), POLL.since)
    for minute in range(10):
        memory.poll(NOW + timedelta(minutes=minute), "rounds")
    memory.active = [f"{PAGE}_100"]
    posts += range(101, 121)
    for minute in range(10, 40):
        memory.poll(NOW + timedelta(minutes=minute), "rounds")
    comment = memory.messages["100_1"]
    assert (comment.kind, comment.conversation_id, comment.parent_id) == (Kind.MENTION, f"{PAGE}_100", f"{PAGE}_100")
    said[:] = ["Stimmt das?", "Bei mir auch!"]
    for minute in range(40, 80):
        memory.poll(NOW + timedelta(minutes=minute), "rounds")
    assert {message.conversation_id for message in memory.messages.values() if message.text in said} == {f"{PAGE}_100"}
    assert memory.deleted == set()
    said.pop()
    for minute in range(80, 120):
        memory.poll(NOW + timedelta(minutes=minute), "rounds")
    assert memory.deleted == {"100_2"}


def private_threads(request: PreparedRequest, unsent: set[str]) -> tuple[int, dict[str, str], str]:
    """Sixty quiet threads of two messages each, twenty-five a page."""
    start = int(parse_qs(urlsplit(str(request.url)).query).get("after", ["0"])[0])
    shown = []
    for number in range(start, min(start + 25, 60)):
        at = graph_time(NOW - timedelta(hours=number + 1))
        person = {"id": f"47{number:03}", "name": f"Gast {number}"}
        texts = [
            {"id": f"m_{number}_{place}", "created_time": at, "message": "Hallo", "from": person, "to": {"data": []}}
            for place in (2, 1)
            if f"m_{number}_{place}" not in unsent
        ]
        people = {"data": [person, {"id": PAGE, "name": "Shop"}]}
        thread = {"id": f"t_{number}", "updated_time": at, "participants": people, "messages": {"data": texts}}
        shown.append(thread)
    answer: dict[str, Any] = {"data": shown}
    if start + 25 < 60:
        answer["paging"] = {"cursors": {"after": str(start + 25)}, "next": "http://graph.test/next"}
    return 200, {}, json.dumps(answer)


def test_what_was_unsent_in_a_quiet_thread_is_noticed_when_its_turn_comes(mocked: responses.RequestsMock) -> None:
    """Two readings must lack it, and the second follows the first: not a whole round of all threads later."""
    unsent: set[str] = set()
    mocked.add_callback("GET", f"{BASE}/{PAGE}/conversations", lambda request: private_threads(request, unsent))
    for name in ("visitor_posts", "tagged", "published_posts", "video_reels", "ads_posts"):
        mocked.add("GET", f"{BASE}/{PAGE}/{name}", json={"data": []})
    memory = Memory(facebook(), POLL.since)

    def read_threads(pages: int) -> None:
        before = len(asked_for_threads())
        while len(asked_for_threads()) < before + pages:
            memory.poll(NOW + timedelta(minutes=len(mocked.calls)), "rounds")

    def asked_for_threads() -> list[str]:
        return [str(call.request.url) for call in mocked.calls if "/conversations" in str(call.request.url)]

    read_threads(6)
    assert "m_55_1" in memory.messages, "all but the newest page, which another stream reads"
    unsent.add("m_30_2")
    read_threads(4)
    assert memory.deleted == {"m_30_2"}


def test_what_a_push_told_and_was_unsent_before_the_first_reading_is_noticed(mocked: responses.RequestsMock) -> None:
    unsent = {"m_3_1"}
    mocked.add_callback("GET", f"{BASE}/{PAGE}/conversations", lambda request: private_threads(request, unsent))
    memory = Memory(facebook(), POLL.since)
    pushed = replace(
        InboundMessage(
            "m_3_1", "47003", Kind.DIRECT_MESSAGE, Visibility.PRIVATE, False, "Hallo", NOW - timedelta(hours=4)
        ),
        correspondent=Author("47003"),
    )
    memory.take(Page({}, messages=(pushed,)), pushed=True)
    for minute in range(3):
        memory.poll(NOW + timedelta(minutes=minute), "messages")
    assert "m_3_2" in memory.messages
    assert memory.deleted == {"m_3_1"}
