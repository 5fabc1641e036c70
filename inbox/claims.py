"""Who works on what: a row is claimed for a while by one statement, so that any number of processes share the work.

A claim is a lease. A process that dies loses it by time alone; one that is slow may lose it too, so whoever settles a
claimed row asks `holds` first, or repeats the claim's columns in the condition of its own update.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import BindParameter, ColumnElement, bindparam, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.selectable import TypedReturnsRows

from inbox.models import UtcDateTime, table

Now = BindParameter[datetime]
"""Stands for the time of asking in a statement that is put together once."""
NOW: Now = bindparam("now", type_=UtcDateTime())


class Claimable(Protocol):
    """A model with the columns a claim needs."""

    id: InstrumentedAttribute[int]
    claimed_until: InstrumentedAttribute[datetime | None]
    claim: InstrumentedAttribute[str | None]


Claiming = TypedReturnsRows[int]


def claiming(model: Any, where: Sequence[ColumnElement[bool]], order: Sequence[Any]) -> Claiming:
    """The statement that takes the first row that fits and that nobody holds, for `claim`.

    `model` has the columns of `Claimable`; in `where` the time of the claim is `NOW`. To be kept: putting it together
    takes twenty times as long as running it.
    """
    free = or_(model.claimed_until.is_(None), model.claimed_until <= NOW)
    # A scalar sub-select runs once. Written as IN (… LIMIT 1), PostgreSQL may run it again for each row it looks at
    # and claim several. SQLAlchemy leaves SKIP LOCKED out on SQLite, where BEGIN IMMEDIATE does the same.
    first = (
        select(model.id).where(free, *where).order_by(*order).limit(1).with_for_update(skip_locked=True)
    ).scalar_subquery()
    rows = table(model)
    return (
        update(rows)
        .where(rows.c.id == first)
        .values(claimed_until=bindparam("until"), claim=bindparam("process"))
        .returning(rows.c.id)
    )


def claim(session: Session, statement: Claiming, now: datetime, lease: timedelta, process: str) -> int | None:
    """Runs a statement of `claiming`; returns the id of the row it took, or None when there is nothing to do.

    The row is `process`'s until `now + lease`. Commit before the work begins: a claim is worth nothing while its
    transaction is open.
    """
    return session.execute(statement, {"now": now, "until": now + lease, "process": process}).scalar_one_or_none()


def holds(session: Session, model: Any, row_id: int, process: str, now: datetime) -> bool:
    """Whether `process` still holds the row; locks it until the end of the transaction (PostgreSQL)."""
    statement = (
        select(func.count())
        .select_from(model)
        .where(
            model.id.in_(
                select(model.id)
                .where(model.id == row_id, model.claim == process, model.claimed_until > now)
                .with_for_update()
                .scalar_subquery()
            )
        )
    )
    return session.execute(statement).scalar_one() == 1


def release(session: Session, model: Any, row_id: int, process: str) -> bool:
    """Gives the row back early; False when it is no longer `process`'s."""
    statement = (
        update(model)
        .where(model.id == row_id, model.claim == process)
        .values(claimed_until=None, claim=None)
        .returning(model.id)
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).scalar_one_or_none() is not None


def this_process() -> str:
    """A name for this process in claims: host, process id, and chance, since ids are used again."""
    return f"{socket.gethostname()[:16]}:{os.getpid()}:{secrets.token_hex(4)}"


def free_the_dead(session: Session, models: Sequence[Any], process: str, now: datetime) -> int:
    """End the leases of processes of this host that no longer run, so that a restart need not wait for them."""
    host, pid, _ = process.split(":")
    freed = 0
    for model in models:
        holders = set(session.scalars(select(model.claim).where(model.claimed_until > now).distinct()))
        for holder in holders:
            parts = (holder or "").split(":")
            if len(parts) != 3 or parts[0] != host or holder == process:
                continue
            if parts[1] == pid or not _runs(int(parts[1])):
                freed += len(
                    session.execute(
                        update(model).where(model.claim == holder).values(claimed_until=now).returning(model.id)
                    ).all()
                )
    return freed


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
