"""A fourth channel keeps the same contract: what docs/adding-a-channel.md says is enough."""

from __future__ import annotations

import pytest

from connectors.base import Connector
from tests.connectors.contract import Contract
from tests.connectors.guestbook import Guestbook, GuestbookStage
from tests.connectors.stage import Stage
from tests.stepped_clock import SteppedClock


@pytest.fixture
def stage(clock: SteppedClock) -> Stage:
    return GuestbookStage(clock)


class TestGuestbook(Contract):
    """On the guestbook."""


def test_it_fits_the_registry() -> None:
    registry: dict[str, type[Connector]] = {"guestbook": Guestbook}
    assert registry["guestbook"].channel == "guestbook"
