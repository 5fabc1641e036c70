"""Backtests that a page starts: one at a time in a process, with progress, the last results kept for a while.

A result is only an answer to "what would have been?": it may be lost with the process and asked for again. What
reviewers need of it, the figures, is recorded as an event.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from crisis_playbook import Playbook
from inbox import events
from inbox.backtest import Comparison, backtest
from inbox.db import reading, writing
from inbox.errors import Refusal
from inbox.runtime import Runtime

log = structlog.get_logger("playbook")

DAYS = (7, 30, 90)
MOST_KEPT = 8


class Stopped(Exception):
    """Somebody does not want to know any more."""


@dataclass(slots=True)
class Job:
    """One backtest, running or done."""

    version: int
    candidate: Playbook
    active: Playbook
    days: int
    asked_by: str
    asked_at: datetime
    done: int = 0
    total: int = 0
    result: Comparison | None = None
    stopped: bool = False
    failed: bool = False

    @property
    def running(self) -> bool:
        """Whether it is still worth waiting."""
        return self.result is None and not self.stopped and not self.failed


Key = tuple[str, str, int]
"""Candidate's hash, active playbook's hash, days."""


class Backtests:
    """The backtests of one process."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._jobs: OrderedDict[Key, Job] = OrderedDict()
        self._lock = threading.Lock()

    def job(self, candidate: str, active: str, days: int) -> Job | None:
        """The backtest of a candidate's hash against an active one's over so many days; None where nobody asked."""
        with self._lock:
            return self._jobs.get((candidate, active, days))

    def start(self, version: int, candidate: Playbook, active: Playbook, days: int, actor: str, now: datetime) -> Job:
        """Begin in a thread of its own, or join what runs or is known already. Raises Refusal (409) while another runs:
        judging keeps one core busy, and the pages need the other."""
        key = (candidate.hash, active.hash, days)
        with self._lock:
            known = self._jobs.get(key)
            if known is not None and known.running:
                return known
            if any(job.running for job in self._jobs.values()):
                raise Refusal("Another backtest is running. Wait until it has ended, or stop it.", 409)
            job = self._jobs[key] = Job(version, candidate, active, days, actor, now)
            self._jobs.move_to_end(key)
            while len(self._jobs) > MOST_KEPT:
                self._jobs.popitem(last=False)
        threading.Thread(target=self._run, args=(job,), name="backtest", daemon=True).start()
        return job

    def _run(self, job: Job) -> None:
        def progress(done: int, total: int) -> None:
            job.done, job.total = done, total
            if job.stopped:
                raise Stopped

        since = job.asked_at - timedelta(days=job.days)
        try:
            with reading(self.runtime.sessions) as session:
                settings = self.runtime.settings.inbox
                channels = self.runtime.channels
                found = backtest(session, channels, settings, job.active, job.candidate, since, progress)
            with writing(self.runtime.sessions) as session:
                events.record(
                    session, "playbook_backtested", self.runtime.clock(), actor=job.asked_by,
                    version=job.version, hash=job.candidate.hash, days=job.days, **figures(found),
                )  # fmt: skip
            job.result = found
        except Stopped:
            return
        except Exception:
            log.exception("a backtest failed", version=job.version)
            job.failed = True


def figures(found: Comparison) -> dict[str, Any]:
    """What a reviewer reads first, as an event keeps it."""
    return {
        "messages": found.messages,
        "people": found.people,
        "different": found.different,
        "different_people": found.different_people,
        "sent_before": found.would_have_sent_before,
        "sent_after": found.would_have_sent_after,
        "cost_before": round(found.cost_before, 4),
        "cost_after": round(found.cost_after, 4),
    }
