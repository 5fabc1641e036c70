"""Pushes on their way to the disk: those that arrive together share one commit, and none is answered before it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, sessionmaker

from inbox.db import writing
from inbox.models import Account, Push


@dataclass(frozen=True, slots=True)
class _Arrival:
    account_name: str
    body: bytes
    received_at: datetime
    stored: Future[bool] = field(default_factory=Future)


class Intake:
    """One process's pushes that wait for their commit. A thread of its own writes, so that none waits for pages."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions
        self._lock = Lock()
        self._arrived: list[_Arrival] = []
        self._writer = ThreadPoolExecutor(1, "intake")

    def store(self, account_name: str, body: bytes, now: datetime) -> Future[bool]:
        """Becomes True once the body is on the disk, False when the database has no such account; or fails as the
        database does."""
        arrival = _Arrival(account_name, body, now)
        # Who waits for the answer may go away; what is being stored is stored all the same.
        arrival.stored.set_running_or_notify_cancel()
        with self._lock:
            self._arrived.append(arrival)
            first = len(self._arrived) == 1
        if first:
            self._writer.submit(self._commit)
        return arrival.stored

    def _commit(self) -> None:
        with self._lock:
            together, self._arrived = self._arrived, []
        try:
            known = self._insert(together)
        except BaseException as error:
            for arrival in together:
                arrival.stored.set_exception(error)
            return
        for arrival in together:
            arrival.stored.set_result(arrival.account_name in known)

    def _insert(self, together: Sequence[_Arrival]) -> dict[str, int]:
        names = {arrival.account_name for arrival in together}
        with writing(self._sessions) as session:
            found = session.execute(select(Account.name, Account.id).where(Account.name.in_(names)))
            known = {name: account_id for name, account_id in found}  # noqa: C416
            rows = [
                {
                    "account_id": known[arrival.account_name],
                    "received_at": arrival.received_at,
                    "body": arrival.body,
                    "digest": hashlib.sha256(arrival.body).hexdigest(),
                }
                for arrival in together
                if arrival.account_name in known
            ]
            if rows:
                session.execute(insert(Push), rows)
        return known
