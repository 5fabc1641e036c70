"""Reads `when:` into conditions, with the words of PLAYBOOK's vocabulary and the playbook's own signals."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from crisis_playbook import document
from crisis_playbook.conditions import AllOf, AnyOf, Condition, Not
from crisis_playbook.document import Listing, Node, Scalar
from crisis_playbook.evidence import Evidence
from crisis_playbook.fact_conditions import FactIs, HasLabel, SeverityAtLeast, Within
from crisis_playbook.lists_and_records import Key, OneOrMore, Record, dictionary
from crisis_playbook.mistakes import instead
from crisis_playbook.model import KINDS, SEVERITIES, VISIBILITIES
from crisis_playbook.patterns import fold_pattern
from crisis_playbook.phrases import PhraseError, WordPattern, parse_phrase
from crisis_playbook.reading import Broken, Reader, Reading, Schema, at, described, scalar, wrong
from crisis_playbook.signs import SIGNS, KnownSign, know
from crisis_playbook.single_values import Boolean, Choice, Name, Number, Text
from crisis_playbook.text_conditions import HasAllWords, HasNoWords, HasTopic, HasWords, Matches, Reaches, Shows

AMOUNT = (
    r"(?:[€$£]|\b(?:eur|euro|chf|fr\.|usd|gbp))\s?\d|\d\s?(?:[€$£]|(?:eur|euros?|chf|sfr|franken|rappen|cent|dollars?"
    r"|usd|pounds?|gbp|quid)\b)|\d,-{1,2}(?:\s|$)"
)
_LANGUAGE = re.compile(r"[a-z]{2}\Z")

Build = Callable[[Any, Reading, Node], Condition]


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the vocabulary: how its value is read, what it becomes, and whether it looks at the text."""

    reader: Reader
    build: Build
    textual: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel's name; `x` is understood as `twitter`."""

    def read(self, node: Node, reading: Reading) -> str:
        return Choice(reading.channels, {"x": "twitter"}).read(node, reading)

    def schema(self) -> Schema:
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class Language:
    """A language as two small letters."""

    def read(self, node: Node, reading: Reading) -> str:
        text = scalar(node, "a language such as de").text
        if not _LANGUAGE.match(text):
            raise wrong(node.place, f"'{text}' is no language", "write two small letters, such as de or en")
        return text

    def schema(self) -> Schema:
        return {"type": "string", "pattern": "^[a-z]{2}$"}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase to be found in texts."""

    def read(self, node: Node, reading: Reading) -> tuple[str, tuple[WordPattern, ...]]:
        text = scalar(node, "a word or phrase").text
        try:
            return text, parse_phrase(text)
        except PhraseError as error:
            raise wrong(node.place, error.message, error.fix) from None

    def schema(self) -> Schema:
        return {"type": ["string", "number"], "maxLength": 200}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern in RE2's syntax."""

    def read(self, node: Node, reading: Reading) -> tuple[str, str]:
        text = scalar(node, "a pattern").text
        try:
            return text, fold_pattern(text)
        except PhraseError as error:
            raise wrong(node.place, error.message, error.fix) from None

    def schema(self) -> Schema:
        return {"type": "string", "maxLength": 500}


@dataclass(frozen=True, slots=True)
class SignalLevel:
    """The name of a level of a signal."""

    signal: str

    def read(self, node: Node, reading: Reading) -> str:
        text = scalar(node, f"a level of {self.signal}").text
        levels = reading.levels.get(self.signal)
        if levels is not None and text not in levels:
            raise wrong(node.place, f"the signal {self.signal} has no level '{text}'", instead(text, levels))
        return text

    def schema(self) -> Schema:
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class Limits:
    """A number (at least so many), or at_least and at_most."""

    record = Record("limits", {"at_least": Key(Number(0)), "at_most": Key(Number(0))}, dictionary, True)

    def read(self, node: Node, reading: Reading) -> dict[str, int]:
        if isinstance(node, Scalar):
            return {"at_least": int(Number(0).read(node, reading))}
        limits: dict[str, int] = self.record.read(node, reading)
        return limits

    def schema(self) -> Schema:
        return {"anyOf": [Number(0).schema(), self.record.schema()]}


def _fact(word: str, with_message: bool = True) -> Build:
    return lambda value, reading, node: FactIs(word, value if isinstance(value, tuple) else (value,), with_message)


def _within(word: str, what: str, read: Callable[[Evidence], int | None]) -> Build:
    return lambda value, reading, node: Within(word, what, read, value.get("at_least"), value.get("at_most"))


def _topic(names: tuple[str, ...], reading: Reading, node: Node) -> Condition:
    return HasTopic(names, tuple(reading.topic_list(name) for name in names))


def _words(phrases: tuple[tuple[str, tuple[WordPattern, ...]], ...], reading: Reading) -> tuple[tuple[str, ...], int]:
    return tuple(text for text, _ in phrases), reading.phrases.add_list([parsed for _, parsed in phrases])


def _text_all(phrases: Any, reading: Reading, node: Node) -> Condition:
    numbers = tuple(reading.phrases.add_list([parsed]) for _, parsed in phrases)
    return HasAllWords(tuple(text for text, _ in phrases), numbers)


def _pattern(patterns: tuple[tuple[str, str], ...], reading: Reading, node: Node) -> Condition:
    numbers = tuple(reading.patterns.add(folded) for _, folded in patterns)
    return Matches(tuple(text for text, _ in patterns), tuple(folded for _, folded in patterns), numbers)


def _price(wanted: bool, reading: Reading, node: Node) -> Condition:
    number = reading.patterns.add(AMOUNT)
    found = Matches(("an amount of money",), (AMOUNT,), (number,), "mentions_price")
    return found if wanted else Not(found)


def known_sign(name: str, reading: Reading) -> KnownSign:
    """The sign of this name, registered once for each reading."""
    if name not in reading.signs:
        reading.signs[name] = know(SIGNS[name], reading.phrases)
    sign: KnownSign = reading.signs[name]
    return sign


def _sign(names: tuple[str, ...], reading: Reading, node: Node) -> Condition:
    return Shows(tuple(known_sign(name, reading) for name in names))


@dataclass(frozen=True, slots=True)
class When:
    """A mapping of conditions, all of which must hold; `signals` says whether signals may be asked for."""

    what: str = "when"
    signals: bool = True
    only: tuple[str, ...] | None = None

    def vocabulary(self) -> Mapping[str, Word]:
        """The words that may stand here."""
        return VOCABULARY if self.only is None else {word: VOCABULARY[word] for word in self.only}

    def read(self, node: Node, reading: Reading) -> AllOf:
        if not isinstance(node, document.Mapping):
            raise wrong(
                node.place,
                f"{described(node)} stands where conditions belong",
                "write conditions, such as topic: complaint",
            )
        if not node.entries:
            raise wrong(node.place, f"{self.what} holds no condition", "write at least one, such as visibility: public")
        return AllOf(self.read_entries(node.entries, reading))

    def read_entries(self, entries: list[tuple[Scalar, Node]], reading: Reading) -> tuple[Condition, ...]:
        """The conditions of these entries; mistakes are noted together."""
        parts: list[Condition] = []
        before = len(reading.mistakes)
        for key, value in entries:
            with reading.noting():
                parts.append(self._condition(key, at(value, key.place), reading))
        if len(reading.mistakes) > before:
            raise Broken
        return tuple(parts)

    def _condition(self, key: Scalar, value: Node, reading: Reading) -> Condition:
        if key.text in ("any", "not"):
            return self._nested(key, value, reading)
        words = self.vocabulary()
        if key.text in words:
            word = words[key.text]
            return word.build(word.reader.read(value, reading), reading, value)
        signals = reading.known("signal") if self.signals and self.only is None else {}
        if key.text in signals:
            levels = OneOrMore(SignalLevel(key.text)).read(value, reading)
            return Reaches(key.text, levels, tuple(reading.level_list(key.text, level) for level in levels))
        if reading.incomplete:
            raise Broken
        raise wrong(
            key.place, f"'{key.text}' is no condition here", instead(key.text, [*words, *signals, "any", "not"])
        )

    def _nested(self, key: Scalar, value: Node, reading: Reading) -> Condition:
        if key.text == "not":
            return Not(self.read(value, reading))
        if not isinstance(value, Listing):
            raise wrong(value.place, f"{described(value)} stands where a list belongs", "write any: [{…}, {…}]")
        if not value.items:
            raise wrong(value.place, "the list is empty", "write at least one entry, such as {topic: complaint}")
        parts = []
        before = len(reading.mistakes)
        for item in value.items:
            with reading.noting():
                parts.append(self.read(item, reading))
        if len(reading.mistakes) > before:
            raise Broken
        return AnyOf(tuple(parts))

    def schema(self) -> Schema:
        properties = {name: word.reader.schema() for name, word in self.vocabulary().items()}
        nested = {"$ref": "#/$defs/when"}
        properties |= {"any": {"type": "array", "items": nested, "minItems": 1}, "not": nested}
        others: Any = {"anyOf": [{"type": "string"}, {"type": "array"}]} if self.only is None else False
        return {"type": "object", "properties": properties, "additionalProperties": others, "minProperties": 1}


_PHRASES = OneOrMore(Phrase())
VOCABULARY: Mapping[str, Word] = {
    "channel": Word(OneOrMore(Channel()), _fact("channel")),
    "account": Word(OneOrMore(Text("an account's name")), _fact("account")),
    "kind": Word(OneOrMore(Choice(KINDS)), _fact("kind")),
    "visibility": Word(OneOrMore(Choice(VISIBILITIES)), _fact("visibility")),
    "language": Word(OneOrMore(Language()), _fact("language", with_message=False)),
    "spoken_by": Word(OneOrMore(Choice(("customer", "us"))), _fact("spoken_by")),
    "addressed": Word(Boolean(), _fact("addressed")),
    "first_of_conversation": Word(Boolean(), _fact("first_of_conversation")),
    "hours": Word(OneOrMore(Choice(("open", "closed"))), _fact("hours")),
    "has_attachment": Word(Boolean(), _fact("has_attachment")),
    "severity": Word(OneOrMore(Choice(SEVERITIES)), _fact("severity", with_message=False)),
    "severity_at_least": Word(Choice(SEVERITIES), lambda value, reading, node: SeverityAtLeast(value)),
    "label": Word(OneOrMore(Text("a label")), lambda value, reading, node: HasLabel(value)),
    "author_followers": Word(Limits(), _within("author_followers", "followers", attrgetter("facts.author_followers"))),
    "words": Word(Limits(), _within("words", "words", attrgetter("length")), textual=True),
    "topic": Word(OneOrMore(Name("topic")), _topic, textual=True),
    "text_any": Word(_PHRASES, lambda value, reading, node: HasWords(*_words(value, reading)), textual=True),
    "text_all": Word(_PHRASES, _text_all, textual=True),
    "text_none": Word(_PHRASES, lambda value, reading, node: HasNoWords(*_words(value, reading)), textual=True),
    "pattern": Word(OneOrMore(Pattern()), _pattern, textual=True),
    "sign": Word(OneOrMore(Choice(tuple(SIGNS))), _sign, textual=True),
    "mentions_price": Word(Boolean(), _price, textual=True),
}


def looks_at_text(condition: Condition) -> bool:
    """Whether a condition, or one nested in it, asks for words of the text."""
    if isinstance(condition, AllOf | AnyOf):
        return any(looks_at_text(part) for part in condition.parts)
    if isinstance(condition, Not):
        return looks_at_text(condition.part)
    if isinstance(condition, Within):
        return condition.word == "words"
    return isinstance(condition, HasTopic | HasWords | HasAllWords | HasNoWords | Matches | Shows | Reaches)
