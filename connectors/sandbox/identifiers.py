"""Ids as the platforms shape them, invented, reproducible from a seed, never the same twice."""

from __future__ import annotations

import base64
import random
from datetime import datetime

_X_EPOCH_MS = 1_288_834_974_657
"""Snowflake ids count milliseconds from here (2010-11-04)."""


class Identifiers:
    """A source of fresh ids."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - invented ids, not secrets
        self._serial = 0
        self._taken: set[int] = set()

    def number(self, prefix: str, digits: int) -> str:
        """A number of so many digits that begins with `prefix`."""
        self._serial += self._random.randint(1, 9)
        return prefix + str(self._serial).zfill(digits - len(prefix))

    def opaque(self, prefix: str, length: int) -> str:
        """A long base64-like id such as a Messenger `mid`."""
        self._serial += 1
        head = self._serial.to_bytes(6, "big")
        raw = base64.urlsafe_b64encode(head + self._random.randbytes(length * 3 // 4)).decode().rstrip("=")
        return prefix + raw[:length]

    def snowflake(self, at: datetime) -> str:
        """An X id that carries its moment."""
        number = (int(at.timestamp() * 1000) - _X_EPOCH_MS) << 22
        while number in self._taken:
            number += 1
        self._taken.add(number)
        return str(number)


def snowflake_floor(at: datetime) -> int:
    """The smallest X id that can carry this moment."""
    return max(0, int(at.timestamp() * 1000) - _X_EPOCH_MS) << 22
