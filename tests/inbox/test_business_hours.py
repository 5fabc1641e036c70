"""Business time against a plain counter of minutes, across both nights on which the clocks change."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crisis_playbook.model import Hours
from inbox.business_hours import BusinessHours, HolidayProblem, business_hours, holiday_calendars

VIENNA = ZoneInfo("Europe/Vienna")
MINUTE = timedelta(minutes=1)
WEEKDAY = ((510, 720), (780, 1050))
SHOP_WEEK = (WEEKDAY, WEEKDAY, WEEKDAY, WEEKDAY, ((510, 840),), (), ())
ALWAYS = (((0, 1440),),) * 7


def hours(
    week: tuple[tuple[tuple[int, int], ...], ...] = SHOP_WEEK,
    holidays: tuple[str, ...] = (),
    closed: frozenset[date] = frozenset(),
    categories: tuple[str, ...] = (),
    zone: ZoneInfo = VIENNA,
) -> BusinessHours:
    return BusinessHours(Hours("support", week, holidays, categories, closed), zone, (), ())


def vienna(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIENNA)


def test_lunch_evening_and_weekend_are_closed() -> None:
    shop = hours()
    for moment in ("2026-11-10 08:30", "2026-11-10 11:59", "2026-11-10 13:00", "2026-11-13 13:59"):
        assert shop.is_open(vienna(moment)), moment
    for moment in ("2026-11-10 08:29", "2026-11-10 12:00", "2026-11-10 17:30", "2026-11-13 14:00", "2026-11-14 10:00"):
        assert not shop.is_open(vienna(moment)), moment


def test_the_next_opening_skips_the_weekend_and_is_now_when_open() -> None:
    shop = hours()
    assert shop.next_opening(vienna("2026-11-13 15:00")) == vienna("2026-11-16 08:30")
    assert shop.next_opening(vienna("2026-11-10 09:15")) == vienna("2026-11-10 09:15")
    assert shop.next_closing(vienna("2026-11-10 09:15")) == vienna("2026-11-10 12:00")


def test_a_target_runs_over_lunch_the_night_and_the_weekend() -> None:
    shop = hours()
    for start, minutes, expected in [
        ("2026-11-10 11:30", 60, "2026-11-10 13:30"),
        ("2026-11-10 17:00", 30, "2026-11-10 17:30"),
        ("2026-11-10 17:00", 31, "2026-11-11 08:31"),
        ("2026-11-13 13:00", 120, "2026-11-16 09:30"),
        ("2026-11-14 03:00", 60, "2026-11-16 09:30"),
    ]:
        due = shop.add_business_time(vienna(start), timedelta(minutes=minutes))
        assert due == vienna(expected), start
        assert due.tzinfo is UTC


def test_holidays_and_closed_dates() -> None:
    shop = hours(holidays=("AT",), closed=frozenset({date(2026, 12, 24)}))
    assert shop.closed_for(date(2026, 12, 8))
    assert shop.closed_for(date(2026, 12, 24)) == "closed"
    assert shop.closed_for(date(2026, 12, 9)) is None
    assert shop.next_opening(vienna("2026-12-23 18:00")) == vienna("2026-12-28 08:30")


def test_categories_matter() -> None:
    assumption = date(2024, 8, 15)
    assert hours(holidays=("DE-BY",)).closed_for(assumption) is None
    assert hours(holidays=("DE-BY",), categories=("public", "catholic")).closed_for(assumption)
    assert hours(holidays=("AT",)).closed_for(date(2026, 12, 24)) is None
    assert hours(holidays=("AT",), categories=("public", "bank")).closed_for(date(2026, 12, 24))
    # A category that only one of two places knows is no mistake.
    assert hours(holidays=("AT", "DE-BY"), categories=("public", "catholic")).closed_for(assumption)


def test_the_settings_holidays_count_where_the_hours_name_none() -> None:
    week = Hours("support", SHOP_WEEK, (), (), frozenset())
    assert business_hours(week, VIENNA, ("CH-ZH",)).closed_for(date(2026, 8, 1))
    assert business_hours(week, VIENNA).closed_for(date(2026, 8, 1)) is None


@pytest.mark.parametrize(
    ("places", "categories", "words"),
    [
        (("XX",), (), "two-letter country"),
        (("AT-77",), (), "AT has no state"),
        (("AT",), ("catolic",), "bank, protestant, public, school"),
    ],
)
def test_unknown_holidays_are_refused_with_what_to_write(
    places: tuple[str, ...], categories: tuple[str, ...], words: str
) -> None:
    with pytest.raises(HolidayProblem) as caught:
        holiday_calendars(places, categories)
    assert words in str(caught.value)


def test_hours_that_never_open_have_no_due_time() -> None:
    shop = hours(((),) * 7)
    assert shop.next_opening(vienna("2026-11-10 09:00")) is None
    assert shop.add_business_time(vienna("2026-11-10 09:00"), MINUTE) is None


def test_the_night_the_clocks_go_forward_has_one_hour_less() -> None:
    night = hours((((60, 240),),) * 7)
    start, end = vienna("2026-03-29 00:00"), vienna("2026-03-29 06:00")
    assert night.business_time_between(start, end) == timedelta(hours=2)
    assert night.add_business_time(start, timedelta(minutes=61)) == vienna("2026-03-29 03:01")


def test_the_night_the_clocks_go_back_has_one_hour_more() -> None:
    night = hours((((60, 240),),) * 7)
    start, end = vienna("2026-10-25 00:00"), vienna("2026-10-25 06:00")
    assert night.business_time_between(start, end) == timedelta(hours=4)
    half_past = hours((((120, 150),),) * 7)
    assert [span[1] - span[0] for span in half_past.spans(date(2026, 10, 25))] == [30 * MINUTE, 30 * MINUTE]


def test_a_zone_whose_midnight_is_skipped() -> None:
    beirut = ZoneInfo("Asia/Beirut")
    shop = hours(ALWAYS, zone=beirut)
    start = datetime(2025, 3, 29, 12, tzinfo=beirut)
    assert shop.business_time_between(start, start.astimezone(UTC) + timedelta(days=2)) == timedelta(days=2)


spans_of_a_day = st.lists(st.integers(0, 48), min_size=0, max_size=4, unique=True).map(
    lambda marks: tuple(
        (30 * a, 30 * b) for a, b in zip(sorted(marks)[::2], sorted(marks)[1::2], strict=False) if a < b
    )
)
weeks = st.tuples(*[spans_of_a_day] * 7)
# Around both changes of the clocks, and in an ordinary week.
starts = st.sampled_from(
    [datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 5, 29, tzinfo=UTC)]
).flatmap(lambda day: st.integers(0, 36 * 60).map(lambda minutes: day + minutes * MINUTE))


def counted(week: tuple[tuple[tuple[int, int], ...], ...], at: datetime, closed: frozenset[date]) -> bool:
    """Whether one minute is open, told by nothing but the clock on the wall."""
    wall = at.astimezone(VIENNA)
    minute = wall.hour * 60 + wall.minute
    return wall.date() not in closed and any(a <= minute < b for a, b in week[wall.weekday()])


@settings(max_examples=60, deadline=None)
@given(week=weeks, start=starts, length=st.integers(0, 3000), day_off=st.integers(0, 3))
def test_business_time_is_what_counting_minutes_gives(
    week: tuple[tuple[tuple[int, int], ...], ...], start: datetime, length: int, day_off: int
) -> None:
    closed = frozenset({(start + timedelta(days=day_off)).astimezone(VIENNA).date()})
    shop = hours(week, closed=closed)
    open_minutes = [n for n in range(length) if counted(week, start + n * MINUTE, closed)]
    assert shop.business_time_between(start, start + length * MINUTE) == len(open_minutes) * MINUTE
    assert all(shop.is_open(start + n * MINUTE) for n in open_minutes)
    if open_minutes:
        assert shop.next_opening(start) == start + open_minutes[0] * MINUTE
        due = shop.add_business_time(start, len(open_minutes) * MINUTE)
        assert due == start + (open_minutes[-1] + 1) * MINUTE


@settings(max_examples=60, deadline=None)
@given(start=starts, minutes=st.integers(1, 20000), seconds=st.integers(0, 59))
def test_adding_and_measuring_agree(start: datetime, minutes: int, seconds: int) -> None:
    shop = hours(holidays=("AT",))
    duration = timedelta(minutes=minutes, seconds=seconds)
    due = shop.add_business_time(start, duration)
    assert due is not None
    assert shop.business_time_between(start, due) == duration


def test_holidays_are_named_in_the_readers_language() -> None:
    immaculate = date(2026, 12, 8)
    shop = hours(holidays=("AT",))
    assert shop.closed_for(immaculate, "de") == "Mariä Empfängnis"
    assert shop.closed_for(immaculate, "en") == "Immaculate Conception"
    assert hours(holidays=("FR",)).closed_for(date(2026, 7, 14), "de") == "Fête nationale"
    assert shop.closed_for(date(2026, 12, 9), "en") is None


def test_threads_that_ask_for_a_new_year_at_once_all_learn_its_holidays() -> None:
    """The calendar fills a year while it is asked; nobody may see it half filled."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for year in range(2031, 2061):
            shop, ready = hours(holidays=("AT",)), threading.Barrier(6)

            def told(shop: BusinessHours = shop, ready: threading.Barrier = ready, year: int = year) -> str | None:
                ready.wait(20)
                return shop.closed_for(date(year, 12, 25))

            with ThreadPoolExecutor(6) as pool:
                answers = [pool.submit(told) for _ in range(6)]
            assert {one.result() for one in answers} == {"Christtag"}, year
    finally:
        sys.setswitchinterval(before)
