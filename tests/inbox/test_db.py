"""Transactions and claims hold under several writers, on both databases."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from inbox.claims import claim, claiming, holds, release
from inbox.db import Writes, is_sqlite, open_engine, reading, writing
from inbox.errors import DatabaseProblem
from inbox.events import record
from inbox.models import Account, Event, Push
from tests.inbox.rows import add_account
from tests.stepped_clock import SteppedClock

LEASE = timedelta(seconds=30)
PROJECT = Path(__file__).parents[2]


def add_pushes(sessions: sessionmaker[Session], count: int, now: datetime) -> None:
    with writing(sessions) as session:
        account = add_account(session)
        session.add_all(Push(account_id=account.id, received_at=now, body=b"{}", digest=str(n)) for n in range(count))


def take(session: Session, clock: SteppedClock, process: str) -> int | None:
    return claim(session, claiming(Push, [Push.processed_at.is_(None)], [Push.id]), clock(), LEASE, process)


def test_an_error_leaves_nothing_behind(sessions: sessionmaker[Session]) -> None:
    def fail_halfway() -> None:
        with writing(sessions) as session:
            add_account(session)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fail_halfway()
    with reading(sessions) as session:
        assert session.scalar(select(func.count()).select_from(Account)) == 0


def test_what_is_done_while_reading_is_not_kept(sessions: sessionmaker[Session]) -> None:
    with reading(sessions) as session:
        add_account(session)
    with reading(sessions) as session:
        assert session.scalar(select(func.count()).select_from(Account)) == 0


def test_writers_wait_for_each_other_instead_of_failing(sessions: sessionmaker[Session], clock: SteppedClock) -> None:
    """Each reads before it writes, which fails on SQLite when the transaction does not begin as a writer."""

    def write(number: int) -> None:
        with writing(sessions) as session:
            session.scalar(select(func.count()).select_from(Event))
            record(session, "counted", clock(), number=number)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(60)))
    with reading(sessions) as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 60


def test_no_row_is_claimed_twice(sessions: sessionmaker[Session], clock: SteppedClock) -> None:
    add_pushes(sessions, 60, clock())
    barrier = threading.Barrier(4)

    def work(process: str) -> list[int]:
        barrier.wait()
        claimed: list[int] = []
        while True:
            with writing(sessions) as session:
                row = take(session, clock, process)
            if row is None:
                return claimed
            claimed.append(row)

    with ThreadPoolExecutor(4) as pool:
        claimed = [row for rows in pool.map(work, "abcd") for row in rows]
    assert sorted(claimed) == list(range(1, 61))


def test_claims_go_in_order_and_end_by_time(sessions: sessionmaker[Session], clock: SteppedClock) -> None:
    add_pushes(sessions, 2, clock())
    with writing(sessions) as session:
        assert [take(session, clock, "one"), take(session, clock, "one"), take(session, clock, "one")] == [1, 2, None]
    clock.advance(seconds=29)
    with writing(sessions) as session:
        assert take(session, clock, "two") is None
        assert holds(session, Push, 1, "one", clock())
    clock.advance(seconds=1)
    with writing(sessions) as session:
        assert not holds(session, Push, 1, "one", clock())
        assert take(session, clock, "two") == 1
        assert not release(session, Push, 1, "one")
        assert release(session, Push, 1, "two")
        assert take(session, clock, "three") == 1


def test_times_come_back_as_they_went_in(sessions: sessionmaker[Session]) -> None:
    moment = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
    with writing(sessions) as session:
        add_account(session, connected_at=moment, history_since=moment.astimezone())
    with reading(sessions) as session:
        account = session.scalars(select(Account)).one()
        assert account.connected_at == account.history_since == moment
        assert account.connected_at.tzinfo is UTC
    with pytest.raises(Exception, match="without a zone"), writing(sessions) as session:
        add_account(session, connected_at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_it_is_told_whether_anybody_wrote(engine: Engine, sessions: sessionmaker[Session], clock: SteppedClock) -> None:
    with Writes(engine) as writes:
        assert writes.any_since_last_asked()
        if not is_sqlite(engine):
            assert writes.any_since_last_asked()
            return
        assert not writes.any_since_last_asked()
        with writing(sessions) as session:
            session.scalar(select(func.count()).select_from(Event))
        assert not writes.any_since_last_asked()
        with writing(sessions) as session:
            record(session, "counted", clock(), number=1)
            session.flush()
            assert not writes.any_since_last_asked()
        assert writes.any_since_last_asked()
        assert not writes.any_since_last_asked()


def test_only_what_is_done_again_by_itself_goes_without_the_disk(
    engine: Engine, sessions: sessionmaker[Session]
) -> None:
    on_sqlite = is_sqlite(engine)
    asked = text("PRAGMA synchronous" if on_sqlite else "SHOW synchronous_commit")
    waits, does_not = (2, 1) if on_sqlite else ("on", "off")
    for repeatable in (False, True, True, False):
        with writing(sessions, repeatable=repeatable) as session:
            assert session.scalar(asked) == (does_not if repeatable else waits)
    with reading(sessions) as session:
        assert session.scalar(asked) == waits


def test_who_runs_on_sqlite_does_not_load_what_speaks_to_postgresql() -> None:
    asked = "import sys, inbox.process; print('sqlalchemy.dialects.postgresql' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_sqlite_is_opened_the_safe_way(engine: Engine) -> None:
    if not is_sqlite(engine):
        pytest.skip("about SQLite's switches; this run is on PostgreSQL")
    with engine.connect() as connection:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        found = [connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in names]
        assert found == ["wal", 2, 1, 30000]


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    with open_engine(f"sqlite:///{tmp_path}/new/folder/zuruf.db").connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


@pytest.mark.parametrize("url", ["mysql://host/name", "postgresql+psycopg2://host/name"])
def test_other_databases_are_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(DatabaseProblem, match=r"postgresql\+psycopg://"):
        open_engine(url)
