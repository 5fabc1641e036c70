"""A house with three accounts in the sandbox, already through its first import."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.sandbox import Sandbox
from tests.journeys.house import House, configuration
from tests.stepped_clock import SteppedClock


@pytest.fixture
def house(sandbox: Sandbox, clock: SteppedClock, database_url: str) -> Iterator[House]:
    """Three accounts, connected, with an empty past."""
    built = House(sandbox, clock, configuration(sandbox, database_url)).connect()
    built.work()
    clock.advance(seconds=5)
    yield built
    built.runtime.engine.dispose()
