"""One message under judgement: its facts, and everything the text shows, each found at most once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from crisis_playbook.language import detect
from crisis_playbook.model import SEVERITIES, Facts, Points, Severity
from crisis_playbook.patterns import Patterns
from crisis_playbook.phrases import Found, Phrases, Places, Seen, Stretch, apart, stretches_of
from crisis_playbook.remembered import Remembered

if TYPE_CHECKING:
    from crisis_playbook.playbook import Rule
    from crisis_playbook.signals import Signal


MOST_SHOWN = 50
"""A person needs no more words than these to see why, and a message of one word repeated must not cost more."""
Span = tuple[int, int]
"""From the first character to one past the last."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A named word list: `any` makes it fit, `excluded` (`not:`) takes words or the whole topic back."""

    name: str
    any: int
    excluded: int | None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything that can be found in a text: word lists, patterns, topics and signals."""

    phrases: Phrases
    patterns: Patterns
    topics: Mapping[str, Topic]
    signals: Mapping[str, Signal]


class Sum(NamedTuple):
    """A signal's result: the level reached (`none` where no level is), the score, and the lines that counted."""

    level: str
    score: float
    reached: frozenset[str]
    """Every level whose threshold the score reaches."""
    lines: tuple[int, ...]
    """Which lines of the signal counted, in the playbook's order."""


def _is_word(chunk: str) -> bool:
    """Whether a chunk counts as a word: it holds a letter or digit, and is neither a handle nor a link."""
    if chunk[0] in "@＠" or chunk.startswith(("http://", "https://", "www.")):
        return False
    return any(map(str.isalnum, chunk))


_IS_WORD = Remembered(_is_word)


class Evidence:
    """What is known of one message. Answers are remembered, so every rule may ask for everything."""

    __slots__ = (
        "_chunks",
        "_language",
        "_length",
        "_places",
        "_points",
        "_stream",
        "_sums",
        "_topics",
        "_written",
        "applied",
        "facts",
        "found",
        "vocabulary",
    )

    def __init__(self, facts: Facts, vocabulary: Vocabulary, read: Evidence | None = None) -> None:
        """`read`: the same message by a vocabulary of the same lists; then nothing is looked for again."""
        self.facts = facts
        self.vocabulary = vocabulary
        if read is None:
            self._written = facts.text.split()
            self._chunks = vocabulary.phrases.chunks(self._written)
            self._stream = list(chain.from_iterable(self._chunks))
            self.found: Found = vocabulary.phrases.find_in(self._stream)
            vocabulary.patterns.find(facts.text, self.found)
        else:
            self._written, self._chunks, self._stream = read._written, read._chunks, read._stream
            self.found = read._found_in_text()
        self.applied: list[Rule] = []
        """The rules that applied so far."""
        self._topics: dict[str, list[Stretch]] = {}
        self._sums: dict[str, Sum] = {}
        self._points: dict[str, tuple[Points, ...]] = {}
        self._places: Places | None = None
        self._language: str | None = facts.language
        self._length: int | None = None

    @property
    def language(self) -> str | None:
        """The message's language as told or detected; None where it cannot be told."""
        if self._language is None:
            self._language = detect(self.facts.text) or ""
        return self._language or None

    @property
    def labels(self) -> frozenset[str]:
        """The conversation's labels and those set by rules that applied so far."""
        return self.facts.labels.union(*[rule.labels for rule in self.applied])

    @property
    def severity(self) -> Severity:
        """The highest of the conversation's severity and those of rules that applied so far."""
        return max([self.facts.severity, *[rule.then.severity for rule in self.applied]], key=SEVERITIES.index)

    @property
    def length(self) -> int:
        """How many words the text has; handles, links and chunks without a letter or digit are none."""
        if self._length is None:
            self._length = sum(map(_IS_WORD.__getitem__, self._written))
        return self._length

    def topic(self, name: str) -> list[Stretch]:
        """Where the topic's words stand, after `not:` took some back; empty where the topic does not fit.

        A `not` phrase takes back the found words it overlaps, and those it stands directly in front of.
        """
        if name not in self._topics:
            self._topics[name] = self.hits(self.vocabulary.topics[name])
        return self._topics[name]

    def hits(self, topic: Topic) -> list[Stretch]:
        """Where the words of any topic stand whose lists were looked for, as `topic` tells of the vocabulary's own."""
        if topic.any not in self.found:
            return []
        hits = self.where(topic.any)
        if topic.excluded is None or topic.excluded not in self.found:
            return apart(hits)
        excluded = self.where(topic.excluded)
        left = [hit for hit in hits if not any(hit[0] <= end and hit[1] > first for first, end in excluded)]
        return apart(left)

    def where(self, words: int) -> list[Stretch]:
        """Where a word list was found; empty where it was not."""
        return stretches_of(self.found[words], self._stream) if words in self.found else []

    def words(self, words: int) -> str:
        """The words by which a word list was found, in quotes, for a person to read; empty where it was not found."""
        hit = self.found.get(words)
        if type(hit) is Seen:
            return hit.quoted
        return self.said(apart(self.where(words)))

    def sum(self, signal: str) -> Sum:
        """The signal's sum over this message."""
        if signal not in self._sums:
            self._sums[signal] = self.vocabulary.signals[signal].add_up(self)
        return self._sums[signal]

    def know_sum(self, signal: str, known: Sum) -> None:
        """Take this for the signal's sum instead of adding it up."""
        self._sums[signal] = known

    def add_up(self) -> None:
        """Sum every signal up, before the rules are asked: the lists of reached levels count as found from then on."""
        for name, signal in self.vocabulary.signals.items():
            for level in self.sum(name).reached:
                self.found[signal.lists[level]] = []

    def _found_in_text(self) -> Found:
        """What was found before signals were summed up."""
        levels = {number for signal in self.vocabulary.signals.values() for number in signal.lists.values()}
        return {number: stretches for number, stretches in self.found.items() if number not in levels}

    def points(self, signal: str) -> tuple[Points, ...]:
        """The lines of the signal that counted, in words."""
        if signal not in self._points:
            self._points[signal] = self.vocabulary.signals[signal].points(self)
        return self._points[signal]

    def said(self, stretches: list[Stretch]) -> str:
        """The words of these stretches of tokens, in quotes, for a person to read; at most MOST_SHOWN of them."""
        if not stretches:
            return ""
        if len(stretches) == 1:
            return self._quoted(stretches[0])
        return ", ".join(dict.fromkeys(map(self._quoted, sorted(stretches[:MOST_SHOWN]))))

    def _quoted(self, stretch: Stretch) -> str:
        first, end = stretch
        if end == first + 1:
            return self._stream[first].quoted
        return f'"{self._found_places().words(stretch)}"'

    def quote(self, spans: tuple[Span, ...]) -> str:
        """The words of the message at these places, in quotes, for a person to read."""
        words = dict.fromkeys(" ".join(self.facts.text[start:end].split()) for start, end in spans)
        return ", ".join([f'"{part}"' for part in words])

    def spans(self, stretches: list[Stretch]) -> tuple[Span, ...]:
        """The stretches of tokens as characters of the original text; at most MOST_SHOWN of them."""
        if not stretches:
            return ()
        places = self._found_places()
        return tuple(sorted(set(map(places.characters, stretches[:MOST_SHOWN]))))

    def _found_places(self) -> Places:
        if self._places is None:
            self._places = Places(self.facts.text, self._written, self._chunks)
        return self._places
