"""Which of many rules (or lines of a signal) can hold at all, given the words that were found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crisis_playbook.phrases import Found

Gate = frozenset[int] | None


class Index:
    """From found word lists to the numbers of those whose gate they open; the others are certainly false."""

    __slots__ = ("_always", "_apart", "_one", "_several")

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
        self._one = {words: numbers[0] for words, numbers in opened.items()}
        """For each list the first it opens, for most of them the only one."""
        self._several = {words: numbers[1:] for words, numbers in opened.items() if len(numbers) > 1}
        self._apart = not always and not self._several and len(set(self._one.values())) == len(self._one)
        """Every list opens one, and no two the same."""

    def candidates(self, found: Found) -> Sequence[int]:
        """The numbers that may hold, in their order."""
        one = self._one
        numbers = [one[words] for words in found if words in one]
        if not numbers:
            return self._always
        if not self._apart:
            for words in self._several.keys() & found.keys():
                numbers += self._several[words]
            return sorted({*numbers, *self._always})
        numbers.sort()
        return numbers
