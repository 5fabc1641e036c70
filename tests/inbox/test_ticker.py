"""The ticker begins what is due, at once when woken, and misses nothing that became due while it was busy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import true

from inbox.clock import system_clock
from inbox.runtime import Runtime
from inbox.ticker import Round, Ticker, Unit
from tests.inbox.shop import open_runtime

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
