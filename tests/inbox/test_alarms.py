"""A spike rings once, for as many processes as there are, and not again until its cooldown is over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from crisis_playbook.alarms import Judged
from inbox import alarms, crises
from inbox.db import writing
from inbox.models import AlarmState, Crisis
from inbox.process import build
from inbox.runtime import Runtime
from tests.inbox.postbox import PLAYBOOK, Office, Postbox
from tests.stepped_clock import SteppedClock

LOWER = PLAYBOOK.replace(
    "alarms:\n",
    "alarms:\n  - {alarm: ripple, count: {severity_at_least: watch}, at_least: 2, people: 1, within: 60m, level: 2,\n"
    "     cooldown: 60m}\n",
)


def complain(office: Office, *people: str) -> None:
    office.arrive(*[office.comment(f"kaputt, {number}", one) for number, one in enumerate(people)], stream="comments")


@pytest.fixture
def second(office: Office) -> Iterator[Runtime]:
    """Another process on the same database."""
    runtime = build(office.runtime.settings, office.runtime.channels, office.clock)
    yield runtime
    runtime.engine.dispose()


def test_enough_messages_of_enough_people_declare_a_crisis(office: Office) -> None:
    complain(office, "anna", "ben", "cleo", "anna")
    alarms.ring(office.runtime)
    (crisis,) = office.rows(Crisis)
    assert (crisis.level, crisis.alarm, crisis.title, crisis.declared_by) == (4, "wave", "Krise", "playbook")
    assert "4 within" in crisis.cause
    assert crisis.expires_at == office.clock() + timedelta(hours=24)
    assert [told["alarm"] for told in office.told("alarm_rang")] == ["wave"]


@pytest.mark.parametrize(
    "people", [("anna", "ben", "cleo"), ("anna", "ben", "anna", "ben")], ids=["too few messages", "too few people"]
)
def test_a_near_miss_rings_nothing(office: Office, people: tuple[str, ...]) -> None:
    complain(office, *people)
    alarms.ring(office.runtime)
    assert office.rows(Crisis) == []
    assert office.rows(AlarmState) == []


def test_what_was_written_before_the_time_it_looks_at_does_not_count(office: Office) -> None:
    complain(office, "anna", "ben", "cleo")
    office.clock.advance(minutes=60)
    complain(office, "dora")
    alarms.ring(office.runtime)
    assert office.rows(Crisis) == []


def test_history_rings_nothing(office: Office) -> None:
    old = office.clock() - timedelta(hours=1, minutes=1)
    comments = [office.comment(f"kaputt {number}", f"p{number}", sent_at=old) for number in range(5)]
    office.arrive(*comments, stream="comments")
    alarms.ring(office.runtime)
    assert office.rows(Crisis) == []


def test_it_does_not_ring_again_within_its_cooldown_even_after_standing_down(office: Office) -> None:
    complain(office, "anna", "ben", "cleo", "dora")
    alarms.ring(office.runtime)
    with writing(office.runtime.sessions) as session:
        crises.stand_down(session, office.rows(Crisis)[0].id, "anna@shop.example", office.clock())
    office.clock.advance(minutes=30)
    complain(office, "anna", "ben", "cleo", "dora")
    alarms.ring(office.runtime)
    assert len(office.rows(Crisis)) == 1
    office.clock.advance(minutes=25)
    complain(office, "anna", "ben", "cleo", "dora")
    office.clock.advance(minutes=5)
    alarms.ring(office.runtime)
    assert [crisis.stood_down_at is None for crisis in office.rows(Crisis)] == [False, True]


def test_two_processes_ring_once(office: Office, second: Runtime) -> None:
    complain(office, "anna", "ben", "cleo", "dora")
    alarms.ring(office.runtime)
    alarms.ring(second)
    assert len(office.rows(Crisis)) == 1
    assert len(office.told("alarm_rang")) == 1


def at_once(*work: Callable[[], None]) -> None:
    """Each in a thread of its own, begun together; what fails in one fails the test."""
    together = threading.Barrier(len(work))

    def begin(one: Callable[[], None]) -> None:
        together.wait(10)
        one()

    with ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(begin, one) for one in work]:
            done.result(30)


def test_two_processes_at_once_ring_once(office: Office, second: Runtime) -> None:
    complain(office, "anna", "ben", "cleo", "dora")
    at_once(lambda: alarms.ring(office.runtime), lambda: alarms.ring(second))
    assert len(office.rows(Crisis)) == 1
    assert len(office.rows(AlarmState)) == 1


def test_two_alarms_that_ring_at_once_in_two_processes_are_one_crisis(
    database_url: str, tmp_path: Path, clock: SteppedClock, box: Postbox
) -> None:
    office = Office(database_url, tmp_path, clock, box, connected_at=clock() - timedelta(hours=1))
    office.close()
    (tmp_path / "rules" / "00.yml").write_text(LOWER, "utf-8")
    office = Office(database_url, tmp_path, clock, box)
    office.work()
    complain(office, "anna", "ben", "cleo", "dora")
    ripple, wave = office.runtime.playbook.current().alarms.values()
    at_once(
        *(
            partial(alarms._declare, office.runtime, one, Judged(one.name, True, one.level, "many"), clock())
            for one in (ripple, wave)
        )
    )
    assert [crisis.level for crisis in office.rows(Crisis)] == [4]
    assert {told["alarm"] for told in office.told("alarm_rang")} == {"ripple", "wave"}
    office.close()


def test_a_graver_alarm_raises_the_running_crisis_and_a_lesser_one_leaves_it(
    database_url: str, tmp_path: Path, clock: SteppedClock, box: Postbox
) -> None:
    first = Office(database_url, tmp_path, clock, box, connected_at=clock() - timedelta(hours=1))
    first.close()
    (tmp_path / "rules" / "00.yml").write_text(LOWER, "utf-8")
    office = Office(database_url, tmp_path, clock, box)
    office.work()
    complain(office, "anna", "ben")
    alarms.ring(office.runtime)
    assert [crisis.level for crisis in office.rows(Crisis)] == [2]
    complain(office, "cleo", "dora")
    alarms.ring(office.runtime)
    assert [(crisis.level, crisis.alarm) for crisis in office.rows(Crisis)] == [(4, "ripple")]
    clock.advance(minutes=58)
    complain(office, "anna", "ben")
    clock.advance(minutes=3)
    alarms.ring(office.runtime)
    assert [crisis.level for crisis in office.rows(Crisis)] == [4]
    assert [told["alarm"] for told in office.told("alarm_rang")] == ["ripple", "wave", "ripple"]
    office.close()
