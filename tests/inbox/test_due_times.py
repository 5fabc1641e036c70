"""Until when an answer is due: from the message's arrival to the queue, across nights, holidays and crises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from inbox import conversations, crises, due_times, playbooks, work
from inbox.db import reading, writing
from inbox.models import Conversation, ConversationLabel, Event
from inbox.process import build
from inbox.queries.conversations import Filters
from inbox.queries.conversations import conversations as listed
from tests.inbox.postbox import PLAYBOOK, TEMPLATES, Office, Postbox
from tests.stepped_clock import SteppedClock

VIENNA = ZoneInfo("Europe/Vienna")
TIGHT = PLAYBOOK.replace("title: Krise,", "title: Krise, targets: crisis,")
NIGHT = PLAYBOOK.replace('mon-fri: ["08:00-18:00"]', 'sat-sun: ["00:00-06:00", "22:00-24:00"]')
Opened = Callable[..., Office]


@pytest.fixture
def opened(database_url: str, tmp_path: Path, box: Postbox) -> Iterator[Opened]:
    """Opens an office with this playbook at that moment; closes it at the end."""
    made: list[Office] = []

    def open_(playbook: str = TIGHT, at: datetime = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)) -> Office:
        (tmp_path / "rules").mkdir()
        (tmp_path / "templates" / "de").mkdir(parents=True)
        (tmp_path / "rules" / "00.yml").write_text(playbook, "utf-8")
        for name, text in TEMPLATES.items():
            (tmp_path / "templates" / "de" / f"{name}.txt").write_text(text, "utf-8")
        clock = SteppedClock(at)
        made.append(Office(database_url, tmp_path, clock, box, connected_at=clock() - timedelta(hours=1)))
        made[0].work()
        return made[0]

    yield open_
    for office in made:
        office.close()


def vienna(month: int, day: int, hour: int, minute: int = 0, fold: int = 0, year: int = 2026) -> datetime:
    """A moment of the shop's wall clock, in UTC."""
    return datetime(year, month, day, hour, minute, tzinfo=VIENNA, fold=fold).astimezone(UTC)


# -- nights and holidays ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "due"),
    [
        (vienna(11, 10, 10), vienna(11, 10, 11)),
        (vienna(11, 10, 17, 30), vienna(11, 11, 8, 30)),
        (vienna(11, 10, 3), vienna(11, 10, 9)),
        # The clocks go forward in the night to Sunday 29 March, back in that to 25 October; the 26th is a holiday.
        (vienna(3, 27, 17, 30), vienna(3, 30, 8, 30)),
        (vienna(3, 29, 1, 30), vienna(3, 30, 9)),
        (vienna(10, 23, 17, 30), vienna(10, 27, 8, 30)),
        (vienna(10, 25, 2, 30, fold=1), vienna(10, 27, 9)),
        (vienna(12, 24, 17, 30), vienna(12, 28, 8, 30)),
        (vienna(12, 31, 17, 59), vienna(1, 4, 8, 59, year=2027)),
    ],
    ids=str,
)
def test_a_message_is_due_within_an_hour_of_the_shops_time(opened: Opened, written: datetime, due: datetime) -> None:
    office = opened(at=written)
    office.arrive(office.letter())
    found = office.conversation
    assert found.waiting_since == written
    assert found.due_at == due
    assert found.queue_position == int(due.timestamp())
    assert found.clock_kind == "first_response"


@pytest.mark.parametrize(
    ("written", "due"),
    [
        # An hour that does not exist is not counted, one that comes twice counts twice.
        (vienna(3, 29, 1, 30), vienna(3, 29, 3, 30)),
        (vienna(3, 28, 23, 30), vienna(3, 29, 0, 30)),
        (vienna(3, 29, 5, 30), vienna(3, 29, 22, 30)),
        (vienna(10, 25, 2, 30, fold=0), vienna(10, 25, 2, 30, fold=1)),
        (vienna(10, 25, 2, 30, fold=1), vienna(10, 25, 3, 30)),
        (vienna(10, 25, 1, 45), vienna(10, 25, 2, 45, fold=0)),
    ],
    ids=str,
)
def test_a_shop_that_is_open_at_night_counts_real_hours(opened: Opened, written: datetime, due: datetime) -> None:
    office = opened(NIGHT, written)
    office.arrive(office.letter())
    assert office.conversation.due_at == due


def test_a_crisis_knows_no_closing_time(opened: Opened) -> None:
    office = opened(at=vienna(10, 25, 2, 50, fold=0))
    office.arrive(office.comment("Es ist explodiert!"), stream="comments")
    assert office.conversation.severity == "crisis"
    assert office.conversation.due_at == vienna(10, 25, 2, 5, fold=1)


# -- levels ----------------------------------------------------------------------------------------------------------


def declare(office: Office, level: int = 4) -> int:
    with writing(office.runtime.sessions) as session:
        return crises.declare(
            session, office.runtime, level, "Rückruf", "ein Test", "anna@shop.example", office.clock()
        ).id


def due(office: Office) -> list[timedelta]:
    return [one.due_at - one.waiting_since for one in office.rows(Conversation) if one.due_at and one.waiting_since]


def waiting(office: Office, number: int = 3) -> None:
    office.arrive(*[office.letter(f"Frage {one}", f"person-{one}") for one in range(number)])
    assert due(office) == [timedelta(hours=1)] * number


def test_a_declared_level_tightens_the_clocks_of_all_who_wait(opened: Opened) -> None:
    office = opened()
    waiting(office)
    declare(office)
    due_times.follow_targets(office.runtime)
    assert due(office) == [timedelta(minutes=15)] * 3
    positions = [one.queue_position for one in office.rows(Conversation)]
    assert positions == [int(one.due_at.timestamp()) for one in office.rows(Conversation) if one.due_at]
    assert not due_times.follow_targets_one(office.runtime)


def test_it_is_one_of_the_daemons_rounds() -> None:
    (one,) = [one for one in work.ROUNDS if one.work is due_times.follow_targets]
    assert one.every <= timedelta(seconds=1)


def test_a_level_without_targets_changes_nothing_until_it_is_raised(opened: Opened) -> None:
    office = opened()
    waiting(office)
    crisis = declare(office, 2)
    assert not due_times.follow_targets_one(office.runtime)
    with writing(office.runtime.sessions) as session:
        crises.raise_level(session, office.runtime, crisis, 4, "anna@shop.example", office.clock())
    due_times.follow_targets(office.runtime)
    assert due(office) == [timedelta(minutes=15)] * 3


def test_standing_down_gives_the_ordinary_time_back_and_forgets_a_breach(opened: Opened) -> None:
    office = opened()
    waiting(office)
    crisis = declare(office)
    due_times.follow_targets(office.runtime)
    office.clock.advance(minutes=20)
    work.wake_and_breach(office.runtime)
    assert all(one.breached_at for one in office.rows(Conversation))
    with writing(office.runtime.sessions) as session:
        crises.stand_down(session, crisis, "anna@shop.example", office.clock())
    due_times.follow_targets(office.runtime)
    assert due(office) == [timedelta(hours=1)] * 3
    assert not any(one.breached_at for one in office.rows(Conversation))
    assert len(office.rows(Event, kind="target_missed")) == 3


def test_an_expired_level_ends_by_itself(opened: Opened) -> None:
    office = opened()
    declare(office)
    office.clock.advance(hours=23, minutes=59)
    waiting_at = office.clock()
    office.arrive(office.letter())
    assert office.conversation.due_at == waiting_at + timedelta(minutes=15)
    office.clock.advance(minutes=2)
    due_times.follow_targets(office.runtime)
    assert office.conversation.due_at == waiting_at + timedelta(hours=1)


def test_a_graver_severity_of_its_own_is_kept(opened: Opened) -> None:
    office = opened()
    office.arrive(office.comment("Es ist explodiert!"), stream="comments")
    before = office.conversation.due_at
    crisis = declare(office)
    due_times.follow_targets(office.runtime)
    with writing(office.runtime.sessions) as session:
        crises.stand_down(session, crisis, "anna@shop.example", office.clock())
    due_times.follow_targets(office.runtime)
    assert office.conversation.due_at == before


def test_targets_by_label_hold_afterwards_too(opened: Opened) -> None:
    labelled = "  - {when: {label: boss}, first_response: 30m, hours: support}\n  - {first_response: 1h"
    office = opened(TIGHT.replace("  - {first_response: 1h", labelled))
    office.arrive(office.letter("Ich will den Chef sprechen"))
    assert [row.label for row in office.rows(ConversationLabel)] == ["boss"]
    assert due(office) == [timedelta(minutes=30)]
    crisis = declare(office)
    due_times.follow_targets(office.runtime)
    with writing(office.runtime.sessions) as session:
        crises.stand_down(session, crisis, "anna@shop.example", office.clock())
    due_times.follow_targets(office.runtime)
    assert due(office) == [timedelta(minutes=30)]


def test_what_is_resolved_is_left_alone_until_it_is_opened_again(opened: Opened) -> None:
    office = opened()
    waiting(office, 1)
    with writing(office.runtime.sessions) as session:
        conversations.resolve(session, office.conversation.id, "anna@shop.example", office.clock())
    declare(office)
    assert not due_times.follow_targets_one(office.runtime)
    with writing(office.runtime.sessions) as session:
        conversations.reopen(session, office.conversation.id, "anna@shop.example", office.clock())
    due_times.follow_targets(office.runtime)
    assert due(office) == [timedelta(minutes=15)]


def test_many_are_done_in_pieces_and_two_processes_end_alike(opened: Opened) -> None:
    office = opened()
    waiting(office, due_times.BATCH + 5)
    declare(office)
    assert due_times.follow_targets_one(office.runtime)
    changed = due(office).count(timedelta(minutes=15))
    assert changed == due_times.BATCH
    other = build(office.runtime.settings, office.runtime.channels, office.clock)
    due_times.follow_targets(other)
    other.engine.dispose()
    assert set(due(office)) == {timedelta(minutes=15)}
    assert not due_times.follow_targets_one(office.runtime)


# -- another playbook ------------------------------------------------------------------------------------------------


def publish(office: Office, playbook: str) -> None:
    with writing(office.runtime.sessions) as session:
        number = playbooks.save_draft(session, {"00.yml": playbook}, "cleo@shop.example", "", office.clock())
        playbooks.publish(
            session, number, "cleo@shop.example", office.clock(), templates=frozenset(TEMPLATES), second_person=False
        )
    office.clock.advance(seconds=2)


def test_changed_targets_move_the_clocks_that_run_already(opened: Opened) -> None:
    office = opened()
    waiting(office)
    publish(office, TIGHT.replace("first_response: 1h", "first_response: 40m"))
    assert due_times.follow_targets_one(office.runtime)
    assert due(office) == [timedelta(minutes=40)] * 3
    assert not due_times.follow_targets_one(office.runtime)


def test_who_does_not_know_the_newest_playbook_leaves_the_clocks_alone(opened: Opened) -> None:
    office = opened()
    waiting(office)
    other = build(office.runtime.settings, office.runtime.channels, SteppedClock(office.clock()))
    other.playbook.current()
    publish(office, TIGHT.replace("first_response: 1h", "first_response: 40m"))
    due_times.follow_targets(office.runtime)
    assert not due_times.follow_targets_one(other)
    other.engine.dispose()
    assert due(office) == [timedelta(minutes=40)] * 3


def test_what_nobody_has_judged_yet_is_left_to_triage(opened: Opened) -> None:
    office = opened()
    office.arrive(office.letter())
    with writing(office.runtime.sessions) as session:
        session.execute(update(Conversation).values(due_under="", due_at=None))
    declare(office)
    assert not due_times.follow_targets_one(office.runtime)
    assert due(office) == []


# -- the queue -------------------------------------------------------------------------------------------------------


def test_a_crisis_stands_before_all_that_is_overdue(opened: Opened) -> None:
    office = opened()
    office.arrive(office.letter("Wo ist mein Paket?", "person-1"))
    office.clock.advance(hours=3)
    office.arrive(office.comment("Es ist explodiert!"), stream="comments")
    with reading(office.runtime.sessions) as session:
        everything = listed(session, Filters(), office.clock()).items
        soon = listed(session, Filters(due="soon"), office.clock()).items
        overdue = listed(session, Filters(due="overdue"), office.clock() + timedelta(hours=3)).items
    assert [one.severity for one in everything] == ["crisis", "none"]
    assert [one.severity for one in soon] == ["crisis"]
    assert [one.severity for one in overdue] == ["crisis", "none"]
