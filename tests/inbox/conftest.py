"""A whole inbox for tests that speak HTTP to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from fastapi.testclient import TestClient

from inbox import claims
from inbox.runtime import Runtime
from tests.inbox.postbox import Office, Postbox
from tests.inbox.shop import client_of, open_runtime, token_for
from tests.stepped_clock import SteppedClock


@pytest.fixture(autouse=True)
def plain_log_lines() -> Iterator[None]:
    """Tracebacks as in production: without local variables, which the default prints where rich is installed."""
    before = structlog.get_config()
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.stdlib.add_log_level, renderer])
    yield
    structlog.configure(**before)


@pytest.fixture
def runtime(database_url: str, tmp_path: Path, clock: SteppedClock) -> Iterator[Runtime]:
    """One process' runtime, its clock standing still."""
    runtime = open_runtime(database_url, tmp_path, clock)
    yield runtime
    runtime.engine.dispose()


@pytest.fixture
def program(runtime: Runtime) -> Iterator[TestClient]:
    """A program with a manager's token."""
    with client_of(runtime, token_for(runtime)) as client:
        yield client


@pytest.fixture
def stranger(runtime: Runtime) -> Iterator[TestClient]:
    """Somebody without token or sign-in."""
    with client_of(runtime) as client:
        yield client


@pytest.fixture
def box() -> Postbox:
    """A platform that does as it is told."""
    return Postbox()


@pytest.fixture
def office(database_url: str, tmp_path: Path, clock: SteppedClock, box: Postbox) -> Iterator[Office]:
    """A daemon of one process with one account of that platform, connected an hour ago."""
    office = Office(database_url, tmp_path, clock, box, connected_at=clock() - timedelta(hours=1))
    office.work()
    yield office
    office.close()


@pytest.fixture
def colleague(office: Office, database_url: str, tmp_path: Path, clock: SteppedClock, box: Postbox) -> Iterator[Office]:
    """A second process on the same database."""
    second = Office(database_url, tmp_path, clock, box)
    second.runtime.process = claims.this_process()
    yield second
    second.close()
