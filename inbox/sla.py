"""Response-time targets: which one fits a conversation, and when an answer is due. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from crisis_playbook import Facts, Playbook, Target, target_for
from inbox.business_hours import BusinessHours, business_hours
from inbox.settings import InboxSettings

ClockKind = Literal["first_response", "next_response"]


@dataclass(frozen=True, slots=True)
class Due:
    """A running clock: what for, until when, and the line of the playbook that says so."""

    kind: ClockKind
    at: datetime
    place: str


def clock_kind(first_replied_at: datetime | None) -> ClockKind:
    """Which answer the person waits for: our first, or one more."""
    return "first_response" if first_replied_at is None else "next_response"


def time_given(target: Target, kind: ClockKind) -> timedelta | None:
    """How long the target leaves us; None when it says nothing about that clock."""
    return target.first_response if kind == "first_response" else target.next_response


def due(playbook: Playbook, facts: Facts, kind: ClockKind, since: datetime, inbox: InboxSettings) -> Due | None:
    """When the answer to somebody waiting `since` is due. None: no target fits, or the shop never opens again.

    The first target that fits `facts` counts, even where it says nothing about this clock. Facts carry the
    conversation's severity; a crisis that tightens targets is told by giving its severity there.
    """
    target = target_for(playbook, facts)
    given = time_given(target, kind) if target else None
    if target is None or given is None:
        return None
    at = since + given if target.hours is None else _in_business_time(playbook, target.hours, since, given, inbox)
    return Due(kind, at, target.place) if at else None


def hours_named(playbook: Playbook, name: str, inbox: InboxSettings) -> BusinessHours:
    """The playbook's hours of that name, at the shop's place. Raises KeyError: the loader refuses unknown names."""
    return business_hours(playbook.hours[name], inbox.zone, tuple(inbox.holidays), tuple(inbox.holiday_categories))


def shop_hours(playbook: Playbook, inbox: InboxSettings) -> BusinessHours | None:
    """The shop's own hours: the first the playbook defines. None when it defines none: always open."""
    name = next(iter(playbook.hours), None)
    return None if name is None else hours_named(playbook, name, inbox)


def _in_business_time(
    playbook: Playbook, name: str, since: datetime, given: timedelta, inbox: InboxSettings
) -> datetime | None:
    return hours_named(playbook, name, inbox).add_business_time(since, given)
