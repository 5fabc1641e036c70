"""Which of many rules (or lines of a signal) can hold at all, given the words that were found."""

from __future__ import annotations

from collections.abc import Iterable

from crisis_playbook.phrases import Found

Gate = frozenset[int] | None


class Index:
    """From found word lists to the numbers of those whose gate they open; the others are certainly false."""

    __slots__ = ("_always", "_opened", "_openers")

    def __init__(self, gates: Iterable[Gate]) -> None:
        always: list[int] = []
        opened: dict[int, list[int]] = {}
        for number, gate in enumerate(gates):
            if gate is None:
                always.append(number)
            else:
                for words in gate:
                    opened.setdefault(words, []).append(number)
        self._always = tuple(always)
        self._opened = {words: tuple(numbers) for words, numbers in opened.items()}
        self._openers = set(opened)

    def candidates(self, found: Found) -> Iterable[int]:
        """The numbers that may hold, in their order."""
        openers = self._openers.intersection(found)
        if not openers:
            return self._always
        if len(openers) == 1 and not self._always:
            return self._opened[openers.pop()]
        numbers = set(self._always)
        for words in openers:
            numbers.update(self._opened[words])
        return sorted(numbers)
