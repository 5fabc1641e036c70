"""The timeline: one append-only line for everything that happened, written in the transaction of its cause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from inbox.models import Event, table


def record(
    session: Session,
    kind: str,
    now: datetime,
    *,
    conversation_id: int | None = None,
    account_id: int | None = None,
    actor: str | None = None,
    **data: Any,
) -> None:
    """Appends one event; `now` is aware UTC, `data` must be JSON and hold no secret.

    Written at once, not at the next flush, so that the order of ids is the order of happening within a transaction.
    """
    row = {
        "kind": kind, "at": now, "conversation_id": conversation_id, "account_id": account_id, "actor": actor,
        "data": data,
    }  # fmt: skip
    session.execute(_APPEND, row)


def record_many(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Appends many events at once; each row has every column of `Event` but the id."""
    if rows:
        session.execute(_APPEND, list(rows))


_APPEND = insert(table(Event))
