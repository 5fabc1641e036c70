"""A loaded playbook: rules with their index, and everything else its files define. Frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crisis_playbook.circumstances import Circumstances
from crisis_playbook.conditions import AllOf
from crisis_playbook.evidence import Evidence, Vocabulary
from crisis_playbook.index import Index
from crisis_playbook.model import Actions, Alarm, Facts, Hours, Level, Target, Team
from crisis_playbook.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Example:
    """A text that must, or must not, make its rule apply; `given` are the facts written beside it."""

    text: str
    given: Mapping[str, object]
    applies: bool
    place: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: when all conditions hold, the actions follow and, unless `goes_on`, no later rule is asked."""

    name: str
    when: AllOf
    then: Actions
    goes_on: bool
    """`continue: true`."""
    examples: tuple[Example, ...]
    place: str
    applied: Sentence = field(init=False, repr=False, compare=False)
    """How it tells that it applied."""
    labels: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Those it sets."""
    only_labels: bool = field(init=False, repr=False, compare=False)
    """It asks for nothing but labels."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "applied", Sentence(self.name, self.when.parts))
        object.__setattr__(self, "labels", self.then.labels)
        object.__setattr__(self, "only_labels", self.then == Actions(labels=self.then.labels))


@dataclass(frozen=True, slots=True)
class Question:
    """A hard question answered beforehand."""

    name: str
    when: AllOf
    answer: str
    place: str


@dataclass(frozen=True, slots=True)
class Playbook:
    """Everything the files of one directory say. Safe to share between threads."""

    rules: tuple[Rule, ...]
    vocabulary: Vocabulary
    questions: tuple[Question, ...]
    question_index: Index
    teams: Mapping[str, Team]
    hours: Mapping[str, Hours]
    targets: tuple[tuple[AllOf | None, Target], ...]
    alarms: Mapping[str, Alarm]
    levels: Mapping[int, Level]
    templates: frozenset[str]
    """Every reply template the playbook names."""
    hash: str
    """sha256 over file names and bytes."""
    circumstances: Circumstances = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "circumstances", Circumstances(self.rules))

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics' names."""
        return tuple(self.vocabulary.topics)

    @property
    def signals(self) -> tuple[str, ...]:
        """The signals' names."""
        return tuple(self.vocabulary.signals)

    @property
    def labels(self) -> frozenset[str]:
        """Every label a rule may set."""
        return frozenset(label for rule in self.rules for label in rule.labels)

    def rule(self, name: str) -> Rule:
        """The rule of this name. Raises KeyError where there is none."""
        for rule in self.rules:
            if rule.name == name:
                return rule
        raise KeyError(name)

    def topics_in(self, text: str) -> dict[str, tuple[tuple[int, int], ...]]:
        """Every topic that fits the text, with the places of its words in characters: for highlighting."""
        evidence = Evidence(Facts(text), self.vocabulary)
        found = {name: evidence.topic(name) for name in self.vocabulary.topics}
        return {name: evidence.spans(hits) for name, hits in found.items() if hits}


def target_for(playbook: Playbook, facts: Facts) -> Target | None:
    """The first response-time target that fits, or None. What cannot be told does not fit."""
    evidence = Evidence(facts, playbook.vocabulary)
    for when, target in playbook.targets:
        if when is None or when.holds(evidence):
            return target
    return None
