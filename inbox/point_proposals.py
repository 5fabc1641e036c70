"""What the team's own clicks say about the playbook: suggestions by rule, and better points for the complaint signal.

Every suggestion keeps the lines of points that spoke for it, and whether somebody accepted or dismissed it. A line
whose presence goes with dismissals much more than with acceptances is proposed half a point lower; a line that takes
points away although people accept such suggestions anyway, half a point higher. Nothing is learned silently: the
counts stand beside every proposal, a proposal becomes a draft that a manager publishes, and nothing leaves this
installation.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crisis_playbook import Playbook
from inbox.errors import Refusal
from inbox.models import Suggestion

SIGNAL = "complaint"
"""The signal whose points suggestions keep."""
STEP = 0.5
FEWEST = 20
"""So many decided suggestions with the line, and as many without it, before anything is proposed."""
MUCH = 0.25
"""How much the share of dismissals with the line must differ from the share without it."""
MOST_READ = 50_000
FOUND_WORDS = re.compile(r': ".*', re.DOTALL)
"""What an explanation quotes after a line's title."""


@dataclass(frozen=True, slots=True)
class Clicked:
    """One decided suggestion: the titles of the lines that spoke for it, and whether it was accepted."""

    lines: frozenset[str]
    accepted: bool


@dataclass(frozen=True, slots=True)
class RuleClicks:
    """What became of one rule's suggestions."""

    rule: str
    fired: int
    """Suggestions it made."""
    accepted: int
    dismissed: int

    @property
    def share(self) -> float | None:
        """Accepted of those somebody decided, 0 to 1; None where nobody has."""
        decided = self.accepted + self.dismissed
        return self.accepted / decided if decided else None


@dataclass(frozen=True, slots=True)
class LineClicks:
    """One line of points, and what became of suggestions with and without it."""

    title: str
    points: float
    place: str
    """file:line of the points."""
    accepted_with: int
    dismissed_with: int
    accepted_without: int
    dismissed_without: int
    proposed: float | None
    """Better points; None where the clicks do not speak for any, or too few are there."""

    @property
    def share_with(self) -> float | None:
        """Dismissed of the decided suggestions with the line, 0 to 1."""
        return _share(self.dismissed_with, self.accepted_with)

    @property
    def share_without(self) -> float | None:
        """Dismissed of the decided suggestions without the line, 0 to 1."""
        return _share(self.dismissed_without, self.accepted_without)


def _share(dismissed: int, accepted: int) -> float | None:
    return dismissed / (dismissed + accepted) if dismissed + accepted else None


def by_rule(session: Session, since: datetime) -> list[RuleClicks]:
    """Every rule that has suggested something since then (aware UTC), the most dismissed first."""
    counts: dict[str, Counter[str]] = {}
    query = select(Suggestion.rule, Suggestion.status, func.count()).where(Suggestion.created_at >= since)
    for rule, status, count in session.execute(query.group_by(Suggestion.rule, Suggestion.status)):
        counts.setdefault(rule, Counter())[status] = count
    found = [RuleClicks(rule, one.total(), one["accepted"], one["dismissed"]) for rule, one in counts.items()]
    return sorted(found, key=lambda one: (-one.dismissed, -one.fired, one.rule))


def clicks(session: Session, since: datetime) -> list[Clicked]:
    """The newest decided suggestions since then (aware UTC) that rest on points; MOST_READ at most."""
    rows = session.execute(
        select(Suggestion.points, Suggestion.status)
        .where(Suggestion.status.in_(("accepted", "dismissed")), Suggestion.created_at >= since)
        .order_by(Suggestion.id.desc())
        .limit(MOST_READ)
    )
    return [Clicked(_titles(points), status == "accepted") for points, status in rows if points]


def _titles(points: Sequence[Sequence[object]]) -> frozenset[str]:
    return frozenset(FOUND_WORDS.sub("", str(reason)) for reason, _ in points)


def by_line(playbook: Playbook, clicked: Iterable[Clicked]) -> list[LineClicks]:
    """Every line of the complaint signal that spoke for a suggestion somebody decided, those with a proposal first.

    Lines of one title cannot be told apart in an explanation, so they are counted and left as they are.
    """
    signal = playbook.vocabulary.signals.get(SIGNAL)
    totals, seen = Counter[bool](), dict[str, Counter[bool]]()
    for one in clicked:
        totals[one.accepted] += 1
        for title in one.lines:
            seen.setdefault(title, Counter())[one.accepted] += 1
    titles = Counter(line.title for line in signal.lines) if signal is not None else Counter[str]()
    found = []
    for line in signal.lines if signal is not None else ():
        if line.title not in seen:
            continue
        with_it = seen[line.title]
        accepted, dismissed = totals[True] - with_it[True], totals[False] - with_it[False]
        proposed = better_points(line.points, with_it[True], with_it[False], accepted, dismissed)
        found.append(
            LineClicks(
                line.title, line.points, line.place, with_it[True], with_it[False], accepted, dismissed,
                proposed if titles[line.title] == 1 else None,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (one.proposed is None, -one.dismissed_with, one.title))


def better_points(
    points: float, accepted_with: int, dismissed_with: int, accepted_without: int, dismissed_without: int
) -> float | None:
    """What a line of points should be worth, judged by what became of suggestions with and without it.

    Lower by STEP where they are dismissed more often with the line (never from above zero to below it); higher by
    STEP, to zero at most, where a line that takes points away goes with acceptances. None: as it is.
    """
    if accepted_with + dismissed_with < FEWEST or accepted_without + dismissed_without < FEWEST:
        return None
    with_it = dismissed_with / (accepted_with + dismissed_with)
    without_it = dismissed_without / (accepted_without + dismissed_without)
    if with_it - without_it >= MUCH and with_it > 0.5:
        lowered = points - STEP
        better = max(lowered, 0.0) if points > 0 else lowered
    elif without_it - with_it >= MUCH and with_it < 0.5 and points < 0:
        better = min(points + STEP, 0.0)
    else:
        return None
    return round(better, 3) if better != points else None


def sentence(line: LineClicks) -> str:
    """Why a line should be worth something else, for the history of the playbook."""
    return (
        f"{line.title}: {line.points:g} to {line.proposed:g}, dismissed {line.dismissed_with} of "
        f"{line.dismissed_with + line.accepted_with} with it and {line.dismissed_without} of "
        f"{line.dismissed_without + line.accepted_without} without it"
    )


def rewritten(files: Mapping[str, str], changes: Mapping[str, tuple[float, float]]) -> dict[str, str]:
    """The files with other points at some places: {file:line: (points now, points then)}; everything else stays as it
    was written, comments too. Raises Refusal (409) where the file says something else by now."""
    result = dict(files)
    for place, (now, then) in changes.items():
        name, _, number = place.rpartition(":")
        lines = result.get(name, "").splitlines(keepends=True)
        index = int(number) - 1 if number.isdecimal() else -1
        line = lines[index] if 0 <= index < len(lines) else ""
        found = [match for match in re.finditer(r"(\bpoints:\s*)([-+]?\d*\.?\d+)", line) if float(match[2]) == now]
        if len(found) != 1:
            raise Refusal(f"{place} does not say {now:g} points any more. Load the page again.", 409)
        lines[index] = f"{line[: found[0].start(2)]}{then:g}{line[found[0].end(2) :]}"
        result[name] = "".join(lines)
    return result
