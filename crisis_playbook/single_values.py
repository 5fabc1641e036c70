"""The readers of single values: texts, numbers, lengths of time, names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from crisis_playbook.document import Node, Scalar
from crisis_playbook.mistakes import instead
from crisis_playbook.reading import Reading, Schema, described, scalar, wrong

NAME = re.compile(r"[^\W_][\w.-]*\Z")
_DURATION = re.compile(r"(?:(\d+)\s*d)?\s*(?:(\d+)\s*h)?\s*(?:(\d+)\s*m(?:in)?)?\s*(?:(\d+)\s*s)?\Z")


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
