"""What most tests share: a database of their own, a clock that they move, and the platforms' stand-in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from connectors.sandbox import Sandbox
from inbox.db import open_engine, session_factory
from tests.databases import Databases, server
from tests.stepped_clock import SteppedClock

# Examples are judged by what comes out, never by how long it took on a machine that has other work.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Databases]:
    """Makes databases on the server under test."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    with server(shared / "postgresql") as address:
        yield Databases(tmp_path_factory.mktemp("databases"), address)


@pytest.fixture
def database_url(databases: Databases) -> str:
    """A migrated database without rows."""
    return databases.migrated()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a migrated database without rows: SQLite, or PostgreSQL with ZURUF_TEST_DATABASE=postgresql."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    """Sessions on `engine`; use them through `inbox.db.writing` and `inbox.db.reading`."""
    return session_factory(engine)


@pytest.fixture
def clock() -> SteppedClock:
    """Stands still until moved."""
    return SteppedClock()


@pytest.fixture
def sandbox(clock: SteppedClock) -> Iterator[Sandbox]:
    """The three platforms on loopback, on the test's clock."""
    with Sandbox(seed=1, now=clock) as running:
        yield running
