"""A crisis: declared by an alarm or a person, owned, raised, stood down. What its level freezes holds everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from crisis_playbook import Level, alarms
from inbox import events, notices
from inbox.errors import NotThere, Refusal
from inbox.models import Crisis
from inbox.runtime import Runtime

HIGHEST = 6
NO_BEHAVIOUR = Level(
    number=0,
    title="",
    notify=(),
    automatic_replies="normal",
    hold_replies=None,
    targets=None,
    expires=None,
    checklist=(),
)


def running(session: Session, now: datetime) -> Sequence[Crisis]:
    """Every crisis that has neither been stood down nor expired, the gravest first."""
    return session.scalars(_RUNNING, {"now": now}).all()


_RUNNING = (
    select(Crisis)
    .where(Crisis.stood_down_at.is_(None), (Crisis.expires_at.is_(None)) | (Crisis.expires_at > bindparam("now")))
    .order_by(Crisis.level.desc(), Crisis.id)
)


def behaviour(session: Session, runtime: Runtime, now: datetime) -> Level:
    """How the house behaves now: what the playbook writes for the gravest running crisis' level."""
    grave = next(iter(running(session, now)), None)
    if grave is None:
        return NO_BEHAVIOUR
    return level_behaviour(runtime, grave.level)


def level_behaviour(runtime: Runtime, level: int) -> Level:
    """What the playbook writes for this level, or for the nearest lower one it writes about."""
    return alarms.behaviour(runtime.playbook.current(), level) or NO_BEHAVIOUR


def declare(
    session: Session,
    runtime: Runtime,
    level: int,
    title: str,
    cause: str,
    actor: str,
    now: datetime,
    owner: str | None = None,
    alarm: str | None = None,
) -> Crisis:
    """Declare a crisis of this level; its people are told, its checklist is laid out."""
    _check_level(level)
    written = level_behaviour(runtime, level)
    crisis = Crisis(
        level=level,
        title=(title.strip() or written.title or f"Level {level}")[:200],
        cause=cause[:1000],
        owner=owner,
        declared_by=actor,
        declared_at=now,
        raised_at=now,
        expires_at=_expiry(written.expires, now),
        alarm=alarm,
        checklist=[{"text": line, "done_by": None, "done_at": None} for line in written.checklist],
    )
    session.add(crisis)
    session.flush()
    events.record(session, "crisis_declared", now, actor=actor, crisis_id=crisis.id, level=level, cause=cause[:200])
    _tell(session, written, crisis, f"Level {level}: {crisis.title}", now)
    return crisis


def _check_level(level: int) -> None:
    if not 0 <= level <= HIGHEST:
        raise Refusal(f"A level is a number from 0 to {HIGHEST}.", 422)


def _expiry(expires: timedelta | None, now: datetime) -> datetime | None:
    return now + expires if expires is not None else None


def _tell(session: Session, written: Level, crisis: Crisis, title: str, now: datetime) -> None:
    for team in written.notify:
        notices.queue(session, team, title, crisis.cause, now, cause=f"crisis-{crisis.id}-{crisis.level}")


def _get(session: Session, crisis_id: int) -> Crisis:
    crisis = session.get(Crisis, crisis_id, with_for_update=True)
    if crisis is None:
        raise NotThere(f"crisis {crisis_id}")
    return crisis


def raise_level(session: Session, runtime: Runtime, crisis_id: int, level: int, actor: str, now: datetime) -> None:
    """Change the level, up or down; the checklist grows by what the new level adds, ticks stay."""
    _check_level(level)
    crisis = _get(session, crisis_id)
    if crisis.stood_down_at is not None:
        raise Refusal("This crisis has been stood down. Declare a new one.", 409)
    before, crisis.level, crisis.raised_at = crisis.level, level, now
    written = level_behaviour(runtime, level)
    crisis.expires_at = _expiry(written.expires, now)
    known = {line["text"] for line in crisis.checklist}
    crisis.checklist = [
        *crisis.checklist,
        *({"text": line, "done_by": None, "done_at": None} for line in written.checklist if line not in known),
    ]
    events.record(session, "crisis_raised", now, actor=actor, crisis_id=crisis_id, level=level, before=before)
    if level > before:
        _tell(session, written, crisis, f"Raised to level {level}: {crisis.title}", now)


def take_over(session: Session, crisis_id: int, owner: str, actor: str, now: datetime) -> None:
    """Somebody owns it from now on."""
    _get(session, crisis_id).owner = owner
    events.record(session, "crisis_owned", now, actor=actor, crisis_id=crisis_id, owner=owner)


def stand_down(session: Session, crisis_id: int, actor: str, now: datetime) -> None:
    """It is over: what its level froze is normal again."""
    crisis = _get(session, crisis_id)
    if crisis.stood_down_at is None:
        crisis.stood_down_at, crisis.stood_down_by = now, actor
        events.record(session, "crisis_stood_down", now, actor=actor, crisis_id=crisis_id, level=crisis.level)


def check_off(session: Session, crisis_id: int, index: int, actor: str, now: datetime) -> None:
    """Tick a line of the checklist, or untick it."""
    crisis = _get(session, crisis_id)
    if not 0 <= index < len(crisis.checklist):
        raise NotThere(f"line {index} in the checklist of crisis {crisis_id}")
    lines = [dict(line) for line in crisis.checklist]
    done = lines[index]["done_at"] is None
    lines[index] |= {"done_by": actor if done else None, "done_at": now.isoformat() if done else None}
    crisis.checklist = lines
    events.record(
        session, "crisis_checked", now, actor=actor, crisis_id=crisis_id, line=lines[index]["text"], done=done
    )
