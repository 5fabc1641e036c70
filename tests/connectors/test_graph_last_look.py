"""Reading one private thread just before a machine speaks: nothing of it is taken for whole that is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import responses

from connectors.base import Kind, Page, Tally
from tests.connectors.meta_account import BASE, NOW, PAGE, POLL, error, facebook, graph_time

ANNA = "4711"
CONVERSATIONS = f"{BASE}/{PAGE}/conversations"


@pytest.fixture
def mocked() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as running:
        yield running


def message(number: int, *, own: bool = False) -> dict[str, Any]:
    sender, recipient = (PAGE, ANNA) if own else (ANNA, PAGE)
    at = graph_time(NOW - timedelta(minutes=number))
    return {"id": f"m_{number}", "created_time": at, "message": "Hallo", "from": {"id": sender},
            "to": {"data": [{"id": recipient}]}}  # fmt: skip


def thread(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    people = [{"id": ANNA, "name": "Anna"}, {"id": PAGE, "name": "Laden"}]
    found = {"id": "t_1", "updated_time": graph_time(NOW), "participants": {"data": people}}
    return found | {"messages": {"data": list(messages)}} | more


def read(mocked: responses.RequestsMock, *bodies: dict[str, Any]) -> Page:
    for body in bodies:
        mocked.add("GET", CONVERSATIONS, json=body)
    return facebook().read_thread(ANNA, Kind.DIRECT_MESSAGE, POLL)


def going_on(*threads: Any) -> dict[str, Any]:
    return {"data": list(threads), "paging": {"next": f"{CONVERSATIONS}?after=a1", "cursors": {"after": "a1"}}}


def test_what_the_platform_tells_of_the_thread_comes_along(mocked: responses.RequestsMock) -> None:
    page = read(mocked, {"data": [thread(message(1), message_count=2)]})
    assert page.tally == Tally(NOW, 2)


@pytest.mark.parametrize("count", [None, 21, True])
def test_a_number_that_the_list_need_not_reach_is_not_told(mocked: responses.RequestsMock, count: object) -> None:
    page = read(mocked, {"data": [thread(message(1), message_count=count)]})
    assert page.tally == Tally(NOW, None)


def test_an_empty_page_that_goes_on_is_followed_to_the_thread(mocked: responses.RequestsMock) -> None:
    page = read(mocked, going_on(), {"data": [thread(message(1), message(2, own=True))]})
    assert [one.own for one in page.messages] == [True, False]
    assert page.usage.calls == 2


def test_lists_that_go_on_without_the_thread_end(mocked: responses.RequestsMock) -> None:
    page = read(mocked, going_on(), going_on())
    assert page.messages == ()
    assert len(mocked.calls) == 2


def test_a_cursor_worn_out_on_the_way_ends_the_search_and_nothing_else(mocked: responses.RequestsMock) -> None:
    mocked.add("GET", CONVERSATIONS, json=going_on())
    mocked.add("GET", CONVERSATIONS, status=400, json=error(100))
    assert facebook().read_thread(ANNA, Kind.DIRECT_MESSAGE, POLL).messages == ()


def test_a_thread_that_cannot_be_read_is_not_an_empty_one(mocked: responses.RequestsMock) -> None:
    page = read(mocked, {"data": ["row"]})
    assert (page.messages, len(page.unreadable)) == ((), 1)


def test_another_threads_trouble_is_none_of_this_one(mocked: responses.RequestsMock) -> None:
    page = read(mocked, {"data": ["row", thread(message(1))]})
    assert (len(page.messages), page.unreadable) == (1, ())
