"""Which target fits, and when an answer is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crisis_playbook import Facts, Playbook, load
from inbox.settings import InboxSettings
from inbox.sla import clock_kind, due, shop_hours

INBOX = InboxSettings()
PLAYBOOK = """
teams:
  social: {members: [anna@shop.example]}
hours:
  support: {open: {mon-thu: ["08:30-12:00", "13:00-17:30"], fri: ["08:30-14:00"]}, holidays: [AT]}
targets:
  - {when: {severity: crisis}, first_response: 15m, next_response: 30m, hours: always}
  - {when: {visibility: public}, first_response: 1h, next_response: 2h, hours: support}
  - {when: {kind: direct_message}, first_response: 2h, hours: support}
"""
FRIDAY_EVENING = datetime(2026, 11, 13, 20, 0, tzinfo=UTC)
PUBLIC = Facts("Hallo", kind="comment", visibility="public")


@pytest.fixture(scope="module")
def playbook(tmp_path_factory: pytest.TempPathFactory) -> Playbook:
    folder: Path = tmp_path_factory.mktemp("rules")
    (folder / "00_basics.yml").write_text(PLAYBOOK, "utf-8")
    return load(folder)


def test_the_first_target_that_fits_counts(playbook: Playbook) -> None:
    at_night = due(playbook, replace(PUBLIC, severity="crisis"), "first_response", FRIDAY_EVENING, INBOX)
    assert at_night is not None
    assert at_night.at == FRIDAY_EVENING + timedelta(minutes=15)


def test_business_hours_move_the_due_time_to_monday(playbook: Playbook) -> None:
    first = due(playbook, PUBLIC, "first_response", FRIDAY_EVENING, INBOX)
    later = due(playbook, PUBLIC, "next_response", FRIDAY_EVENING, INBOX)
    assert first is not None
    assert first.at == datetime(2026, 11, 16, 8, 30, tzinfo=UTC)
    assert later is not None
    assert later.at == datetime(2026, 11, 16, 9, 30, tzinfo=UTC)
    assert later.kind == "next_response"
    assert first.place.startswith("00_basics.yml:")


def test_a_target_without_that_clock_sets_none(playbook: Playbook) -> None:
    private = Facts("Hallo", kind="direct_message", visibility="private")
    assert due(playbook, private, "first_response", FRIDAY_EVENING, INBOX) is not None
    assert due(playbook, private, "next_response", FRIDAY_EVENING, INBOX) is None


def test_no_target_no_clock(playbook: Playbook) -> None:
    assert (
        due(playbook, Facts("Hallo", kind="mention", visibility="private"), "first_response", FRIDAY_EVENING, INBOX)
        is None
    )


def test_the_first_answer_and_the_next() -> None:
    assert clock_kind(None) == "first_response"
    assert clock_kind(FRIDAY_EVENING) == "next_response"


def test_the_shops_own_hours(playbook: Playbook) -> None:
    shop = shop_hours(playbook, INBOX)
    assert shop is not None
    assert not shop.is_open(FRIDAY_EVENING)
