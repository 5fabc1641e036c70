"""The sections of a playbook's files beside rules, topics and signals: teams, hours, targets, alarms, levels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from crisis_playbook import document
from crisis_playbook.document import Node, Place, Scalar
from crisis_playbook.lists_and_records import Items, Key, Named, OneOrMore, Record, dictionary
from crisis_playbook.mistakes import instead
from crisis_playbook.model import KINDS, SEVERITIES, VISIBILITIES, Alarm, Hours, Level, Target
from crisis_playbook.reading import Reading, Schema, described, scalar, wrong
from crisis_playbook.single_values import Choice, Duration, Name, NewName, Number, Text
from crisis_playbook.when import Channel, Language, When

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLDS = ("for_approval", "automatic")
_RANGE = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\Z")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+\Z", re.IGNORECASE)
_HOLIDAYS = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?\Z")
_MEMBER = re.compile(r"[^@\s]+@[^@\s]+\Z")


@dataclass(frozen=True, slots=True)
class Matching:
    """A text of one form."""

    form: re.Pattern[str]
    what: str
    example: str

    def read(self, node: Node, reading: Reading) -> str:
        text = scalar(node, self.what).text
        if not self.form.match(text):
            raise wrong(node.place, f"'{text}' is not {self.what}", f"write it as in {self.example}")
        return text

    def schema(self) -> Schema:
        return {"type": "string", "description": self.what}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is told: a team, a member of a team, or an address such as mailto://…"""

    def read(self, node: Node, reading: Reading) -> str:
        text = scalar(node, "a team or an address").text
        if _ADDRESS.match(text) or text in reading.known("member") or not reading.lacks("team", text):
            return text
        raise wrong(node.place, f"there is no team '{text}'", instead(text, reading.known("team")))

    def schema(self) -> Schema:
        return {"type": "string", "description": "a team, or an address such as mailto://team@shop.example"}


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A stretch of a day, such as 08:30-12:00, as minutes since midnight."""

    def read(self, node: Node, reading: Reading) -> tuple[int, int]:
        text = scalar(node, "a time range such as 08:30-12:00").text.strip()
        match = _RANGE.match(text)
        if match is None:
            raise wrong(node.place, f"'{text}' is no time range", 'write "08:30-12:00"')
        from_hour, from_minute, to_hour, to_minute = map(int, match.groups())
        start, end = from_hour * 60 + from_minute, to_hour * 60 + to_minute
        if from_minute > 59 or to_minute > 59 or start > 1440 or end > 1440:
            raise wrong(node.place, f"'{text}' is no time of day", "write hours 00 to 24 and minutes 00 to 59")
        if start >= end:
            raise wrong(
                node.place,
                f"'{text}' ends before it begins",
                "over midnight write two ranges, until 24:00 and from 00:00",
            )
        return start, end

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^\d{1,2}:\d{2}\s*[-–]\s*\d{1,2}:\d{2}$"}


@dataclass(frozen=True, slots=True)
class Week:
    """Opening times by day, such as `mon-thu: ["08:30-12:00", "13:00-17:30"]`."""

    ranges = OneOrMore(TimeRange())

    def read(self, node: Node, reading: Reading) -> tuple[tuple[tuple[int, int], ...], ...]:
        if not isinstance(node, document.Mapping):
            raise wrong(node.place, f"{described(node)} stands where days belong", 'write mon-fri: ["09:00-17:00"]')
        week: list[list[tuple[int, int]]] = [[] for _ in DAYS]
        for key, value in node.entries:
            with reading.noting():
                ranges = self.ranges.read(value, reading) if not _is_empty_list(value) else ()
                for day in days(key):
                    week[day].extend(ranges)
                    self._no_overlap(week[day], value)
        return tuple(tuple(sorted(day)) for day in week)

    def _no_overlap(self, ranges: list[tuple[int, int]], node: Node) -> None:
        ordered = sorted(ranges)
        for (_, end), (start, _) in pairwise(ordered):
            if start < end:
                raise wrong(node.place, "two time ranges of one day overlap", "let one end before the next begins")

    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": self.ranges.schema()}


def _is_empty_list(node: Node) -> bool:
    return isinstance(node, document.Listing) and not node.items


def days(key: Scalar) -> list[int]:
    """The days a key such as `mon-thu` or `sat` names, Monday 0."""
    first, _, last = key.text.lower().partition("-")
    for name in (first, last or first):
        if name not in DAYS:
            raise wrong(key.place, f"'{key.text}' names no days", f"{instead(name, DAYS)} (mon-fri, or sat)")
    start, end = DAYS.index(first), DAYS.index(last or first)
    return [day % 7 for day in range(start, end + 1 if end >= start else end + 8)]


@dataclass(frozen=True, slots=True)
class Day:
    """A date such as 2026-12-24, or `2026-12-24 to 2026-12-31`."""

    def read(self, node: Node, reading: Reading) -> tuple[date, ...]:
        text = scalar(node, "a date such as 2026-12-24").text.strip()
        first, _, last = text.partition(" to ")
        try:
            start, end = date.fromisoformat(first.strip()), date.fromisoformat((last or first).strip())
        except ValueError:
            raise wrong(node.place, f"'{text}' is no date", "write 2026-12-24, or 2026-12-24 to 2026-12-31") from None
        if not 0 <= (end - start).days <= 366:
            raise wrong(node.place, f"'{text}' ends before it begins or lasts over a year", "write a shorter stretch")
        return tuple(start + timedelta(days=n) for n in range((end - start).days + 1))

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}( to \d{4}-\d{2}-\d{2})?$"}


@dataclass(frozen=True, slots=True)
class TargetHours:
    """The name of business hours, or `always`."""

    def read(self, node: Node, reading: Reading) -> str | None:
        text = scalar(node, "the name of business hours, or always").text
        if text == "always":
            return None
        known = reading.known("hours")
        if reading.lacks("hours", text):
            raise wrong(node.place, f"there are no hours '{text}'", instead(text, [*known, "always"]))
        return text

    def schema(self) -> Schema:
        return {"type": "string"}


TEAM = Record(
    "a team",
    {
        "members": Key(OneOrMore(Matching(_MEMBER, "an e-mail address", "anna@shop.example"))),
        "notify": Key(OneOrMore(Matching(_ADDRESS, "an address to notify", '"mailto://team@shop.example"'))),
        "backup": Key(Name("team")),
    },
    dictionary,
    at_least_one=True,
)


def _hours(values: dict[str, Any], place: Place) -> Hours:
    closed = frozenset(day for stretch in values.get("closed", ()) for day in stretch)
    return Hours("", values["open"], values.get("holidays", ()), values.get("holiday_categories", ()), closed)


HOURS = Record(
    "business hours",
    {
        "open": Key(Week(), required=True),
        "holidays": Key(Items(Matching(_HOLIDAYS, "a country or country-state", "AT, DE-BY or CH-ZH"))),
        "holiday_categories": Key(OneOrMore(Text("a category, such as catholic or bank"))),
        "closed": Key(Items(Day())),
    },
    _hours,
)


def _target(values: dict[str, Any], place: Place) -> tuple[Any, Target]:
    times = {name: values.get(name) for name in ("first_response", "next_response", "resolution")}
    return values.get("when"), Target(**times, hours=values.get("hours"), place=str(place))


TARGET = Record(
    "a target",
    {
        "when": Key(
            When(
                "when",
                only=(
                    "severity",
                    "severity_at_least",
                    "channel",
                    "account",
                    "kind",
                    "visibility",
                    "label",
                    "language",
                    "hours",
                ),
            )
        ),
        "first_response": Key(Duration(), required=True),
        "next_response": Key(Duration()),
        "resolution": Key(Duration()),
        "hours": Key(TargetHours()),
    },
    _target,
)

COUNT = Record(
    "count",
    {
        "label": Key(OneOrMore(Text("a label"))),
        "rule": Key(OneOrMore(Name("rule"))),
        "severity_at_least": Key(OneOrMore(Choice(SEVERITIES))),
        "complaint": Key(OneOrMore(Choice(("possible", "likely")))),
        "channel": Key(OneOrMore(Channel())),
        "account": Key(OneOrMore(Text("an account's name"))),
        "kind": Key(OneOrMore(Choice(KINDS))),
        "visibility": Key(OneOrMore(Choice(VISIBILITIES))),
        "language": Key(OneOrMore(Language())),
    },
    dictionary,
    at_least_one=True,
)


def _alarm(values: dict[str, Any], place: Place) -> Alarm:
    return Alarm(
        name=values["alarm"],
        count=values["count"],
        at_least=int(values["at_least"]),
        people=int(values.get("people", 1)),
        within=values["within"],
        times_usual=values.get("times_usual"),
        level=int(values["level"]),
        cooldown=values.get("cooldown", values["within"]),
        place=str(place),
    )


ALARM = Record(
    "an alarm",
    {
        "alarm": Key(NewName(), required=True),
        "count": Key(COUNT, required=True),
        "at_least": Key(Number(1), required=True),
        "people": Key(Number(1)),
        "within": Key(Duration(), required=True),
        "times_usual": Key(Number(1, 1000, whole=False)),
        "level": Key(Number(0, 6), required=True),
        "cooldown": Key(Duration()),
    },
    _alarm,
)


@dataclass(frozen=True, slots=True)
class AutomaticReplies:
    """`normal`, `none`, or the template that is sent instead of all others."""

    def read(self, node: Node, reading: Reading) -> str:
        text = scalar(node, "normal, none or a template").text
        if text in ("normal", "none") or reading.templates is None or text in reading.templates:
            return text
        raise wrong(
            node.place, f"there is no reply template '{text}'", instead(text, ["normal", "none", *reading.templates])
        )

    def schema(self) -> Schema:
        return {"type": "string"}


def _level(values: dict[str, Any], place: Place) -> Level:
    return Level(
        number=0,
        title=values["title"],
        notify=values.get("notify", ()),
        automatic_replies=values.get("automatic_replies", "normal"),
        hold_replies=values.get("hold_replies"),
        targets=values.get("targets"),
        expires=values.get("expires"),
        checklist=values.get("checklist", ()),
    )


LEVEL = Record(
    "a level",
    {
        "title": Key(Text("a title"), required=True),
        "notify": Key(OneOrMore(Recipient())),
        "automatic_replies": Key(AutomaticReplies()),
        "hold_replies": Key(Choice(HOLDS)),
        "targets": Key(Choice(SEVERITIES)),
        "expires": Key(Duration()),
        "checklist": Key(OneOrMore(Text("a line of the checklist"))),
    },
    _level,
)


def level_number(key: Scalar) -> int:
    """A level's number, 0 to 6."""
    if key.text not in {"0", "1", "2", "3", "4", "5", "6"}:
        raise wrong(key.place, f"'{key.text}' is no level", "write a number from 0 to 6")
    return int(key.text)


LEVELS = Named("levels", LEVEL, level_number)
