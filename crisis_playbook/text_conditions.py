"""Conditions on a message's words: topics, phrases, patterns, signs, and the levels of signals."""

from __future__ import annotations

from dataclasses import dataclass, field

from crisis_playbook.conditions import Gate, Plain, Varied
from crisis_playbook.evidence import Evidence, Span
from crisis_playbook.phrases import Stretch, apart
from crisis_playbook.signs import KnownSign

FOUND = "found "
"""What is said before the words that were found."""


@dataclass(frozen=True, slots=True)
class HasTopic(Varied):
    """One of the topics fits the text."""

    names: tuple[str, ...]
    lists: tuple[int, ...] = field(compare=False)

    @property
    def text(self) -> str:
        return f"topic: {self.names[0] if len(self.names) == 1 else '[' + ', '.join(self.names) + ']'}"

    def _hits(self, evidence: Evidence) -> list[Stretch]:
        if len(self.names) == 1:
            return evidence.topic(self.names[0])
        return [hit for name in self.names for hit in evidence.topic(name)]

    def holds(self, evidence: Evidence) -> bool | None:
        for name in self.names:  # noqa: SIM110 - asked for every message; a generator costs twice as much
            if evidence.topic(name):
                return True
        return False

    def why(self, evidence: Evidence) -> str:
        for name in self.names:
            if evidence.topic(name):
                return f"topic {name}: {evidence.said(evidence.topic(name))}"
        return f"no words of topic {' or '.join(self.names)}"

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        return evidence.spans(self._hits(evidence))

    def quote(self, evidence: Evidence) -> str:
        return evidence.said(self._hits(evidence))

    def times(self, evidence: Evidence) -> int:
        if len(self.names) == 1:
            return len(evidence.topic(self.names[0]))
        return len(apart(self._hits(evidence)))

    def gate(self) -> Gate:
        return frozenset(self.lists)


@dataclass(frozen=True, slots=True)
class HasWords(Varied):
    """`text_any`: one of the phrases stands in the text."""

    phrases: tuple[str, ...]
    words: int

    @property
    def text(self) -> str:
        return f"text_any: [{', '.join(self.phrases)}]"

    def holds(self, evidence: Evidence) -> bool | None:
        return self.words in evidence.found

    def why(self, evidence: Evidence) -> str:
        quoted = evidence.words(self.words)
        return f"{FOUND}{quoted}" if quoted else "none of the words was found"

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        return evidence.spans(apart(evidence.where(self.words)))

    def quote(self, evidence: Evidence) -> str:
        return evidence.words(self.words)

    def times(self, evidence: Evidence) -> int:
        return len(apart(evidence.where(self.words)))

    def gate(self) -> Gate:
        return frozenset([self.words])

    def is_its_gate(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class HasAllWords(Plain):
    """`text_all`: every one of the phrases stands in the text."""

    phrases: tuple[str, ...]
    words: tuple[int, ...]

    @property
    def text(self) -> str:
        return f"text_all: [{', '.join(self.phrases)}]"

    def holds(self, evidence: Evidence) -> bool | None:
        return all(words in evidence.found for words in self.words)

    def why(self, evidence: Evidence) -> str:
        for phrase, words in zip(self.phrases, self.words, strict=True):
            if words not in evidence.found:
                return f'"{phrase}" was not found'
        return f"found {self.quote(evidence)}"

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        return evidence.spans(self._hits(evidence))

    def quote(self, evidence: Evidence) -> str:
        return evidence.said(self._hits(evidence))

    def _hits(self, evidence: Evidence) -> list[Stretch]:
        return [hit for words in self.words for hit in evidence.where(words)]

    def gate(self) -> Gate:
        return frozenset(self.words[:1])


@dataclass(frozen=True, slots=True)
class HasNoWords(Plain):
    """`text_none`: none of the phrases stands in the text."""

    phrases: tuple[str, ...]
    words: int

    @property
    def text(self) -> str:
        return f"text_none: [{', '.join(self.phrases)}]"

    def holds(self, evidence: Evidence) -> bool | None:
        return self.words not in evidence.found

    def why(self, evidence: Evidence) -> str:
        quoted = self.quote(evidence)
        return f"found {quoted}" if quoted else "none of the excluded words was found"

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        return evidence.spans(apart(evidence.where(self.words)))

    def quote(self, evidence: Evidence) -> str:
        return evidence.words(self.words)


@dataclass(frozen=True, slots=True)
class Matches(Varied):
    """`pattern`: one of the RE2 patterns matches the folded text."""

    written: tuple[str, ...]
    folded: tuple[str, ...]
    numbers: tuple[int, ...]
    word: str = "pattern"

    @property
    def text(self) -> str:
        return f"{self.word}: {' or '.join(self.written)}"

    def holds(self, evidence: Evidence) -> bool | None:
        return any(number in evidence.found for number in self.numbers)

    def why(self, evidence: Evidence) -> str:
        quoted = self.quote(evidence)
        return f"{self.word} found {quoted}" if quoted else f"the {self.word} was not found"

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        text, patterns = evidence.facts.text, evidence.vocabulary.patterns
        matching = [f for f, n in zip(self.folded, self.numbers, strict=True) if n in evidence.found]
        return tuple(span for folded in matching for span in patterns.spans(folded, text))

    def quote(self, evidence: Evidence) -> str:
        return evidence.quote(self.spans(evidence))

    def times(self, evidence: Evidence) -> int:
        return len(self.spans(evidence))

    def gate(self) -> Gate:
        return frozenset(self.numbers)

    def is_its_gate(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Shows(Varied):
    """`sign`: the text shows one of the signs."""

    signs: tuple[KnownSign, ...]

    @property
    def text(self) -> str:
        return f"sign: {', '.join(known.sign.name for known in self.signs)}"

    def holds(self, evidence: Evidence) -> bool | None:
        for known in self.signs:  # noqa: SIM110 - as above
            if known.shows(evidence):
                return True
        return False

    def why(self, evidence: Evidence) -> str:
        for known in self.signs:
            if known.times(evidence):
                quoted = known.quote(evidence)
                return f"{known.sign.meaning}: {quoted}" if quoted else known.sign.meaning
        return f"no sign of {' or '.join(known.sign.meaning for known in self.signs)}"

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        return tuple(span for known in self.signs for span in known.spans(evidence))

    def quote(self, evidence: Evidence) -> str:
        if len(self.signs) == 1:
            return self.signs[0].quote(evidence)
        return evidence.quote(self.spans(evidence))

    def times(self, evidence: Evidence) -> int:
        return sum(known.times(evidence) for known in self.signs)

    def gate(self) -> Gate:
        numbers = [known.words for known in self.signs]
        return None if None in numbers else frozenset(number for number in numbers if number is not None)


@dataclass(frozen=True, slots=True)
class Reaches(Plain):
    """A signal reaches one of the levels; a higher level includes the lower ones."""

    signal: str
    levels: tuple[str, ...]
    lists: tuple[int, ...]
    """For each of the levels the list that is found where it is reached."""

    @property
    def text(self) -> str:
        return f"{self.signal}: {' or '.join(self.levels)}"

    def holds(self, evidence: Evidence) -> bool | None:
        return not evidence.sum(self.signal).reached.isdisjoint(self.levels)

    def why(self, evidence: Evidence) -> str:
        result = evidence.sum(self.signal)
        lines = ", ".join(f"{line.reason} {line.points:+g}" for line in evidence.points(self.signal))
        reached = f'the {self.signal} signal reached "{result.level}" with {result.score:g} points'
        return f"{reached}: {lines}" if lines else f"{reached}"

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        signal = evidence.vocabulary.signals[self.signal]
        return tuple(sorted(set(signal.spans(evidence))))

    def gate(self) -> Gate:
        return frozenset(self.lists)

    def is_its_gate(self) -> bool:
        return True
