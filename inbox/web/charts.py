"""Charts as plain numbers for SVG, drawn on the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, EDGE = 720, 140, 6


@dataclass(frozen=True, slots=True)
class Curve:
    """Two lines over the same hours: what came, and what is usual."""

    points: str
    usual: str
    """Empty while it is not known what is usual."""
    area: str
    highest: int
    total: int
    usual_total: int | None


def curve(counts: Sequence[int], usual: Sequence[float | None]) -> Curve:
    """Both lines in one scale, oldest first, in a box of WIDTH × HEIGHT."""
    known = [count for count in usual if count is not None]
    highest = max([1, *counts, *known])
    points = _points(counts, highest)
    area = f"{EDGE},{HEIGHT - EDGE} {points} {WIDTH - EDGE},{HEIGHT - EDGE}"
    if len(known) < len(counts):
        return Curve(points, "", area, max([1, *counts]), sum(counts), None)
    return Curve(points, _points(known, highest), area, max([1, *counts]), sum(counts), round(sum(known)))


def _points(counts: Sequence[float], highest: float) -> str:
    step = (WIDTH - 2 * EDGE) / max(1, len(counts) - 1)
    inner = HEIGHT - 2 * EDGE
    return " ".join(
        f"{EDGE + number * step:.1f},{HEIGHT - EDGE - inner * count / highest:.1f}"
        for number, count in enumerate(counts)
    )


def shades(counts: Sequence[Sequence[int]]) -> list[list[int]]:
    """Each number of a table as one of five shades, 0 for nothing and 4 for the most."""
    highest = max((count for row in counts for count in row), default=0)
    return [[0 if not count else 1 + round(3 * count / highest) for count in row] for row in counts]
