"""An account that answers and brings nothing is noticed, and an ordinary quiet one is not."""

from __future__ import annotations

from datetime import timedelta

from inbox import deafness
from inbox.db import writing
from inbox.models import Arrivals
from tests.inbox.postbox import Office


def fill(office: Office, weeks: range, count: int) -> None:
    """So many messages in each of the hours that are looked at."""
    with writing(office.runtime.sessions) as session:
        for week in weeks:
            for hour in range(1, deafness.LOOKED_AT + 1):
                moment = office.clock() - timedelta(weeks=week, hours=hour)
                session.add(Arrivals(account_id=office.account.id, hour=moment.strftime("%Y-%m-%dT%H"), count=count))


def test_silence_where_there_usually_is_life_is_told_and_taken_back(office: Office) -> None:
    fill(office, range(1, 5), 5)
    deafness.listen(office.runtime)
    assert office.account.health_detail.startswith("Unusually silent: about 30 messages")
    assert office.account.health == "ok"
    fill(office, range(1), 1)
    deafness.listen(office.runtime)
    assert not office.account.health_detail.startswith("Unusually silent")


def test_a_quiet_account_and_a_young_one_are_left_alone(office: Office) -> None:
    before = office.account.health_detail
    fill(office, range(1, 5), 1)
    deafness.listen(office.runtime)
    assert office.account.health_detail == before


def test_one_lively_week_is_no_habit(office: Office) -> None:
    before = office.account.health_detail
    fill(office, range(1, 2), 50)
    deafness.listen(office.runtime)
    assert office.account.health_detail == before
