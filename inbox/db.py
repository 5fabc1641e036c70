"""The two databases we run on, opened the way they must be, and the two kinds of transaction.

SQLite: write-ahead log, transactions begun by us (the driver's own begin too late), writers with BEGIN IMMEDIATE so
that a claim waits for its turn instead of failing with "database is locked". `synchronous=FULL`: after a power cut
the row that says "sending" must be there, or the reply would go out a second time; it costs one fsync a commit, which
only what is done again by itself goes without. PostgreSQL: psycopg 3, times in UTC, and the same durability.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import PoolProxiedConnection

from inbox.errors import DatabaseProblem
from inbox.models import meet_postgresql
from inbox.turns import Turns

WEB_THREADS = 4
"""Threads that answer pages and calls; each needs a connection."""
WORKERS = 6
"""Units of work that may run beside them."""
BUSY_SECONDS = 30
"""How long a writer waits for another before it gives up (SQLite)."""


def open_engine(url: str | URL) -> Engine:
    """Connects nothing yet. Makes the folder of an SQLite file; raises DatabaseProblem for other databases."""
    address = make_url(url)
    backend = address.get_backend_name()
    if backend == "sqlite":
        return _open_sqlite(address)
    if backend == "postgresql":
        return _open_postgresql(address)
    raise DatabaseProblem(
        f"Zuruf runs on SQLite and PostgreSQL, not on {backend}. Write [inbox] database = "
        '"sqlite:///var/zuruf.db" or "postgresql+psycopg://user:password@host/name".'
    )


def session_factory(engine: Engine) -> sessionmaker[Session]:
    """Sessions on this engine. Objects stay readable after commit: nothing is fetched behind the reader's back."""
    return sessionmaker(engine, expire_on_commit=False, autoflush=True)


@contextmanager
def writing(sessions: sessionmaker[Session], *, repeatable: bool = False) -> Iterator[Session]:
    """One write transaction: begun at once, committed at the end, rolled back when an error leaves the block.

    `repeatable`: nobody outside was told of it, and from the rows before it all of it is done again by itself. Its
    commit does not wait for the disk: a power cut, not a crash of this process, may take it back, together with all
    later ones of this kind. The next commit that is not repeatable makes it last.
    """
    with sessions() as session, _turn(session.get_bind()):
        connection = session.connection(execution_options={"begin": "IMMEDIATE", "repeatable": repeatable})
        if repeatable and not is_sqlite(connection):
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
        yield session
        session.commit()


_turns: WeakKeyDictionary[Engine | Connection, Turns] = WeakKeyDictionary()


def turns(bind: Engine | Connection) -> Turns:
    """Whose turn it is among this process's threads on one database."""
    known = _turns.get(bind)
    return known if known is not None else _turns.setdefault(bind, Turns(BUSY_SECONDS))


@contextmanager
def _turn(bind: Engine | Connection) -> Iterator[None]:
    turns(bind).stand_aside()
    if not is_sqlite(bind):
        yield
        return
    with turns(bind).one_at_a_time():
        yield


@contextmanager
def reading(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One read transaction: nothing done in it is kept. On SQLite every query in it sees the same moment."""
    with sessions() as session:
        yield session


class Writes:
    """Tells whether anybody has written anything: this process, another one, a person with a database shell.

    SQLite counts that for next to nothing. PostgreSQL does not tell; there the answer is always yes.
    """

    def __init__(self, engine: Engine) -> None:
        self._connection: PoolProxiedConnection | None = None
        self._engine = engine
        self._count: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()

    def any_since_last_asked(self) -> bool:
        """Asked for the first time, the answer is yes."""
        # A database in memory is one connection's own, which does not count what it writes itself.
        if not is_sqlite(self._engine) or self._engine.url.database in (None, "", ":memory:"):
            return True
        if self._connection is None:
            # One of its own for good: each connection counts what others write.
            self._connection = self._engine.raw_connection()
            self._connection.detach()
        cursor = self._connection.cursor()
        cursor.execute("PRAGMA data_version")
        (count,) = cursor.fetchone() or (None,)
        cursor.close()
        before, self._count = self._count, count
        return count != before


def is_sqlite(connection: Connection | Engine | Session) -> bool:
    """Whether this speaks to SQLite; otherwise it is PostgreSQL."""
    bind = connection.get_bind() if isinstance(connection, Session) else connection
    return bind.dialect.name == "sqlite"


MIGRATING = 7298347001
RINGING = 7298347002
"""What only one process may do at a time. Any numbers, the same in every process."""


def alone(connection: Connection | Session, what: int) -> None:
    """Until this transaction ends, no other process does the same: it waits here.

    On SQLite a write transaction is alone already.
    """
    if not is_sqlite(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:what)"), {"what": what})


def schema_version(engine: Engine) -> str | None:
    """What version of Zuruf wrote it; None where it is empty. Raises DatabaseProblem when it cannot be used."""
    from inbox.migrations import version_of

    try:
        with engine.connect() as connection:
            return version_of(connection)
    except DBAPIError as error:
        raise DatabaseProblem(_unusable(engine.url, str(error.orig or error))) from None


def migrate(engine: Engine) -> None:
    """Brings the schema to the code's version; two processes may do so at once.

    Raises DatabaseProblem when the database was written by a newer Zuruf, and touches nothing then; and when it
    cannot be opened at all.
    """
    from inbox.migrations import HEAD, create, upgrade, version_of

    if schema_version(engine) == HEAD:
        return
    with engine.connect().execution_options(begin="IMMEDIATE") as connection, connection.begin():
        alone(connection, MIGRATING)
        if version_of(connection) is None and not inspect(connection).get_table_names():
            create(connection)
        else:
            upgrade(connection)


def _unusable(address: URL, reason: str) -> str:
    """What stands in the way of opening a database, and what to look at; the password stays out."""
    first = (reason.strip().splitlines() or [""])[0]
    cure = (
        "Name a database's file, or a new one, in a folder this user may write to"
        if address.get_backend_name() == "sqlite"
        else "Look whether PostgreSQL runs there, and at user, password and the database's name"
    )
    return f"The database {address.render_as_string()} cannot be opened: {first}. {cure}: [inbox] database."


def _to_json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def _open_sqlite(address: URL) -> Engine:
    if address.database and address.database != ":memory:":
        try:
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseProblem(_unusable(address, str(error))) from None
    engine = create_engine(
        address,
        connect_args={"timeout": BUSY_SECONDS},
        pool_size=WEB_THREADS + WORKERS,
        max_overflow=2,
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
    )

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA cache_size = -4000")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        _wait_for_the_disk(connection, not options.get("repeatable", False))
        connection.exec_driver_sql(f"BEGIN {options.get('begin', 'DEFERRED')}")

    return engine


def _wait_for_the_disk(connection: Connection, wait: bool) -> None:
    """Whether the next commits do: said again only where this connection was told otherwise before."""
    if connection.info.get("waits", True) != wait:
        connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if wait else 'NORMAL'}")
        connection.info["waits"] = wait


def _write_ahead(cursor: Any) -> None:
    """Switches to the write-ahead log; SQLite does not wait by itself when several switch a new file at once."""
    for _ in range(BUSY_SECONDS * 20):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            threading.Event().wait(0.05)
        else:
            return
    cursor.execute("PRAGMA journal_mode = WAL")


def _open_postgresql(address: URL) -> Engine:
    if address.drivername in ("postgresql", "postgres"):
        address = address.set(drivername="postgresql+psycopg")
    if address.get_driver_name() != "psycopg":
        raise DatabaseProblem(
            f'Zuruf speaks to PostgreSQL through psycopg. Write "postgresql+psycopg://…" '
            f'instead of "{address.drivername}://…".'
        )
    meet_postgresql()
    return create_engine(
        address,
        pool_size=WEB_THREADS + WORKERS,
        max_overflow=2,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 10,
            "application_name": "zuruf",
            "options": "-c timezone=UTC -c lock_timeout=30s -c idle_in_transaction_session_timeout=60s",
        },
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
    )
