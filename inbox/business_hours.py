"""When the shop is open, and business time: how long it was open between two moments, and when so much has passed.

A moment is open when the clock on the shop's wall stands inside the opening hours of that day, and the day is neither
a holiday nor a closed date. So the hour that daylight saving takes away counts for nothing and the one it repeats
counts twice. Every moment that goes in or comes out is aware; what comes out is UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from inbox.errors import InboxError

if TYPE_CHECKING:
    from holidays import HolidayBase

    from crisis_playbook.model import Hours

_one_at_a_time = Lock()
"""A calendar works a year out when it is first asked for a day of it: a second thread that asks meanwhile would be told
that the year has no holidays, or would mix two years up."""
Span = tuple[datetime, datetime]
"""From, to (not included)."""
DAY = timedelta(days=1)
FURTHEST = 800
"""Days without one open minute after which we say: never."""


class HolidayProblem(InboxError):
    """There are no holidays of that name; the text says what to write."""


class BusinessHours:
    """The opening hours of one name at one place. Safe to share between threads, fast enough for every message."""

    def __init__(self, hours: Hours, zone: ZoneInfo, holidays: Sequence[str], categories: Sequence[str]) -> None:
        """`holidays` and `categories` count where the hours name none themselves. Raises HolidayProblem."""
        self.zone = zone
        self._hours = hours
        self._places = tuple(hours.holidays or holidays)
        self._categories = tuple(hours.holiday_categories or categories)
        self._calendars = holiday_calendars(self._places, self._categories)
        self._days: dict[date, tuple[Span, ...]] = {}

    def is_open(self, at: datetime) -> bool:
        """Whether somebody is there at that moment."""
        return any(start <= at < end for start, end in self.spans(at.astimezone(self.zone).date()))

    def next_opening(self, at: datetime) -> datetime | None:
        """The moment itself when it is open, else the next opening; None when there is none."""
        return next((max(start, at.astimezone(UTC)) for start, _ in self._from(at)), None)

    def next_closing(self, at: datetime) -> datetime | None:
        """The end of the hours that are running, or of the next ones; None when there are none."""
        return next((end for _, end in self._from(at)), None)

    def add_business_time(self, start: datetime, duration: timedelta) -> datetime | None:
        """When so much business time has passed since `start`; None when the shop never opens long enough."""
        left = duration
        for opens, closes in self._from(start):
            begins = max(opens, start.astimezone(UTC))
            if begins + left <= closes:
                return begins + left
            left -= closes - begins
        return None

    def business_time_between(self, start: datetime, end: datetime) -> timedelta:
        """How long the shop was open in [start, end); nothing when `end` is not after `start`."""
        total = timedelta()
        if end <= start:
            return total
        day, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        while day <= last:
            for opens, closes in self.spans(day):
                total += max(min(closes, end) - max(opens, start), timedelta())
            day += DAY
        return total

    def closed_for(self, day: date, language: str | None = None) -> str | None:
        """Why the shop is closed all of that day: a holiday's name, `closed`, or None when the weekday decides.

        The name is in this language (`de`, `en`) where the calendar knows it, else in the country's own.
        """
        if day in self._hours.closed:
            return "closed"
        calendars = holiday_calendars(self._places, self._categories, language) if language else self._calendars
        with _one_at_a_time:
            return next((name for calendar in calendars if (name := calendar.get(day))), None)

    def spans(self, day: date) -> tuple[Span, ...]:
        """The open spans of a local day, in UTC and in order."""
        known = self._days.get(day)
        if known is None:
            # Bounded, so that a report over many years cannot grow it for ever.
            if len(self._days) > 4000:
                self._days.clear()
            known = self._days[day] = tuple(self._spans(day))
        return known

    def _from(self, at: datetime) -> Iterator[Span]:
        """The open spans that end after a moment, in order."""
        day = at.astimezone(self.zone).date()
        closed = 0
        while closed < FURTHEST:
            spans = self.spans(day)
            closed = 0 if spans else closed + 1
            for span in spans:
                if span[1] > at:
                    yield span
            day += DAY

    def _spans(self, day: date) -> Iterator[Span]:
        wall = self._hours.week[day.weekday()]
        if not wall or self.closed_for(day) is not None:
            return
        found: list[Span] = []
        midnight = datetime.combine(day, time(), UTC)
        for start, end, offset in self._segments(day):
            for opens, closes in wall:
                span = (
                    max(start, midnight + timedelta(minutes=opens) - offset),
                    min(end, midnight + timedelta(minutes=closes) - offset),
                )
                if span[0] < span[1]:
                    found.append(span)
        for span in sorted(found):
            yield span

    def _segments(self, day: date) -> list[tuple[datetime, datetime, timedelta]]:
        """The day in stretches of one offset from UTC: one, or two around a change of the clocks."""
        start, end = self._midnight(day), self._midnight(day + DAY)
        before, after = self._offset(start), self._offset(end - timedelta(microseconds=1))
        if before == after:
            return [(start, end, before)]
        early, late = start, end
        while late - early > timedelta(seconds=1):
            middle = early + (late - early) // 2
            early, late = (middle, late) if self._offset(middle) == before else (early, middle)
        change = late.replace(microsecond=0)
        return [(start, change, before), (change, end, after)]

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def _offset(self, at: datetime) -> timedelta:
        return at.astimezone(self.zone).utcoffset() or timedelta()


@lru_cache(maxsize=64)
def business_hours(
    hours: Hours, zone: ZoneInfo, holidays: tuple[str, ...] = (), categories: tuple[str, ...] = ("public",)
) -> BusinessHours:
    """The same object for the same hours, so that its days are worked out once."""
    return BusinessHours(hours, zone, holidays, categories)


@lru_cache(maxsize=64)
def holiday_calendars(
    places: tuple[str, ...], categories: tuple[str, ...], language: str | None = None
) -> tuple[HolidayBase, ...]:
    """The calendars of places such as AT, DE-BY, AT-9. Raises HolidayProblem for a place or category there is not.

    Each place takes the categories it knows; a category none of them knows is a mistake. Names are in `language` where
    a calendar knows it, else in the country's own.
    """
    if not places:
        return ()
    # A third of a second of start-up, and only needed where somebody named a place.
    import holidays

    wanted = categories or ("public",)
    calendars: list[HolidayBase] = []
    known: set[str] = set()
    for place in places:
        country, _, state = place.partition("-")
        try:
            plain = holidays.country_holidays(country, subdiv=state or None)
        except (NotImplementedError, KeyError):
            raise HolidayProblem(_unknown_place(country, state)) from None
        known |= set(plain.supported_categories)
        fitting = tuple(category for category in wanted if category in plain.supported_categories)
        own = plain.default_language
        spoken = next((one for one in plain.supported_languages if language and one.startswith(language)), own)
        if fitting:
            calendars.append(
                holidays.country_holidays(country, subdiv=state or None, categories=fitting, language=spoken)
            )
    missing = [category for category in wanted if category not in known]
    if missing:
        raise HolidayProblem(
            f"The holidays of {', '.join(places)} have no category {', '.join(missing)}. "
            f"Write some of: {', '.join(sorted(known))}."
        )
    return tuple(calendars)


def _unknown_place(country: str, state: str) -> str:
    import holidays

    states = holidays.list_supported_countries().get(country)
    if states is None:
        return f'There are no holidays for "{country}". Write a two-letter country code, such as AT, DE or CH.'
    return f'{country} has no state "{state}". Write {country} alone or one of: {", ".join(states)}.'
