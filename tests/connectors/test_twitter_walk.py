"""A newest-first list is read without a hole, wherever the walk is interrupted and whatever arrives meanwhile."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Gap, Poll, Usage
from connectors.twitter_pages import translate, walk_page
from connectors.twitter_translate import post
from connectors.twitter_transport import Answer, RefusedParameter
from connectors.twitter_walk import EMPTY_PAGES, SECOND_LOOKS, Bounds, Stretch, Walk

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
SINCE = BEGIN - timedelta(days=30)
OWN = "100"


class List:
    """A platform's list: newest first, in pages, with since_id, until_id or start_time, and tokens."""

    def __init__(self, page: int, cap: int | None = None) -> None:
        self.page = page
        self.cap = cap
        self.rows: dict[int, dict[str, Any]] = {}
        self.asked: list[Stretch] = []
        self.broken: dict[int, int] = {}
        self.refuse: set[str] = set()

    def add(self, number: int, at: datetime) -> None:
        self.rows[number] = {
            "id": str(number),
            "text": f"text {number}",
            "author_id": "7",
            "conversation_id": str(number),
            "created_at": at.isoformat(),
        }

    def ask(self, asked: Stretch, may_refuse: tuple[str, ...]) -> Answer:
        self.asked.append(asked)
        for name, used in (("since_id", asked.floor), ("pagination_token", asked.token)):
            if used is not None and name in self.refuse:
                assert name in may_refuse
                raise RefusedParameter(name)
        numbers = sorted(self.rows, reverse=True)[: self.cap]
        if asked.floor is not None:
            numbers = [number for number in numbers if number > int(asked.floor.id)]
        elif asked.start is not None and asked.until is None:
            start = asked.start.isoformat()
            numbers = [number for number in numbers if self.rows[number]["created_at"] >= start]
        if asked.token is not None:
            numbers = [number for number in numbers if number < int(asked.token)]
        elif asked.until is not None:
            numbers = [number for number in numbers if number < int(asked.until.id)]
        shown, rest = numbers[: self.page], numbers[self.page :]
        data = [self._row(number) for number in shown]
        meta = {"next_token": str(shown[-1])} if rest else {}
        return Answer({"data": data, "meta": meta} if data else {"meta": meta}, Usage(calls=1))

    def _row(self, number: int) -> dict[str, Any]:
        if self.broken.get(number, 0) > 0:
            self.broken[number] -= 1
            return {"id": str(number), "text": None}
        return self.rows[number]


class Reader:
    """Polls a List as the inbox does: the cursor goes through JSON and only moves with what was kept."""

    def __init__(self, source: List, bounds: Bounds | None = None) -> None:
        self.source = source
        self.bounds = bounds or Bounds()
        self.cursor: Mapping[str, Any] | None = None
        self.got: set[str] = set()
        self.delivered: list[str] = []
        self.gaps: list[Gap] = []
        self.unreadable: list[str | None] = []
        self.more = False

    def step(self, now: datetime, *, lost: bool = False) -> None:
        walk, page, _, _ = walk_page(
            "mentions",
            Walk.of(self.cursor),
            Poll(now, SINCE),
            self.bounds,
            self.source.ask,
            lambda answer: translate("mentions", answer, OWN, post, "own_read"),
        )
        if lost:
            return
        self.cursor = json.loads(json.dumps(walk.json()))
        self.delivered += [message.external_id for message in page.messages]
        self.got.update(self.delivered)
        self.gaps += page.gaps
        self.unreadable += [odd.external_id for odd in page.unreadable]
        self.more = page.more

    def poll(self, now: datetime) -> None:
        self.step(now)
        for _ in range(1000):
            if not self.more:
                return
            self.step(now)
        raise AssertionError("the walk never ends")


def filled(count: int, page: int, cap: int | None = None) -> tuple[List, datetime]:
    source = List(page, cap)
    for number in range(count):
        source.add(1000 + number, BEGIN + timedelta(seconds=number))
    return source, BEGIN + timedelta(seconds=count)


STEPS = st.lists(
    st.tuples(st.sampled_from(["arrive", "poll", "lost", "wait"]), st.integers(min_value=1, max_value=9)),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(steps=STEPS, page=st.integers(min_value=1, max_value=5), already=st.integers(min_value=0, max_value=25))
def test_any_interruption_and_any_arrival_leaves_no_hole(steps: list[tuple[str, int]], page: int, already: int) -> None:
    source, now = filled(already, page)
    reader = Reader(source)
    number = 100_000
    for name, amount in steps:
        now += timedelta(seconds=1)
        if name == "arrive":
            for _ in range(amount):
                number += 10
                source.add(number, now)
        elif name == "wait":
            now += timedelta(seconds=20 * amount)
        else:
            reader.step(now, lost=name == "lost")
    for _ in range(3):
        now += timedelta(minutes=2)
        reader.poll(now)
    assert reader.got == {str(known) for known in source.rows}
    assert reader.gaps == []


@given(late=st.lists(st.integers(min_value=1, max_value=9), max_size=5), between=st.integers(0, 29))
def test_an_item_that_appears_below_the_newest_within_half_a_minute_is_read(late: list[int], between: int) -> None:
    source, now = filled(5, 100)
    reader = Reader(source)
    reader.poll(now + timedelta(minutes=5))
    now += timedelta(minutes=6)
    source.add(100_010, now)
    reader.poll(now)
    for number in late:
        source.add(100_010 - number, now)
    reader.poll(now + timedelta(seconds=between))
    reader.poll(now + timedelta(minutes=1))
    assert reader.got == {str(known) for known in source.rows}


def test_an_idle_list_is_asked_once_and_gives_nothing_again() -> None:
    source, now = filled(7, 100)
    reader = Reader(source)
    reader.poll(now + timedelta(minutes=5))
    assert len(reader.delivered) == 7
    reader.poll(now + timedelta(minutes=6))
    assert len(reader.delivered) == 14, "a second time, for what the first answer may have left out"
    source.asked.clear()
    reader.poll(now + timedelta(minutes=7))
    assert len(reader.delivered) == 14
    assert len(source.asked) == 1
    assert source.asked[0].floor is not None
    assert source.asked[0].start is None, "since_id and start_time never go together"


def test_a_first_import_costs_one_call_a_page() -> None:
    source, now = filled(1000, 100)
    reader = Reader(source)
    reader.poll(now + timedelta(minutes=5))
    assert len(reader.delivered) == 1000
    assert len(source.asked) == 10


def test_new_messages_are_read_before_a_long_import_is_finished() -> None:
    source, now = filled(1000, 10)
    reader = Reader(source)
    reader.step(now)
    source.add(5000, now)
    for _ in range(3):
        now += timedelta(seconds=25)
        reader.step(now)
    assert "5000" in reader.got
    assert len(reader.got) < 100


def test_the_cap_of_a_list_is_shown_as_a_gap() -> None:
    source, now = filled(50, 10, cap=30)
    reader = Reader(source, Bounds(cap=30, reason="newest_only"))
    reader.poll(now)
    assert [(gap.reason, gap.after, gap.before) for gap in reader.gaps] == [
        ("newest_only", SINCE, BEGIN + timedelta(seconds=20))
    ]


def test_a_list_that_fits_under_its_cap_leaves_no_gap() -> None:
    source, now = filled(29, 10, cap=30)
    reader = Reader(source, Bounds(cap=30, reason="newest_only"))
    reader.poll(now)
    assert reader.gaps == []


def test_a_stale_floor_is_replaced_by_its_time() -> None:
    source, now = filled(5, 100)
    reader = Reader(source)
    reader.poll(now + timedelta(minutes=1))
    source.refuse.add("since_id")
    source.add(9000, now + timedelta(days=9))
    reader.poll(now + timedelta(days=9, minutes=1))
    assert "9000" in reader.got
    assert source.asked[-1].floor is None
    assert source.asked[-1].start is not None


def test_a_worn_out_token_is_replaced_by_until_id() -> None:
    source, now = filled(30, 10)
    reader = Reader(source)
    reader.step(now)
    source.refuse.add("pagination_token")
    reader.step(now)
    assert source.asked[-1].until is not None
    source.refuse.clear()
    reader.poll(now)
    assert len(reader.got) == 30


def test_what_lies_beyond_the_horizon_after_downtime_is_a_gap() -> None:
    source, now = filled(5, 100)
    bounds = Bounds(horizon=timedelta(days=7), reason="seven_days")
    reader = Reader(source, bounds)
    reader.poll(now)
    reader.gaps.clear()
    later = now + timedelta(days=20)
    reader.poll(later)
    assert [(gap.after, gap.before) for gap in reader.gaps] == [(now, later - timedelta(days=7))]
    reader.poll(later + timedelta(minutes=1))
    assert len(reader.gaps) == 1, "told once"


def test_a_quiet_week_is_no_gap() -> None:
    source, now = filled(5, 100)
    reader = Reader(source, Bounds(horizon=timedelta(days=7), reason="seven_days"))
    reader.poll(now)
    reader.gaps.clear()
    for day in range(1, 12):
        reader.poll(now + timedelta(days=day))
    assert reader.gaps == []


def test_a_row_that_is_broken_once_is_read_after_all() -> None:
    source, now = filled(25, 10)
    source.broken = {1003: 1, 1020: 1}
    reader = Reader(source)
    reader.poll(now + timedelta(minutes=5))
    assert len(reader.got) == 25


def test_a_row_that_stays_broken_does_not_stop_the_walk() -> None:
    source, now = filled(25, 10)
    source.broken = {1003: 10**6, 1020: 10**6}
    reader = Reader(source)
    reader.poll(now + timedelta(minutes=5))
    assert len(reader.got) == 23
    assert {"1003", "1020"} == set(reader.unreadable)
    assert len(source.asked) <= 3 + 2 * SECOND_LOOKS
    reader.poll(now + timedelta(minutes=10))
    source.asked.clear()
    reader.poll(now + timedelta(minutes=15))
    assert len(source.asked) == 1


def test_what_one_answer_leaves_out_the_next_one_brings() -> None:
    source, now = filled(7, 100)
    reader = Reader(source)
    reader.poll(now + timedelta(minutes=5))
    for round_, left_out in enumerate((1010, 1020), 1):
        for number in range(1000 + 10 * round_, 1006 + 10 * round_):
            source.add(number, now + timedelta(minutes=10 * round_))
        row = source.rows.pop(left_out)
        reader.poll(now + timedelta(minutes=10 * round_ + 5))
        source.rows[left_out] = row
        reader.poll(now + timedelta(minutes=10 * round_ + 6))
        assert str(left_out) in reader.got


def test_nothing_is_read_twice_on_two_days_which_x_would_charge_twice() -> None:
    source, now = filled(7, 100)
    reader = Reader(source)
    reader.poll(now + timedelta(minutes=5))
    reader.poll(now + timedelta(days=1))
    assert len(reader.delivered) == 7


def test_pages_without_items_end_a_stretch() -> None:
    calls = []

    def ask(asked: Stretch, may_refuse: tuple[str, ...]) -> Answer:
        calls.append(asked)
        return Answer({"meta": {"result_count": 0, "next_token": f"t{len(calls)}"}}, Usage(calls=1))

    walk = Walk()
    for _ in range(20):
        walk, page, _, _ = walk_page(
            "mentions", walk, Poll(BEGIN, SINCE), Bounds(), ask, lambda a: translate("m", a, OWN, post, "own_read")
        )
        if not page.more:
            break
    assert len(calls) == EMPTY_PAGES
