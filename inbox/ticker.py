"""The ticker around the units of work. It keeps nothing: what is due stands in the rows, and a kill loses nothing.

One look at the database tells which kinds of work are due: whenever somebody says there is work now, and each second
in which something was written by anybody or something falls due. Each kind has a few threads at most, so that no slow
platform holds up another kind of work. The look has a thread of its own: a scheduler's job that is told to run while it
runs is skipped, and what woke it would wait a second longer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, Select, exists, select

from inbox.claims import NOW, Now
from inbox.db import Writes, reading
from inbox.rounds import Round, Rounds
from inbox.runtime import Runtime
from inbox.turns import patiently

log = structlog.get_logger("ticker")

SECOND = 1.0
AHEAD = timedelta(seconds=5)
"""How far a look sees: while nothing is written and nothing falls due so long, no other look is needed."""
PAUSE_AFTER_ERROR = timedelta(seconds=5)
MOST_THREADS = 64
"""Of one kind of work."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One kind of work: do one piece, say whether there was any."""

    name: str
    work: Callable[[Runtime], bool]
    due: Callable[[Now], ColumnElement[bool]]
    """Whether any row is due, as a condition the database answers from an index."""
    threads: int = 1
    threads_an_account: int = 0
    """Where platforms are asked: so many for each account, so that those that hang never take the threads of others."""


@dataclass(slots=True)
class Ticker:
    """Runs units and rounds until stopped. `beat` is when it last ticked, for /readyz."""

    runtime: Runtime
    units: Sequence[Unit]
    rounds: Sequence[Round]
    beat: datetime | None = None
    pause: float = SECOND
    """Seconds between two ticks when nobody wakes it."""
    _rounds: Rounds = field(init=False)
    _looked_at: datetime | None = None
    _nothing_until: datetime | None = None
    """As the last look saw it: before that nothing falls due by itself."""
    _running: dict[str, int] = field(default_factory=dict)
    _resting: dict[str, datetime] = field(default_factory=dict)
    _more: set[str] = field(default_factory=set)
    """Kinds of work that were due while all their threads were busy."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _woken: threading.Event = field(default_factory=threading.Event)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: set[threading.Thread] = field(default_factory=set)
    _question: Select[*tuple[bool, ...]] = field(init=False)

    def __post_init__(self) -> None:
        self._rounds = Rounds(self.runtime, self.rounds)
        self._question = select(*[unit.due(NOW) for unit in self.units])

    def start(self) -> None:
        """Begin ticking, in threads that end with the process."""
        self._rounds.start()
        self.runtime.wake = self.wake
        threading.Thread(target=self._keep_looking, name="ticker", daemon=True).start()

    def wake(self) -> None:
        """There may be work now: look at once instead of at the next second."""
        self._woken.set()

    def stop(self, grace: timedelta) -> None:
        """Begin nothing new and wait this long for what is under way; the rest is picked up by the next start."""
        self._stopping.set()
        self._woken.set()
        self._rounds.stop()
        deadline = threading.Event()
        timer = threading.Timer(grace.total_seconds(), deadline.set)
        timer.daemon = True
        timer.start()
        for thread in list(self._threads):
            while thread.is_alive() and not deadline.is_set():
                thread.join(0.05)
        timer.cancel()

    def _keep_looking(self) -> None:
        with Writes(self.runtime.engine) as writes:
            while not self._stopping.is_set():
                told = self._woken.is_set()
                self._woken.clear()
                self._tick(writes, told)
                self._woken.wait(self.pause)

    def _tick(self, writes: Writes, told: bool) -> None:
        """A look where there may be something new, then a thread for each kind of work that is due and has one to
        spare."""
        now = self.runtime.clock()
        try:
            written = writes.any_since_last_asked()
            if told or written or not self._foreseen(now):
                self._look(now, ahead=not told)
        except Exception:
            log.exception("the database could not be asked what is due")
            return
        self.beat = now
        if not self._stopping.is_set():
            self._rounds.note(written, now)

    def _foreseen(self, now: datetime) -> bool:
        """Whether the last look could tell that nothing falls due until now; not after a clock was put back."""
        if self._looked_at is None or self._nothing_until is None:
            return False
        return self._looked_at <= now < self._nothing_until

    def _look(self, now: datetime, *, ahead: bool) -> None:
        # Before asking: what fails is asked again.
        self._nothing_until = None
        with reading(self.runtime.sessions) as session:
            found = session.execute(self._question, {"now": now}).one()
            if ahead and not any(found) and not any(session.execute(self._question, {"now": now + AHEAD}).one()):
                self._looked_at, self._nothing_until = now, now + AHEAD
        for unit, due in zip(self.units, found, strict=True):
            if due:
                self._begin(unit, now)

    def _begin(self, unit: Unit, now: datetime) -> None:
        with self._lock:
            # Not for hours, should the clock have been put back since.
            rests = timedelta(0) < self._resting.get(unit.name, now) - now <= 2 * PAUSE_AFTER_ERROR
            if self._stopping.is_set() or rests:
                return
            if self._running.get(unit.name, 0) >= self._threads_for(unit):
                self._more.add(unit.name)
                return
            self._running[unit.name] = self._running.get(unit.name, 0) + 1
            thread = threading.Thread(target=self._work_off, args=(unit,), name=unit.name, daemon=True)
            self._threads.add(thread)
        thread.start()

    def _threads_for(self, unit: Unit) -> int:
        return max(unit.threads, min(unit.threads_an_account * len(self.runtime.connectors), MOST_THREADS))

    def _work_off(self, unit: Unit) -> None:
        """Piece after piece until nothing is due; each piece may make work for others.

        What became due after this thread's last look and before its end is looked for once more.
        """
        try:
            with patiently():
                while not self._stopping.is_set() and unit.work(self.runtime):
                    self.wake()
        except Exception:
            log.exception("a unit of work failed; it is tried again", unit=unit.name)
            with self._lock:
                self._resting[unit.name] = self.runtime.clock() + PAUSE_AFTER_ERROR
        finally:
            with self._lock:
                self._running[unit.name] -= 1
                self._threads.discard(threading.current_thread())
                missed = unit.name in self._more
                self._more.discard(unit.name)
            if missed:
                self.wake()


def any_row(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a row exists that fits."""
    return exists().where(*where)
