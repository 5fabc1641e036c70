"""How well the shipped playbook reads labelled public messages: `python -m benchmarks.playbook_quality`.

ZURUF_DATA names a folder of JSONL files; a line holds `text`, `addressed`, `language`, `channel`, `kind`, `visibility`
and `labels` (`complaint`, `praise`, `spam`: 1, 0 or null). Nothing of it is stored or printed but counts and shares.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from crisis_playbook import Decision, Facts, Playbook, evaluate, load

RULES = Path(__file__).parent.parent / "crisis_playbook" / "rules"
DRAWS = 400
Pair = tuple[bool, bool]
"""What the label says, what the playbook says."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One message's labels and what the playbook decided."""

    labels: Mapping[str, Any]
    addressed: bool
    group: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Quality:
    """Precision, recall and macro-F1 with a 95 % bootstrap interval."""

    count: int
    precision: float
    recall: float
    macro_f1: float
    low: float
    high: float

    def __str__(self) -> str:
        return (
            f"n={self.count:5}  precision {self.precision:.3f}  recall {self.recall:.3f}  "
            f"macro-F1 {self.macro_f1:.3f} [{self.low:.3f}, {self.high:.3f}]"
        )


def macro_f1(pairs: Sequence[Pair]) -> tuple[float, float, float]:
    """Macro-F1, precision and recall of one yes-or-no question."""
    both = sum(1 for label, said in pairs if label and said)
    only_said = sum(1 for label, said in pairs if said and not label)
    only_label = sum(1 for label, said in pairs if label and not said)
    neither = len(pairs) - both - only_said - only_label
    score = (_f1(both, only_said, only_label) + _f1(neither, only_label, only_said)) / 2
    return score, both / (both + only_said or 1), both / (both + only_label or 1)


def _f1(hits: int, wrong: int, missed: int) -> float:
    return 2 * hits / (2 * hits + wrong + missed or 1)


def quality(pairs: Sequence[Pair]) -> Quality:
    """The three figures; the interval draws the messages again with a fixed seed."""
    score, precision, recall = macro_f1(pairs)
    dice = random.Random(1)
    drawn = sorted(macro_f1(dice.choices(pairs, k=len(pairs)))[0] for _ in range(DRAWS))
    low, high = drawn[round(DRAWS * 0.025)], drawn[round(DRAWS * 0.975) - 1]
    return Quality(len(pairs), precision, recall, score, low, high)


def judge(playbook: Playbook, file: Path, *, as_addressed: bool = False) -> Iterator[Judged]:
    """Every message of a file under the playbook; `as_addressed` takes all of them as said to us."""
    with file.open("rb") as lines:
        for line in lines:
            row = orjson.loads(line)
            facts = Facts(
                text=row["text"],
                channel=row.get("channel"),
                kind=row.get("kind") or "comment",
                visibility=row.get("visibility") or "public",
                language=row.get("language"),
                addressed=True if as_addressed else row.get("addressed", True),
                first_of_conversation=True,
            )
            decision = evaluate(playbook, facts)
            yield Judged(row.get("labels") or {}, bool(row.get("addressed", True)), row.get("group") or "", decision)


def report(playbook: Playbook, file: Path) -> Iterator[str]:
    """What is printed of one file."""
    rows = list(judge(playbook, file))
    labelled = [row for row in rows if row.labels.get("complaint") is not None]
    addressed = [row for row in labelled if row.addressed]
    yield f"\n{file.stem}: {len(rows)} messages, {len(addressed)} addressed with a label for complaints"
    for name, levels in (("possible or likely", {"possible", "likely"}), ("likely", {"likely"})):
        if addressed:
            yield f"  {name:19} {quality(_pairs(addressed, levels))}"
        if not labelled:
            yield f"  {name:19} flagged {_share(row.decision.complaint in levels for row in rows):5.1f} %"
    if not labelled:
        taken = list(judge(playbook, file, as_addressed=True))
        yield f"  likely if addressed  flagged {_share(row.decision.complaint == 'likely' for row in taken):5.1f} %"
    for label in ("praise", "spam"):
        marked = [row for row in rows if row.labels.get(label) is not None]
        if any(row.labels[label] for row in marked):
            pairs = [(bool(row.labels[label]), label in row.decision.labels) for row in marked]
            yield f"  label {label:13} {quality(pairs)}"
    shares = ", ".join(f"{name} {_share(name in row.decision.rules for row in rows):.1f} %" for name in _fired(rows))
    yield f"  rules: {shares}"


def _pairs(rows: Sequence[Judged], levels: set[str]) -> list[Pair]:
    return [(bool(row.labels["complaint"]), row.decision.complaint in levels) for row in rows]


def _fired(rows: Sequence[Judged]) -> list[str]:
    return sorted({rule for row in rows for rule in row.decision.rules})


def _share(answers: Iterator[bool]) -> float:
    listed = list(answers)
    return 100 * sum(listed) / (len(listed) or 1)


def main() -> int:
    """Print the figures for every file of the folder; 0 also where there is nothing to measure, with the reason."""
    folder = os.environ.get("ZURUF_DATA")
    if not folder:
        print("playbook quality: skipped, ZURUF_DATA names no folder of labelled messages")
        return 0
    playbook = load(RULES)
    started, count = time.perf_counter(), 0
    for file in sorted(Path(folder).glob("*.jsonl")):
        for line in report(playbook, file):
            print(line)
        count += 1
    print(f"\n{count} files in {time.perf_counter() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
