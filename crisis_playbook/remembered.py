"""What chunks of text were found to be, remembered up to a bound: people use the same words again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

MOST = 40_000
LONGEST = 40

Value = TypeVar("Value")


class Remembered(dict[str, Value], Generic[Value]):
    """Answers by chunk. Two generations: what is used again survives, what was seen once is forgotten.

    Holds at most twice MOST answers, and none for chunks longer than LONGEST letters.
    """

    def __init__(self, understand: Callable[[str], Value]) -> None:
        super().__init__()
        self._understand = understand
        self._older: dict[str, Value] = {}

    def __missing__(self, chunk: str) -> Value:
        value = self._older[chunk] if chunk in self._older else self._understand(chunk)
        if len(chunk) <= LONGEST:
            if len(self) >= MOST:
                self._older = dict(self)
                self.clear()
            self[chunk] = value
        return value

    def forget(self) -> None:
        """Forget everything, because the answers have changed."""
        self._older = {}
        self.clear()
