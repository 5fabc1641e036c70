"""What is wrong in a playbook's files: one mistake a line, naming the place and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake in one file. `line` counts from 1."""

    file: str
    line: int
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}; {self.fix}"


class PlaybookErrors(ValueError):
    """The playbook was refused. Carries every mistake found, in file and line order."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(map(str, self.mistakes)))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name a person most likely meant by `word`, or None where nothing is close."""
    names = sorted(known)
    folded = word.lower().replace("-", "_")
    by_shape = {name.lower().replace("-", "_"): name for name in names}
    close = get_close_matches(folded, by_shape, n=1, cutoff=0.6)
    return by_shape[close[0]] if close else None


def instead(word: str, known: Iterable[str]) -> str:
    """What to write instead of the unknown `word`: the nearest known name, or the list of names."""
    names = sorted(known)
    close = nearest(word, names)
    if close is not None:
        return f"did you mean '{close}'?"
    if not names:
        return "none is defined yet: define it, or leave this out"
    shown = ", ".join(names[:25]) + (", …" if len(names) > 25 else "")
    return f"write one of: {shown}"
