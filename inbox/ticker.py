"""The ticker around the units of work. It keeps nothing: what is due stands in the rows, and a kill loses nothing.

Every second, and whenever somebody says there is work now, one look at the database tells which kinds of work are due;
each kind has a few threads at most, so that no slow platform holds up another kind of work.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import ColumnElement, exists, select

from inbox.db import reading
from inbox.runtime import Runtime

log = structlog.get_logger("ticker")

SECOND = 1.0
PAUSE_AFTER_ERROR = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Unit:
    """One kind of work: do one piece, say whether there was any."""

    name: str
    work: Callable[[Runtime], bool]
    due: Callable[[datetime], ColumnElement[bool]]
    """Whether any row is due, as a condition the database answers from an index."""
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Round:
    """Something done every so often, whatever the rows say."""

    name: str
    work: Callable[[Runtime], object]
    every: timedelta


@dataclass(slots=True)
class Ticker:
    """Runs units and rounds until stopped. `beat` is when it last looked, for /readyz."""

    runtime: Runtime
    units: Sequence[Unit]
    rounds: Sequence[Round]
    beat: datetime | None = None
    _scheduler: BackgroundScheduler = field(default_factory=BackgroundScheduler)
    _running: dict[str, int] = field(default_factory=dict)
    _resting: dict[str, datetime] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: set[threading.Thread] = field(default_factory=set)

    def start(self) -> None:
        """Begin ticking, in threads that end with the process."""
        self._scheduler.add_job(self._tick, "interval", seconds=SECOND, id="tick", **_STEADY)
        for one in self.rounds:
            self._scheduler.add_job(
                self._guarded, "interval", args=(one.name, one.work), seconds=one.every.total_seconds(), **_STEADY
            )
        self._scheduler.start()
        self.runtime.wake = self.wake
        self.wake()

    def wake(self) -> None:
        """There may be work now: look at once instead of at the next second."""
        if not self._stopping.is_set():
            self._scheduler.modify_job("tick", next_run_time=datetime.now(self._scheduler.timezone))

    def stop(self, grace: timedelta) -> None:
        """Begin nothing new and wait this long for what is under way; the rest is picked up by the next start."""
        self._stopping.set()
        self._scheduler.shutdown(wait=False)
        deadline = threading.Event()
        timer = threading.Timer(grace.total_seconds(), deadline.set)
        timer.daemon = True
        timer.start()
        for thread in list(self._threads):
            while thread.is_alive() and not deadline.is_set():
                thread.join(0.05)
        timer.cancel()

    def _tick(self) -> None:
        """One look, then a thread for each kind of work that is due and has one to spare."""
        if self._stopping.is_set():
            return
        now = self.runtime.clock()
        try:
            with reading(self.runtime.sessions) as session:
                found = session.execute(select(*[unit.due(now) for unit in self.units])).one()
        except Exception:
            log.exception("the database could not be asked what is due")
            return
        self.beat = now
        for unit, due in zip(self.units, found, strict=True):
            if due:
                self._begin(unit, now)

    def _begin(self, unit: Unit, now: datetime) -> None:
        with self._lock:
            rests = unit.name in self._resting and self._resting[unit.name] > now
            if self._stopping.is_set() or rests or self._running.get(unit.name, 0) >= unit.threads:
                return
            self._running[unit.name] = self._running.get(unit.name, 0) + 1
            thread = threading.Thread(target=self._work_off, args=(unit,), name=unit.name, daemon=True)
            self._threads.add(thread)
        thread.start()

    def _work_off(self, unit: Unit) -> None:
        """Piece after piece until nothing is due; each piece may make work for others."""
        try:
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

    def _guarded(self, name: str, work: Callable[[Runtime], object]) -> None:
        if self._stopping.is_set():
            return
        try:
            work(self.runtime)
        except Exception:
            log.exception("a round failed; it is tried again", round=name)


_STEADY = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
"""APScheduler drops a run that is a second late unless told otherwise."""


def any_row(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a row exists that fits."""
    return exists().where(*where)
