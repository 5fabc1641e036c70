"""Who is waited for goes first; work that nobody waits for holds back, and is never held up for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable

from inbox.turns import Turns, patiently

PATIENCE = 20.0


class Watched(Turns):
    """Tells when somebody begins to wait. Told while the others are kept out, so that the wait has begun for them."""

    def __init__(self, longest_wait: float = PATIENCE) -> None:
        super().__init__(longest_wait)
        self.waits = threading.Semaphore(0)

    def _wait(self, free: Callable[[], bool], seconds: float) -> bool:
        self.waits.release()
        return super()._wait(free, seconds)


def begun(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_who_is_waited_for_writes_before_work_that_came_earlier() -> None:
    turns, order = Watched(), []

    def work() -> None:
        with patiently(), turns.one_at_a_time():
            order.append("work")

    def answer() -> None:
        with turns.one_at_a_time():
            order.append("answer")

    with turns.one_at_a_time():
        assert turns.waits.acquire(timeout=PATIENCE)
        threads = []
        for writer in (work, answer):
            threads.append(begun(writer))
            assert turns.waits.acquire(timeout=PATIENCE)
    for thread in threads:
        thread.join(PATIENCE)
    assert order == ["answer", "work"]


def test_a_turn_that_never_comes_is_not_waited_for() -> None:
    turns, inside = Turns(0.05), []
    with turns.one_at_a_time(), turns.one_at_a_time():
        inside.append("the second goes on, and leaves it to the database")
    with turns.one_at_a_time():
        inside.append("the first has given its turn back")
    assert len(inside) == 2


def test_work_stands_aside_while_somebody_waits_and_goes_on_after_it() -> None:
    turns, order = Watched(), []

    def work() -> None:
        with patiently():
            turns.stand_aside()
        order.append("work")

    with turns.awaited():
        thread = begun(work)
        assert turns.waits.acquire(timeout=PATIENCE)
        order.append("answer")
    thread.join(PATIENCE)
    assert order == ["answer", "work"]


def test_requests_without_end_slow_work_and_do_not_stop_it() -> None:
    turns = Watched()
    with turns.awaited(), patiently():
        turns.stand_aside()
    assert turns.waits.acquire(blocking=False)


def test_who_is_waited_for_does_not_stand_aside() -> None:
    turns = Watched()
    with turns.awaited():
        turns.stand_aside()
    assert not turns.waits.acquire(blocking=False)
