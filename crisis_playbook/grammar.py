"""The small readers a playbook's grammar is made of: each reads one kind of value, or says what is wrong with it.

Every reader also knows its JSON Schema, so that editors and the loader can never disagree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from crisis_playbook import document
from crisis_playbook.document import Listing, Node, Place, Scalar
from crisis_playbook.mistakes import Mistake, instead
from crisis_playbook.patterns import Patterns
from crisis_playbook.phrases import Phrases, list_number

Schema = dict[str, Any]
NAME = re.compile(r"[^\W_][\w.-]*\Z")
_DURATION = re.compile(r"(?:(\d+)\s*d)?\s*(?:(\d+)\s*h)?\s*(?:(\d+)\s*m(?:in)?)?\s*(?:(\d+)\s*s)?\Z")


class Wrong(Exception):
    """One mistake, raised where it is found."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(str(mistake))


class Broken(Exception):
    """The value cannot be used; its mistakes are noted already."""


def wrong(place: Place, message: str, fix: str) -> Wrong:
    """A mistake at a place, ready to be raised."""
    return Wrong(place.mistake(message, fix))


@dataclass(slots=True)
class Reading:
    """One reading of a playbook's files: mistakes so far, the names defined anywhere, and the words collected."""

    phrases: Phrases = field(default_factory=Phrases)
    patterns: Patterns = field(default_factory=Patterns)
    names: dict[str, dict[str, Place]] = field(default_factory=dict)
    templates: frozenset[str] | None = None
    channels: tuple[str, ...] = ("facebook", "instagram", "twitter")
    mistakes: list[Mistake] = field(default_factory=list)
    signs: dict[str, Any] = field(default_factory=dict)
    topic_lists: dict[str, int] = field(default_factory=dict)
    """For each topic the word list of its `any`."""
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """For each signal the names of its levels."""
    level_lists: dict[tuple[str, str], int] = field(default_factory=dict)
    """For a level of a signal the list that is found where it is reached."""

    def topic_list(self, name: str) -> int:
        """The word list of a topic; a list that is never found where the topic itself is broken."""
        if name not in self.topic_lists:
            self.topic_lists[name] = list_number("topic", name)
        return self.topic_lists[name]

    def level_list(self, signal: str, level: str) -> int:
        """The list that is found where the signal reaches the level."""
        if (signal, level) not in self.level_lists:
            self.level_lists[signal, level] = list_number("level", signal, level)
        return self.level_lists[signal, level]

    incomplete: bool = False
    """Whether a file or section could not be read: then a name may be defined there, and is not called undefined."""

    def lacks(self, kind: str, name: str) -> bool:
        """Whether it is certain that the playbook defines no such name."""
        return not self.incomplete and name not in self.known(kind)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note the mistake raised inside and go on with what follows."""
        try:
            yield
        except Wrong as error:
            self.mistakes.append(error.mistake)
        except Broken:
            pass

    def known(self, kind: str) -> Mapping[str, Place]:
        """The names of one kind (`team`, `topic`, …) defined anywhere in the playbook."""
        return self.names.get(kind, {})


class Reader(Protocol):
    """Reads one kind of value."""

    def read(self, node: Node, reading: Reading) -> Any:
        """The value. Raises Wrong with one mistake, or Broken where mistakes are noted already."""
        ...

    def schema(self) -> Schema:
        """The JSON Schema of the value."""
        ...


def described(node: Node) -> str:
    """What a node is, for an error."""
    if isinstance(node, Listing):
        return "a list"
    if isinstance(node, document.Mapping):
        return "a mapping"
    return f"'{node.text}'" if node.text else "nothing"


def scalar(node: Node, wanted: str) -> Scalar:
    """The node as one value. Raises Wrong where it is a list, a mapping or empty."""
    if not isinstance(node, Scalar):
        raise wrong(node.place, f"{described(node)} stands where {wanted} belongs", f"write {wanted}")
    if node.value is None or not node.text.strip():
        raise wrong(node.place, f"nothing stands where {wanted} belongs", f"write {wanted}")
    return node


@dataclass(frozen=True, slots=True)
class Text:
    """Any text; numbers and dates are taken as they are written."""

    what: str = "a text"
    most: int = 5000

    def read(self, node: Node, reading: Reading) -> str:
        text = scalar(node, self.what).text
        if len(text) > self.most:
            raise wrong(node.place, f"a text of {len(text)} letters", f"write at most {self.most}")
        return text

    def schema(self) -> Schema:
        return {"type": ["string", "number"], "description": self.what}


@dataclass(frozen=True, slots=True)
class Boolean:
    """Exactly true or false."""

    def read(self, node: Node, reading: Reading) -> bool:
        value = scalar(node, "true or false").value
        if not isinstance(value, bool):
            raise wrong(node.place, f"{described(node)} is no true or false", "write true or false")
        return value

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds."""

    least: float | None = None
    most: float | None = None
    whole: bool = True

    def read(self, node: Node, reading: Reading) -> float:
        what = "a whole number" if self.whole else "a number"
        value = scalar(node, what).value
        if isinstance(value, bool) or not isinstance(value, int if self.whole else int | float):
            raise wrong(node.place, f"{described(node)} is no number", f"write {what}, such as 3")
        if self.least is not None and value < self.least:
            raise wrong(node.place, f"{value} is too small", f"write {self.least:g} or more")
        if self.most is not None and value > self.most:
            raise wrong(node.place, f"{value} is too large", f"write {self.most:g} or less")
        return value

    def schema(self) -> Schema:
        schema: Schema = {"type": "integer" if self.whole else "number"}
        if self.least is not None:
            schema["minimum"] = self.least
        if self.most is not None:
            schema["maximum"] = self.most
        return schema


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few known words."""

    words: tuple[str, ...]
    also: Mapping[str, str] = field(default_factory=dict)
    """Other spellings, such as `x` for `twitter`."""

    def read(self, node: Node, reading: Reading) -> str:
        text = scalar(node, f"one of {', '.join(self.words)}").text
        text = self.also.get(text, text)
        if text not in self.words:
            raise wrong(node.place, f"'{text}' is not known here", instead(text, self.words))
        return text

    def schema(self) -> Schema:
        return {"enum": [*self.words, *self.also]}


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time such as 30s, 15m, 2h, 1h30m or 3d."""

    def read(self, node: Node, reading: Reading) -> timedelta:
        text = scalar(node, "a length of time such as 15m").text.strip()
        match = _DURATION.match(text)
        if match is None or not any(match.groups()):
            raise wrong(node.place, f"'{text}' is no length of time", "write 30s, 15m, 2h, 1h30m or 3d")
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        length = timedelta(days=min(days, 3660), hours=min(hours, 87840), minutes=min(minutes, 10**7), seconds=seconds)
        if not timedelta(0) < length <= timedelta(days=366):
            raise wrong(node.place, f"'{text}' is not between a second and a year", "write 30s, 15m, 2h or 3d")
        return length

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^(\d+\s*d)?\s*(\d+\s*h)?\s*(\d+\s*m(in)?)?\s*(\d+\s*s)?$"}


@dataclass(frozen=True, slots=True)
class Name:
    """A name defined elsewhere in the playbook, such as a team's or a topic's."""

    kind: str

    def read(self, node: Node, reading: Reading) -> str:
        text = scalar(node, f"the name of a {self.kind}").text
        if reading.lacks(self.kind, text):
            raise wrong(node.place, f"there is no {self.kind} '{text}'", instead(text, reading.known(self.kind)))
        return text

    def schema(self) -> Schema:
        return {"type": "string", "description": f"the name of a {self.kind}"}


@dataclass(frozen=True, slots=True)
class Template:
    """The name of a reply template."""

    def read(self, node: Node, reading: Reading) -> str:
        text = scalar(node, "the name of a reply template").text
        if not NAME.match(text):
            raise wrong(node.place, f"'{text}' is no template's name", "write a name such as first-reply")
        if reading.templates is not None and text not in reading.templates:
            raise wrong(node.place, f"there is no reply template '{text}'", instead(text, reading.templates))
        return text

    def schema(self) -> Schema:
        return {"type": "string", "description": "the name of a reply template"}


@dataclass(frozen=True, slots=True)
class OneOrMore:
    """One value, or a list of at least one."""

    item: Reader
    most: int = 5000

    def read(self, node: Node, reading: Reading) -> tuple[Any, ...]:
        if not isinstance(node, Listing):
            return (self.item.read(node, reading),)
        return read_items(node, self.item, reading, least=1, most=self.most)

    def schema(self) -> Schema:
        return {"anyOf": [self.item.schema(), {"type": "array", "items": self.item.schema(), "minItems": 1}]}


@dataclass(frozen=True, slots=True)
class Items:
    """A list; `least` says how many at least."""

    item: Reader
    least: int = 0
    what: str = "a list"

    def read(self, node: Node, reading: Reading) -> tuple[Any, ...]:
        if not isinstance(node, Listing):
            raise wrong(node.place, f"{described(node)} stands where {self.what} belongs", f"write {self.what}: [ … ]")
        return read_items(node, self.item, reading, least=self.least)

    def schema(self) -> Schema:
        return {"type": "array", "items": self.item.schema(), "minItems": self.least}


def read_items(node: Listing, item: Reader, reading: Reading, least: int = 0, most: int = 5000) -> tuple[Any, ...]:
    """Every item of a list; mistakes of single items are noted together."""
    if len(node.items) < least:
        raise wrong(node.place, "the list is empty", "write at least one entry, or leave it out")
    if len(node.items) > most:
        raise wrong(node.place, f"a list of {len(node.items)} entries", f"write at most {most}")
    values = []
    before = len(reading.mistakes)
    for entry in node.items:
        with reading.noting():
            values.append(item.read(entry, reading))
    if len(reading.mistakes) > before:
        raise Broken
    return tuple(values)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a record."""

    reader: Reader
    required: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with known keys. `build` makes the value from what was read."""

    what: str
    keys: Mapping[str, Key]
    build: Callable[[dict[str, Any], Place], Any]
    at_least_one: bool = False

    def read(self, node: Node, reading: Reading) -> Any:
        if not isinstance(node, document.Mapping):
            shown = ", ".join(list(self.keys)[:4])
            raise wrong(
                node.place, f"{described(node)} stands where {self.what} belongs", f"write keys such as {shown}"
            )
        before = len(reading.mistakes)
        values = self._values(node, reading)
        if len(reading.mistakes) > before:
            raise Broken
        return self.build(values, node.place)

    def _values(self, node: document.Mapping, reading: Reading) -> dict[str, Any]:
        values: dict[str, Any] = {}
        unknown = 0
        for key, value in node.entries:
            with reading.noting():
                if key.text not in self.keys:
                    unknown += 1
                    fix = instead(key.text, self.keys)
                    raise wrong(key.place, f"'{key.text}' is not known in {self.what}", fix)
                values[key.text] = self.keys[key.text].reader.read(at(value, key.place), reading)
        written = {key.text for key, _ in node.entries}
        missing = [name for name, key in self.keys.items() if key.required and name not in written]
        if missing and not unknown:
            fix = f"add '{missing[0]}: …'"
            reading.mistakes.append(node.place.mistake(f"{self.what} has no '{missing[0]}'", fix))
        if self.at_least_one and not node.entries:
            reading.mistakes.append(node.place.mistake(f"{self.what} is empty", "write at least one entry"))
        return values

    def schema(self) -> Schema:
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {name: key.reader.schema() for name, key in self.keys.items()},
            "required": [name for name, key in self.keys.items() if key.required],
        }


def at(node: Node, place: Place) -> Node:
    """An empty value stands on the line of its key, not on the line where the next thing begins."""
    if isinstance(node, Scalar) and not node.quoted and node.text == "" and node.place.line != place.line:
        return Scalar(place, node.text, node.quoted)
    return node


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping from names, freely chosen, to values of one kind."""

    what: str
    item: Reader
    name: Callable[[Scalar], Any] | None = None

    def read(self, node: Node, reading: Reading) -> dict[Any, Any]:
        if not isinstance(node, document.Mapping):
            raise wrong(node.place, f"{described(node)} stands where {self.what} belong", "write 'name: …' lines")
        values: dict[Any, Any] = {}
        for key, value in node.entries:
            with reading.noting():
                name = self.name(key) if self.name else free_name(key)
                values[name] = self.item.read(at(value, key.place), reading)
        return values

    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": self.item.schema()}


def free_name(node: Scalar) -> str:
    """A name a manager gives: letters, digits, '-', '_' and '.'."""
    if not NAME.match(node.text) or len(node.text) > 80:
        raise wrong(node.place, f"'{node.text}' is no name", "use letters, digits and '-'")
    return node.text


@dataclass(frozen=True, slots=True)
class NewName:
    """A name given here (the id of a rule, an alarm, a question)."""

    def read(self, node: Node, reading: Reading) -> str:
        return free_name(scalar(node, "a name"))

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^[A-Za-z0-9][\w.-]*$"}


def dictionary(values: dict[str, Any], place: Place) -> dict[str, Any]:
    """A record's values as they are, for `Record.build`."""
    return values
