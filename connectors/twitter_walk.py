"""Walking lists that come newest first, so that an interruption anywhere leaves no hole. Pure; state is JSON.

A poll reads the head of the list down to the floor: the newest item that an earlier poll is sure to have passed. When
the head does not reach the floor in one page, the rest is a *stretch*, remembered with its own floor and page token
and finished by later calls; new items are read before old ones. The floor stays half a minute and one reading behind
the newest item, because X's lists are filled by several machines: an item may appear below one that is already there,
and be left out of one answer. So everything is read twice; X charges an item once a UTC day however often it is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from connectors.base import Gap, Json

SETTLE = timedelta(seconds=30)
"""How long an item may appear late below the newest."""
HEAD_EVERY = timedelta(seconds=60)
"""While a long stretch is read, the head is looked at this often."""
SECOND_LOOKS = 3
"""How often a page with an unreadable row is asked for again before the walk moves past it."""
HARDLY_A_GAP = timedelta(hours=1)
"""A list that reaches back as far as we ask, but for this much, is complete."""
EMPTY_PAGES = 5
"""Pages without any item after which a stretch has come to its end, whatever token it still offers."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where an item stands in the list."""

    id: str
    at: datetime

    def json(self) -> Json:
        """As it is kept in a cursor."""
        return {"id": self.id, "at": self.at.isoformat()}

    @classmethod
    def of(cls, value: Json) -> Self | None:
        """Out of a cursor."""
        return cls(value["id"], datetime.fromisoformat(value["at"])) if value else None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the list that is still to be read: below `until`, down to `floor` or to the time `start`."""

    floor: Mark | None
    start: datetime | None
    until: Mark | None = None
    token: str | None = None
    seen: int = 0
    empty: int = 0
    looks: int = 0

    def json(self) -> Json:
        """As it is kept in a cursor."""
        return {
            "floor": self.floor.json() if self.floor else None,
            "start": self.start.isoformat() if self.start else None,
            "until": self.until.json() if self.until else None,
            "token": self.token,
            "seen": self.seen,
            "empty": self.empty,
            "looks": self.looks,
        }

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Self:
        """Out of a cursor."""
        return cls(
            floor=Mark.of(value["floor"]),
            start=datetime.fromisoformat(value["start"]) if value["start"] else None,
            until=Mark.of(value["until"]),
            token=value["token"],
            seen=value["seen"],
            empty=value["empty"],
            looks=value["looks"],
        )


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a list can give at all."""

    horizon: timedelta | None = None
    """How far back it reaches."""
    cap: int | None = None
    """How many of the newest items it shows."""
    reason: str = ""
    """The code of the gap that either of them leaves."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One page: where its items stand, whether a row past the floor could not be read, and the next page's token."""

    marks: Sequence[Mark]
    unreadable: bool
    next_token: str | None


@dataclass(frozen=True, slots=True)
class Walk:
    """Where one list stands."""

    floor: Mark | None = None
    head_at: datetime | None = None
    looks: int = 0
    stretches: tuple[Stretch, ...] = ()
    read_once: Mark | None = None
    """How high the last reading of the head would have put the floor; the next one does."""

    def json(self) -> Json:
        """As it is kept in a cursor."""
        return {
            "floor": self.floor.json() if self.floor else None,
            "head_at": self.head_at.isoformat() if self.head_at else None,
            "looks": self.looks,
            "stretches": [stretch.json() for stretch in self.stretches],
            "read_once": self.read_once.json() if self.read_once else None,
        }

    @classmethod
    def of(cls, value: Mapping[str, Any] | None) -> Self:
        """Out of a cursor; None begins at the beginning."""
        if not value:
            return cls()
        return cls(
            floor=Mark.of(value["floor"]),
            head_at=datetime.fromisoformat(value["head_at"]) if value["head_at"] else None,
            looks=value["looks"],
            stretches=tuple(map(Stretch.of, value["stretches"])),
            read_once=Mark.of(value.get("read_once")),
        )

    def on_the_day_of(self, now: datetime) -> Self:
        """The same walk; on another UTC day, when X would charge what it shows anew, one reading is enough."""
        if self.read_once is None or self.head_at is None or self.head_at.date() == now.date():
            return self
        return replace(self, floor=self.read_once)

    def next_is_head(self, now: datetime) -> bool:
        """Whether the newest items are due, or an unfinished stretch."""
        return not self.stretches or self.head_at is None or now - self.head_at >= HEAD_EVERY

    def head(self, now: datetime, since: datetime, bounds: Bounds) -> tuple[Stretch, tuple[Gap, ...]]:
        """What to ask for the newest items, and what the platform will not show of them any more."""
        reach = now - bounds.horizon if bounds.horizon else None
        if self.floor is not None and (reach is None or self.floor.at > reach):
            return Stretch(self.floor, None), ()
        if reach is None or since >= reach - HARDLY_A_GAP:
            return Stretch(None, since), ()
        after = self.head_at or since
        return Stretch(None, reach), _gaps(after < reach - HARDLY_A_GAP, after, reach, bounds)

    def after_head(self, asked: Stretch, seen: Seen, now: datetime) -> Walk:
        """The head was read."""
        if seen.unreadable and self.looks < SECOND_LOOKS:
            return replace(self, looks=self.looks + 1, head_at=now)
        rest = _rest(asked, seen)
        stretches = (rest, *self.stretches) if rest else self.stretches
        floor = _higher(self.read_once, self.floor) if self.read_once else self.floor
        read_once = self._settled(seen, now, rest is not None)
        return Walk(floor=floor, head_at=now, looks=0, stretches=stretches, read_once=read_once)

    def _settled(self, seen: Seen, now: datetime, cut: bool) -> Mark | None:
        """The newest item old enough to be passed; below a cut page never further down than its own end."""
        order = sorted(seen.marks, key=lambda mark: int(mark.id), reverse=True)
        before = self.read_once or self.floor
        for mark in order:
            if mark.at <= now - SETTLE:
                return _higher(mark, before)
        return _higher(order[-1], before) if cut and order else before

    def after_stretch(self, seen: Seen, bounds: Bounds) -> tuple[Walk, tuple[Gap, ...]]:
        """One page of the first stretch was read."""
        asked, others = self.stretches[0], self.stretches[1:]
        if seen.unreadable and asked.looks < SECOND_LOOKS:
            return replace(self, stretches=(replace(asked, looks=asked.looks + 1), *others)), ()
        rest = _rest(asked, seen)
        if rest is not None:
            return replace(self, stretches=(rest, *others)), ()
        total = asked.seen + len(seen.marks)
        reached = any(_below(mark, asked) for mark in seen.marks)
        capped = bounds.cap is not None and total >= bounds.cap and not reached
        oldest = min((mark.at for mark in seen.marks), default=asked.until.at if asked.until else None)
        lower = asked.floor.at if asked.floor else asked.start
        return replace(self, stretches=others), _gaps(capped, lower, oldest, bounds)

    def without_token(self) -> Walk:
        """The first stretch's token is worn out: go on by id."""
        first = replace(self.stretches[0], token=None)
        return replace(self, stretches=(first, *self.stretches[1:]))


def by_time(asked: Stretch) -> Stretch:
    """The same stretch bounded by time, for a floor that X calls too old."""
    start = asked.floor.at - timedelta(seconds=1) if asked.floor else asked.start
    return replace(asked, floor=None, start=start)


def unbounded(asked: Stretch) -> Stretch:
    """The same stretch for a list that takes no bound at all: it is read until an item lies below."""
    return replace(asked, start=None, floor=None)


def _rest(asked: Stretch, seen: Seen) -> Stretch | None:
    """What is left to read after a page; None when it reached the floor, the start or the list's end."""
    if seen.next_token is None or seen.next_token == asked.token:
        return None
    if any(_below(mark, asked) for mark in seen.marks):
        return None
    empty = 0 if seen.marks else asked.empty + 1
    if empty >= EMPTY_PAGES:
        return None
    lowest = min(seen.marks, key=lambda mark: int(mark.id), default=asked.until)
    return replace(asked, until=lowest, token=seen.next_token, seen=asked.seen + len(seen.marks), empty=empty, looks=0)


def _below(mark: Mark, asked: Stretch) -> bool:
    if asked.floor is not None and int(mark.id) <= int(asked.floor.id):
        return True
    return asked.start is not None and mark.at < asked.start - timedelta(seconds=1)


def _higher(one: Mark, other: Mark | None) -> Mark:
    return one if other is None or int(one.id) > int(other.id) else other


def _gaps(missed: bool, after: datetime | None, before: datetime | None, bounds: Bounds) -> tuple[Gap, ...]:
    if not missed or (after is not None and before is not None and after >= before):
        return ()
    return (Gap(None, _utc(after), _utc(before), bounds.reason),)


def _utc(value: datetime | None) -> datetime | None:
    return value.astimezone(UTC) if value else None
