"""Reading where the platform keeps fewer promises than the stand-in: other orders, no totals, dead cursors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from requests import PreparedRequest

from connectors.base import Poll
from tests.connectors.meta_account import BASE, NOW, PAGE, POLL, error, facebook, graph_time, instagram
from tests.connectors.reader_memory import Memory


class StubbornPlatform:
    """One post whose comments come oldest first whatever is asked, cut into pages, with or without a total."""

    def __init__(self, *, oldest_first: bool, counts: bool, page: int = 25) -> None:
        self.comments: list[dict[str, Any]] = []
        self.oldest_first, self.counts, self.page = oldest_first, counts, page
        self.dead_cursors = 0
        self.filtered = 0
        """Comments the platform counts and never shows."""

    def write(self, text: str, at: datetime) -> None:
        number = len(self.comments) + 1
        author = {"id": "4711", "name": "Anna"}
        self.comments.append(
            {"id": str(1000 + number), "message": text, "from": author, "created_time": graph_time(at)}
        )

    def edge(self, after: int = 0) -> dict[str, Any]:
        rows = self.comments if self.oldest_first else list(reversed(self.comments))
        shown, end = rows[after : after + self.page], after + self.page
        answer: dict[str, Any] = {"data": shown, "paging": {"cursors": {"after": str(end)}}}
        if end < len(rows):
            answer["paging"]["next"] = f"http://graph.test/x?access_token=never&after={end}"
        if self.counts:
            answer["summary"] = {"total_count": len(rows) + self.filtered}
        return answer

    def posts(self, request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        post = {"id": f"{PAGE}_69", "created_time": graph_time(NOW - timedelta(days=2)), "comments": self.edge()}
        return 200, {}, json.dumps({"data": [post]})

    def walk(self, request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        query = parse_qs(urlsplit(str(request.url)).query)
        if "after" in query and self.dead_cursors:
            self.dead_cursors -= 1
            return 400, {}, json.dumps(error(100))
        return 200, {}, json.dumps(self.edge(int(query.get("after", ["0"])[0])))


@pytest.fixture
def mocked() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def on(mock: responses.RequestsMock, platform: StubbornPlatform) -> Memory:
    mock.add_callback("GET", f"{BASE}/{PAGE}/published_posts", platform.posts)
    mock.add_callback("GET", f"{BASE}/{PAGE}_69/comments", platform.walk)
    return Memory(facebook(), POLL.since)


@pytest.mark.parametrize("oldest_first", [True, False])
@pytest.mark.parametrize("counts", [True, False])
def test_any_order_with_or_without_a_total(mocked: responses.RequestsMock, oldest_first: bool, counts: bool) -> None:
    platform = StubbornPlatform(oldest_first=oldest_first, counts=counts)
    memory = on(mocked, platform)
    for number in range(130):
        platform.write(f"alt {number}", NOW - timedelta(hours=9) + timedelta(minutes=number))
    memory.poll(NOW, "comments")
    assert len(memory.messages) == 130
    for number in range(40):
        platform.write(f"neu {number}", NOW + timedelta(seconds=number))
    memory.poll(NOW + timedelta(minutes=1), "comments")
    assert set(memory.texts()) == {c["message"] for c in platform.comments}
    assert memory.deleted == set()


def test_a_cursor_that_died_begins_again(mocked: responses.RequestsMock) -> None:
    platform = StubbornPlatform(oldest_first=False, counts=True)
    memory = on(mocked, platform)
    for number in range(130):
        platform.write(f"alt {number}", NOW - timedelta(hours=9) + timedelta(minutes=number))
    platform.dead_cursors = 2
    memory.poll(NOW, "comments")
    assert len(memory.messages) == 130


def test_many_comments_in_one_second_are_read(mocked: responses.RequestsMock) -> None:
    platform = StubbornPlatform(oldest_first=False, counts=False)
    memory = on(mocked, platform)
    memory.poll(NOW, "comments")
    for number in range(90):
        platform.write(f"zugleich {number}", NOW + timedelta(seconds=30))
    memory.poll(NOW + timedelta(minutes=1), "comments")
    assert len(memory.messages) == 90


def test_a_post_that_fails_never_stops_the_others(mocked: responses.RequestsMock) -> None:
    platform = StubbornPlatform(oldest_first=False, counts=True)
    for number in range(60):
        platform.write(f"alt {number}", NOW - timedelta(hours=9) + timedelta(minutes=number))
    mocked.add_callback("GET", f"{BASE}/{PAGE}/published_posts", platform.posts)
    broken = mocked.add("GET", f"{BASE}/{PAGE}_69/comments", status=500, json=error(2))
    memory = Memory(facebook(), POLL.since)
    memory.poll(NOW, "comments")
    assert len(memory.messages) == 25
    assert memory.errors == []
    mocked.remove(broken)
    mocked.add_callback("GET", f"{BASE}/{PAGE}_69/comments", platform.walk)
    memory.poll(NOW + timedelta(minutes=5), "comments")
    assert len(memory.messages) == 60


def test_an_empty_page_that_goes_on_deletes_nothing(mocked: responses.RequestsMock) -> None:
    platform = StubbornPlatform(oldest_first=False, counts=True)
    memory = on(mocked, platform)
    platform.write("da", NOW - timedelta(hours=1))
    memory.poll(NOW, "comments")
    hidden, platform.comments = platform.comments, []
    platform.counts = False
    mocked.replace(
        "GET",
        f"{BASE}/{PAGE}/published_posts",
        json={"data": [], "paging": {"cursors": {"after": "x"}, "next": "http://graph.test/x?after=x"}},
    )
    for minute in range(1, 4):
        memory.poll(NOW + timedelta(minutes=minute), "comments")
    assert memory.deleted == set()
    assert memory.messages["69_1001"].text == hidden[0]["message"]


def test_a_deep_deletion_is_seen_where_more_is_counted_than_shown(mocked: responses.RequestsMock) -> None:
    platform = StubbornPlatform(oldest_first=False, counts=True)
    platform.filtered = 3
    for number in range(60):
        platform.write(f"alt {number}", NOW - timedelta(hours=9) + timedelta(minutes=number))
    memory = on(mocked, platform)
    for name in ("visitor_posts", "tagged", "video_reels", "ads_posts", "conversations"):
        mocked.add("GET", f"{BASE}/{PAGE}/{name}", json={"data": []})
    gone = platform.comments[3]["id"]
    mocked.add("GET", re.compile(rf"{re.escape(BASE)}/(69_)?{gone}\b.*"), status=400, json=error(100))
    memory.poll(NOW, "comments")
    for minute in range(12):
        memory.poll(NOW + timedelta(minutes=minute), "rounds")
    assert memory.deleted == set()
    del platform.comments[3]
    for minute in range(12, 30):
        memory.poll(NOW + timedelta(minutes=minute), "rounds")
    assert memory.deleted == {f"69_{gone}"}


class Counting(StubbornPlatform):
    """A platform whose items can be asked for by themselves, and whose count is its own affair."""

    def __init__(self) -> None:
        super().__init__(oldest_first=False, counts=True)
        self.lagging: set[str] = set()
        """Gone from the list; asked for by themselves they are still there for a while."""
        self.in_albums: set[str] = set()
        """Known by their own number alone."""
        self.posts_shown: list[dict[str, Any]] | None = None
        self.posts_go_on = False
        self.post_there = True
        self.asked: list[str] = []

    def posts(self, request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        if self.posts_shown is None:
            return super().posts(request)
        paging = {"cursors": {"after": "x"}, "next": "http://graph.test/x?after=x"} if self.posts_go_on else {}
        return 200, {}, json.dumps({"data": self.posts_shown, "paging": paging})

    def hide(self, number: int, *, counted: bool) -> dict[str, Any]:
        """Leaves the list; the count follows, or not."""
        self.filtered += counted
        return self.comments.pop(number)

    def item(self, request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        asked = urlsplit(str(request.url)).path.rpartition("/")[2]
        self.asked.append(asked)
        name = asked.rpartition("_")[2]
        there = name in self.lagging or any(comment["id"] == name for comment in self.comments)
        if asked == f"{PAGE}_69":
            there = self.post_there
        if there and (name == asked or name not in self.in_albums):
            return 200, {}, json.dumps({"id": asked})
        return 400, {}, json.dumps(error(100, 33))


def counting(mock: responses.RequestsMock) -> tuple[Counting, Memory]:
    """Eight comments, already read."""
    platform = Counting()
    for number in range(8):
        platform.write(f"Text {number}", NOW - timedelta(hours=9) + timedelta(minutes=number))
    memory = on(mock, platform)
    mock.add_callback("GET", re.compile(rf"{re.escape(BASE)}/((69_)?10\d\d|{PAGE}_69)(\?.*)?$"), platform.item)
    memory.poll(NOW, "comments")
    memory.poll(NOW + timedelta(seconds=2), "comments")
    return platform, memory


def seconds_until_noticed(memory: Memory, since: datetime) -> float:
    for polls in range(1, 46):
        memory.poll(since + timedelta(seconds=2 * polls), "comments")
        if memory.deleted:
            return 2 * polls
    return float("inf")


@pytest.mark.parametrize("counted", [True, False])
def test_a_deletion_at_which_the_count_first_differs_is_seen_at_once(
    mocked: responses.RequestsMock, counted: bool
) -> None:
    platform, memory = counting(mocked)
    gone = platform.hide(3, counted=counted)["id"]
    assert seconds_until_noticed(memory, NOW + timedelta(seconds=2)) == 2
    assert memory.deleted == {f"69_{gone}"}


@pytest.mark.parametrize("counted", [True, False])
def test_what_a_list_leaves_out_is_not_deleted(mocked: responses.RequestsMock, counted: bool) -> None:
    platform, memory = counting(mocked)
    platform.lagging.add(platform.hide(3, counted=counted)["id"])
    assert seconds_until_noticed(memory, NOW + timedelta(seconds=2)) == float("inf")
    calls = memory.calls
    memory.poll(NOW + timedelta(seconds=200), "comments")
    assert memory.calls == calls + 1


@pytest.mark.parametrize("counted", [True, False])
def test_an_item_that_knows_later_than_its_list_is_asked_for_again(
    mocked: responses.RequestsMock, counted: bool
) -> None:
    platform, memory = counting(mocked)
    gone = platform.hide(3, counted=counted)["id"]
    platform.lagging.add(gone)
    memory.poll(NOW + timedelta(seconds=4), "comments")
    assert memory.deleted == set()
    platform.lagging.clear()
    assert seconds_until_noticed(memory, NOW + timedelta(seconds=4)) <= 70
    assert memory.deleted == {f"69_{gone}"}


def test_a_photos_comment_is_asked_for_under_its_own_number_too(mocked: responses.RequestsMock) -> None:
    platform, memory = counting(mocked)
    left_out = platform.hide(3, counted=False)["id"]
    platform.in_albums.add(left_out)
    platform.lagging.add(left_out)
    memory.poll(NOW + timedelta(seconds=4), "comments")
    assert [name for name in platform.asked if left_out in name] == [f"69_{left_out}", left_out]
    assert memory.deleted == set()


@pytest.mark.parametrize("there", [True, False])
def test_with_a_deleted_post_its_comments_went_and_with_one_left_out_they_did_not(
    mocked: responses.RequestsMock, there: bool
) -> None:
    platform, memory = counting(mocked)
    platform.posts_shown = []
    platform.post_there = there
    for polls in range(2, 45):
        memory.poll(NOW + timedelta(seconds=2 * polls), "comments")
    assert len(memory.deleted) == (0 if there else 8)
    asked = platform.asked.count(f"{PAGE}_69")
    assert asked == (2 if there else 1)


def test_a_post_pushed_out_of_the_list_is_not_asked_for(mocked: responses.RequestsMock) -> None:
    platform, memory = counting(mocked)
    platform.posts_shown = [{"id": f"{PAGE}_{number}", "created_time": graph_time(NOW)} for number in range(200, 250)]
    platform.posts_go_on = True
    for polls in range(2, 20):
        memory.poll(NOW + timedelta(seconds=2 * polls), "comments")
    assert (memory.deleted, platform.asked) == (set(), [])


def test_a_deep_reply_that_went_is_seen_below_long_threads_too(mocked: responses.RequestsMock) -> None:
    own, hour = "17841400000000001", graph_time(NOW - timedelta(hours=5))
    replies = [{"id": f"179{number}", "text": f"Antwort {number}", "timestamp": hour} for number in range(6)]

    def part(after: int) -> dict[str, Any]:
        end = after + 2
        answer: dict[str, Any] = {"data": replies[after:end], "paging": {"cursors": {"after": str(end)}}}
        if end < len(replies):
            answer["paging"]["next"] = f"http://graph.test/x?access_token=never&after={end}"
        return answer

    def below(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        query = parse_qs(urlsplit(str(request.url)).query)
        return 200, {}, json.dumps(part(int(query.get("after", ["0"])[0])))

    def comments(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        root = {"id": "1780", "text": "Schön!", "timestamp": hour, "replies": part(0)}
        return 200, {}, json.dumps({"data": [root]})

    def media(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        row = {"id": "18", "timestamp": hour, "comments_count": 1 + len(replies)}
        row["comments"] = json.loads(comments(request)[2])
        return 200, {}, json.dumps({"data": [row]})

    mocked.add_callback("GET", f"{BASE}/{own}/media", media)
    mocked.add_callback("GET", f"{BASE}/18/comments", comments)
    mocked.add_callback("GET", f"{BASE}/1780/replies", below)
    mocked.add("GET", f"{BASE}/{own}/tags", json={"data": []})
    mocked.add("GET", re.compile(rf"{re.escape(BASE)}/\w+/conversations.*"), json={"data": []})
    mocked.add("GET", f"{BASE}/1792", json=replies[2] | {"media": {"id": "18"}, "parent_id": "1780"})
    mocked.add(
        "GET", f"{BASE}/1794", status=400, json={"error": {"message": "not there", "code": 100, "error_subcode": 33}}
    )
    memory = Memory(instagram(), POLL.since)
    memory.poll(NOW, "comments")
    for minute in range(10):
        memory.poll(NOW + timedelta(minutes=minute), "rounds")
    assert (len(memory.messages), memory.deleted) == (7, set())
    # One is gone, one is merely left out of the answer: no count tells them apart, so both are asked for.
    del replies[4], replies[2]
    for minute in range(10, 24):
        memory.poll(NOW + timedelta(minutes=minute), "rounds")
    assert memory.deleted == {"1794"}


def test_side_lists_that_may_not_be_read_rest_and_the_others_go_on(mocked: responses.RequestsMock) -> None:
    for name in ("visitor_posts", "published_posts"):
        mocked.add("GET", f"{BASE}/{PAGE}/{name}", json={"data": []})
    for name in ("tagged", "video_reels", "ads_posts"):
        mocked.add("GET", f"{BASE}/{PAGE}/{name}", status=400, json=error(200))
    mocked.add("GET", f"{BASE}/{PAGE}/conversations", json={"data": []})
    memory = Memory(facebook(), POLL.since)
    for minute in range(20):
        memory.poll(NOW + timedelta(minutes=minute), "rounds")
    assert memory.errors == []
    asked = [urlsplit(str(call.request.url)).path.rpartition("/")[2] for call in mocked.calls]
    assert asked.count("ads_posts") == asked.count("tagged") == asked.count("video_reels") == 1


def test_media_whose_list_refuses_comments_are_read_one_by_one(mocked: responses.RequestsMock) -> None:
    own = "17841400000000001"

    def media(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        if "comments.limit" in str(request.url):
            return 400, {}, json.dumps(error(100))
        row = {"id": "18", "timestamp": graph_time(NOW - timedelta(days=1)), "comments_count": 1}
        return 200, {}, json.dumps({"data": [row]})

    mocked.add_callback("GET", f"{BASE}/{own}/media", media)
    comment = {"id": "1780", "text": "Schön!", "timestamp": graph_time(NOW), "username": "anna"}
    mocked.add("GET", f"{BASE}/18/comments", json={"data": [comment]})
    memory = Memory(instagram(), POLL.since)
    memory.poll(NOW, "comments")
    (message,) = memory.messages.values()
    assert (message.text, message.author.handle, message.own) == ("Schön!", "anna", False)
    calls = memory.calls
    memory.poll(NOW + timedelta(minutes=1), "comments")
    assert memory.calls == calls + 1


def test_no_cursor_holds_a_token_or_an_address(mocked: responses.RequestsMock) -> None:
    platform = StubbornPlatform(oldest_first=False, counts=True)
    for number in range(60):
        platform.write(f"alt {number}", NOW - timedelta(hours=9) + timedelta(minutes=number))
    on(mocked, platform)
    page = facebook().fetch("comments", None, Poll(NOW, POLL.since))
    assert page.more
    told = json.dumps(page.cursor)
    assert "http" not in told
    assert "never" not in told


def test_private_threads_are_not_read_by_a_side_door_while_messenger_rests(mocked: responses.RequestsMock) -> None:
    for name in ("visitor_posts", "published_posts", "tagged", "video_reels", "ads_posts", "conversations"):
        mocked.add("GET", f"{BASE}/{PAGE}/{name}", json={"data": []})

    def asked(resting: frozenset[str]) -> list[str]:
        connector, cursor = facebook(), None
        mocked.calls.reset()
        for minute in range(24):
            now = NOW + timedelta(minutes=minute)
            cursor = connector.fetch("rounds", cursor, Poll(now, POLL.since, resting=resting)).cursor
        return [urlsplit(str(call.request.url)).path.rpartition("/")[2] for call in mocked.calls]

    assert "conversations" in asked(frozenset())
    assert "conversations" not in asked(frozenset({"messenger"}))


def thread_page(*messages: dict[str, Any]) -> dict[str, Any]:
    people = [{"id": "4711", "name": "Anna"}, {"id": PAGE, "name": "Laden"}]
    thread = {"id": "t_1", "updated_time": graph_time(NOW), "participants": {"data": people}, "message_count": 2}
    return {"data": [thread | {"messages": {"data": list(messages)}}]}


def private(number: int, to: str, **more: Any) -> dict[str, Any]:
    at = graph_time(NOW - timedelta(minutes=number))
    return {"id": f"m_{number}", "created_time": at, "message": "Hallo", "to": {"data": [{"id": to}]}} | more


def test_a_private_message_without_sender_is_known_by_whom_it_went_to(mocked: responses.RequestsMock) -> None:
    mocked.add("GET", f"{BASE}/{PAGE}/conversations", json=thread_page(private(1, PAGE), private(2, "4711")))
    memory = Memory(facebook(), POLL.since)
    memory.poll(NOW, "messages")
    assert {key: (m.own, m.author.external_id) for key, m in memory.messages.items()} == {
        "m_1": (False, "4711"),
        "m_2": (True, None),
    }


def test_a_time_before_the_platform_existed_is_no_time(mocked: responses.RequestsMock) -> None:
    page = thread_page(private(1, PAGE, created_time=-1), private(2, PAGE))
    mocked.add("GET", f"{BASE}/{PAGE}/conversations", json=page)
    memory = Memory(facebook(), POLL.since)
    memory.poll(NOW, "messages")
    assert list(memory.messages) == ["m_2"]
    assert len(memory.unreadable) == 1


def test_an_author_withheld_once_is_told_when_the_platform_names_them(mocked: responses.RequestsMock) -> None:
    platform = StubbornPlatform(oldest_first=False, counts=True)
    platform.write("Wer bin ich?", NOW - timedelta(hours=1))
    author = platform.comments[0].pop("from")
    memory = on(mocked, platform)
    memory.poll(NOW, "comments")
    platform.comments[0]["from"] = author
    memory.poll(NOW + timedelta(minutes=1), "comments")
    assert [m.author.name for m in memory.messages.values()] == ["Anna"]
