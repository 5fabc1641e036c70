"""How the shipped playbook reads messages as if it had never met them: `python -m benchmarks.held_back`.

Words were chosen by people who read the labelled messages, so figures on the same messages flatter. Here each message
is read without every phrase that no other message of any source contains: a phrase added for this one message cannot
help it, and neither can a sound phrase that is merely rare. ZURUF_DATA as in `benchmarks.playbook_quality`.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import orjson
from ruamel.yaml import YAML

from benchmarks.playbook_quality import DRAWS, RULES, Pair, macro_f1
from crisis_playbook import Facts, Playbook, load
from crisis_playbook.evidence import Evidence
from crisis_playbook.phrases import Phrases, Stretch, parse_phrase

LEVELS = ("none", "possible", "likely")
ALIKE = 60
"""Messages whose first so many letters are the same count as one: forwarded ones teach nothing new."""


class SinglePhrases:
    """Every phrase of every topic by itself, so that it can be left out."""

    def __init__(self, rules: Path) -> None:
        self._phrases = Phrases()
        self.topics: dict[int, set[str]] = defaultdict(set)
        """For each phrase the topics that hold it."""
        reader = YAML(typ="safe", pure=True)
        for file in sorted(rules.glob("*.yml")):
            for name, topic in (reader.load(file).get("topics") or {}).items():
                for phrase in topic["any"]:
                    self.topics[self._phrases.add_list([parse_phrase(str(phrase))])].add(name)

    def found(self, text: str) -> dict[int, list[Stretch]]:
        """The phrases that stand in a text, and where."""
        return self._phrases.find(text)


@dataclass(frozen=True, slots=True)
class Message:
    """One message, its source, and the phrases found in it."""

    source: str
    row: Mapping[str, Any]
    found: Mapping[int, list[Stretch]]


def messages(folder: Path, single: SinglePhrases) -> Iterator[Message]:
    """Every message of every source."""
    for file in sorted(folder.glob("*.jsonl")):
        with file.open("rb") as lines:
            for row in map(orjson.loads, lines):
                yield Message(file.stem, row, single.found(row["text"]))


def level_unread(playbook: Playbook, single: SinglePhrases, message: Message, known: set[int]) -> str:
    """The complaint level of a message, read only by phrases that are known from elsewhere as well."""
    row = message.row
    facts = Facts(
        text=row["text"],
        channel=row.get("channel"),
        kind=row.get("kind") or "comment",
        visibility=row.get("visibility") or "public",
        language=row.get("language"),
        addressed=True,
        first_of_conversation=True,
    )
    evidence = Evidence(facts, playbook.vocabulary)
    left: dict[str, list[Stretch]] = defaultdict(list)
    for number, stretches in message.found.items():
        for holder in single.topics[number] if number in known else ():
            left[holder] += stretches
    for name, topic in playbook.vocabulary.topics.items():
        if evidence.found.pop(topic.any, None) is not None and left[name]:
            evidence.found[topic.any] = sorted(set(left[name]))
    return evidence.sum("complaint").level


def main() -> int:
    """Print the figures for every source with labelled, addressed messages; 0 also where there is none."""
    folder = os.environ.get("ZURUF_DATA")
    if not folder:
        print("held back: skipped, ZURUF_DATA names no folder of labelled messages")
        return 0
    playbook, single = load(RULES), SinglePhrases(RULES)
    read = list(messages(Path(folder), single))
    alike = {" ".join(message.row["text"].split()).lower()[:ALIKE]: message for message in reversed(read)}
    counts = Counter(chain.from_iterable(message.found for message in alike.values()))
    known = {number for number, count in counts.items() if count > 1}
    judged: dict[str, list[tuple[bool, int]]] = defaultdict(list)
    for message in read:
        label = (message.row.get("labels") or {}).get("complaint")
        if label is not None and message.row.get("addressed", True):
            level = LEVELS.index(level_unread(playbook, single, message, known))
            judged[message.source].append((bool(label), level))
    for source, answers in judged.items():
        for name, least in (("possible or likely", 1), ("likely", 2)):
            print(f"{source:16} {name:19} {_figures([(label, level >= least) for label, level in answers])}")
    return 0


def _figures(pairs: list[Pair]) -> str:
    dice = random.Random(1)
    drawn = [macro_f1(dice.choices(pairs, k=len(pairs))) for _ in range(DRAWS)]
    titles = ("macro-F1", "precision", "recall")
    shown = []
    for place, (title, value) in enumerate(zip(titles, macro_f1(pairs), strict=True)):
        spread = sorted(draw[place] for draw in drawn)
        shown.append(
            f"{title} {value:.3f} [{spread[round(DRAWS * 0.025)]:.3f}, {spread[round(DRAWS * 0.975) - 1]:.3f}]"
        )
    return f"n={len(pairs):5}  " + "  ".join(shown)


if __name__ == "__main__":
    sys.exit(main())
