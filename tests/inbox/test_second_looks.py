"""When messages are looked at again: often while young, rarely when old, and old ones never beyond the budget."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import Change, ChangeKind, Page
from inbox.models import Message
from inbox.second_looks import EVERY, LAST_AT, first_look, next_look
from tests.inbox.postbox import Office

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def looks(*, poll_every: timedelta, thrifty: bool = False) -> list[timedelta]:
    """The ages at which a message written now is looked at, at most a thousand."""
    ages: list[timedelta] = []
    at = first_look(NOW, NOW)
    while at is not None and len(ages) < 1000:
        ages.append(at - NOW)
        at = next_look(NOW, poll_every, at, thrifty=thrifty)
    return ages


def test_a_young_message_is_looked_at_every_thirty_seconds_where_polls_are_quick() -> None:
    ages = looks(poll_every=timedelta(seconds=2))
    young = [age for age in ages if age <= timedelta(minutes=10)]
    assert young == [EVERY * number for number in range(1, 21)]


def test_an_old_message_is_looked_at_at_twice_its_age_and_then_no_more() -> None:
    ages = looks(poll_every=timedelta(minutes=10))
    days = {age.days for age in ages}
    old = [age for age in ages if age > timedelta(days=2)]
    assert [age.days for age in old] == [2, 4, 8, 16, 32]
    assert all(later < earlier * 2.1 for earlier, later in itertools.pairwise(old))
    assert max(ages) <= LAST_AT
    assert len(days) == 7


def test_old_messages_wait_while_the_budget_runs_out() -> None:
    sent = NOW - timedelta(days=5)
    assert next_look(sent, timedelta(minutes=1), NOW, thrifty=True) == NOW + timedelta(days=1)
    assert next_look(sent, timedelta(minutes=1), NOW, thrifty=False) == NOW + timedelta(days=5)
    young = NOW - timedelta(hours=1)
    assert next_look(young, timedelta(minutes=1), NOW, thrifty=True) == next_look(
        young, timedelta(minutes=1), NOW, thrifty=False
    )


@pytest.mark.parametrize(("days", "again"), [(1, 0), (10, 10), (31, 31), (33, None), (400, None)])
def test_what_the_first_import_brings_is_looked_at_by_its_age(days: int, again: int | None) -> None:
    at = first_look(NOW - timedelta(days=days), NOW)
    expected = None if again is None else NOW + (timedelta(days=again) or EVERY)
    assert at == expected


def deletion(office: Office, external_id: str) -> Page:
    return Page({}, changes=(Change(external_id, ChangeKind.DELETED, office.clock(), certain=False),))


def told(office: Office, *pages: Page) -> None:
    office.box.pages["comments"] += pages
    office.clock.advance(seconds=11)
    office.work("poll")


def test_a_deletion_that_is_not_certain_is_shown_at_once_and_taken_back_with_a_later_version(office: Office) -> None:
    question = office.comment("Wo bleibt es?")
    office.arrive(question, stream="comments")
    told(office, deletion(office, question.external_id))
    (row,) = office.rows(Message)
    assert (row.deleted_at is not None, row.text) == (True, "")
    told(office, Page({}, messages=(question,)))
    (row,) = office.rows(Message)
    assert (row.deleted_at, row.text) == (None, "Wo bleibt es?")


def test_told_again_a_minute_later_it_is_final(office: Office) -> None:
    question = office.comment("Wo bleibt es?")
    office.arrive(question, stream="comments")
    told(office, deletion(office, question.external_id))
    told(office, deletion(office, question.external_id))
    assert [row.deletion_inferred for row in office.rows(Message)] == [True]
    office.clock.advance(seconds=60)
    told(office, deletion(office, question.external_id))
    told(office, Page({}, messages=(question,)))
    (row,) = office.rows(Message)
    assert (row.deleted_at is not None, row.deletion_inferred, row.text) == (True, False, "")
