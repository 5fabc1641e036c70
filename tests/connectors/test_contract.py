"""Every channel of the registry keeps the contract, over real HTTP against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors import REGISTRY
from connectors.sandbox import Sandbox
from tests.connectors.contract import Contract
from tests.connectors.stage import Stage
from tests.connectors.stages import STAGES
from tests.stepped_clock import SteppedClock


@pytest.fixture(params=list(STAGES))
def stage(request: pytest.FixtureRequest, clock: SteppedClock) -> Iterator[Stage]:
    with Sandbox(seed=1, now=clock) as sandbox:
        yield STAGES[request.param](sandbox, clock)


class TestContract(Contract):
    """On the three platforms."""


def test_every_channel_has_a_stage() -> None:
    assert {name.split("-")[0] for name in STAGES} == set(REGISTRY)
