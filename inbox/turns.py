"""Whose turn it is in this process: who is waited for goes first, work that nobody waits for holds back.

On SQLite one thread writes at a time. SQLite's own waiting sleeps ever longer between two tries, so that a push would
wait half a second for a lock that was free long ago; so the writers of one process take turns here, and only another
process waits as SQLite does. Python runs one thread at a time besides, on any database: while the platforms wait for
an answer, work steps aside before each of its transactions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Condition

HOLD_BACK = 0.05
"""Seconds for which one step of work stands aside at most, so that requests without end slow it and never stop it."""

_patient: ContextVar[bool] = ContextVar("patient", default=False)


@contextmanager
def patiently() -> Iterator[None]:
    """What is done inside is work that nobody waits for."""
    before = _patient.set(True)
    try:
        yield
    finally:
        _patient.reset(before)


class Turns:
    """The order among the threads of one process that use one database."""

    def __init__(self, longest_wait: float) -> None:
        """`longest_wait`: seconds after which a writer goes on without its turn, and leaves it to SQLite."""
        self._longest_wait = longest_wait
        self._changed = Condition()
        self._taken = False
        self._hurried = 0
        """Writers somebody waits for, which wait for their turn."""
        self._awaited = 0
        """Answers somebody outside is waiting for."""

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Somebody outside waits until this block ends; work stands aside meanwhile."""
        with self._changed:
            self._awaited += 1
        try:
            yield
        finally:
            with self._changed:
                self._awaited -= 1
                if not self._awaited:
                    self._changed.notify_all()

    def stand_aside(self) -> None:
        """Before a step of work that nobody waits for: let those pass who are waited for."""
        if _patient.get() and self._awaited:
            with self._changed:
                self._wait(lambda: not self._awaited, HOLD_BACK)

    @contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """The only writer inside is this one."""
        mine = self._take()
        try:
            yield
        finally:
            if mine:
                with self._changed:
                    self._taken = False
                    self._changed.notify_all()

    def _take(self) -> bool:
        with self._changed:
            if _patient.get():
                mine = self._wait(lambda: not self._taken and not self._hurried, self._longest_wait)
            else:
                self._hurried += 1
                mine = self._wait(lambda: not self._taken, self._longest_wait)
                self._hurried -= 1
            self._taken = self._taken or mine
            return mine

    def _wait(self, free: Callable[[], bool], seconds: float) -> bool:
        return self._changed.wait_for(free, seconds)
