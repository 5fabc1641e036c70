"""The vocabulary under `when:`. Each condition answers yes, no, or None: it cannot be told.

A condition decides in `holds`; `why` and `spans` only put into words what `holds` has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from crisis_playbook.evidence import Evidence, Span
from crisis_playbook.phrases import Stretch, apart
from crisis_playbook.signs import KnownSign

SEVERITIES = ("none", "watch", "urgent", "crisis")
Gate = frozenset[int] | None
"""Word lists of which at least one must be found, or the condition is certainly false. None: no such certainty."""


class Condition(Protocol):
    """One condition of a rule."""

    @property
    def text(self) -> str:
        """The condition as the playbook writes it."""
        ...

    def holds(self, evidence: Evidence) -> bool | None:
        """Yes, no, or None where it cannot be told."""
        ...

    def why(self, evidence: Evidence) -> str:
        """What was found, in words a person can read."""
        ...

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        """Where in the text the deciding words stand."""
        ...

    def times(self, evidence: Evidence) -> int:
        """How often it was found; 1 where there is nothing to count."""
        ...

    def gate(self) -> Gate:
        """What must be found for it to hold at all."""
        ...


class _Plain:
    """What most conditions share: nothing to show in the text, nothing to count, no gate."""

    __slots__ = ()

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        return ()

    def times(self, evidence: Evidence) -> int:
        return 1

    def gate(self) -> Gate:
        return None


@dataclass(frozen=True, slots=True)
class FactIs(_Plain):
    """A fact has one of the wanted values, such as `channel: [facebook, instagram]` or `addressed: true`."""

    word: str
    wanted: tuple[str | bool, ...]
    read: Callable[[Evidence], str | bool | None]

    @property
    def text(self) -> str:
        shown = [str(value).lower() if isinstance(value, bool) else value for value in self.wanted]
        return f"{self.word}: {shown[0] if len(shown) == 1 else '[' + ', '.join(shown) + ']'}"

    def holds(self, evidence: Evidence) -> bool | None:
        value = self.read(evidence)
        return None if value is None else value in self.wanted

    def why(self, evidence: Evidence) -> str:
        value = self.read(evidence)
        if value is None:
            return f"{self.word} is not known"
        return f"{self.word} is {str(value).lower() if isinstance(value, bool) else value}"


@dataclass(frozen=True, slots=True)
class Within(_Plain):
    """A number lies within limits: the author's followers, or how many words the text has."""

    word: str
    what: str
    read: Callable[[Evidence], int | None]
    at_least: int | None
    at_most: int | None

    @property
    def text(self) -> str:
        limits = [f"at_least: {self.at_least}"] if self.at_least is not None else []
        limits += [f"at_most: {self.at_most}"] if self.at_most is not None else []
        return f"{self.word}: {{{', '.join(limits)}}}"

    def holds(self, evidence: Evidence) -> bool | None:
        count = self.read(evidence)
        if count is None:
            return None
        enough = self.at_least is None or count >= self.at_least
        return enough and (self.at_most is None or count <= self.at_most)

    def why(self, evidence: Evidence) -> str:
        count = self.read(evidence)
        return f"it is not known how many {self.what}" if count is None else f"{count} {self.what}"


@dataclass(frozen=True, slots=True)
class HasLabel(_Plain):
    """The conversation carries one of the labels, or a rule before this one set it."""

    labels: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"label: {', '.join(self.labels)}"

    def holds(self, evidence: Evidence) -> bool | None:
        return any(label in evidence.labels for label in self.labels)

    def why(self, evidence: Evidence) -> str:
        there = [label for label in self.labels if label in evidence.labels]
        return f"the label {there[0]} is set" if there else f"no label {' or '.join(self.labels)}"


@dataclass(frozen=True, slots=True)
class SeverityAtLeast(_Plain):
    """The conversation is at least this severe, from before or by a rule before this one."""

    least: str

    @property
    def text(self) -> str:
        return f"severity_at_least: {self.least}"

    def holds(self, evidence: Evidence) -> bool | None:
        return SEVERITIES.index(evidence.severity) >= SEVERITIES.index(self.least)

    def why(self, evidence: Evidence) -> str:
        return f"the severity is {evidence.severity}"


@dataclass(frozen=True, slots=True)
class HasTopic:
    """One of the topics fits the text."""

    names: tuple[str, ...]
    lists: tuple[int, ...]

    @property
    def text(self) -> str:
        return f"topic: {self.names[0] if len(self.names) == 1 else '[' + ', '.join(self.names) + ']'}"

    def _hits(self, evidence: Evidence) -> list[Stretch]:
        return [hit for name in self.names for hit in evidence.topic(name)]

    def holds(self, evidence: Evidence) -> bool | None:
        return any(evidence.topic(name) for name in self.names)

    def why(self, evidence: Evidence) -> str:
        for name in self.names:
            if evidence.topic(name):
                return f"topic {name}: {evidence.quote(evidence.spans(evidence.topic(name)))}"
        return f"no words of topic {' or '.join(self.names)}"

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        return evidence.spans(self._hits(evidence))

    def times(self, evidence: Evidence) -> int:
        if len(self.names) == 1:
            return len(evidence.topic(self.names[0]))
        return len(apart(self._hits(evidence)))

    def gate(self) -> Gate:
        return frozenset(self.lists)


@dataclass(frozen=True, slots=True)
class HasWords:
    """`text_any`: one of the phrases stands in the text."""

    phrases: tuple[str, ...]
    words: int

    @property
    def text(self) -> str:
        return f"text_any: [{', '.join(self.phrases)}]"

    def holds(self, evidence: Evidence) -> bool | None:
        return self.words in evidence.found

    def why(self, evidence: Evidence) -> str:
        spans = self.spans(evidence)
        return f"found {evidence.quote(spans)}" if spans else "none of the words was found"

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        return evidence.spans(apart(evidence.found.get(self.words, [])))

    def times(self, evidence: Evidence) -> int:
        return len(apart(evidence.found.get(self.words, [])))

    def gate(self) -> Gate:
        return frozenset([self.words])


@dataclass(frozen=True, slots=True)
class HasAllWords(_Plain):
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
        return f"found {evidence.quote(self.spans(evidence))}"

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        return evidence.spans([hit for words in self.words for hit in evidence.found.get(words, [])])

    def gate(self) -> Gate:
        return frozenset(self.words[:1])


@dataclass(frozen=True, slots=True)
class HasNoWords(_Plain):
    """`text_none`: none of the phrases stands in the text."""

    phrases: tuple[str, ...]
    words: int

    @property
    def text(self) -> str:
        return f"text_none: [{', '.join(self.phrases)}]"

    def holds(self, evidence: Evidence) -> bool | None:
        return self.words not in evidence.found

    def why(self, evidence: Evidence) -> str:
        spans = self.spans(evidence)
        return f"found {evidence.quote(spans)}" if spans else "none of the excluded words was found"

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        return evidence.spans(apart(evidence.found.get(self.words, [])))


@dataclass(frozen=True, slots=True)
class Matches:
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
        spans = self.spans(evidence)
        return f"{self.word} found {evidence.quote(spans)}" if spans else f"the {self.word} was not found"

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        text, patterns = evidence.facts.text, evidence.vocabulary.patterns
        matching = [f for f, n in zip(self.folded, self.numbers, strict=True) if n in evidence.found]
        return tuple(span for folded in matching for span in patterns.spans(folded, text))

    def times(self, evidence: Evidence) -> int:
        return len(self.spans(evidence))

    def gate(self) -> Gate:
        return frozenset(self.numbers)


@dataclass(frozen=True, slots=True)
class Shows:
    """`sign`: the text shows one of the signs."""

    signs: tuple[KnownSign, ...]

    @property
    def text(self) -> str:
        return f"sign: {', '.join(known.sign.name for known in self.signs)}"

    def holds(self, evidence: Evidence) -> bool | None:
        return any(known.times(evidence) for known in self.signs)

    def why(self, evidence: Evidence) -> str:
        for known in self.signs:
            if known.times(evidence):
                quoted = evidence.quote(known.spans(evidence))
                return f"{known.sign.meaning}: {quoted}" if quoted else known.sign.meaning
        return f"no sign of {' or '.join(known.sign.meaning for known in self.signs)}"

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        return tuple(span for known in self.signs for span in known.spans(evidence))

    def times(self, evidence: Evidence) -> int:
        return sum(known.times(evidence) for known in self.signs)

    def gate(self) -> Gate:
        numbers = [known.words for known in self.signs]
        return None if None in numbers else frozenset(number for number in numbers if number is not None)


@dataclass(frozen=True, slots=True)
class Reaches(_Plain):
    """A signal reaches one of the levels; a higher level includes the lower ones."""

    signal: str
    levels: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{self.signal}: {' or '.join(self.levels)}"

    def holds(self, evidence: Evidence) -> bool | None:
        result = evidence.sum(self.signal)
        return any(level == result.level or level in result.reached for level in self.levels)

    def why(self, evidence: Evidence) -> str:
        result = evidence.sum(self.signal)
        lines = ", ".join(f"{points.reason} {points.points:+g}" for points in result.points)
        reached = f'the {self.signal} signal reached "{result.level}" with {result.score:g} points'
        return f"{reached}: {lines}" if lines else f"{reached}"

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        signal = evidence.vocabulary.signals[self.signal]
        return tuple(sorted(set(signal.spans(evidence))))


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every condition of a mapping holds."""

    parts: tuple[Condition, ...]

    @property
    def text(self) -> str:
        return "{" + ", ".join(part.text for part in self.parts) + "}"

    def holds(self, evidence: Evidence) -> bool | None:
        unknown = False
        for part in self.parts:
            held = part.holds(evidence)
            if held is False:
                return False
            unknown = unknown or held is None
        return None if unknown else True

    def why(self, evidence: Evidence) -> str:
        held = self.holds(evidence)
        telling = [part for part in self.parts if part.holds(evidence) is held] if held is not True else self.parts
        return " and ".join(part.why(evidence) for part in telling)

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        return tuple(span for part in self.parts for span in part.spans(evidence))

    def times(self, evidence: Evidence) -> int:
        return self.parts[0].times(evidence) if self.parts else 1

    def gate(self) -> Gate:
        gates = [gate for part in self.parts if (gate := part.gate()) is not None]
        return min(gates, key=len) if gates else None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`any`: at least one of several mappings holds."""

    parts: tuple[Condition, ...]

    @property
    def text(self) -> str:
        return f"any: [{', '.join(part.text for part in self.parts)}]"

    def holds(self, evidence: Evidence) -> bool | None:
        unknown = False
        for part in self.parts:
            held = part.holds(evidence)
            if held:
                return True
            unknown = unknown or held is None
        return None if unknown else False

    def why(self, evidence: Evidence) -> str:
        telling: Sequence[Condition] = [part for part in self.parts if part.holds(evidence)] or self.parts
        return " or ".join(part.why(evidence) for part in telling)

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        return tuple(span for part in self.parts if part.holds(evidence) for span in part.spans(evidence))

    def times(self, evidence: Evidence) -> int:
        return sum(1 for part in self.parts if part.holds(evidence))

    def gate(self) -> Gate:
        gates = [part.gate() for part in self.parts]
        known = [gate for gate in gates if gate is not None]
        return frozenset().union(*known) if len(known) == len(gates) else None


@dataclass(frozen=True, slots=True)
class Not(_Plain):
    """`not`: the mapping does not hold; what cannot be told stays so."""

    part: Condition

    @property
    def text(self) -> str:
        return f"not: {self.part.text}"

    def holds(self, evidence: Evidence) -> bool | None:
        held = self.part.holds(evidence)
        return None if held is None else not held

    def why(self, evidence: Evidence) -> str:
        return self.part.why(evidence)
