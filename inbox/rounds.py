"""What is done every so often, whatever the rows say. APScheduler keeps the time, in memory.

Most rounds look at what somebody wrote: while nobody writes anything they go less often, and a write brings them
forward again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from inbox.runtime import Runtime
from inbox.turns import patiently

log = structlog.get_logger("ticker")

_STEADY = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
"""APScheduler drops a run that is a second late unless told otherwise."""
PUT_BACK = timedelta(seconds=1)
"""By so much a clock must go back to count as put back; time services move it by less all day long."""


@dataclass(frozen=True, slots=True)
class Round:
    """Something done every so often; never twice at the same time."""

    name: str
    work: Callable[[Runtime], object]
    every: timedelta
    still: timedelta | None = None
    """How often while nothing is written; None: as often."""


@dataclass(slots=True)
class Rounds:
    """Goes its rounds from `start` to `stop`, in threads that end with the process."""

    runtime: Runtime
    rounds: Sequence[Round]
    _scheduler: Any = None
    _stopping: bool = False
    _brought_forward: dict[str, datetime] = field(default_factory=dict)
    """When each round was last told to go before its time."""
    _wanted: set[str] = field(default_factory=set)
    """Rounds that have not gone since something was written."""
    _under_way: set[str] = field(default_factory=set)
    _noted_at: datetime | None = None

    def start(self) -> None:
        """Begin; the first of each comes after its time."""
        # Here, because it looks through every installed package: whoever waits for the first page need not wait for it.
        from apscheduler.schedulers.background import BackgroundScheduler
        from apscheduler.triggers.interval import IntervalTrigger

        self._scheduler = BackgroundScheduler(timezone=UTC)
        for one in self.rounds:
            trigger = IntervalTrigger(seconds=(one.still or one.every).total_seconds(), timezone=UTC)
            self._scheduler.add_job(self._go, trigger, (one,), id=one.name, **_STEADY)
        self._scheduler.start()

    def stop(self) -> None:
        """Begin no round any more; one that is under way ends by itself."""
        self._stopping = True
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is not None:
            scheduler.shutdown(wait=False)

    def note(self, written: bool, now: datetime) -> None:
        """Told again and again whether something was written since the last time: brings forward what looks at that,
        each round as often as its `every` at most. After a clock was put back every round goes: what was planned by
        the old time would come too late."""
        scheduler = self._scheduler
        if scheduler is None:
            return
        if self._noted_at is not None and now < self._noted_at - PUT_BACK:
            for one in self.rounds:
                scheduler.modify_job(one.name, next_run_time=datetime.now(UTC))
        self._noted_at = now
        hurried = [one for one in self.rounds if one.still is not None]
        if written:
            self._wanted.update(one.name for one in hurried)
        for one in hurried:
            last = self._brought_forward.get(one.name)
            too_early = last is not None and timedelta(0) <= now - last < one.every
            if one.name in self._wanted and one.name not in self._under_way and not too_early:
                self._wanted.discard(one.name)
                self._brought_forward[one.name] = now
                scheduler.modify_job(one.name, next_run_time=datetime.now(UTC))

    def _go(self, one: Round) -> None:
        if self._stopping:
            return
        self._under_way.add(one.name)
        try:
            with patiently():
                one.work(self.runtime)
        except Exception:
            log.exception("a round failed; it is tried again", round=one.name)
        finally:
            self._under_way.discard(one.name)
