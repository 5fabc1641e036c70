"""A channel's platform as far as the contract's tests need it: people write, things vanish, trouble on command."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from connectors.base import Connector, Login
from tests.stepped_clock import SteppedClock


class Trouble(StrEnum):
    """What a stage can be told to do wrong with its next requests."""

    RATE_LIMITED = "rate limited"
    LOGIN_EXPIRED = "login expired"
    DOWN = "down"
    CUT = "cut"
    NONSENSE = "nonsense"
    BROKEN_ROW = "broken row"
    DOUBLED = "doubled"
    SHUFFLED = "shuffled"
    WRITE_CUT_AFTER = "write cut after it was done"
    WRITE_CUT_BEFORE = "write cut before it was done"


WHILE_READING = (
    Trouble.DOWN, Trouble.CUT, Trouble.NONSENSE, Trouble.BROKEN_ROW, Trouble.DOUBLED, Trouble.SHUFFLED,
)  # fmt: skip


class Stage(Protocol):
    """One channel's platform with one signed-in account and one customer."""

    clock: SteppedClock

    @property
    def login(self) -> Login:
        """The account's login; its secrets are invented."""

    def connect(self) -> Connector:
        """A connector that keeps nothing from the one before."""

    def public(self, text: str) -> str:
        """The customer writes publicly; the id the connector gives this message."""

    def private(self, text: str) -> str:
        """The customer writes privately."""

    def colleague_public(self, target: str, text: str) -> str:
        """A colleague answers a public message in the platform's own app."""

    def colleague_private(self, text: str) -> str:
        """A colleague answers the customer privately in the platform's own app."""

    def delete(self, external_id: str) -> None:
        """A public message vanishes."""

    def edit(self, external_id: str, text: str) -> None:
        """A public message is changed by its author."""

    def trouble(self, trouble: Trouble, times: int = 1) -> None:
        """The next requests go wrong."""

    def rates(self, troubles: Sequence[Trouble], share: float, seed: int) -> None:
        """This share of all requests goes wrong in each of these ways, until `calm`."""

    def calm(self) -> None:
        """Nothing goes wrong any more."""

    def written(self) -> list[str]:
        """The texts the platform took from the connector, in order."""

    def carried(self) -> list[str]:
        """The SHA-256 of every file the platform took along with them, in order."""
