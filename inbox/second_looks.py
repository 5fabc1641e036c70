"""When a message is looked at again where a platform's lists show no edits and deletions.

Often while it is young, then ever more rarely: each look doubles the age at which it happens. Where every look is
charged (X: each post once a UTC day), a message has cost seven reads at most when it is two months old.
"""

from __future__ import annotations

from datetime import datetime, timedelta

OFTEN_FOR = timedelta(days=2)
LAST_AT = timedelta(days=64)
"""What is older is not looked at again; the platform's push tells, and whoever answers reads the thread anew."""
EVERY = timedelta(seconds=30)
PUT_OFF = timedelta(days=1)


def first_look(sent_at: datetime, now: datetime) -> datetime | None:
    """After a message arrived; an old one has just been seen as it stands."""
    return now + EVERY if now - sent_at <= OFTEN_FOR else _at_twice_its_age(sent_at, now)


def next_look(sent_at: datetime, poll_every: timedelta, now: datetime, *, thrifty: bool) -> datetime | None:
    """After a look; None where there is none any more. `thrifty`: most of the month's budget is spent, so what is older
    than two days is put off.

    Never more rarely than every 30 polls while it is young: X charges a post once a UTC day, however often it is read
    on that day.
    """
    age = now - sent_at
    if age > OFTEN_FOR:
        return now + PUT_OFF if thrifty else _at_twice_its_age(sent_at, now)
    slower = min(age / 8, poll_every * 30) if age > timedelta(minutes=10) else timedelta(0)
    return now + max(EVERY, poll_every * 5, slower)


def _at_twice_its_age(sent_at: datetime, now: datetime) -> datetime | None:
    at = now + (now - sent_at)
    return at if at - sent_at <= LAST_AT else None
