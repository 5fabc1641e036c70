"""Telling our own people: queued in the transaction of its cause, sent by its own unit of work through apprise."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

import structlog
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from crisis_playbook import Team
from inbox.claims import NOW, Claiming, Now, claim, claiming, holds
from inbox.db import is_sqlite, writing
from inbox.models import Notice
from inbox.runtime import Runtime

log = structlog.get_logger("notices")

LEASE = timedelta(seconds=60)
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""Between the attempts; after the last one the backup team is told instead."""
MOST_ATTEMPTS = len(WAITS) + 1


def queue(
    session: Session,
    team: str,
    title: str,
    body: str,
    now: datetime,
    *,
    cause: str,
    conversation_id: int | None = None,
) -> bool:
    """Tells a team of the playbook once for each `cause`, however often it is queued. False: they know already."""
    values = {
        "team": team,
        "title": title[:200],
        "body": body[:2000],
        "digest": sha256(f"{team}\0{cause}".encode()).hexdigest(),
        "conversation_id": conversation_id,
        "created_at": now,
        "not_before": now,
    }
    statement = (
        _insert(session)(Notice).values(values).on_conflict_do_nothing(index_elements=["digest"]).returning(Notice.id)
    )
    return session.execute(statement).scalar_one_or_none() is not None


def _insert(session: Session) -> Any:
    """The database's own INSERT; where SQLite is used, PostgreSQL's half of SQLAlchemy is never loaded."""
    if is_sqlite(session):
        from sqlalchemy.dialects import sqlite

        return sqlite.insert
    from sqlalchemy.dialects import postgresql

    return postgresql.insert


def waiting(now: Now) -> list[ColumnElement[bool]]:
    """Which notices are due: not delivered and not given up."""
    return [Notice.sent_at.is_(None), Notice.not_before <= now, Notice.attempts < MOST_ATTEMPTS]


@cache
def _next() -> Claiming:
    return claiming(Notice, waiting(NOW), [Notice.not_before, Notice.id])


def notify_one(runtime: Runtime) -> bool:
    """Sends the oldest notice that is due; False when there is none. No transaction is open while it is sent.

    With `[notices] enabled = false` it counts as told, so that switching on does not bring a flood of old ones.
    """
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        notice_id = claim(session, _next(), now, LEASE, runtime.process)
        if notice_id is None:
            return False
        notice = session.get_one(Notice, notice_id)
        notice.attempts += 1
    team, problem = None, ""
    if runtime.settings.notices.enabled:
        team = runtime.playbook.current().teams.get(notice.team)
        problem = _send(team, notice.title, _with_link(runtime, notice)) if team else f"no team {notice.team!r}"
    with writing(runtime.sessions) as session:
        if not holds(session, Notice, notice_id, runtime.process, runtime.clock()):
            return True
        _settle(session, session.get_one(Notice, notice_id), team, problem, runtime.clock())
    return True


def _with_link(runtime: Runtime, notice: Notice) -> str:
    if notice.conversation_id is None:
        return notice.body
    return f"{notice.body}\n\n{runtime.settings.web.public_url}/conversations/{notice.conversation_id}"


def _send(team: Team, title: str, body: str) -> str:
    """Sends to every address of the team; returns what went wrong, empty when it is delivered."""
    if not team.notify:
        return f"the team {team.name!r} has no address under `notify:`"
    # A third of the start-up time, and most processes never notify.
    import apprise

    wrong = []
    for number, address in enumerate(team.notify, 1):
        sender = apprise.Apprise()
        # Addresses hold tokens: errors name their place.
        if not sender.add(address):
            wrong.append(f"address {number} of the team {team.name!r} is not one apprise understands")
        elif not sender.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT):
            wrong.append(f"address {number} of the team {team.name!r} did not take it")
    return "; ".join(wrong)


def _settle(session: Session, notice: Notice, team: Team | None, problem: str, now: datetime) -> None:
    notice.claim = notice.claimed_until = None
    notice.reason = problem
    if not problem:
        notice.sent_at = now
        return
    log.warning("notice not delivered", team=notice.team, attempt=notice.attempts, reason=problem)
    if notice.attempts < MOST_ATTEMPTS and team and team.notify:
        notice.not_before = now + WAITS[notice.attempts - 1]
        return
    notice.attempts = MOST_ATTEMPTS
    if team and team.backup:
        queue(
            session,
            team.backup,
            notice.title,
            notice.body,
            now,
            cause=f"backup of notice {notice.id}",
            conversation_id=notice.conversation_id,
        )
