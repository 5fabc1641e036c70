"""Signals: sums of points that explain themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crisis_playbook.conditions import Condition
from crisis_playbook.evidence import Evidence, Span, Sum
from crisis_playbook.index import Index
from crisis_playbook.model import Points

NONE = "none"
_NOTHING: frozenset[str] = frozenset()
NO_SUM = Sum(NONE, 0.0, _NOTHING, ())
"""Of a signal the playbook does not have."""


@dataclass(frozen=True, slots=True)
class Line:
    """Points for a condition that holds, counted once; `times`: only where it is found at least so often."""

    condition: Condition
    points: float
    times: int
    reason: str
    """What a person reads; the found words follow it."""
    place: str = ""
    """file:line of its points."""

    @property
    def title(self) -> str:
        """The part of an explanation before the found words; tells lines of one reason apart by their `times`."""
        return f"{self.reason} ({self.times} times)" if self.times > 1 else self.reason


@dataclass(frozen=True, slots=True)
class Signal:
    """A named linear sum with levels."""

    name: str
    lines: tuple[Line, ...]
    levels: Mapping[str, float]
    """Thresholds, lowest first."""
    lists: Mapping[str, int]
    """For each level the list that is found where it is reached."""
    index: Index = field(compare=False)
    _of_nothing: Sum = field(init=False, repr=False, compare=False)
    _reached: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = list(self.levels)
        reached = {name: frozenset(names[: number + 1]) for number, name in enumerate(names)}
        object.__setattr__(self, "_reached", reached)
        object.__setattr__(self, "_of_nothing", self._sum(0.0, ()))

    def add_up(self, evidence: Evidence) -> Sum:
        """The sum over one message: every line that holds counts once; what cannot be told counts nothing."""
        counted = []
        for number in self.index.candidates(evidence.found):
            line = self.lines[number]
            if line.condition.holds(evidence) and (line.times == 1 or line.condition.times(evidence) >= line.times):
                counted.append(number)
        if not counted:
            return self._of_nothing
        score = round(sum([self.lines[number].points for number in counted]), 6)
        return self._sum(score, tuple(counted))

    def leveled(self, known: Sum) -> Sum:
        """The same sum by this signal's levels: for a signal of the same lines in another playbook."""
        return self._sum(known.score, known.lines)

    def _sum(self, score: float, counted: tuple[int, ...]) -> Sum:
        level, reached = NONE, _NOTHING
        for name, least in self.levels.items():
            if score >= least:
                level, reached = name, self._reached[name]
        return Sum(level, score, reached, counted)

    def points(self, evidence: Evidence) -> tuple[Points, ...]:
        """Every line that counted, in words, with the words it found."""
        counted = [self.lines[number] for number in evidence.sum(self.name).lines]
        return tuple(Points(self._reason(line, evidence), line.points) for line in counted)

    def _reason(self, line: Line, evidence: Evidence) -> str:
        quoted = line.condition.quote(evidence)
        return f"{line.title}: {quoted}" if quoted else line.title

    def spans(self, evidence: Evidence) -> list[Span]:
        """Where the words stand that counted."""
        return [span for n in evidence.sum(self.name).lines for span in self.lines[n].condition.spans(evidence)]
