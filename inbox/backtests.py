"""Backtests that a page starts: one at a time, with progress, kept as rows for every process of the installation.

A result holds which messages would be decided otherwise, never their words: these are read when it is looked at, so
that what was deleted or erased since is not shown again. What reviewers need of it for good, the figures, is an event.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import structlog
from pydantic import TypeAdapter
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from crisis_playbook import Playbook
from inbox import events
from inbox.backtest import Comparison, backtest
from inbox.db import reading, writing
from inbox.errors import Refusal
from inbox.models import Backtest, Message
from inbox.runtime import Runtime

log = structlog.get_logger("playbook")

DAYS = (7, 30, 90)
MOST_KEPT = 8
LOST_AFTER = timedelta(minutes=2)
"""A running backtest that has not been heard of for so long died with its process."""


class Stopped(Exception):
    """Somebody does not want to know any more."""


@dataclass(frozen=True, slots=True)
class Job:
    """One backtest as it stood when it was looked at."""

    id: int
    days: int
    done: int
    total: int
    stopped: bool
    failed: bool
    result: Comparison | None

    @property
    def running(self) -> bool:
        """Whether it is still worth waiting."""
        return self.result is None and not self.stopped and not self.failed


def job(session: Session, candidate: str, active: str, days: int, now: datetime) -> Job | None:
    """The backtest of a candidate's hash against an active one's over so many days; None where nobody asked."""
    row = session.scalars(_of(candidate, active, days)).first()
    if row is None:
        return None
    lost = row.state == "running" and row.heard_at < now - LOST_AFTER
    result = _with_words(session, _form().validate_python(row.result)) if row.result is not None else None
    return Job(row.id, row.days, row.done, row.total, row.state == "stopped", row.state == "failed" or lost, result)


def stop(session: Session, job_id: int) -> None:
    """Ask a running one to end; whoever runs it notices at its next step."""
    session.execute(update(Backtest).where(Backtest.id == job_id, Backtest.state == "running").values(state="stopped"))


def start(
    runtime: Runtime, version: int, candidate: Playbook, active: Playbook, days: int, actor: str, now: datetime
) -> None:
    """Begin in a thread of its own, or join what runs already. Raises Refusal (409) while another runs: judging keeps
    one core busy, and the pages need the other."""
    with writing(runtime.sessions) as session:
        running = session.scalars(
            select(Backtest).where(Backtest.state == "running", Backtest.heard_at >= now - LOST_AFTER)
        ).all()
        if any((one.candidate, one.active, one.days) == (candidate.hash, active.hash, days) for one in running):
            return
        if running:
            raise Refusal("Another backtest is running. Wait until it has ended, or stop it.", 409)
        kept = select(Backtest.id).order_by(Backtest.id.desc()).limit(MOST_KEPT - 1)
        session.execute(delete(Backtest).where(Backtest.id.not_in(session.scalars(kept).all())))
        session.execute(
            delete(Backtest).where(
                Backtest.candidate == candidate.hash, Backtest.active == active.hash, Backtest.days == days
            )
        )
        row = Backtest(
            version=version, candidate=candidate.hash, active=active.hash, days=days, asked_by=actor, asked_at=now,
            state="running", done=0, total=0, heard_at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        job_id = row.id
    asked = (runtime, job_id, version, candidate, active, now - timedelta(days=days), days, actor)
    threading.Thread(target=_run, args=asked, name="backtest", daemon=True).start()


def _run(
    runtime: Runtime,
    job_id: int,
    version: int,
    candidate: Playbook,
    active: Playbook,
    since: datetime,
    days: int,
    actor: str,
) -> None:
    def progress(done: int, total: int) -> None:
        with writing(runtime.sessions) as session:
            _note(session, job_id, done=done, total=total, heard_at=runtime.clock())

    try:
        with reading(runtime.sessions) as session:
            inbox = runtime.settings.inbox
            found = backtest(session, runtime.channels, inbox, active, candidate, since, progress)
        with writing(runtime.sessions) as session:
            events.record(
                session, "playbook_backtested", runtime.clock(), actor=actor,
                version=version, hash=candidate.hash, days=days, **figures(found),
            )  # fmt: skip
            _note(session, job_id, state="done", result=_without_words(found))
    except Stopped:
        return
    except Exception:
        log.exception("a backtest failed", version=version)
        with writing(runtime.sessions) as session:
            session.execute(update(Backtest).where(Backtest.id == job_id).values(state="failed"))


def _note(session: Session, job_id: int, **values: Any) -> None:
    """Write down how it goes. Raises Stopped where nobody waits for it any more."""
    going_on = update(Backtest).where(Backtest.id == job_id, Backtest.state == "running").values(**values)
    if session.execute(going_on.returning(Backtest.id)).first() is None:
        raise Stopped


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


def _of(candidate: str, active: str, days: int) -> Any:
    return select(Backtest).where(Backtest.candidate == candidate, Backtest.active == active, Backtest.days == days)


@cache
def _form() -> TypeAdapter[Comparison]:
    return TypeAdapter(Comparison)


def _without_words(found: Comparison) -> dict[str, Any]:
    plain: dict[str, Any] = _form().dump_python(found, mode="json")
    for one in plain["shown"]:
        one["text"] = ""
    return plain


def _with_words(session: Session, found: Comparison) -> Comparison:
    numbers = [one.message_id for one in found.shown]
    rows = session.execute(
        select(Message.id, Message.text).where(Message.id.in_(numbers), Message.deleted_at.is_(None))
    ).all()
    words = {number: text for number, text in rows if text}
    return replace(
        found, shown=[replace(one, text=words[one.message_id]) for one in found.shown if one.message_id in words]
    )
