"""Two playbooks over the same messages, where most of both is the same: a message is judged twice only where that can
make a difference.

What a text holds is looked for once, for the word lists of both. Then it is known whether it holds anything that only
one of them would read or act on. Where it does not, the other decision is the first.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import TypeVar

from crisis_playbook.evaluate import judged
from crisis_playbook.evidence import Evidence, Vocabulary
from crisis_playbook.index import Gate, Index
from crisis_playbook.model import Decision, Facts
from crisis_playbook.playbook import Playbook, Question, Rule
from crisis_playbook.signals import Line

Item = TypeVar("Item")


class SideBySide:
    """An active playbook and a candidate, ready to judge. Safe to share between threads."""

    def __init__(self, active: Playbook, candidate: Playbook) -> None:
        one, other = active.vocabulary, candidate.vocabulary
        both = Vocabulary(
            one.phrases.together_with(other.phrases),
            one.patterns.together_with(other.patterns),
            one.topics,
            one.signals,
        )
        self._active = replace(active, vocabulary=both)
        self._candidate = replace(candidate, vocabulary=replace(both, topics=other.topics, signals=other.signals))
        self._topics = [
            (name, other.topics[name]) for name, topic in one.topics.items() if other.topics.get(name, topic) != topic
        ]
        self._always = {name: signal.levels for name, signal in one.signals.items()} != {
            name: signal.levels for name, signal in other.signals.items()
        }
        """Other levels can make a difference to every message."""
        self._same_lines = [
            (name, signal)
            for name, signal in other.signals.items()
            if not self._topics
            and name in one.signals
            and [*map(_line, one.signals[name].lines)] == [*map(_line, signal.lines)]
        ]
        """Signals that add up to the same in both, whatever their levels."""
        self._changes = Index(_gates_of_changes(active, candidate))

    def judge(self, facts: Facts) -> tuple[Decision, Decision]:
        """What `evaluate(…, words=False)` says of the message by the active playbook, and by the candidate.

        The second is the very same object where the candidate certainly says the same.
        """
        evidence = Evidence(facts, self._active.vocabulary)
        before = judged(self._active, evidence, explain=False, words=False)
        if self._always or self._changes.candidates(evidence.found) or self._reads_differently(evidence):
            again = Evidence(facts, self._candidate.vocabulary, evidence)
            for name, signal in self._same_lines:
                again.know_sum(name, signal.leveled(evidence.sum(name)))
            return before, judged(self._candidate, again, explain=False, words=False)
        return before, before

    def _reads_differently(self, evidence: Evidence) -> bool:
        return any(evidence.topic(name) != evidence.hits(topic) for name, topic in self._topics)


def _gates_of_changes(active: Playbook, candidate: Playbook) -> list[Gate]:
    """The gates of all rules, lines and questions that only one has, or has in another order: closed, nothing holds."""
    changed: list[Gate] = [rule.when.gate() for rule in _changed(active.rules, candidate.rules, _rule)]
    changed += [question.when.gate() for question in _changed(active.questions, candidate.questions, _question)]
    one, other = active.vocabulary.signals, candidate.vocabulary.signals
    for name in one.keys() & other.keys():
        changed += [line.condition.gate() for line in _changed(one[name].lines, other[name].lines, _line)]
    return changed


def _changed(one: Sequence[Item], other: Sequence[Item], read: Callable[[Item], Hashable]) -> list[Item]:
    """Everything that stands outside the order both have in common."""
    blocks = SequenceMatcher(None, list(map(read, one)), list(map(read, other)), autojunk=False).get_matching_blocks()
    kept = {block.a + number for block in blocks for number in range(block.size)}
    still_there = {block.b + number for block in blocks for number in range(block.size)}
    return [item for number, item in enumerate(one) if number not in kept] + [
        item for number, item in enumerate(other) if number not in still_there
    ]


def _rule(rule: Rule) -> Hashable:
    return rule.name, rule.when, rule.then, rule.goes_on


def _question(question: Question) -> Hashable:
    return question.when, question.answer


def _line(line: Line) -> Hashable:
    return line.condition, line.points, line.times
