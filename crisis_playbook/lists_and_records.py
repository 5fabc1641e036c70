"""The readers of lists and mappings: each item by the reader of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crisis_playbook import document
from crisis_playbook.document import Listing, Node, Place, Scalar
from crisis_playbook.mistakes import instead
from crisis_playbook.reading import Broken, Reader, Reading, Schema, at, described, wrong
from crisis_playbook.single_values import free_name


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


def dictionary(values: dict[str, Any], place: Place) -> dict[str, Any]:
    """A record's values as they are, for `Record.build`."""
    return values


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
