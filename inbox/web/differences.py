"""Two versions of files side by side: what was taken out, what was put in, and which words changed within a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

CONTEXT = 3
MOST_LINES = 20_000
"""Files longer than that are compared as a whole: finding the least difference would take too long."""


@dataclass(frozen=True, slots=True)
class Side:
    """One line of one file. `start` and `end` enclose the characters that differ from the line beside it."""

    number: int
    text: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A line before and after; None where one of them has no such line. `skip`: unchanged lines are left out here."""

    kind: Literal["same", "changed", "skip"]
    before: Side | None
    after: Side | None


@dataclass(frozen=True, slots=True)
class FileDifference:
    """What changed in one file."""

    name: str
    kind: Literal["changed", "added", "removed"]
    rows: tuple[Row, ...]
    added: int
    removed: int


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[FileDifference]:
    """Every file that differs, by name."""
    found = []
    for name in sorted({*before, *after}):
        if before.get(name) == after.get(name):
            continue
        rows = tuple(_rows(before.get(name, "").splitlines(), after.get(name, "").splitlines()))
        changed = [row for row in rows if row.kind == "changed"]
        kind: Literal["changed", "added", "removed"] = "changed"
        if name not in before or name not in after:
            kind = "added" if name not in before else "removed"
        added = sum(row.after is not None for row in changed)
        removed = sum(row.before is not None for row in changed)
        found.append(FileDifference(name, kind, rows, added, removed))
    return found


def _rows(before: Sequence[str], after: Sequence[str]) -> Iterator[Row]:
    if len(before) + len(after) > MOST_LINES:
        yield from _changed(before, after, 0, 0)
        return
    for number, group in enumerate(SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(CONTEXT)):
        if number:
            yield Row("skip", None, None)
        for tag, left, left_end, right, right_end in group:
            if tag == "equal":
                for step in range(left_end - left):
                    text = before[left + step]
                    yield Row("same", Side(left + step + 1, text), Side(right + step + 1, text))
            else:
                yield from _changed(before[left:left_end], after[right:right_end], left, right)


def _changed(before: Sequence[str], after: Sequence[str], left: int, right: int) -> Iterator[Row]:
    for step in range(max(len(before), len(after))):
        old = before[step] if step < len(before) else None
        new = after[step] if step < len(after) else None
        start, end_old, end_new = _core(old or "", new or "") if old is not None and new is not None else (0, 0, 0)
        yield Row(
            "changed",
            Side(left + step + 1, old, start, end_old) if old is not None else None,
            Side(right + step + 1, new, start, end_new) if new is not None else None,
        )


def _core(old: str, new: str) -> tuple[int, int, int]:
    """Where two lines begin to differ, and where the difference ends in each. Nothing where they share too little."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[len(old) - 1 - end] == new[len(new) - 1 - end]:
        end += 1
    if len(old[:start].strip()) + end < 3:
        return 0, 0, 0
    return start, len(old) - end, len(new) - end
