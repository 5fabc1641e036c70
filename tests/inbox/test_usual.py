"""What came against what usually comes, and whether pushes arrive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from inbox.db import reading, writing
from inbox.models import Arrivals, Push
from inbox.queries.pushes import pushes
from inbox.queries.usual import silences, usual_hours
from inbox.runtime import Runtime
from tests.inbox.rows import add_account

VIENNA = ZoneInfo("Europe/Vienna")
NOW = datetime(2026, 11, 10, 15, 30, tzinfo=UTC)
"""A Tuesday afternoon."""
HOUR = timedelta(hours=1)


def arrived(session: Session, account_id: int, hour: datetime, count: int, only_by_poll: int = 0) -> None:
    session.add(
        Arrivals(account_id=account_id, hour=hour.strftime("%Y-%m-%dT%H"), count=count, only_by_poll=only_by_poll)
    )


def four_weeks(session: Session, account_id: int, count: int) -> None:
    """So many messages in each of the hours 9 to 15 UTC of every day before today."""
    for day in range(1, 29):
        for hour in range(9, 16):
            arrived(session, account_id, (NOW - timedelta(days=day)).replace(hour=hour), count)


def test_the_usual_is_the_median_of_that_hours_class(runtime: Runtime) -> None:
    with writing(runtime.sessions) as session:
        old = add_account(session, connected_at=NOW - timedelta(days=40))
        four_weeks(session, old.id, 4)
    with reading(runtime.sessions) as session:
        hours = [NOW.replace(hour=10, minute=0), NOW.replace(hour=3, minute=0)]
        assert usual_hours(session, hours, VIENNA) == [4, 0]


def test_the_usual_of_a_new_house_is_not_known(runtime: Runtime) -> None:
    with writing(runtime.sessions) as session:
        add_account(session, connected_at=NOW - timedelta(days=2))
    with reading(runtime.sessions) as session:
        assert usual_hours(session, [NOW.replace(minute=0)], VIENNA) == [None]
        assert usual_hours(session, [], VIENNA) == []


def test_an_account_that_went_deaf_is_suspicious_and_a_quiet_one_is_not(runtime: Runtime) -> None:
    with writing(runtime.sessions) as session:
        long_ago = NOW - timedelta(days=40)
        for number, name in enumerate(("deaf", "hearing", "quiet", "new"), 1):
            account = add_account(
                session, name=name, external_id=str(number), connected_at=NOW if name == "new" else long_ago
            )
            if name != "new":
                four_weeks(session, account.id, {"deaf": 3, "hearing": 3, "quiet": 0}[name])
            if name == "hearing":
                arrived(session, account.id, NOW - 2 * HOUR, 9)
    with reading(runtime.sessions) as session:
        heard = silences(session, NOW, VIENNA)
    assert {name for name, silence in heard.items() if silence.suspicious} == {"deaf"}
    assert (heard["deaf"].came, heard["deaf"].usually) == (0, 18)
    assert heard["hearing"].came == 9
    assert heard["new"].usually is None


def test_pushes_are_counted_by_account(runtime: Runtime) -> None:
    with writing(runtime.sessions) as session:
        told = add_account(session, name="told", external_id="1")
        add_account(session, name="never", external_id="2")
        for age in (timedelta(minutes=5), timedelta(days=3)):
            session.add(Push(account_id=told.id, received_at=NOW - age, body=b"{}", digest=str(age)))
        arrived(session, told.id, NOW - HOUR, 10, only_by_poll=2)
        arrived(session, told.id, NOW - timedelta(days=8), 50, only_by_poll=50)
    with reading(runtime.sessions) as session:
        found = pushes(session, NOW)
    assert (found["told"].last_at, found["told"].lately) == (NOW - timedelta(minutes=5), 1)
    assert (found["told"].arrived, found["told"].only_by_poll) == (10, 2)
    assert (found["never"].last_at, found["never"].lately, found["never"].arrived) == (None, 0, 0)
