"""The ticker begins what is due, at once when woken, and misses nothing that became due while it was busy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, literal, true

from inbox.clock import system_clock
from inbox.db import is_sqlite, open_engine, session_factory, writing
from inbox.events import record
from inbox.models import Event, UtcDateTime
from inbox.rounds import Round, Rounds
from inbox.runtime import Runtime
from inbox.ticker import Ticker, Unit, any_row
from tests.inbox.shop import open_runtime
from tests.stepped_clock import SteppedClock

SOON = 0.3
"""Seconds in which something that must not happen would."""
PATIENCE = 20.0


@pytest.fixture
def runtime(database_url: str, tmp_path: Path) -> Iterator[Runtime]:
    """A runtime on the real clock: threads cannot wait for a stepped one."""
    runtime = open_runtime(database_url, tmp_path, system_clock)
    yield runtime
    runtime.engine.dispose()


@contextmanager
def ticking(runtime: Runtime, *units: Unit) -> Iterator[Ticker]:
    """A ticker that runs, until the end of the block; it looks once, and then only when it is woken."""
    ticker = Ticker(runtime, units, (), pause=PATIENCE * 10)
    ticker.start()
    try:
        yield ticker
    finally:
        ticker.stop(timedelta(seconds=2))


class Jobs:
    """Work that is counted; each piece takes until it is let go."""

    def __init__(self, count: int) -> None:
        self.waiting = count
        self.begun, self.done, self.go = threading.Semaphore(0), threading.Semaphore(0), threading.Semaphore(0)

    def one(self, _runtime: Runtime) -> bool:
        """One piece, if there is any."""
        if not self.waiting:
            return False
        self.waiting -= 1
        self.begun.release()
        self.go.acquire(timeout=PATIENCE)
        self.done.release()
        return True


def test_one_thread_does_piece_after_piece(runtime: Runtime) -> None:
    jobs = Jobs(3)
    with ticking(runtime, Unit("jobs", jobs.one, lambda _now: true())):
        for _ in range(3):
            assert jobs.begun.acquire(timeout=PATIENCE)
            assert not jobs.begun.acquire(blocking=False)
            jobs.go.release()
            assert jobs.done.acquire(timeout=PATIENCE)


def test_what_became_due_while_the_last_look_said_no_is_looked_for_again(runtime: Runtime) -> None:
    """The thread has looked, found nothing and is about to end; a wake now must not wait for the next second."""
    looked, ends, next_unit = threading.Semaphore(0), threading.Event(), threading.Semaphore(0)

    def look(_runtime: Runtime) -> bool:
        looked.release()
        ends.wait(PATIENCE)
        return False

    def tell(_runtime: Runtime) -> bool:
        next_unit.release()
        return False

    units = Unit("look", look, lambda _now: true()), Unit("the unit after it", tell, lambda _now: true())
    with ticking(runtime, *units) as ticker:
        assert looked.acquire(timeout=PATIENCE)
        assert next_unit.acquire(timeout=PATIENCE)
        ticker.wake()
        assert next_unit.acquire(timeout=PATIENCE)
        ends.set()
        assert looked.acquire(timeout=PATIENCE)


def test_a_unit_that_fails_rests_and_the_others_go_on(runtime: Runtime) -> None:
    failed, jobs = threading.Semaphore(0), Jobs(2)

    def fail(_runtime: Runtime) -> bool:
        failed.release()
        raise RuntimeError("on purpose")

    units = Unit("fails", fail, lambda _now: true()), Unit("jobs", jobs.one, lambda _now: true())
    with ticking(runtime, *units):
        for _ in range(2):
            jobs.go.release()
            assert jobs.done.acquire(timeout=PATIENCE)
        assert failed.acquire(timeout=PATIENCE)
        assert not failed.acquire(timeout=SOON)


def test_stopping_waits_for_what_is_under_way_and_begins_nothing(runtime: Runtime) -> None:
    jobs = Jobs(2)
    with ticking(runtime, Unit("jobs", jobs.one, lambda _now: true())) as ticker:
        assert jobs.begun.acquire(timeout=PATIENCE)
        threading.Timer(0.1, jobs.go.release).start()
        ticker.stop(timedelta(seconds=PATIENCE))
        assert jobs.done.acquire(blocking=False)
        assert jobs.waiting == 1


def test_a_round_goes_again_and_again_also_after_it_failed_and_never_twice_at_once(runtime: Runtime) -> None:
    begun, go_on = threading.Semaphore(0), threading.Semaphore(0)

    def work(_runtime: Runtime) -> None:
        begun.release()
        go_on.acquire(timeout=PATIENCE)
        raise RuntimeError("on purpose")

    ticker = Ticker(runtime, (), (Round("round", work, timedelta(milliseconds=20)),), pause=PATIENCE * 10)
    ticker.start()
    try:
        for _ in range(3):
            assert begun.acquire(timeout=PATIENCE)
            assert not begun.acquire(timeout=SOON)
            go_on.release()
    finally:
        go_on.release(3)
        ticker.stop(timedelta(seconds=2))


def test_what_falls_due_by_itself_is_begun_then_and_not_looked_for_before(database_url: str, tmp_path: Path) -> None:
    clock = SteppedClock()
    runtime = open_runtime(database_url, tmp_path, clock)
    moment = clock() + timedelta(hours=1)
    asked, begun = threading.Semaphore(0), threading.Semaphore(0)

    def work(_runtime: Runtime) -> bool:
        begun.release()
        return False

    listens = "before_cursor_execute"

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "later" in statement:
            asked.release()

    event.listen(runtime.engine, listens, hear)
    unit = Unit("later", work, lambda now: (now >= literal(moment, UtcDateTime())).label("later"))
    ticker = Ticker(runtime, (unit,), (), pause=0.01)
    ticker.start()
    try:
        assert asked.acquire(timeout=PATIENCE)
        assert asked.acquire(timeout=PATIENCE)
        if is_sqlite(runtime.engine):
            assert not asked.acquire(timeout=SOON)
        clock.advance(minutes=59)
        assert not begun.acquire(timeout=SOON)
        clock.advance(minutes=1)
        assert begun.acquire(timeout=PATIENCE)
    finally:
        ticker.stop(timedelta(seconds=2))
        event.remove(runtime.engine, listens, hear)
        runtime.engine.dispose()


def test_what_another_process_writes_is_seen_though_nobody_wakes_us(database_url: str, tmp_path: Path) -> None:
    clock = SteppedClock()
    runtime, other = open_runtime(database_url, tmp_path, clock), open_engine(database_url)
    begun = threading.Semaphore(0)

    def work(_runtime: Runtime) -> bool:
        begun.release()
        return False

    unit = Unit("told", work, lambda _now: any_row(Event.kind == "written elsewhere"))
    ticker = Ticker(runtime, (unit,), (), pause=0.01)
    ticker.start()
    try:
        assert not begun.acquire(timeout=SOON)
        with writing(session_factory(other)) as session:
            record(session, "written elsewhere", clock())
        assert begun.acquire(timeout=PATIENCE)
    finally:
        ticker.stop(timedelta(seconds=2))
        other.dispose()
        runtime.engine.dispose()


def test_a_write_brings_a_round_forward_but_not_more_often_than_it_may_go(runtime: Runtime) -> None:
    gone, now = threading.Semaphore(0), runtime.clock()
    every, still = timedelta(seconds=10), timedelta(hours=1)
    rounds = Rounds(runtime, (Round("round", lambda _runtime: gone.release(), every, still=still),))
    rounds.start()
    try:
        rounds.note(False, now)
        assert not gone.acquire(timeout=SOON)
        rounds.note(True, now)
        assert gone.acquire(timeout=PATIENCE)
        rounds.note(True, now + timedelta(seconds=9))
        assert not gone.acquire(timeout=SOON)
        rounds.note(False, now + timedelta(seconds=10))
        assert gone.acquire(timeout=PATIENCE)
        rounds.note(False, now + timedelta(seconds=30))
        assert not gone.acquire(timeout=SOON)
    finally:
        rounds.stop()


def test_after_a_clock_was_put_back_no_round_waits_for_the_time_it_was_planned_for(runtime: Runtime) -> None:
    gone, now = threading.Semaphore(0), runtime.clock()
    rounds = Rounds(runtime, (Round("round", lambda _runtime: gone.release(), timedelta(hours=1)),))
    rounds.start()
    try:
        rounds.note(False, now)
        rounds.note(False, now - timedelta(milliseconds=500))
        assert not gone.acquire(timeout=SOON)
        rounds.note(False, now - timedelta(hours=2))
        assert gone.acquire(timeout=PATIENCE)
        rounds.note(False, now - timedelta(hours=1))
        assert not gone.acquire(timeout=SOON)
    finally:
        rounds.stop()


def test_a_note_that_comes_while_the_rounds_end_is_no_error(runtime: Runtime) -> None:
    rounds = Rounds(runtime, (Round("round", lambda _runtime: None, timedelta(hours=1), still=timedelta(hours=2)),))
    rounds.start()
    rounds.stop()
    rounds.note(True, runtime.clock())


def test_a_unit_that_failed_rests_no_longer_because_the_clock_was_put_back(database_url: str, tmp_path: Path) -> None:
    clock = SteppedClock()
    runtime = open_runtime(database_url, tmp_path, clock)
    begun = threading.Semaphore(0)

    def fail(_runtime: Runtime) -> bool:
        begun.release()
        raise RuntimeError("on purpose")

    ticker = Ticker(runtime, (Unit("fails", fail, lambda _now: true()),), (), pause=0.01)
    ticker.start()
    try:
        assert begun.acquire(timeout=PATIENCE)
        assert not begun.acquire(timeout=SOON)
        clock.advance(hours=-1)
        assert begun.acquire(timeout=PATIENCE)
    finally:
        ticker.stop(timedelta(seconds=2))
        runtime.engine.dispose()
